"""Hits: what a rescan found that somebody must look at, from the open reason to the word that a release stays.

Rules
- A hit opens a reason, due as a security report is; one that is open is not opened twice.
- Of what is published the staff hear at once of the first in a rescan, and at its end how many there are.
- Nothing is taken back here. Who looked and lets a release stay says why, and it is recorded; nobody does so for
  their own work.
"""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit, notifications, permissions
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import User
from accounts.roles import Role
from uploads import queueing, rescans
from uploads.models import QueueReason, Rescan, Submission
from uploads.states import State

_TOLD = 3
Kind = QueueReason.Kind


def open_hit(rescan: Rescan, submission: Submission, found: Sequence[str]) -> None:
    """Put what was found in a submission before a person; belongs into the caller's transaction."""
    more = f" (and {len(found) - _TOLD} more)" if len(found) > _TOLD else ""
    detail = f"Rescan {rescan.pk}: {'; '.join(found[:_TOLD])}{more}"
    due = queueing.due_time(Kind.REPORT, timezone.now())
    reason = queueing.open_reason(submission, Kind.SCANNER_HIT, detail, due=due)
    told = not reason.detail.startswith(f"Rescan {rescan.pk}: ")
    if told or submission.state == State.PENDING_REVIEW or hits(rescan).exclude(pk=reason.pk).exists():
        return  # of many in one rescan the first is told at once, and how many there are at the end
    tell_staff(
        {
            "mod": submission.name or submission.mod_id or submission.submission_id,
            "version": submission.version or "",
            "detail": detail,
            "page": f"/moderation/review/{submission.submission_id}/",
        }
    )


def hits(rescan: Rescan) -> "QuerySet[QueueReason]":
    """The reasons that this rescan opened for what is published."""
    return QueueReason.objects.filter(
        kind=Kind.SCANNER_HIT, detail__startswith=f"Rescan {rescan.pk}: "
    ).exclude(submission__state=State.PENDING_REVIEW.value)


def tell_staff(context: dict[str, object]) -> None:
    """Owe the mail `rescan_hit` to everybody on staff."""
    context |= {
        "hours": settings.SMMODS_REPORT_HOURS,
        "page": f"{settings.SMMODS_SITE_URL}{context['page']}",
    }
    for person in User.objects.people().filter(role__in=(Role.MODERATOR, Role.ADMIN), is_active=True):
        notifications.notify(person, "rescan_hit", context)


def close_hit(actor: User, rescan: Rescan, submission_id: str, reason: str) -> Submission:
    """Say that somebody looked at what a rescan found in a published release, and that it stays.

    Raises RefusedError: 403 by role or for one's own work, 422 `reason_missing`, 404 where it has no open hit.
    """
    permissions.ensure(actor, "rescan.start")
    reason = " ".join(reason.split())[: rescans.LONGEST]
    if not reason:
        raise RefusedError("reason_missing", "Say why the release stays.", "A sentence is enough.")
    with transaction.atomic():
        row = (
            QueueReason.objects.select_for_update(of=("self",))
            .select_related("submission")
            .filter(
                submission__submission_id=submission_id,
                submission__state__in=[state.value for state in rescans.STATES[Rescan.Scope.PUBLISHED]],
                submission__current__rescans__rescan=rescan,
                kind=QueueReason.Kind.SCANNER_HIT,
                closed_at__isnull=True,
            )
            .first()
        )
        if row is None:
            raise RefusedError(
                "not_found", "It has no open hit.", "Somebody may have been first.", status=404
            )
        permissions.ensure(actor, "decision.make", row.submission.relation(actor))
        row.closed_at, row.closed_by = timezone.now(), "kept"
        row.save(update_fields=["closed_at", "closed_by"])
        audit.record(
            actor,
            Action.RESCAN_HIT_CLOSED,
            "submission",
            submission_id,
            before={"detail": row.detail},
            after={"rescan": rescan.pk},
            reason=reason,
        )
    return row.submission
