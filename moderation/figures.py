"""How moderation is doing, in numbers that are counted from rows: for the staff's page and its CSV files.

Rules
- A wait runs from when a reason row was opened to the act that closed it; what an author or the portal closed
  was no review and is left out, as in `uploads.queueing`.
- The false-alarm rate of a finding is the share of "false alarm" among the verdicts that are in force.
- Percentiles are of the newest `MEASURED` rows; a figure that nothing was counted for is None, never 0.
- The number of queries does not depend on how much there is.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.functions import TruncDay
from django.utils import timezone

from accounts import permissions
from accounts.models import User
from moderation.models import Decision, FindingVerdict, Report
from moderation.table import ACTIONS
from uploads import queueing
from uploads.checks import CHECKS
from uploads.models import CheckResult, QueueReason, Signal

PERIODS = (7, 30, 90, 365)
MEASURED = 5000


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings, as the page shows them and as CSV has them. `None` is "not known"."""

    name: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a plot: where it stands and how high (of 100), what it counts, and when."""

    x: int
    y: float
    height: float
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures at the top; waits in seconds."""

    waiting: int
    overdue: int
    oldest: datetime | None
    decided: int
    a_week: float
    median: float | None
    ninetieth: float | None
    open_reports: int


def summary(reader: User, days: int) -> Summary:
    """What counts at a glance, over the last `days` days. Raises RefusedError 401 and 403."""
    permissions.ensure(reader, "queue.view")
    now = timezone.now()
    counted = _open().aggregate(
        waiting=Count("submission", distinct=True),
        overdue=Count("submission", distinct=True, filter=Q(due_at__lt=now)),
        oldest=Min("opened_at"),
    )
    decided = _decisions(now - timedelta(days=days)).count()
    spans = [span for kind_spans in _spans(now - timedelta(days=days)).values() for span in kind_spans]
    median, ninetieth = percentiles(spans)
    return Summary(
        counted["waiting"],
        counted["overdue"],
        counted["oldest"],
        decided,
        decided * 7 / days,
        median,
        ninetieth,
        Report.objects.filter(status=Report.Status.OPEN, folded_into__isnull=True).count(),
    )


def waiting(days: int) -> Table:
    """What waits now, by reason: how much, how much of it overdue, since when at the longest."""
    now = timezone.now()
    rows = (
        _open()
        .values("kind")
        .annotate(count=Count("pk"), overdue=Count("pk", filter=Q(due_at__lt=now)), oldest=Min("opened_at"))
        .order_by("kind")
    )
    return Table(
        "waiting",
        "What waits now",
        ("Reason", "Waiting", "Overdue", "Oldest since"),
        tuple((_kind(row["kind"]), row["count"], row["overdue"], row["oldest"]) for row in rows),
    )


def waits(days: int) -> Table:
    """How long it took, by reason, in hours."""
    found = _spans(timezone.now() - timedelta(days=days))
    rows = []
    for kind in sorted(found):
        median, ninetieth = percentiles(found[kind])
        rows.append((_kind(kind), len(found[kind]), _hours(median), _hours(ninetieth)))
    return Table(
        "waits",
        "How long it took",
        ("Reason", "Answered", "Median (hours)", "Nine in ten (hours)"),
        tuple(rows),
    )


def decisions(days: int) -> Table:
    """What was decided, by action."""
    rows = _decisions(_since(days)).values("action").annotate(count=Count("pk")).order_by("-count", "action")
    return Table(
        "decisions",
        "What was decided",
        ("Action", "Decisions"),
        tuple((ACTIONS[row["action"]].label, row["count"]) for row in rows if row["action"] in ACTIONS),
    )


def policies(days: int) -> Table:
    """Which reasons were given, by policy and action."""
    counts = Counter[tuple[str, str]]()
    rows = _decisions(_since(days)).exclude(reasons=[]).values_list("action", "reasons")
    for action, reasons in rows.iterator(chunk_size=2000):
        counts.update((reason["policy"], action) for reason in reasons)
    return Table(
        "policies",
        "Reasons given",
        ("Policy", "Action", "Times"),
        tuple(
            (policy, ACTIONS[action].label if action in ACTIONS else action, count)
            for (policy, action), count in counts.most_common()
        ),
    )


