"""How long ago, for moments that just happened."""

from datetime import datetime

from django.utils import timezone

from catalog import words

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
