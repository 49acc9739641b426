"""The fast lane: which artifact a key's owner gets, and how downloads are counted.

Rules
- Each account counts once a release and day (UTC), however often it fetches. What is kept of it is a digest under
  the portal's own key, thrown away once the day is over.
- Asking for the head, and going on with a broken download (a range that does not begin at the first byte),
  counts nothing.
- Only the fast lane is counted: published files are served past the portal, to anybody, unseen.
"""

from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.errors import RefusedError
from accounts.models import User
from catalog.models import DownloadDay, DownloadSeen, Mod, Release

LATEST = "latest"


def find(mod_id: str, version: str) -> Release:
    """The release to fetch; `version` may be `latest`.

    Raises RefusedError: 404 `not_found`, 410 `taken_back` with why and how serious.
    """
    releases = Release.objects.select_related("mod").filter(mod__mod_id=mod_id)
    if version == LATEST:
        release = releases.filter(mod__latest__isnull=False, pk__in=releases.values("mod__latest")).first()
    else:
        release = releases.filter(version=version).first()
    if release is None:
        raise RefusedError(
            "not_found", "There is no such release.", "The catalog lists what there is.", status=404
        )
    if release.taken_back_at is not None:
        raise RefusedError(
            "taken_back",
            f"{mod_id} {version} was taken back.",
            "Ask for latest, or another version.",
            status=410,
            extra={"reason": release.taken_back_reason, "level": release.taken_back_level},
        )
    return release


def from_the_start(ranges: str) -> bool:
    """Whether a `Range` header (empty: none) asks for the first byte."""
    return not ranges.strip() or ranges.replace(" ", "").startswith("bytes=0-")


def count(user: User, release: Release) -> bool:
    """Count a download by `user`; returns whether it was the first of the day."""
    day = timezone.now().date()
    client = salted_hmac("catalog.downloads", f"{day}:{user.account_id}", algorithm="sha256").hexdigest()
    try:
        with transaction.atomic():
            DownloadSeen.objects.create(release=release, day=day, client=client)
            DownloadDay.objects.get_or_create(release=release, day=day)
            DownloadDay.objects.filter(release=release, day=day).update(count=F("count") + 1)
            Mod.objects.filter(pk=release.mod_id).update(downloads=F("downloads") + 1)
    except IntegrityError:
        return False
    return True


def forget(today: date | None = None) -> int:
    """Throw away who fetched what on days that are over; returns how many rows there were."""
    gone, _ = DownloadSeen.objects.filter(day__lt=today or timezone.now().date()).delete()
    return gone


def by_day(mod: Mod, days: int = 30) -> list[tuple[date, int]]:
    """The mod's downloads on each of the last `days` days, the oldest first, days without one included."""
    today = timezone.now().date()
    since = today - timedelta(days=days - 1)
    counted = dict(
        DownloadDay.objects.filter(release__mod=mod, day__gte=since)
        .values_list("day")
        .annotate(total=Sum("count"))
        .order_by("day")
    )
    return [
        (since + timedelta(days=place), counted.get(since + timedelta(days=place), 0))
        for place in range(days)
    ]
