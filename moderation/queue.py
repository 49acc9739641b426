"""What waits, why, since when and who holds it; and what was decided, so that it can be taken back.

Rules
- An item waits because of open reason rows; it is sorted by its earliest due time, then by risk, then by age.
- One page is `PAGE` items behind a cursor; the number of queries is the same for ten items and ten thousand.
- Who holds one's own submission, or is asked to look at it, is not shown: authors see the moderation team.
- Searching looks at names, mod ids, authors and, from 8 characters of hex on, at the SHA-256.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, Q
from django.utils import timezone

from accounts import permissions
from accounts.models import User
from accounts.roles import Relation
from moderation import appeals, leases, queue_figures, queue_select
from moderation.models import Assignment, Decision, Lease
from moderation.queue_figures import Figures
from moderation.queue_filters import RISKS, SETTLED, Filters
from moderation.relation import relation_column
from moderation.words import due_words, rough
from uploads import queueing
from uploads.models import QueueReason, Submission
from uploads.states import State

PAGE = 25
SOON = timedelta(hours=4)
#: What the next free item may be: whatever has an open reason and an action that answers it.
DECIDABLE = (State.PENDING_REVIEW, State.REJECTED, State.PUBLISHED, State.SUPERSEDED, State.HIDDEN)
#: Why something is stuck that no reviewer can move on, by its state.
STUCK = {
    State.APPROVED: "Approved, but not published",
    State.UPLOADED: "Still waits for its checks",
    State.VALIDATING: "Still being checked",
    State.VALIDATION_FAILED: "The checks gave up",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the queue, as its reader may see it."""

    submission: Submission
    reasons: tuple[QueueReason, ...]
    due: datetime | None
    since: datetime
    risk: int
    held: leases.Held | None
    assigned: User | None
    second: bool
    own: bool
    now: datetime

    @property
    def risk_word(self) -> str:
        """The risk in a word."""
        return RISKS[min(self.risk, len(RISKS) - 1)]

    @property
    def waited(self) -> timedelta:
        """How long it has waited; to the minute once it is more than one, to the hour after a day."""
        return rough(self.now - self.since)

    @property
    def overdue(self) -> bool:
        """Whether its due time has passed."""
        return self.due is not None and self.due < self.now

    @property
    def soon(self) -> bool:
        """Whether it is due within four hours."""
        return self.due is not None and not self.overdue and self.due < self.now + SOON

    @property
    def due_in(self) -> str:
        """How far off its due time is, in hours or working days."""
        return due_words(self.due, self.now) if self.due is not None else ""

    @property
    def used(self) -> float:
        """The share of its time that is used: 1 when it is due, more when it is overdue."""
        if self.due is None:
            return 0.0
        whole = max((self.due - self.since).total_seconds(), 1.0)
        return (self.now - self.since).total_seconds() / whole

    @property
    def know(self) -> str:
        """What to know about it: the details of its reasons."""
        return "; ".join(reason.detail for reason in self.reasons if reason.detail)

    @property
    def stuck(self) -> str:
        """Why it does not get on, where that is nothing for a reviewer."""
        return "" if self.reasons else STUCK.get(State(self.submission.state), "")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list, the cursor of the next, and the figures over all of it."""

    items: tuple[Item, ...]
    next: str | None
    figures: Figures


def page(reader: User, filters: Filters | None = None, *, cursor: str = "", limit: int = PAGE) -> Page:
    """A page of the queue for `reader`; `limit` 1 to 100.

    Raises RefusedError: 401 and 403 by role, 400 `bad_cursor`.
    """
    permissions.ensure(reader, "queue.view")
    filters = filters or Filters()
    now = timezone.now()
    limit = max(1, min(limit, 100))
    second = queue_select.second_person_ids()
    if filters.view in SETTLED:
        ids, following = queue_select.listed(
            queue_select.settled(filters.view), filters, cursor, limit, newest=True
        )
    elif filters.view == "stuck":
        ids, following = queue_select.listed(
            queue_select.stuck(now, second), filters, cursor, limit, newest=False
        )
    else:
        condition = queue_select.chosen(filters, reader, now, second)
        ids, following = queue_select.waiting(condition, filters, now, cursor, limit)
    return Page(items(reader, ids, second, now), following, queue_figures.figures(reader, now, second))


def items(reader: User, ids: list[int], second: frozenset[int], now: datetime) -> tuple[Item, ...]:
    """The lines of these submissions, in this order."""
    rows = (
        Submission.objects.filter(pk__in=ids)
        .select_related("author", "current", "lease", "lease__holder", "assignment", "assignment__person")
        .prefetch_related(
            Prefetch("reasons", queryset=queue_select.open_rows().order_by("due_at"), to_attr="open_reasons")
        )
        .annotate(relation_here=relation_column(reader))
    )
    found = {row.pk: _item(reader, row, second, now) for row in rows}
    return tuple(found[pk] for pk in ids if pk in found)


def _item(reader: User, row: Any, second: frozenset[int], now: datetime) -> Item:
    reasons: tuple[QueueReason, ...] = tuple(row.open_reasons)
    own = row.relation_here != Relation.OTHER.value
    lease: Lease | None = getattr(row, "lease", None)
    assignment: Assignment | None = getattr(row, "assignment", None)
    held = None
    if lease is not None and lease.until > now and not own:
        held = leases.Held(lease.holder, lease.taken_at, lease.until, lease.holder_id == reader.pk)
    since = min((reason.opened_at for reason in reasons), default=row.updated_at)
    if reasons and row.state == State.PENDING_REVIEW and row.queued_at is not None:
        since = row.queued_at
    return Item(
        row,
        reasons,
        min((reason.due_at for reason in reasons), default=None),
        since,
        row.current.risk if row.current else 0,
        held,
        assignment.person if assignment is not None and not own else None,
        row.pk in second,
        own,
        now,
    )


def next_free(reader: User, filters: Filters | None = None) -> Submission | None:
    """The first item of this list that nobody holds and that `reader` may decide; None where there is none.

    Items that wait for somebody else (an admin, the other of two people, who they are assigned to, another than
    the first decider) are passed over. A list of what does not wait is taken as the whole queue.
    """
    permissions.ensure(reader, "queue.view")
    filters = filters or Filters()
    if filters.view in SETTLED:
        filters = Filters()
    now, cursor = timezone.now(), ""
    second = queue_select.second_person_ids()
    condition = queue_select.chosen(filters, reader, now, second) & ~queue_select.held(now)
    if not permissions.can(reader, "escalation.answer", Relation.OTHER):
        condition &= Q(submission__escalated_at__isnull=True)
    said = set(
        Decision.objects.filter(decider=reader, submission__in=list(second)).values_list(
            "submission_id", flat=True
        )
    )
    while True:
        ids, following = queue_select.waiting(condition, filters, now, cursor, PAGE)
        for item in items(reader, ids, second, now):
            if not item.own and item.submission.pk not in said and _for(reader, item):
                return item.submission
        if following is None:
            return None
        cursor = following


def _for(reader: User, item: Item) -> bool:
    """Whether `reader` is a person who may go on with it."""
    row = item.submission
    if row.state not in DECIDABLE or (item.assigned is not None and item.assigned.pk != reader.pk):
        return False
    return row.state != State.REJECTED or appeals.first_decider(row) != reader.pk


def waiting_count() -> int:
    """How many items wait, for the tile beside the link to the queue."""
    return queue_select.open_rows().values("submission").distinct().count()


def waits_document() -> dict[str, Any] | None:
    """How long review usually takes, in seconds, for the public pages; None while nothing was reviewed."""
    usual = queueing.waits()
    if usual is None:
        return None
    return {"median": usual.median, "ninetieth": usual.ninetieth, "measured": usual.measured}
