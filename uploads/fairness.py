"""Whose package is checked next: one account's flood does not delay another's.

Rules
- The turn is the account's whose packages were taken up the fewest times in the last `WINDOW`, those under way
  included; among equals the oldest row's.
- Within an account the oldest row is first.
- Two queries, whatever the length of the queue.
"""

from datetime import timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.fields.json import KT
from django.utils import timezone

from accounts.models import OutboxRow

#: For how long a check counts against its account.
WINDOW = timedelta(minutes=10)


def whose_turn(due: "QuerySet[OutboxRow]") -> int | None:
    """The row, by primary key, that is to be done next of those that are `due`; None where there is none."""
    rows = due.order_by().annotate(account=KT("payload__account")).values("account")
    oldest = dict(rows.annotate(oldest=Min("pk")).values_list("account", "oldest"))
    if len(oldest) < 2:
        return next(iter(oldest.values()), None)
    now = timezone.now()
    kinds = due.order_by().values("kind").distinct()
    taken = (
        OutboxRow.objects.filter(kind__in=kinds)
        .filter(Q(done_at__gte=now - WINDOW) | Q(failed_at__gte=now - WINDOW) | Q(claimed_until__gt=now))
        .annotate(account=KT("payload__account"))
        .order_by()
        .values("account")
        .annotate(times=Count("pk"))
    )
    times = dict(taken.values_list("account", "times"))
    return min(oldest.items(), key=lambda row: (times.get(row[0], 0), row[1]))[1]
