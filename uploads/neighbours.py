"""The releases that a new one would be installed with: what it names, and what these need in turn.

Rules
- Public releases alone; what was taken back is not there. Beside them stand the submissions of the same batch.
- One query a level, breadth first; at most `LEVELS` levels and `MOST` releases. Where there are more, the
  facts say so and no answer that rests on them is given.
- What a submission's documents say is read with care: one whose dependencies can't be read is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from catalog import versions
from catalog.models import Release
from uploads import batch, inventory
from uploads.checks.base import KnownRelease, objects_of, text_of
from uploads.models import Submission

LEVELS = 8
MOST = 2000

Json = dict[str, Any]
_COLUMNS = (
    "mod__mod_id",
    "version",
    "target_game_build",
    "framework",
    "dependencies",
    "conflicts",
    "superseded_at",
)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Published releases, those of the batch, and whether there were more than are gathered."""

    releases: tuple[KnownRelease, ...] = ()
    batch: tuple[KnownRelease, ...] = ()
    cut: bool = False


def gather(wanted: Iterable[str], submission: Submission | None) -> Neighbours:
    """Everything that could be installed with a release that names the mods `wanted`."""
    ahead = frozenset(wanted)
    if not ahead:
        return Neighbours()
    coming = _coming(submission)
    releases: list[KnownRelease] = []
    seen: set[str] = set()
    for _ in range(LEVELS):
        seen |= ahead
        found = _published(ahead, MOST - len(releases) + 1)
        releases += found
        if len(releases) > MOST:
            return Neighbours(tuple(releases[:MOST]), _of(coming, seen), cut=True)
        beside = [release for release in coming if release.mod_id in ahead]
        ahead = frozenset(_needed(found) | _needed(beside)) - seen
        if not ahead:
            return Neighbours(tuple(releases), _of(coming, seen))
    return Neighbours(tuple(releases), _of(coming, seen), cut=True)


def _published(mod_ids: frozenset[str], most: int) -> list[KnownRelease]:
    rows = (
        Release.objects.public()
        .filter(mod__mod_id__in=inventory.any_of(mod_ids))
        .order_by("mod_id", "-version_key")
        .values_list(*_COLUMNS)[:most]
    )
    return [
        KnownRelease(mod_id, version, build, framework, needs, foes, superseded_at is not None)
        for mod_id, version, build, framework, needs, foes, superseded_at in rows
    ]


def _coming(submission: Submission | None) -> list[KnownRelease]:
    """The batch as releases; none for a rehearsal, which stands alone."""
    if submission is None:
        return []
    return [
        KnownRelease(
            beside.mod_id,
            beside.version,
            text_of(beside.document, "targetGameBuild"),
            text_of(beside.document, "framework"),
            objects_of(beside.document, "dependencies"),
            objects_of(beside.document, "conflicts"),
            submission_id=beside.submission_id,
        )
        for beside in batch.beside(submission)
        if _readable(beside.version, beside.document)
    ]


def _readable(version: str, document: Json) -> bool:
    relations = objects_of(document, "dependencies") + objects_of(document, "conflicts")
    framework = document.get("framework")
    return (
        versions.is_version(version)
        and all(versions.is_range(row.get("version")) for row in relations)
        and (framework is None or versions.is_range(framework))
    )


def _needed(releases: Iterable[KnownRelease]) -> set[str]:
    return {
        text_of(wish, "id")
        for release in releases
        for wish in release.dependencies
        if wish.get("optional") is not True
    }


def _of(coming: Iterable[KnownRelease], mod_ids: set[str]) -> tuple[KnownRelease, ...]:
    return tuple(release for release in coming if release.mod_id in mod_ids)