def findings(days: int) -> Table:
    """Signals by code: how often they were found, how they were judged, and how often that was a false alarm."""
    since = _since(days)
    found = dict(
        Signal.objects.filter(revision__checked_at__gte=since)
        .values_list("code")
        .annotate(count=Count("pk"))
        .order_by("code")
    )
    judged: dict[str, Counter[str]] = defaultdict(Counter)
    verdicts = (
        FindingVerdict.objects.filter(at__gte=since, replaced_at__isnull=True, in_force_at__isnull=False)
        .values("code", "verdict")
        .annotate(count=Count("pk"))
    )
    for row in verdicts:
        judged[row["code"]][row["verdict"]] = row["count"]
    kinds = FindingVerdict.Verdict
    return Table(
        "findings",
        "Findings",
        ("Finding", "Found", "Judged", "True", "Accepted", "False alarms", "False-alarm rate (%)"),
        tuple(
            (
                code,
                found.get(code, 0),
                judged[code].total(),
                judged[code][kinds.TRUE],
                judged[code][kinds.ACCEPTED],
                judged[code][kinds.FALSE_ALARM],
                _share(judged[code][kinds.FALSE_ALARM], judged[code].total()),
            )
            for code in sorted(found.keys() | judged.keys(), key=lambda code: (-found.get(code, 0), code))
        ),
        "The rate is of the verdicts in force; where nobody has judged yet there is none.",
    )


def checks(days: int) -> Table:
    """The checks: how many packages they looked at, and how many of those they refused."""
    counted = {
        row["check_id"]: row
        for row in CheckResult.objects.filter(at__gte=_since(days))
        .values("check_id")
        .annotate(
            passed=Count("pk", filter=Q(status="passed")),
            warned=Count("pk", filter=Q(status="warned")),
            failed=Count("pk", filter=Q(status="failed")),
        )
        .order_by("check_id")
    }
    none = {"passed": 0, "warned": 0, "failed": 0}
    rows = [(check, counted.get(check.id, none)) for check in CHECKS]
    return Table(
        "checks",
        "Checks",
        ("Check", "Passed", "With a signal", "Failed", "Failed (%)"),
        tuple(
            (
                check.title,
                row["passed"],
                row["warned"],
                row["failed"],
                _share(row["failed"], row["passed"] + row["warned"] + row["failed"]),
            )
            for check, row in rows
        ),
    )


def reports(days: int) -> Table:
    """What players reported, by reason, and what came of it."""
    rows = (
        Report.objects.filter(at__gte=_since(days))
        .values("reason")
        .annotate(
            count=Count("pk"),
            upheld=Count("pk", filter=Q(status=Report.Status.UPHELD)),
            dismissed=Count("pk", filter=Q(status=Report.Status.DISMISSED)),
        )
        .order_by("-count", "reason")
    )
    return Table(
        "reports",
        "Reports by players",
        ("Reason", "Reports", "Upheld", "Dismissed"),
        tuple((row["reason"], row["count"], row["upheld"], row["dismissed"]) for row in rows),
    )


def daily(days: int) -> Table:
    """Decisions a day, days without one included; the oldest first."""
    since = _since(days)
    counted = dict(
        _decisions(since)
        .annotate(day=TruncDay("at"))
        .values_list("day")
        .annotate(count=Count("pk"))
        .order_by("day")
    )
    start = since.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    every = [start + timedelta(days=number) for number in range(days)]
    return Table(
        "daily",
        "Decisions a day",
        ("Day", "Decisions"),
        tuple((day, counted.get(day, 0)) for day in every),
    )


TABLES: dict[str, Callable[[int], Table]] = {
    "waiting": waiting,
    "waits": waits,
    "decisions": decisions,
    "policies": policies,
    "findings": findings,
    "checks": checks,
    "reports": reports,
    "daily": daily,
}


def bars(table: Table, width: int = 7) -> tuple[Bar, ...]:
    """The rows of `daily` as bars, each `width` units from the next, the highest 100 units high."""
    most = max((row[1] for row in table.rows), default=0) or 1
    return tuple(
        Bar(place * width, 100 - count * 100 / most, count * 100 / most, count, day)
        for place, (day, count) in enumerate(table.rows)
    )


def percentiles(spans: Sequence[float]) -> tuple[float | None, float | None]:
    """Median and 90th percentile; None where there is nothing to measure."""
    if not spans:
        return None, None
    if len(spans) == 1:
        return spans[0], spans[0]
    cuts = quantiles(spans, n=10, method="inclusive")
    return cuts[4], cuts[8]


def _since(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def _open() -> Any:
    return QueueReason.objects.filter(closed_at__isnull=True)


def _decisions(since: datetime) -> Any:
    return Decision.objects.filter(at__gte=since, needs_second="").exclude(action="escalate")


def _spans(since: datetime) -> dict[str, list[float]]:
    """Seconds from opening to answer, by reason."""
    rows = (
        QueueReason.objects.filter(closed_at__gte=since)
        .exclude(closed_by__in=queueing.NOT_A_REVIEW)
        .order_by("-closed_at")
        .values_list("kind", "opened_at", "closed_at")[:MEASURED]
    )
    found: dict[str, list[float]] = defaultdict(list)
    for kind, opened, closed in rows:
        if closed is not None:
            found[kind].append((closed - opened).total_seconds())
    return found


def _kind(kind: str) -> str:
    return str(dict(QueueReason.Kind.choices).get(kind, kind))


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 1)


def _share(part: int, whole: int) -> float | None:
    return round(part * 100 / whole, 1) if whole else None
