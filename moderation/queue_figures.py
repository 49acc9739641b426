"""The queue in numbers: what each view holds, what is due, and how long review usually takes.

One query over the open rows counts every view; the rest are counts that an index answers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from accounts.models import User
from moderation import queue_select
from moderation.models import Decision
from moderation.queue_filters import OF_KIND
from moderation.words import rough
from uploads import queueing
from uploads.models import Submission

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Figures:
    """The queue in numbers; waits in seconds, None while nothing was decided. `views` counts what waits in each."""

    waiting: int
    overdue: int
    today: int
    decided_this_week: int
    median: float | None
    p90: float | None
    views: dict[str, int]

    @property
    def median_shown(self) -> timedelta | None:
        """The median as it is told: to the minute, after a day to the hour."""
        return rough(timedelta(seconds=self.median)) if self.median is not None else None

    @property
    def p90_shown(self) -> timedelta | None:
        """The 90th percentile as it is told."""
        return rough(timedelta(seconds=self.p90)) if self.p90 is not None else None


def figures(reader: User, now: datetime, second: frozenset[int]) -> Figures:
    """The figures as they are for `reader`; `second` are the items that wait for a second person."""
    conditions = {
        "waiting": Q(),
        "overdue": Q(due_at__lt=now),
        "today": Q(due_at__lt=queue_select.tonight(now)),
        "held": queue_select.held(now),
        "mine": queue_select.mine(reader, now),
        "escalated": Q(submission__escalated_at__isnull=False),
        "findings": queue_select.has_finding(),
    }
    # An item has one open row of a kind at most, so rows of a kind are items.
    kinds = {view: Count("pk", filter=Q(kind=kind)) for view, kind in OF_KIND.items()}
    counted = queue_select.open_rows().aggregate(
        **{
            name: Count("submission", distinct=True, filter=condition)
            for name, condition in conditions.items()
        },
        **kinds,
    )
    decided = Decision.objects.filter(at__gte=now - WEEK, needs_second="").exclude(action="escalate").count()
    usual = queueing.waits()
    views = {name: counted[name] for name in ("mine", "escalated", "findings", *OF_KIND)}
    return Figures(
        counted["waiting"],
        counted["overdue"],
        counted["today"] - counted["overdue"],
        decided,
        usual.median if usual else None,
        usual.ninetieth if usual else None,
        views
        | {
            "all": counted["waiting"],
            "free": counted["waiting"] - counted["held"],
            "second": len(second),
            "author": Submission.objects.filter(queue_select.settled("author")).count(),
            "stuck": Submission.objects.filter(queue_select.stuck(now, second)).count(),
        },
    )
