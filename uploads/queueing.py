"""Why a submission waits for a person, until when, in which order, and how long that usually takes.

Rules
- A submission is in the queue because of open rows of `QueueReason`; a row is opened once a kind and closed
  by the act that answers it.
- Due times count working days (Monday to Friday, UTC): 3 for a review, 2 for an answer; security reports 4
  hours. Settings: `SMMODS_REVIEW_DAYS`, `SMMODS_REPLY_DAYS`, `SMMODS_REPORT_HOURS`.
- A revision keeps its submission's place: its due time counts from when the submission first came to review.
- The order is the earliest due time, then the higher risk, then who came first.
- How long it takes is measured on closed rows, the newest 500 of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

from django.conf import settings
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from catalog.models import Release
from uploads.models import QueueReason, Submission
from uploads.states import State

Kind = QueueReason.Kind
SATURDAY = 5
MEASURED = 500
#: Acts of the author or the portal: they close a row without anybody having read it.
NOT_A_REVIEW = ("withdrawn", "replaced")


def working_days_after(start: datetime, days: int) -> datetime:
    """`days` working days after `start`, at its time of day; a start at the weekend counts from Monday."""
    due = start
    while due.weekday() >= SATURDAY:
        due = (due + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    while days > 0:
        due += timedelta(days=1)
        if due.weekday() < SATURDAY:
            days -= 1
    return due


def due_time(kind: str, start: datetime) -> datetime:
    """Until when a reason of `kind` that began at `start` should be answered."""
    if kind == Kind.REPORT:
        return start + timedelta(hours=settings.SMMODS_REPORT_HOURS)
    if kind == Kind.AUTHOR_REPLIED:
        return working_days_after(start, settings.SMMODS_REPLY_DAYS)
    return working_days_after(start, settings.SMMODS_REVIEW_DAYS)


def open_reason(
    submission: Submission, kind: str, detail: str = "", due: datetime | None = None
) -> QueueReason:
    """Say why the submission waits; a row of that kind that is open already is kept as it is.

    `due` is worked out from now where it is left out. Belongs into the caller's transaction.
    """
    now = timezone.now()
    row, _ = QueueReason.objects.get_or_create(
        submission=submission,
        kind=kind,
        closed_at=None,
        defaults={"detail": detail[:300], "due_at": due or due_time(kind, now), "opened_at": now},
    )
    return row


def close_reasons(submission: Submission, act: str) -> int:
    """Close every open row of the submission; `act` names what answered it. Returns how many there were."""
    return QueueReason.objects.filter(submission=submission, closed_at=None).update(
        closed_at=timezone.now(), closed_by=act[:40]
    )


def review_kind(submission: Submission) -> str:
    """First release of its mod, or an update."""
    known = Release.objects.filter(mod__mod_id=submission.mod_id).exists()
    return Kind.UPDATE if known else Kind.FIRST_RELEASE


def waiting() -> "QuerySet[Any]":
    """Submissions in review with an open reason, in the queue's order; each has `due` and `risk`."""
    is_open = Q(reasons__closed_at__isnull=True, reasons__id__isnull=False)
    return (
        Submission.objects.filter(state=State.PENDING_REVIEW.value)
        .annotate(due=Min("reasons__due_at", filter=is_open), risk=F("current__risk"))
        .filter(due__isnull=False)
        .order_by("due", "-risk", "queued_at", "pk")
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a submission stands in the queue: `position` of `length`, counted from 1, and until when."""

    position: int
    length: int
    due: datetime


def place(submission: Submission) -> Place | None:
    """The submission's place; the one kept for it while its package is mended; None where it has none."""
    kept = submission.queued_at is not None and submission.state in _KEEPS_PLACE
    if submission.state != State.PENDING_REVIEW and not kept:
        return None
    mine = waiting().filter(pk=submission.pk).values_list("due", flat=True).first()
    if mine is None:
        if not kept or submission.queued_at is None:
            return None
        mine = due_time(Kind.UPDATE, submission.queued_at)
    risk = submission.current.risk if submission.current else 0
    others = waiting().exclude(pk=submission.pk)
    came = submission.queued_at or submission.created_at
    ahead = others.filter(
        Q(due__lt=mine)
        | Q(due=mine, risk__gt=risk)
        | Q(due=mine, risk=risk, queued_at__lt=came)
        | Q(due=mine, risk=risk, queued_at=came, pk__lt=submission.pk)
    ).count()
    return Place(ahead + 1, others.count() + 1, mine)


_KEEPS_PLACE = (State.UPLOADED, State.VALIDATING, State.VALIDATION_FAILED, State.CHANGES_REQUESTED)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long review takes, in seconds: half are done within `median`, nine in ten within `ninetieth`."""

    median: float
    ninetieth: float
    measured: int


def waits() -> Waits | None:
    """Measured on the rows closed last; None while nothing has been reviewed."""
    rows = (
        QueueReason.objects.filter(closed_at__isnull=False, kind__in=(Kind.FIRST_RELEASE, Kind.UPDATE))
        .exclude(closed_by__in=NOT_A_REVIEW)
        .order_by("-closed_at")
        .values_list("opened_at", "closed_at")[:MEASURED]
    )
    spans = [(closed - opened).total_seconds() for opened, closed in rows if closed is not None]
    if not spans:
        return None
    if len(spans) == 1:
        return Waits(spans[0], spans[0], 1)
    cuts = quantiles(spans, n=10, method="inclusive")
    return Waits(cuts[4], cuts[8], len(spans))
