"""Whose package is checked next: one account's flood does not delay another's.

Rules
- The turn is the account's whose packages were taken up the fewest times in the last `WINDOW`, those under way
  included; among equals the oldest row's.
- Within an account the oldest row is first.
- Two queries, whatever the length of the queue.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Min, QuerySet
from django.db.models.fields.json import KT
from django.utils import timezone

from accounts.models import OutboxRow

#: For how long a check counts against its account.
WINDOW = timedelta(minutes=10)


def whose_turn(due: "QuerySet[OutboxRow]") -> int | None:
    """The row, by primary key, that is to be done next of those that are `due`; None where there is none."""
    rows = due.order_by().annotate(account=KT("payload__account")).values("account")
    oldest: dict[str | None, int] = dict(rows.annotate(oldest=Min("pk")).values_list("account", "oldest"))
    if len(oldest) < 2:
        return next(iter(oldest.values()), None)
    times: Counter[str | None] = Counter(_taken(due))
    return min(oldest.items(), key=lambda row: (times[row[0]], row[1]))[1]


def _taken(due: "QuerySet[OutboxRow]") -> "QuerySet[OutboxRow, Any]":
    """The account of each piece of work that was done or given up in the window, or is under way."""
    now = timezone.now()
    rows = (
        OutboxRow.objects.filter(kind=due.values_list("kind", flat=True)[:1])
        .order_by()
        .annotate(account=KT("payload__account"))
        .values_list("account", flat=True)
    )
    # One index each: a condition over the three columns at once would read every row that ever was.
    done = rows.filter(done_at__gte=now - WINDOW)
    given_up = rows.filter(failed_at__gte=now - WINDOW)
    held = rows.filter(done_at=None, failed_at=None, claimed_until__gt=now)
    return done.union(given_up, held, all=True)
