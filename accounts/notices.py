"""Notices: what a person hears of on the portal's own pages, beside the mail.

Rules
- Each mail to an account that is in `TOLD` leaves a notice with its subject, which leads to the page that the
  mail is about. Mails with codes and links to sign in leave none.
- Some things are told here alone, without a mail (`ALONE`).
- Reading a page reads nothing away: a notice is read when its owner says so.
- The newest `KEPT` of a person are kept.
"""

from urllib.parse import urlsplit

from django.utils import timezone

from accounts.models import Notification, User

KEPT = 200
#: Mails that leave a notice, and where it leads if the mail names no page.
TOLD: dict[str, str] = {
    "adoption_asked": "",
    "adoption_decided": "",
    "deadline_passed": "",
    "deadline_warning": "",
    "decision_approve": "",
    "decision_hide": "",
    "decision_reject": "",
    "decision_reopen": "",
    "decision_request_changes": "",
    "decision_restore": "",
    "decision_supersede": "",
    "invitation_declined": "",
    "key_issued": "/account/keys/",
    "key_leaked": "/account/keys/",
    "maintainers_changed": "",
    "report_outcome": "/mods/",
    "roles_assigned": "/account/",
    "submission_answered": "",
    "upload_message": "",
    "validation_failed": "",
}
#: What no mail goes with, and where it leads if nothing else is said.
ALONE: dict[str, str] = {
    "assigned": "/moderation/queue/?view=mine",
    "lease_taken_over": "/moderation/queue/",
}


def keep(user: User, template: str, text: str, page: str) -> None:
    """Leave the notice of a mail, or one of `ALONE`; `page` is an address or path, empty for the kind's own."""
    if template not in TOLD | ALONE:
        return
    parts = urlsplit(page)
    path = (parts.path + (f"#{parts.fragment}" if parts.fragment else "")) or (TOLD | ALONE)[template]
    Notification.objects.create(user=user, kind=template, text=text[:300], url=path[:300])
    old = Notification.objects.filter(user=user).values_list("pk", flat=True)[KEPT : KEPT + 50]
    Notification.objects.filter(pk__in=list(old)).delete()


def unread(user: User) -> int:
    """How many notices the person has not read."""
    return Notification.objects.filter(user=user, read_at__isnull=True).count()


def read(user: User, number: int | None = None) -> int:
    """Mark one notice of the person's own as read, or all of them; returns how many there were."""
    mine = Notification.objects.filter(user=user, read_at__isnull=True)
    if number is not None:
        mine = mine.filter(pk=number)
    return mine.update(read_at=timezone.now())


def export(user: User) -> list[dict[str, object]]:
    """The person's notices as plain JSON, for the export of own data."""
    return [
        {
            "text": notice.text,
            "page": notice.url,
            "at": notice.at.isoformat(),
            "readAt": notice.read_at.isoformat() if notice.read_at else None,
        }
        for notice in Notification.objects.filter(user=user)
    ]
