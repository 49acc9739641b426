"""What allauth reports, written to the audit trail: each entry in the transaction of the request that caused it.

Rules
- Verifying an address for the first time by anything but the sign-up's own code wipes a password that was
  chosen before: whoever chose it had not shown that the address is theirs.
- A new address is a change of e-mail only where there was a confirmed one before; a factor only where there was
  another, or one is taken away. Changes mark the account (`User.changed_at`).
"""

from typing import Any

from allauth.account import signals
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.password_reset_by_code import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Action
from accounts.models import User

#: What counts as a second factor; recovery codes only stand in for one.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def connect() -> None:
    """Listen; called once, when the app is ready."""
    signals.user_logged_in.connect(_signed_in)
    signals.email_confirmed.connect(_confirmed)
    signals.email_changed.connect(_address_changed)
    for name in ("password_set", "password_changed", "password_reset"):
        getattr(signals, name).connect(_password_changed, dispatch_uid=f"audit.{name}")
    for name in ("authenticator_added", "authenticator_removed", "authenticator_reset"):
        getattr(mfa_signals, name).connect(_factor_changed, dispatch_uid=f"audit.{name}")


def _record(user: User, action: Action, **facts: Any) -> None:
    with transaction.atomic():
        audit.record(user, action, "account", user.account_id, after=facts or None)


def _signed_in(sender: Any, user: User, **heard: Any) -> None:
    methods = sorted({record["method"] for record in get_authentication_records(heard["request"], user)})
    _record(user, Action.ACCOUNT_SIGNED_IN, methods=methods or ["code"])


def _confirmed(sender: Any, email_address: EmailAddress, **heard: Any) -> None:
    user = email_address.user
    others = EmailAddress.objects.filter(user=user, verified=True).exclude(pk=email_address.pk)
    if others.exists():
        return
    facts: dict[str, Any] = {}
    if not _by_own_code(heard, user) and user.has_usable_password():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        facts["passwordWiped"] = True
    _record(user, Action.ACCOUNT_VERIFIED, **facts)


def _by_own_code(heard: dict[str, Any], user: User) -> bool:
    """Whether the sign-up's code did it: a code to sign in with, or one to reset the password, left its trace."""
    came = heard["request"]
    methods = {record["method"] for record in get_authentication_records(came, user)}
    return "code" not in methods and PASSWORD_RESET_VERIFICATION_SESSION_KEY not in came.session


def _address_changed(sender: Any, user: User, from_email_address: EmailAddress | None, **_: Any) -> None:
    if from_email_address is not None:
        _record(user, Action.ACCOUNT_EMAIL_CHANGED)
        _mark(user, "mail address")


def _password_changed(sender: Any, user: User, **_: Any) -> None:
    _record(user, Action.ACCOUNT_PASSWORD_CHANGED)


def _factor_changed(sender: Any, user: User, authenticator: Authenticator, **heard: Any) -> None:
    others = Authenticator.objects.filter(user=user, type__in=FACTORS).exclude(pk=authenticator.pk)
    added = heard.get("signal") is mfa_signals.authenticator_added
    first = added and not others.exists()
    # Recovery codes come with the first factor by themselves; made anew later they are a change.
    if added and authenticator.type not in FACTORS:
        first = True
    _record(user, Action.ACCOUNT_FACTOR_CHANGED, type=str(authenticator.type), change=not first)
    if not first:
        _mark(user, "second factor")


def _mark(user: User, what: str) -> None:
    """Note that the way into the account was changed: what is submitted soon after needs two people."""
    user.changed_at, user.changed_what = timezone.now(), what
    User.objects.filter(pk=user.pk).update(changed_at=user.changed_at, changed_what=what)
