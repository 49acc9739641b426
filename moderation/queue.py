"""What waits, why, since when and who holds it; and what was decided, so that it can be taken back.

Rules
- An item waits because of open reason rows; it is sorted by its earliest due time, then by risk, then by age.
- One page is `PAGE` items behind a cursor; the number of queries is the same for ten items and ten thousand.
- Who holds one's own submission is not shown: authors see the moderation team, never a name.
- Searching looks at names, mod ids, authors and, from 8 characters of hex on, at the SHA-256.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts import permissions, problems
from accounts.errors import RefusedError
from accounts.models import User
from accounts.roles import Relation
from moderation import leases, typed
from moderation.models import Decision, Lease
from uploads import queueing
from uploads.models import QueueReason, Submission
from uploads.states import State

PAGE = 25
VIEWS = {
    "all": "All",
    "free": "Unclaimed",
    "mine": "Mine",
    "second": "Second person",
    "escalated": "For an admin",
    "author": "With the author",
    "decided": "Decided",
}
DECIDED = (State.APPROVED, State.PUBLISHED, State.SUPERSEDED, State.HIDDEN, State.REJECTED)
RISKS = ("None", "Low", "Raised", "Raised", "High", "Severe")
_HEX = re.compile(r"[0-9a-f]{8,64}\Z")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the queue, as its reader may see it."""

    submission: Submission
    reasons: tuple[QueueReason, ...]
    due: datetime | None
    since: datetime
    risk: int
    held: leases.Held | None
    second: bool
    own: bool

    @property
    def risk_word(self) -> str:
        """The risk in a word."""
        return RISKS[min(self.risk, len(RISKS) - 1)]

    @property
    def waited(self) -> timedelta:
        """How long it has waited; to the minute once it is more than one, to the hour after a day."""
        span = timezone.now() - self.since
        step = 3600 if span.days else 60 if span.seconds >= 60 else 1
        return timedelta(seconds=int(span.total_seconds()) // step * step)

    @property
    def overdue(self) -> bool:
        """Whether its due time has passed."""
        return self.due is not None and self.due < timezone.now()

    @property
    def soon(self) -> bool:
        """Whether it is due within four hours."""
        return self.due is not None and not self.overdue and self.due < timezone.now() + timedelta(hours=4)

    @property
    def know(self) -> str:
        """What to know about it: the details of its reasons."""
        return "; ".join(reason.detail for reason in self.reasons if reason.detail)


@dataclass(frozen=True, slots=True)
class Figures:
    """The queue in numbers; waits in seconds, None while nothing was decided."""

    waiting: int
    overdue: int
    today: int
    decided_this_week: int
    median: float | None
    p90: float | None
    views: dict[str, int]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list, the cursor of the next, and the figures over all of it."""

    items: tuple[Item, ...]
    next: str | None
    figures: Figures


def page(
    reader: User, *, view: str = "all", q: str = "", kind: str = "", cursor: str = "", limit: int = PAGE
) -> Page:
    """A page of the queue for `reader`.

    `view` is one of `VIEWS`, `kind` one of the reasons' kinds, `limit` 1 to 100. Raises RefusedError: 401 and
    403 by role, 400 `bad_cursor`, 422 for an unknown view or kind.
    """
    permissions.ensure(reader, "queue.view")
    if view not in VIEWS:
        raise typed.refused(
            "unknown_view", f"There is no view {view!r}.", f"Choose among: {', '.join(VIEWS)}.", "view"
        )
    if kind and kind not in QueueReason.Kind.values:
        raise typed.refused(
            "unknown_kind",
            f"There is no reason {kind!r}.",
            f"Choose among: {', '.join(QueueReason.Kind.values)}.",
            "kind",
        )
    now = timezone.now()
    limit = max(1, min(limit, 100))
    held = {row[0]: row[1] for row in _live_leases(now)}
    second = second_person_ids()
    if view in ("author", "decided"):
        ids, following = _settled(view, q, cursor, limit)
    else:
        chosen = {
            "free": ~Q(submission__in=list(held)),
            "mine": Q(submission__in=[pk for pk, holder in held.items() if holder == reader.pk]),
            "second": Q(submission__in=list(second)),
            "escalated": Q(submission__escalated_at__isnull=False),
        }.get(view, Q())
        ids, following = _waiting(chosen, q, kind, cursor, limit)
    found = _items(reader, ids, second)
    return Page(found, following, _figures(reader, now, held, second))


def _open() -> "QuerySet[QueueReason]":
    return QueueReason.objects.filter(closed_at__isnull=True)


def _live_leases(now: datetime) -> "Iterable[tuple[int, int]]":
    return (
        Lease.objects.filter(until__gt=now, submission__reasons__closed_at__isnull=True)
        .values_list("submission_id", "holder_id")
        .distinct()
    )


def second_person_ids() -> frozenset[int]:
    """The submissions whose newest decision is the first of two (see `second_person.waiting`)."""
    later = Decision.objects.filter(submission=OuterRef("submission"), pk__gt=OuterRef("pk")).exclude(
        action="escalate"
    )
    return frozenset(
        Decision.objects.filter(seconded_at__isnull=True, revision=F("submission__current"))
        .exclude(needs_second="")
        .exclude(Exists(later))
        .values_list("submission_id", flat=True)
    )


def _matches(q: str, prefix: str = "") -> Q:
    q = q.strip()
    if not q:
        return Q()
    found = Q()
    for name in ("mod_id", "name", "author__display_name", "author__email"):
        found |= Q(**{f"{prefix}{name}__icontains": q})
    found |= Q(**{f"{prefix}submission_id__iexact": q})
    if _HEX.match(q.lower()):
        found |= Q(**{f"{prefix}current__sha256__startswith": q.lower()})
    return found


def _waiting(chosen: Q, q: str, kind: str, cursor: str, limit: int) -> tuple[list[int], str | None]:
    rows = _open().filter(chosen).filter(_matches(q, "submission__"))
    if kind:
        rows = rows.filter(submission__in=_open().filter(kind=kind).values("submission"))
    ordered = rows.values("submission_id", risk=F("submission__current__risk")).annotate(due=Min("due_at"))
    if cursor:
        due, risk, pk = _read_cursor(cursor)
        after = Q(due__gt=due) | Q(due=due, risk__lt=risk) | Q(due=due, risk=risk, submission_id__gt=pk)
        ordered = ordered.filter(after)
    found = list(ordered.order_by("due", "-risk", "submission_id")[: limit + 1])
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = problems.cursor_for(
            f"{last['due'].isoformat()}|{last['risk'] or 0}|{last['submission_id']}"
        )
    return [row["submission_id"] for row in found[:limit]], following


def _settled(view: str, q: str, cursor: str, limit: int) -> tuple[list[int], str | None]:
    states = [State.CHANGES_REQUESTED] if view == "author" else list(DECIDED)
    rows = Submission.objects.filter(state__in=[state.value for state in states]).filter(_matches(q))
    if cursor:
        moment, _, pk = _read_cursor(cursor)
        rows = rows.filter(Q(updated_at__lt=moment) | Q(updated_at=moment, pk__lt=pk))
    found = list(rows.order_by("-updated_at", "-pk").values_list("pk", "updated_at")[: limit + 1])
    following = None
    if len(found) > limit:
        pk, moment = found[limit - 1]
        following = problems.cursor_for(f"{moment.isoformat()}|0|{pk}")
    return [pk for pk, _ in found[:limit]], following


def _read_cursor(cursor: str) -> tuple[datetime, int, int]:
    try:
        moment, risk, pk = problems.read_cursor(cursor).split("|")
        return datetime.fromisoformat(moment), int(risk), int(pk)
    except ValueError as error:
        raise RefusedError(
            "bad_cursor",
            "This cursor is not one of ours.",
            "Leave it out to start at the beginning.",
            status=400,
        ) from error


def _items(reader: User, ids: list[int], second: frozenset[int]) -> tuple[Item, ...]:
    now = timezone.now()
    rows = (
        Submission.objects.filter(pk__in=ids)
        .select_related("author", "current", "lease", "lease__holder")
        .prefetch_related(
            Prefetch("reasons", queryset=_open().order_by("due_at"), to_attr="open_reasons"), "revisions"
        )
    )
    namespaces = set(reader.maintains.values_list("namespace__name", flat=True))
    found = {row.pk: _item(reader, row, namespaces, second, now) for row in rows}
    return tuple(found[pk] for pk in ids if pk in found)


def _item(reader: User, row: Any, namespaces: set[str], second: frozenset[int], now: datetime) -> Item:
    reasons = tuple(row.open_reasons)
    own = (
        row.author_id == reader.pk
        or (row.mod_id or "").partition(".")[0] in namespaces
        or any(revision.uploader_id == reader.pk for revision in row.revisions.all())
    )
    lease: Lease | None = getattr(row, "lease", None)
    held = None
    if lease is not None and lease.until > now and not own:
        held = leases.Held(lease.holder, lease.taken_at, lease.until, lease.holder_id == reader.pk)
    opened = min((reason.opened_at for reason in reasons), default=row.updated_at)
    since = min(opened, row.queued_at or opened) if reasons else row.updated_at
    return Item(
        row,
        reasons,
        min((reason.due_at for reason in reasons), default=None),
        since,
        row.current.risk if row.current else 0,
        held,
        row.pk in second,
        own,
    )


def _figures(reader: User, now: datetime, held: dict[int, int], second: frozenset[int]) -> Figures:
    tonight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    counted = _open().aggregate(
        waiting=Count("submission", distinct=True),
        overdue=Count("submission", distinct=True, filter=Q(due_at__lt=now)),
        today=Count("submission", distinct=True, filter=Q(due_at__lt=tonight)),
        escalated=Count("submission", distinct=True, filter=Q(submission__escalated_at__isnull=False)),
    )
    decided = (
        Decision.objects.filter(at__gte=now - timedelta(days=7), needs_second="")
        .exclude(action="escalate")
        .count()
    )
    usual = queueing.waits()
    return Figures(
        counted["waiting"],
        counted["overdue"],
        counted["today"] - counted["overdue"],
        decided,
        usual.median if usual else None,
        usual.ninetieth if usual else None,
        {
            "all": counted["waiting"],
            "free": counted["waiting"] - len(held),
            "mine": sum(holder == reader.pk for holder in held.values()),
            "second": len(second),
            "escalated": counted["escalated"],
        },
    )


def next_free(reader: User) -> Submission | None:
    """The first item that nobody holds and that `reader` may decide; None where there is none.

    Items that wait for somebody else (an admin, the other of two people) are passed over.
    """
    permissions.ensure(reader, "queue.view")
    now, cursor = timezone.now(), ""
    held = [pk for pk, _ in _live_leases(now)]
    chosen = ~Q(submission__in=held) & Q(submission__state=State.PENDING_REVIEW)
    if not permissions.can(reader, "escalation.answer", Relation.OTHER):
        chosen &= Q(submission__escalated_at__isnull=True)
    second = second_person_ids()
    mine = set(
        Decision.objects.filter(decider=reader, submission__in=second).values_list("submission_id", flat=True)
    )
    while True:
        ids, following = _waiting(chosen, "", "", cursor, PAGE)
        for item in _items(reader, ids, second):
            if not item.own and item.submission.pk not in mine:
                return item.submission
        if following is None:
            return None
        cursor = following


def waiting_count() -> int:
    """How many items wait, for the tile beside the link to the queue."""
    return _open().values("submission").distinct().count()


def waits_document() -> dict[str, Any] | None:
    """How long review usually takes, in seconds, for the public pages; None while nothing was reviewed."""
    usual = queueing.waits()
    if usual is None:
        return None
    return {"median": usual.median, "ninetieth": usual.ninetieth, "measured": usual.measured}
