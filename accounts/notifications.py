"""How people hear of things: a mail is owed in the transaction of what it tells, and sent by a worker.

Rules
- A mail is named by its templates: `templates/email/<name>.subject.txt`, `.txt` and `.html`.
- `notify` is the way to write to an account, and leaves a notice on its page (`notices.TOLD`). The address is
  looked up when the mail leaves, so it goes to the one that is valid then. Closed accounts get none.
- What a template needs is plain JSON. Once a mail is taken by the mail server its context is wiped from the
  row, since codes and links travel in it, and the row is not sent again.
- `deliver` sends at once, inside the request: only for the mail without which no account is made.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context as TemplateContext
from django.template import Engine
from django.template.loader import render_to_string

from accounts import notices, outbox
from accounts.models import OutboxRow, User

KIND = "mail.send"
Context = dict[str, Any]


def notify(user: User, template: str, context: Context | None = None) -> None:
    """Owe `user` the mail called `template`; raises RuntimeError outside of a transaction."""
    values = context or {}
    _owe(user.account_id, template, values)
    if template in notices.TOLD:
        page = str(values.get("page_path") or values.get("page") or "")
        notices.keep(user, template, subject_of(template, values), page)


def subject_of(template: str, context: Context) -> str:
    """The subject line of the mail called `template`."""
    return " ".join(_plain(f"email/{template}.subject.txt", context).split())


def notify_address(address: str, template: str, context: Context | None = None) -> None:
    """Owe a mail to an address rather than to an account: an address not confirmed yet, or no longer used."""
    _owe(address, template, context or {})


def _owe(to: str, template: str, context: Context) -> None:
    mail = secrets.token_hex(8)
    outbox.owe(KIND, {"template": template, "to": to, "context": context, "mail": mail}, key=mail)


def send(payload: outbox.Payload) -> None:
    """Send one owed mail: the handler of the kind `mail.send`."""
    if payload.get("sent"):
        return
    address, context = _recipient(payload["to"]), dict(payload["context"])
    if address:
        deliver(address, payload["template"], context)
    OutboxRow.objects.filter(kind=KIND, key=payload["mail"]).update(
        payload={**payload, "context": {}, "sent": True}
    )


def _recipient(to: str) -> str:
    if "@" in to:
        return to
    user = User.objects.people().filter(account_id=to, is_active=True).first()
    return user.email if user else ""


def render(address: str, template: str, context: Context) -> EmailMultiAlternatives:
    """The mail called `template` for `address`, in text and HTML."""
    values = {"site_url": settings.SMMODS_SITE_URL, "support_email": settings.SMMODS_SUPPORT_EMAIL, **context}
    subject = subject_of(template, values)
    message = EmailMultiAlternatives(
        subject,
        _plain(f"email/{template}.txt", values).strip() + "\n",
        settings.DEFAULT_FROM_EMAIL,
        [address],
    )
    message.attach_alternative(render_to_string(f"email/{template}.html", values), "text/html")
    return message


def _plain(template: str, values: Context) -> str:
    """A template as plain text: nothing is escaped as if it were HTML."""
    return Engine.get_default().get_template(template).render(TemplateContext(values, autoescape=False))


def deliver(address: str, template: str, context: Context) -> None:
    """Send now. Raises what the mail server's connection raises (OSError, smtplib.SMTPException)."""
    render(address, template, context).send()
