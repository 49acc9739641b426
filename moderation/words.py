"""How long ago, and how long until, in the words of the workbench."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from catalog import words
from uploads import queueing

MINUTE, HOUR, DAY = 60, 3600, 86400


def moments_ago(at: datetime) -> str:
    """ "40 seconds ago", "3 minutes ago", "5 hours ago"; from one day on, as everywhere on the site."""
    seconds = max(int((timezone.now() - at).total_seconds()), 0)
    if seconds >= DAY:
        return words.ago(at)
    for span, unit in ((HOUR, "hour"), (MINUTE, "minute"), (1, "second")):
        if seconds >= span:
            count = seconds // span
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def due_words(due: datetime, now: datetime) -> str:
    """How far off `due` is: "3 h 10 min overdue", "in 1 h 20 min", "in 5 hours", "in 2 working days"."""
    if due < now:
        return f"{words.duration(rough(max(now - due, timedelta(minutes=1))))} overdue"
    ahead = due - now
    if ahead < timedelta(hours=4):
        return f"in {words.duration(rough(max(ahead, timedelta(minutes=1))))}"
    days = working_days(now, due)
    if ahead < timedelta(hours=24) or days < 1:
        return f"in {int(ahead.total_seconds()) // HOUR} hours"
    return f"in {days} working day{'' if days == 1 else 's'}"


def rough(span: timedelta) -> timedelta:
    """A span as it is told: to the second under a minute, to the minute under a day, else to the hour."""
    seconds = max(int(span.total_seconds()), 0)
    step = HOUR if seconds >= DAY else MINUTE if seconds >= MINUTE else 1
    return timedelta(seconds=seconds // step * step)


def working_days(start: datetime, end: datetime) -> int:
    """How many working days (Monday to Friday, UTC) begin after `start` and before `end`; 0 where none does."""
    first = start.astimezone(UTC).date()
    last = (end - timedelta(microseconds=1)).astimezone(UTC).date()
    weeks, rest = divmod(max((last - first).days, 0), 7)
    return weeks * 5 + sum(
        (first + timedelta(days=day)).weekday() < queueing.SATURDAY for day in range(1, rest + 1)
    )
