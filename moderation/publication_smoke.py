"""The public smoke after a publication: run, kept with the publication, told to readiness and to the checks.

Rules
- It reads the live address as a stranger does. Where nothing answers there yet (set-up publishes before the
  server listens), it is tried again for ten minutes, and then counts as failed.
- What each check says after the switch is kept with the revision that was published.
"""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts import outbox
from catalog import service_status, smoke
from catalog.client import ClientError, HttpSource, Source
from catalog.models import Publication, Release
from catalog.publisher import note_smoke
from moderation import publication_checks
from uploads.models import Submission

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=10)
AGAIN = 5.0


def run(payload: outbox.Payload) -> None:
    """The outbox's work of the kind `publication.smoke`: {"revision"}."""
    publication = Publication.objects.get(revision=payload["revision"])
    base_url = settings.SMMODS_SITE_URL
    source = HttpSource(base_url, timeout=10)
    planned = publication.finished_at or publication.planned_at
    if timezone.now() - planned < PATIENCE and not _answers(source):
        raise outbox.LaterError(AGAIN, f"{base_url} does not answer yet")
    take(publication, source, base_url)


def _answers(source: Source) -> bool:
    try:
        source.read(smoke.ALIVE)
    except ClientError as error:
        return error.code != "unavailable"
    return True


def take(publication: Publication, source: Source, base_url: str) -> dict[str, Any]:
    """Run the smoke of a publication over `source`, write down what it found; returns the report."""
    releases = _releases(publication)
    report = smoke.run(source, base_url, publication.revision, [_expected(release) for release in releases])
    note_smoke(publication, report)
    failed = [step["id"] for step in report["steps"] if step["status"] == "failed"]
    service_status.report(
        "public_smoke_runner",
        not failed,
        f"Revision {publication.revision} passed {len(report['steps'])} steps.",
        f"Revision {publication.revision} failed: {', '.join(failed)}." if failed else "",
    )
    if failed:
        log.error("the public smoke failed", extra={"revision": publication.revision, "steps": failed})
    for release in releases:
        submission = (
            Submission.objects.select_related("current").filter(submission_id=release.submission_id).first()
        )
        if release.taken_back_at is None and submission is not None and submission.current is not None:
            results = publication_checks.over_the_live_address(release, source, report)
            publication_checks.keep(submission.current, results)
    return report


def _releases(publication: Publication) -> list[Release]:
    """The releases that this publication changed, as they are now."""
    names = {(row["modId"], row["version"]) for row in publication.plan["applied"]}
    found = Release.objects.select_related("mod").filter(mod__mod_id__in=[mod_id for mod_id, _ in names])
    return [release for release in found.order_by("pk") if (release.mod.mod_id, release.version) in names]


def _expected(release: Release) -> smoke.Expected:
    return smoke.Expected(
        release.mod.mod_id,
        release.version,
        release.sha256,
        release.size_bytes,
        release.taken_back_at is not None,
    )
