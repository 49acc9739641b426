"""Times, spans, sizes and numbers as words for people."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.timesince import timesince

KIB = 1024


def day(value: datetime) -> str:
    """A date as it is written on the site: "18 Nov 2026"."""
    return f"{value.day} {value:%b %Y}"


def short_day(value: datetime) -> str:
    """The same without the year where it is the current one: "18 Nov"."""
    return f"{value.day} {value:%b}" if value.year == timezone.now().year else day(value)


def ago(value: datetime) -> str:
    """How long ago, in one unit: "today", "yesterday", "6 days ago"; ahead: "in 3 hours"."""
    now = timezone.now()
    if value > now:
        return f"in {timesince(now, value, depth=1)}".replace("\xa0", " ")
    days = (now.astimezone(UTC).date() - value.astimezone(UTC).date()).days
    if days == 0:
        return "today"
    if days == 1:
        return "yesterday"
    return f"{timesince(value, now, depth=1)} ago".replace("\xa0", " ")


def duration(value: timedelta | float | None) -> str:
    """A span in its two largest units: "1 d 4 h", "3 h 10 min", "11 s". Takes seconds or a timedelta."""
    if value is None:
        return ""
    seconds = max(int(value.total_seconds() if isinstance(value, timedelta) else value), 0)
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")) if n]
    return " ".join(parts[:2]) or "0 s"


def filesize(value: int | None) -> str:
    """A size in binary units, three figures: "974 KiB", "3.52 MiB"; under 1 KiB in bytes."""
    if value is None:
        return ""
    if value < KIB:
        return f"{value} bytes"
    size, unit = value / KIB, "KiB"
    for larger in ("MiB", "GiB"):
        if size < KIB:
            break
        size, unit = size / KIB, larger
    return f"{size:.0f} {unit}" if size >= 100 else f"{size:.3g} {unit}"


def bytes_exact(value: int) -> str:
    """An exact count of bytes with separators: "147,271 bytes"."""
    return f"{value:,} bytes"


def thousands(value: int) -> str:
    """A whole number with separators: 18402 is "18,402"."""
    return f"{value:,}"


def initials(name: str) -> str:
    """Two letters for the tile of a person: "Mirela Voss" is "MV", "halden" is "HA"."""
    parts = [part for part in name.replace("@", " ").replace(".", " ").replace("_", " ").split() if part]
    return "".join(part[0] for part in parts[:2]).upper() if len(parts) > 1 else name[:2].upper()
