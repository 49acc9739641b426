"""Asking somebody on staff to look at waiting items.

Rules
- Only what waits is assigned, to a moderator or an admin who may decide on it: never to its author, a maintainer
  or who sent it.
- An assignment keeps nobody away and does not run out. "Next" leaves it to the one who is asked.
- Many at once: each by itself, in one transaction; what is refused is listed with why. Every change is in the
  audit trail, and who is asked is told.
- A decision that settles an item ends its assignment.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts import notices, permissions
from accounts.audit import Action, record
from accounts.models import User
from accounts.roles import Role
from moderation import typed
from moderation.models import Assignment
from moderation.relation import own_ids
from uploads.models import Submission

#: How many items are assigned at once.
MOST = 100
STAFF = (Role.MODERATOR.value, Role.ADMIN.value)


@dataclass(frozen=True, slots=True)
class Assigned:
    """What came of it: the items that were assigned, and (item, why) of those that were not."""

    done: tuple[Submission, ...]
    refused: tuple[tuple[Submission, str], ...]
    person: User | None


def staff() -> list[User]:
    """Who can be asked, by name."""
    return list(User.objects.people().filter(role__in=STAFF, is_active=True).order_by("display_name", "pk"))


def assign(actor: User, submission_ids: Sequence[str], account_id: str) -> Assigned:
    """Ask the account to look at these items; an empty `account_id` takes the assignment back.

    Raises RefusedError: 401 and 403 by role, 422 `nothing_chosen`, `too_many`, `not_on_staff`.
    """
    permissions.ensure(actor, "queue.assign")
    wanted = list(dict.fromkeys(submission_ids))
    if not wanted:
        raise typed.refused(
            "nothing_chosen", "No item is chosen.", "Tick the items that you mean first.", "item"
        )
    if len(wanted) > MOST:
        raise typed.refused(
            "too_many", f"At most {MOST} items are assigned at once.", "Choose fewer.", "item"
        )
    person = _person(account_id) if account_id else None
    with transaction.atomic():
        rows = list(
            Submission.objects.select_for_update(of=("self",))
            .select_related("assignment")
            .filter(submission_id__in=wanted)
            .order_by("pk")
        )
        waiting = set(
            Submission.objects.filter(
                pk__in=[row.pk for row in rows], reasons__closed_at__isnull=True, reasons__isnull=False
            ).values_list("pk", flat=True)
        )
        own = own_ids(person, rows) if person is not None else set()
        done, refused = [], []
        for row in rows:
            if row.pk not in waiting:
                refused.append((row, "It does not wait any more."))
            elif row.pk in own:
                refused.append((row, "It is their own work."))
            elif _change(actor, row, person):
                done.append(row)
        if person is not None and person.pk != actor.pk and done:
            count = f"{len(done)} item{'' if len(done) == 1 else 's'}"
            notices.keep(person, "assigned", f"{actor.name} asks you to look at {count} of the queue.", "")
    return Assigned(tuple(done), tuple(refused), person)


def _person(account_id: str) -> User:
    found = User.objects.people().filter(account_id=account_id, is_active=True, role__in=STAFF).first()
    if found is None:
        raise typed.refused(
            "not_on_staff", "Nobody on staff has this account.", "Choose a moderator of the list.", "person"
        )
    return found


def _change(actor: User, submission: Submission, person: User | None) -> bool:
    """Write the assignment; False where it was so already."""
    before: Assignment | None = getattr(submission, "assignment", None)
    if (before.person_id if before else None) == (person.pk if person else None):
        return False
    previous = before.person.account_id if before else None
    if person is None:
        Assignment.objects.filter(submission=submission).delete()
    else:
        Assignment.objects.update_or_create(
            submission=submission,
            defaults={"person": person, "assigned_by": actor, "at": timezone.now()},
        )
    record(
        actor,
        Action.MODERATION_ASSIGNED,
        "submission",
        submission.submission_id,
        before={"person": previous},
        after={"person": person.account_id if person else None},
    )
    return True


def clear(submission: Submission) -> None:
    """A decided item waits for nobody."""
    Assignment.objects.filter(submission=submission).delete()
