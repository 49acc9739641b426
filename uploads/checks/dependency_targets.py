"""Each dependency by itself: the mod is there, and a version that is wanted, published or in the same batch."""

from collections.abc import Iterator, Sequence

from accounts.errors import Problem
from catalog import versions
from uploads.checks.base import Json, KnownRelease, PortalFacts, objects_of, text_of
from uploads.package.reader import MANIFEST


def problems_of(manifest: Json, portal: PortalFacts) -> tuple[list[Problem], list[Problem]]:
    """What is wrong with dependencies that are needed, and with those that are optional."""
    needed: list[Problem] = []
    optional: list[Problem] = []
    foes = objects_of(manifest, "conflicts")
    for number, wish in enumerate(objects_of(manifest, "dependencies")):
        (optional if wish.get("optional") is True else needed).extend(_target(number, wish, foes, portal))
    return needed, optional


def _target(number: int, wish: Json, foes: Sequence[Json], portal: PortalFacts) -> Iterator[Problem]:
    mod_id, wanted = text_of(wish, "id"), text_of(wish, "version")
    pointer = f"/dependencies/{number}"
    published = _versions(portal.releases, mod_id)
    coming = _versions(portal.batch, mod_id)
    if not published and not coming:
        yield Problem(
            "dependency_unknown",
            f"{mod_id} is not published here.",
            "Correct the id, or submit that mod first.",
            f"{pointer}/id",
            MANIFEST,
        )
        return
    fitting = [version for version in (*published, *coming) if versions.fits(version, wanted)]
    if not fitting:
        newest = versions.newest_first([*published, *coming])[0]
        yield Problem(
            "dependency_unsatisfied",
            f"No published version of {mod_id} lies in {wanted}; the newest is {newest}.",
            f"Widen the range so that it takes {newest}, or wait for the version that you need.",
            f"{pointer}/version",
            MANIFEST,
        )
        return
    hated = [text_of(foe, "version") for foe in foes if text_of(foe, "id") == mod_id]
    if all(any(versions.fits(version, foe) for foe in hated) for version in fitting):
        yield Problem(
            "dependency_conflicts",
            f"Every version of {mod_id} that is wanted is a conflict too.",
            "Narrow the conflict, or take one of the two out.",
            pointer,
            MANIFEST,
        )


def _versions(known: Sequence[KnownRelease], mod_id: str) -> list[str]:
    return [release.version for release in known if release.mod_id == mod_id]
