"""Which submissions a list of the queue holds, in which order: SQL rows, no model instances.

Rules
- What waits is an open reason row; an item's due time is the earliest of its rows.
- Stuck is what needs somebody else than the next reviewer: handed to an admin, waiting for a second person, given
  up or waiting too long for its checks, approved and not published.
- In the usual order a page is read along the index of due times and ends with its last row; the other orders
  sort all that waits.
- Pages follow a cursor that holds the last row's place in the order; it belongs to one order alone.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    When,
)
from django.db.models.functions import Coalesce

from accounts import problems
from accounts.errors import RefusedError
from accounts.models import User
from moderation.models import Decision
from moderation.queue_filters import OF_KIND, Filters
from moderation.table import CLOCKS, undo_window
from uploads.models import CheckResult, QueueReason, Submission
from uploads.states import State

DECIDED = (State.APPROVED, State.PUBLISHED, State.SUPERSEDED, State.HIDDEN, State.REJECTED)
#: States that a submission leaves without a reviewer, sooner or later.
UNDER_WAY = [
    state.value for state in (State.APPROVED, State.UPLOADED, State.VALIDATING, State.VALIDATION_FAILED)
]
#: How long checks, and a publication, take at most while nothing is wrong; and how long back checks that were
#: given up are looked for, since nobody waits for them after that.
CHECKS_TAKE, PUBLISHING_TAKES, GIVEN_UP_SINCE = (
    timedelta(minutes=30),
    timedelta(minutes=10),
    timedelta(days=30),
)
_HEX = re.compile(r"[0-9a-f]{8,64}\Z")

Found = tuple[list[int], str | None]


def open_rows() -> "QuerySet[QueueReason]":
    """The reasons that are open."""
    return QueueReason.objects.filter(closed_at__isnull=True)


def tonight(now: datetime) -> datetime:
    """The end of today (UTC)."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


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


def held(now: datetime, prefix: str = "submission__") -> Q:
    """Held by anybody just now."""
    return Q(**{f"{prefix}lease__until__gt": now})


def mine(reader: User, now: datetime) -> Q:
    """Held by the reader, or assigned to them."""
    return Q(submission__lease__holder=reader, submission__lease__until__gt=now) | Q(
        submission__assignment__person=reader
    )


def has_finding() -> Q:
    """With a signal that weighs something, or because of one."""
    return Q(submission__current__risk__gt=0) | Q(kind=QueueReason.Kind.SCANNER_HIT)


def stuck(now: datetime, second: frozenset[int]) -> Q:
    """Of submissions: those that the next reviewer can't move on. The first part is what an index narrows."""
    gave_up = CheckResult.objects.filter(revision=OuterRef("current"), code="validation_crashed")
    late = now - PUBLISHING_TAKES - undo_window() - CLOCKS
    nearly = Q(state__in=UNDER_WAY) | Q(escalated_at__isnull=False) | Q(pk__in=list(second))
    return nearly & (
        Q(state=State.PENDING_REVIEW.value, escalated_at__isnull=False)
        | Q(pk__in=list(second))
        | Q(state=State.APPROVED.value, updated_at__lt=late)
        | Q(
            state__in=[State.UPLOADED.value, State.VALIDATING.value],
            current__received_at__lt=now - CHECKS_TAKE,
        )
        | Q(Exists(gave_up), state=State.VALIDATION_FAILED.value, updated_at__gt=now - GIVEN_UP_SINCE)
    )


def matches(filters: Filters, prefix: str = "") -> Q:
    """The search and what is asked of the submission itself."""
    found = Q()
    if filters.q:
        for name in ("mod_id", "name", "author__display_name", "author__email"):
            found |= Q(**{f"{prefix}{name}__icontains": filters.q})
        found |= Q(**{f"{prefix}submission_id__iexact": filters.q})
        if _HEX.match(filters.q.lower()):
            found |= Q(**{f"{prefix}current__sha256__startswith": filters.q.lower()})
    if filters.of:
        found &= Q(**{f"{prefix}kind": filters.of})
    if filters.risk:
        found &= Q(**{f"{prefix}current__risk__gte": filters.least_risk})
    if filters.author:
        found &= (
            Q(**{f"{prefix}author__display_name__icontains": filters.author})
            | Q(**{f"{prefix}author__email__iexact": filters.author})
            | Q(**{f"{prefix}author__account_id": filters.author})
        )
    if filters.build:
        found &= Q(**{f"{prefix}current__manifest__targetGameBuild": filters.build})
    return found


def _has_open(**which: Any) -> Exists:
    """Whether the row's submission has an open reason like that."""
    return Exists(open_rows().filter(submission=OuterRef("submission"), **which))


