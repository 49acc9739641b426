"""All of it together: what a manager would install with this release, worked out as the manager does.

Rules
- The set is resolved by the independent reader's own backtracking (`catalog.client.resolve`), for the build
  that the release targets and the framework that is current.
- It is tried with what is published; only where that has no answer, with what comes in the same batch too.
  What is taken from the batch is a warning (`dependency_in_batch`): it has to be approved first.
- `set_unresolvable` gives the resolver's reasons; `dependency_cycle` the way that leads back.
- The search is bounded in steps, and the facts in number; beyond, nothing is known and a warning says so
  (`set_too_large`).
"""

from collections.abc import Iterable, Sequence

from accounts.errors import Problem
from catalog import versions
from catalog.client.errors import ClientError
from catalog.client.reading import Relation, VersionRow
from catalog.client.resolve import UnresolvableError, resolve
from uploads.checks.base import Json, KnownRelease, PortalFacts, objects_of, text_of
from uploads.package.reader import MANIFEST

_AT = "/dependencies"


def problems_of(manifest: Json, portal: PortalFacts) -> tuple[list[Problem], list[Problem]]:
    """What keeps the release from being installed, and what a person should see."""
    own = _row(
        KnownRelease(
            text_of(manifest, "id"),
            text_of(manifest, "version"),
            text_of(manifest, "targetGameBuild"),
            text_of(manifest, "framework"),
            objects_of(manifest, "dependencies"),
            objects_of(manifest, "conflicts"),
        )
    )
    try:
        chosen, coming = _resolved(own, portal)
    except RecursionError:
        return [], [_too_large("They need one another in a chain that is too long to follow.")]
    except UnresolvableError as error:
        if error.gave_up or portal.releases_cut:
            return [], [_too_large("There are too many of them to try all.")]
        return [_unresolvable(error)], []
    circle = _cycle([own, *chosen])
    if circle:
        return [_circle(circle)], []
    looks = [_in_batch(release) for release in coming]
    if portal.releases_cut:
        looks.append(_too_large("There are more of them than are looked at."))
    return [], looks


def _resolved(
    own: VersionRow, portal: PortalFacts
) -> tuple[tuple[VersionRow, ...], tuple[KnownRelease, ...]]:
    """What a manager would install, and those of it that come in the same batch."""
    try:
        return _resolve(own, portal.releases, portal), ()
    except UnresolvableError:
        if not portal.batch:
            raise
    chosen = _resolve(own, [*portal.releases, *portal.batch], portal)
    there = {(row.mod_id, row.version) for row in chosen}
    return chosen, tuple(release for release in portal.batch if (release.mod_id, release.version) in there)


def _resolve(own: VersionRow, known: Iterable[KnownRelease], portal: PortalFacts) -> tuple[VersionRow, ...]:
    by_mod: dict[str, dict[str, VersionRow]] = {}
    for release in known:
        by_mod.setdefault(release.mod_id, {}).setdefault(release.version, _row(release))
    by_mod[own.mod_id] = {own.version: own}

    def of(mod_id: str) -> Sequence[VersionRow]:
        rows = by_mod.get(mod_id)
        if not rows:
            raise ClientError("not_found", f"{mod_id} is not in the catalog.")
        return [rows[version] for version in versions.newest_first(rows)]

    return resolve({own.mod_id: ""}, of, game_build=own.target_game_build, framework=portal.framework)


def _row(release: KnownRelease) -> VersionRow:
    """The release as the reader knows releases; where its bytes lie is of no matter here."""
    return VersionRow(
        mod_id=release.mod_id,
        version=release.version,
        target_game_build=release.target_game_build,
        artifact_url="",
        sha256="",
        size_bytes=0,
        dependencies=_relations(release.dependencies),
        conflicts=_relations(release.conflicts),
        framework=release.framework or None,
        state="superseded" if release.superseded else "published",
        superseded_by=None,
    )


def _relations(rows: Iterable[Json]) -> tuple[Relation, ...]:
    return tuple(
        Relation(text_of(row, "id"), text_of(row, "version"), row.get("optional") is True) for row in rows
    )


def _cycle(chosen: Sequence[VersionRow]) -> tuple[VersionRow, ...]:
    """The first way from a release of the set back to itself; empty where there is none."""
    there = {row.mod_id: row for row in chosen}
    done: set[str] = set()
    for start in chosen:
        way: list[str] = []
        steps = [(start.mod_id, False)]
        while steps:
            mod_id, back = steps.pop()
            if back:
                done.add(way.pop())
            elif mod_id in way:
                return tuple(there[name] for name in (*way[way.index(mod_id) :], mod_id))
            elif mod_id in there and mod_id not in done:
                way.append(mod_id)
                steps.append((mod_id, True))
                steps += [(need.mod_id, False) for need in there[mod_id].dependencies if not need.optional]
    return ()


def _unresolvable(error: UnresolvableError) -> Problem:
    return Problem(
        "set_unresolvable",
        f"It can't be installed together with what it needs: {' '.join(error.reasons)}",
        "Change a range or a conflict so that one set of versions fits all of them.",
        _AT,
        MANIFEST,
    )


def _circle(rows: Sequence[VersionRow]) -> Problem:
    way = " → ".join(f"{row.mod_id} {row.version}" for row in rows)
    return Problem(
        "dependency_cycle",
        f"These need one another in a circle: {way}.",
        "Take one of these dependencies out, or make it optional.",
        _AT,
        MANIFEST,
    )


def _in_batch(release: KnownRelease) -> Problem:
    return Problem(
        "dependency_in_batch",
        f"{release.mod_id} {release.version} is not published yet; it is on its way ({release.submission_id}).",
        "It has to be approved first; nothing else is to do.",
        _AT,
        MANIFEST,
    )


def _too_large(why: str) -> Problem:
    return Problem(
        "set_too_large",
        f"Whether all that it needs fits together was not worked out. {why}",
        "A person looks at it. Fewer dependencies, or narrower ranges, make it easier.",
        _AT,
        MANIFEST,
    )
