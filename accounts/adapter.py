"""What allauth asks this portal: which mail to send and when, where a request came from, what is recorded.

Rules
- The mail of a sign-up is sent inside the request, in its transaction: unless the mail server takes it,
  nothing is kept and the answer is 503 `email_delivery_unavailable`. So is the one that tells the owner of a
  known address that somebody tried, so that the two look alike.
- Every other mail is owed through the outbox.
- A mail that anybody can ask for counts against the limit of its address, whether it has an account or not.
- A code in a mail comes with a link to the page where it is entered; the link does nothing by itself.
"""

from dataclasses import dataclass
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from accounts import audit, limits, notifications
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import User
from accounts.views_fresh import is_fresh


@dataclass(frozen=True, slots=True)
class Mail:
    """One of allauth's mails: our template, whether anybody can ask for it, and whether it is sent at once.

    `page` names the page on which its code is entered; `says` is the one sentence of a notice.
    """

    template: str
    asked: bool = False
    at_once: bool = False
    page: str = ""
    says: str = ""


def _notice(says: str) -> Mail:
    return Mail("security_notice", says=says)


MAILS: dict[str, Mail] = {
    "account/email/email_confirmation_signup": Mail(
        "verify_sign_up", asked=True, at_once=True, page="account_email_verification_sent"
    ),
    "account/email/account_already_exists": Mail("account_exists", asked=True, at_once=True),
    "account/email/email_confirmation": Mail(
        "verify_address", asked=True, page="account_email_verification_sent"
    ),
    "account/email/login_code": Mail("sign_in_code", asked=True, page="account_confirm_login_code"),
    "account/email/unknown_account": Mail("unknown_account", asked=True),
    "account/email/password_reset_code": Mail(
        "password_reset", asked=True, page="account_confirm_password_reset_code"
    ),
    "account/email/password_set": _notice("A password was set for your account."),
    "account/email/password_changed": _notice("The password of your account was changed."),
    "account/email/password_reset": _notice("The password of your account was set anew by mail."),
    "account/email/email_changed": _notice("The mail address of your account was changed to another one."),
    "account/email/email_deleted": _notice("A mail address was removed from your account."),
    "mfa/email/totp_activated": _notice("An authenticator app was added to your account."),
    "mfa/email/totp_deactivated": _notice("The authenticator app was removed from your account."),
    "mfa/email/recovery_codes_generated": _notice(
        "New recovery codes were made; the old ones no longer work."
    ),
    "mfa/email/webauthn_added": _notice("A passkey was added to your account."),
    "mfa/email/webauthn_removed": _notice("A passkey was removed from your account."),
}


def mail_unavailable() -> RefusedError:
    """The refusal where a mail must leave now and the mail server does not take it."""
    return RefusedError(
        "email_delivery_unavailable",
        "No mail can be sent just now, so no account was made.",
        "Try again in a few minutes; nothing of what you entered was kept.",
        status=503,
        retry_after=300,
    )


class AccountAdapter(DefaultAccountAdapter):
    """The portal's answers to allauth's questions."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits count; where there is none, one that stands for nobody."""
        return limits.client_address(request) or "::"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send or owe the mail that allauth calls `template_prefix`.

        Raises RefusedError: 429 over the address's limit, 503 where a mail that must leave now can't; KeyError
        for a mail that the table lacks.
        """
        mail = MAILS[template_prefix]
        address = email.lower()
        if mail.asked:
            limits.hit("mail", address)
        values = self._values(mail, address, context)
        if not mail.at_once:
            with transaction.atomic():
                notifications.notify_address(address, mail.template, values)
            return
        try:
            notifications.deliver(address, mail.template, values)
        except (OSError, SMTPException) as error:
            raise mail_unavailable() from error

    def _values(self, mail: Mail, address: str, context: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {"email": address, "says": mail.says}
        if mail.page:
            code = context["code"]
            query = {"code": code}
            if next_url := get_next_redirect_url(self.request):
                query["next"] = next_url
            path = f"{reverse(mail.page)}?{urlencode(query)}"
            values |= {"code": code, "link": f"{settings.SMMODS_SITE_URL}{path}"}
        return values

    def is_ajax(self, request: HttpRequest) -> bool:
        """Never: these pages answer people; programs use the API."""
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not after a fresh sign-in, whatever it was done with."""
        return not is_fresh(self.request) and super().is_reauthentication_required(app=app, **kwargs)

    def logout(self, request: HttpRequest) -> None:
        """Sign out, recorded."""
        if isinstance(request.user, User):
            with transaction.atomic():
                audit.record(request.user, Action.ACCOUNT_SIGNED_OUT, "account", request.user.account_id)
                super().logout(request)