def chosen(filters: Filters, reader: User, now: datetime, second: frozenset[int]) -> Q:
    """The view of what waits, as a condition on reason rows."""
    view = filters.view
    if view in OF_KIND:
        return Q(_has_open(kind=OF_KIND[view]))
    return {
        "free": ~held(now),
        "mine": mine(reader, now),
        "findings": Q(submission__current__risk__gt=0) | Q(_has_open(kind=QueueReason.Kind.SCANNER_HIT)),
        "second": Q(submission__in=list(second)),
        "escalated": Q(submission__escalated_at__isnull=False),
        "stuck": Q(submission__escalated_at__isnull=False) | Q(submission__in=list(second)),
    }.get(view, Q())


def waiting(condition: Q, filters: Filters, now: datetime, cursor: str, limit: int) -> Found:
    """Up to `limit` submissions (their keys) that wait, and the cursor of the next page."""
    rows = open_rows().filter(condition).filter(matches(filters, "submission__"))
    if filters.kind:
        rows = rows.filter(_has_open(kind=filters.kind))
    along_index = filters.sort == "due" and not filters.age
    ordered = _first_rows(rows) if along_index else _grouped(rows)
    before = filters.waiting_before(now)
    if before is not None:
        ordered = ordered.filter(since__lte=before)
    if filters.due:
        ordered = ordered.filter(
            {
                "overdue": Q(due__lt=now),
                "today": Q(due__gte=now, due__lt=tonight(now)),
                "later": Q(due__gte=tonight(now)),
            }[filters.due]
        )
    moment = "since" if filters.sort == "age" else "due"
    if cursor:
        ordered = ordered.filter(_after(filters.sort, moment, *_read_cursor(cursor, filters.sort)))
    order = ("-risk", moment) if filters.sort == "risk" else (moment, "-risk")
    found = list(ordered.order_by(*order, "submission_id")[: limit + 1])
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = _cursor(filters.sort, last[moment], last["risk"] or 0, last["submission_id"])
    return [row["submission_id"] for row in found[:limit]], following


def _first_rows(rows: "QuerySet[QueueReason]") -> Any:
    """Of each submission the row that is due first, so that nothing has to be grouped."""
    sooner = open_rows().filter(
        Q(due_at__lt=OuterRef("due_at")) | Q(due_at=OuterRef("due_at"), pk__lt=OuterRef("pk")),
        submission=OuterRef("submission"),
    )
    return rows.filter(~Exists(sooner)).values(
        "submission_id", due=F("due_at"), risk=F("submission__current__risk")
    )


def _grouped(rows: "QuerySet[QueueReason]") -> Any:
    """Each submission with when it is due, and since when it waits."""
    grouped = rows.values("submission_id", risk=F("submission__current__risk"))
    return grouped.annotate(due=Min("due_at"), opened=Min("opened_at")).annotate(
        since=Case(
            When(
                submission__state=State.PENDING_REVIEW.value,
                then=Coalesce(F("submission__queued_at"), F("opened")),
            ),
            default=F("opened"),
            output_field=DateTimeField(),
        )
    )


def _after(sort: str, moment: str, at: datetime, risk: int, pk: int) -> Q:
    later, same = Q(**{f"{moment}__gt": at}), Q(**{moment: at})
    if sort == "risk":
        return Q(risk__lt=risk) | Q(risk=risk) & later | Q(risk=risk) & same & Q(submission_id__gt=pk)
    return later | same & Q(risk__lt=risk) | same & Q(risk=risk, submission_id__gt=pk)


def listed(condition: Q, filters: Filters, cursor: str, limit: int, *, newest: bool) -> Found:
    """Submissions that need not wait, by when something happened to them last; the newest or the oldest first."""
    rows = Submission.objects.filter(condition).filter(matches(filters))
    if cursor:
        moment, _, pk = _read_cursor(cursor, "listed")
        after = "lt" if newest else "gt"
        rows = rows.filter(
            Q(**{f"updated_at__{after}": moment}) | Q(**{"updated_at": moment, f"pk__{after}": pk})
        )
    order = ("-updated_at", "-pk") if newest else ("updated_at", "pk")
    found = list(rows.order_by(*order).values_list("pk", "updated_at")[: limit + 1])
    following = None
    if len(found) > limit:
        pk, moment = found[limit - 1]
        following = _cursor("listed", moment, 0, pk)
    return [pk for pk, _ in found[:limit]], following


def settled(view: str) -> Q:
    """What does not wait for staff: asked back from its author, or decided."""
    states = [State.CHANGES_REQUESTED] if view == "author" else list(DECIDED)
    return Q(state__in=[state.value for state in states])


def _cursor(sort: str, moment: datetime, risk: int, pk: int) -> str:
    return problems.cursor_for(f"{sort}|{moment.isoformat()}|{risk}|{pk}")


def _read_cursor(cursor: str, sort: str) -> tuple[datetime, int, int]:
    try:
        of, moment, risk, pk = problems.read_cursor(cursor).split("|")
        if of != sort:
            raise ValueError(of)
        return datetime.fromisoformat(moment), int(risk), int(pk)
    except ValueError as error:
        raise RefusedError(
            "bad_cursor",
            "This cursor is not one of ours, or of another order.",
            "Leave it out to start at the beginning.",
            status=400,
        ) from error
