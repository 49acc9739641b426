"""Whose package is checked next: one account's flood does not delay another's.

Rules
- The turn is the account's whose packages were taken up the fewest times in the last `WINDOW`, those under way
  included; among equals the oldest row's.
- Within an account the oldest row is first; an account with `AT_ONCE` packages under way waits.
- Two queries, whatever the length of the queue.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Min, QuerySet, Value
from django.db.models.fields.json import KT
from django.utils import timezone

from accounts.models import OutboxRow

#: How many packages of one account are checked at once.
AT_ONCE = 2
#: For how long a check counts against its account.
WINDOW = timedelta(minutes=10)


def whose_turn(due: "QuerySet[OutboxRow]") -> int | None:
    """The row, by primary key, that is to be done next of those that are `due`; None where there is none."""
    rows = due.order_by().annotate(account=KT("payload__account")).values("account")
    oldest: dict[str | None, int] = dict(rows.annotate(oldest=Min("pk")).values_list("account", "oldest"))
    if not oldest:
        return None
    taken = _taken(due)
    times = Counter(account for account, _ in taken)
    busy = Counter(account for account, under_way in taken if under_way)
    free = [row for row in oldest.items() if busy[row[0]] < AT_ONCE]
    return min(free, key=lambda row: (times[row[0]], row[1]))[1] if free else None


def _taken(due: "QuerySet[OutboxRow]") -> list[tuple[str | None, bool]]:
    """Of each piece of work that was done or given up in the window, or is under way: its account, and which."""
    now = timezone.now()
    rows = (
        OutboxRow.objects.filter(kind=due.values_list("kind", flat=True)[:1])
        .order_by()
        .annotate(account=KT("payload__account"))
    )
    # One index each: a condition over the three columns at once would read every row that ever was.
    done = _told(rows.filter(done_at__gte=now - WINDOW), under_way=False)
    given_up = _told(rows.filter(failed_at__gte=now - WINDOW), under_way=False)
    held = _told(rows.filter(done_at=None, failed_at=None, claimed_until__gt=now), under_way=True)
    return list(done.union(given_up, held, all=True))


def _told(rows: Any, *, under_way: bool) -> Any:
    return rows.annotate(under_way=Value(under_way)).values_list("account", "under_way")
