"""The checks around a publication: over the planned tree before the switch, over the live address after it.

Rules
- A check that fails over the planned tree stops the switch; what it said is kept with the submission.
- Of the planned catalog the manager's reader gets the mods that change: the entries of the others are the very
  bytes that it took before. The whole is read once more after the switch, over the live address.
- Results belong to the revision that is published, whoever finishes the publication: where a killed run lost
  them, they are gathered again from the tree.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, BinaryIO

from accounts.errors import RefusedError
from catalog import documents
from catalog.client import ClientError, Source
from catalog.models import Release
from catalog.publisher import Planned, PlannedArtifact, public_tree
from catalog.views_read import html_of
from uploads.checks import CHECKS, PublishedRelease, Result, Status, run_after, run_publication
from uploads.models import CheckResult, Revision

Read = Callable[[str], bytes | None]
_PLACES = {check.id: place for place, check in enumerate(CHECKS)}


class PlannedChecks:
    """The checks of one publication over its planned tree; `results` maps submission ids to what they said."""

    def __init__(self) -> None:
        self.results: dict[str, list[Result]] = {}

    def verify(self, planned: Planned) -> None:
        """Check every new release. Raises RefusedError `publication_check_failed` where one does not pass."""
        if not any(done.op == "publish" for done in planned.applied):
            return
        changed = documents.excerpt(planned.documents[documents.CATALOG], planned.mods)

        def read(path: str) -> bytes | None:
            return changed if path == documents.CATALOG else planned.read(path)

        for done in planned.applied:
            if done.op != "publish":
                continue
            artifact = next(a for a in planned.artifacts if a.submission_id == done.submission_id)
            seen = _seen(artifact, read, partial(planned.open_artifact, artifact))
            self.results[done.submission_id] = results = run_publication(seen)
            broken = [result for result in results if result.status is Status.FAILED]
            if broken:
                raise RefusedError(
                    "publication_check_failed",
                    f"{done.mod_id} {done.version} did not pass {broken[0].check_id}: {broken[0].message}",
                    broken[0].hint,
                    status=409,
                    problems=broken[0].problems,
                )


def over_the_tree(release: Release) -> list[Result]:
    """The same checks over what lies in the public tree now."""
    tree = public_tree()
    artifact = _artifact(release)
    return run_publication(_seen(artifact, tree.read, partial(tree.open_kept, release.sha256)))


def over_the_live_address(release: Release, source: Source, smoke: dict[str, Any]) -> list[Result]:
    """The checks after the switch, reading what the world reads."""

    def read(path: str) -> bytes | None:
        try:
            return source.read(f"/{path}")
        except ClientError:
            return None

    opened = partial(public_tree().open_kept, release.sha256)
    return run_after(_seen(_artifact(release), read, opened, smoke))


def keep(revision: Revision, results: Sequence[Result]) -> None:
    """Write what was said with the revision, over what stood there of the same checks."""
    for result in results:
        row = result.as_dict()
        CheckResult.objects.update_or_create(
            revision=revision,
            check_id=row["id"],
            defaults={
                "position": _PLACES[row["id"]],
                "status": row["status"],
                "code": row["code"],
                "message": row["message"],
                "hint": row["hint"],
                "path": row["path"][:400],
                "evidence": row["evidence"],
                "problems": row["problems"],
                "rules_version": row["rulesVersion"],
            },
        )


def for_the_public(revision: Revision) -> list[dict[str, Any]]:
    """What the public may know of the intake checks: which there were and how they ended, never the evidence."""
    return [
        {
            "id": row.check_id,
            "status": row.status,
            "code": row.code,
            "message": row.message,
            "hint": row.hint,
            "rulesVersion": row.rules_version,
        }
        for row in revision.results.all()
    ]


def _artifact(release: Release) -> PlannedArtifact:
    return PlannedArtifact(
        release.artifact_path,
        release.sha256,
        release.size_bytes,
        release.mod.mod_id,
        release.version,
        release.submission_id,
    )


def _seen(
    artifact: PlannedArtifact,
    read: Read,
    opened: Callable[[], BinaryIO],
    smoke: dict[str, Any] | None = None,
) -> PublishedRelease:
    """A release as the checks see it; its page is that of the mod where it is the latest, else its own."""
    release = Release.objects.select_related("mod").get(mod__mod_id=artifact.mod_id, version=artifact.version)
    mod = release.mod
    home = mod.get_absolute_url()
    page = home if mod.latest_id == release.pk else f"{home}versions/{release.version}/"
    return PublishedRelease(
        mod_id=mod.mod_id,
        version=release.version,
        name=release.manifest["name"],
        slug=mod.slug,
        sha256=release.sha256,
        size=release.size_bytes,
        artifact_path=artifact.path,
        get=read,
        open_artifact=opened,
        detail_html=html_of(page),
        smoke=smoke,
    )
