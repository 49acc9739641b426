"""Holding an item: who looks at it to decide it, until when.

Rules
- A lease lasts `SMMODS_LEASE_MINUTES`, is renewed by a heartbeat and by taking it again, and is given up on
  leaving. A page that is closed or loaded anew can't tell which: its lease is only shortened to `GRACE`.
- Somebody else's live lease is taken over with a reason, which the audit trail keeps; they are told, and keep
  their draft.
- One's own work can't be held, since it can't be decided.
- A lease never blocks the worker or a hide; `actions.decide` asks `holder_of`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import notices, permissions
from accounts.audit import Action, record
from accounts.errors import RefusedError
from accounts.models import User
from moderation import typed
from moderation.models import Lease
from moderation.relation import ensure_not_own
from uploads.models import Submission

#: How long a lease goes on after its page went away, in seconds: longer than two beats of the page's heart.
GRACE = 90


def minutes() -> int:
    """How long a lease lasts."""
    return int(settings.SMMODS_LEASE_MINUTES)


def _end(now: datetime) -> datetime:
    return now + timedelta(minutes=minutes())


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as staff see it: whose, since when, until when, and whether it is the asker's own."""

    holder: User
    taken_at: datetime
    until: datetime
    mine: bool


def holder_of(submission: Submission, asker: User) -> Held | None:
    """The live lease on `submission`, as `asker` sees it; None where nobody holds it."""
    lease = (
        Lease.objects.select_related("holder").filter(submission=submission, until__gt=timezone.now()).first()
    )
    if lease is None:
        return None
    return Held(lease.holder, lease.taken_at, lease.until, lease.holder_id == asker.pk)


def take(actor: User, submission_id: str, *, reason: str | None = None) -> Held:
    """Hold the item from now on, or renew one's own lease.

    `reason` takes over somebody else's live lease and must say why. Raises RefusedError: 403, 404, 409
    `lease_held`, 422 `text_required`.
    """
    permissions.ensure(actor, "queue.view")
    with transaction.atomic():
        submission = _locked(submission_id)
        ensure_not_own(actor, submission)
        held = holder_of(submission, actor)
        why = ""
        if held is not None and not held.mine:
            if reason is None:
                raise held_by_another(held)
            why = typed.text(
                reason, "reason", limit=typed.LINE, needed="Say why you take over; the audit log keeps it."
            )
        now = timezone.now()
        until = _end(now)
        if held is not None and held.mine:
            Lease.objects.filter(submission=submission).update(until=until)
            return Held(actor, held.taken_at, until, mine=True)
        Lease.objects.update_or_create(
            submission=submission, defaults={"holder": actor, "taken_at": now, "until": until}
        )
        record(
            actor,
            Action.MODERATION_LEASED,
            "submission",
            submission_id,
            before={"holder": held.holder.account_id} if held else None,
            after={"holder": actor.account_id, "until": until.isoformat(timespec="seconds")},
            reason=why,
        )
        if held is not None:
            said = f"{actor.name} took {submission.name or submission_id} over from you: {why}"
            notices.keep(held.holder, "lease_taken_over", said, f"/moderation/review/{submission_id}/")
    return Held(actor, now, until, mine=True)


def renew(actor: User, submission_id: str) -> Held:
    """The heartbeat: push one's own lease on. Raises RefusedError: 403, 409 `lease_lost` where it is gone."""
    permissions.ensure(actor, "queue.view")
    now = timezone.now()
    until = _end(now)
    mine = Lease.objects.filter(submission__submission_id=submission_id, holder=actor)
    if not mine.filter(until__gt=now).update(until=until):
        raise RefusedError(
            "lease_lost",
            "You no longer hold this item.",
            "Claim it again; your typed words are still here.",
            status=409,
        )
    return Held(actor, mine.get().taken_at, until, mine=True)


def leave(actor: User, submission_id: str) -> bool:
    """The page went away: one's own lease ends within `GRACE` seconds unless it is renewed.

    Returns whether there was one to shorten; leaves no audit entry, since nobody decided anything.
    """
    permissions.ensure(actor, "queue.view")
    soon = timezone.now() + timedelta(seconds=GRACE)
    mine = Lease.objects.filter(submission__submission_id=submission_id, holder=actor, until__gt=soon)
    return bool(mine.update(until=soon))


def release(actor: User, submission_id: str) -> bool:
    """Let go of one's own lease; returns whether there was one."""
    permissions.ensure(actor, "queue.view")
    with transaction.atomic():
        gone, _ = Lease.objects.filter(submission__submission_id=submission_id, holder=actor).delete()
        if gone:
            record(
                actor,
                Action.MODERATION_RELEASED,
                "submission",
                submission_id,
                before={"holder": actor.account_id},
                after=None,
            )
    return bool(gone)


def clear(submission: Submission) -> None:
    """Take the lease off a decided item, whoever held it."""
    Lease.objects.filter(submission=submission).delete()


def held_by_another(held: Held) -> RefusedError:
    """The refusal that names who holds an item: for staff only, who see each other."""
    return RefusedError(
        "lease_held",
        f"{held.holder.name} is reviewing this until {held.until:%H:%M} UTC.",
        "Wait, or take over and say why.",
        status=409,
        extra={"until": held.until.isoformat(timespec="seconds")},
    )


def _locked(submission_id: str) -> Submission:
    submission = Submission.objects.select_for_update().filter(submission_id=submission_id).first()
    if submission is None:
        raise RefusedError("not_found", "There is no such submission.", "Check the address.", status=404)
    return submission
