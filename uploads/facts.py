"""What the checks must know of the portal, gathered from its rows: the only place where they come together.

Rules
- A version is taken by a release, for ever, and by another submission that is still open.
- Of dependencies only public releases count, and what comes in the same batch (`neighbours`).
- Services: everywhere but in development all of the contract's services are asked for; development asks for
  database, storage and worker alone. That this worker runs is seen by its asking.
"""

from typing import Any

from django.conf import settings

from catalog import service_status
from catalog.models import Category, GameBuild, PlatformRelease, Release
from catalog.publisher.tree import PublicTree
from uploads import neighbours, scanner
from uploads.checks import PortalFacts, Service
from uploads.models import Submission
from uploads.staging import store
from uploads.states import FREE

WORKER = "validation_worker"
Json = dict[str, Any]


def gather(
    sidecar: Json | None, manifest: Json | None, *, submission: Submission | None = None
) -> PortalFacts:
    """The facts for a release with these documents; its own `submission` takes no version from it."""
    document = manifest or sidecar or {}
    mod_id = str(document.get("id") or document.get("modId") or "")
    builds = {row.build: row for row in GameBuild.objects.all()}
    pinned = next((row.build for row in builds.values() if row.pinned), settings.SMMODS_PINNED_GAME_BUILD)
    taken, newest = _versions(mod_id, submission)
    known = neighbours.gather(_wanted(manifest) | _wanted(sidecar), submission)
    framework = PlatformRelease.objects.filter(kind=PlatformRelease.Kind.FRAMEWORK, current=True).first()
    unfit, probed = scanner.facts()
    return PortalFacts(
        builds={build: row.status for build, row in builds.items()},
        pinned_build=pinned,
        taken_versions=taken,
        newest_stable=newest,
        releases=known.releases,
        batch=known.batch,
        releases_cut=known.cut,
        framework=framework.version if framework else None,
        services=_services(submission),
        categories=frozenset(Category.objects.filter(retired=False).values_list("code", flat=True)),
        antivirus=settings.SMMODS_ANTIVIRUS,
        antivirus_max_age=settings.SMMODS_ANTIVIRUS_MAX_AGE_DAYS,
        antivirus_timeout=settings.SMMODS_ANTIVIRUS_SECONDS,
        antivirus_unfit=unfit,
        antivirus_probed=probed,
        environment=settings.SMMODS_ENVIRONMENT,
    )


def waived_checks() -> list[str]:
    """Intake checks that this installation may leave `not_run`: the antivirus, in development alone."""
    off = settings.SMMODS_ANTIVIRUS == "off" and settings.SMMODS_ENVIRONMENT == "development"
    return ["antivirus_scan"] if off else []


def _wanted(document: Json | None) -> frozenset[str]:
    """The mod ids that a document depends on, or conflicts with; it may be wrong in form."""
    rows: list[Any] = []
    for key in ("dependencies", "conflicts"):
        listed = (document or {}).get(key)
        rows += listed if isinstance(listed, list) else []
    return frozenset(
        row["id"]
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("id"), str) and len(row["id"]) <= 100
    )


def _versions(mod_id: str, submission: Submission | None) -> tuple[frozenset[str], str | None]:
    """The mod's versions that are taken, and the newest stable one in the catalog; its own left out of both."""
    if not mod_id:
        return frozenset(), None
    own = submission.submission_id if submission is not None else ""
    rows = Release.objects.filter(mod__mod_id=mod_id).exclude(submission_id=own or "-").newest_first()
    published = list(rows.values_list("version", "prerelease", "taken_back_at"))
    under_way = Submission.objects.filter(mod_id=mod_id).exclude(state__in=[s.value for s in FREE])
    if submission is not None:
        under_way = under_way.exclude(pk=submission.pk)
    versions = [*(row[0] for row in published), *under_way.values_list("version", flat=True)]
    stable = (version for version, early, back in published if not early and back is None)
    return frozenset(version for version in versions if version), next(stable, None)


def _services(submission: Submission | None) -> dict[str, Service]:
    here = Service(True, "It is running these checks.")
    if settings.SMMODS_ENVIRONMENT == "development":
        return {
            "database": Service(True, "It answers."),
            "upload_storage": _storage(submission),
            WORKER: here,
        }
    sights = service_status.sights()
    asked = {name: Service(sight.live, sight.evidence or sight.missing) for name, sight in sights.items()}
    return asked | {WORKER: here}


def _storage(submission: Submission | None) -> Service:
    if submission is None or submission.current is None:
        return Service(True, "Nothing is stored in a rehearsal.")
    try:
        # What left staging once it was published lies with the publisher.
        there = store().exists(submission.current.staging_name) or PublicTree(settings.PUBLIC_ROOT).keeps(
            submission.current.sha256
        )
    except OSError as error:
        return Service(False, f"Staging can't be read: {error}")
    return Service(there, "The package lies there." if there else "The package is not there.")
