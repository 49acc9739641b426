"""Dependencies: the same in both documents, readable, of mods that are there, and at peace with each other."""

from collections.abc import Iterator, Sequence

from accounts.errors import Problem
from catalog import versions
from uploads.checks.base import (
    Check,
    Json,
    Phase,
    PortalFacts,
    Result,
    Subject,
    failed,
    not_run,
    objects_of,
    passed,
    text_of,
    warned,
)

ID = "dependency_contract"
_INSIDE = "manifest.json"


def run(subject: Subject) -> Result:
    """Judge dependencies, conflicts and the framework's range; with a portal, against what is published."""
    manifest = subject.manifest
    if manifest is None:
        return not_run(ID, "manifest_unreadable", "There is no readable manifest, so no dependencies yet.")
    wishes, foes = objects_of(manifest, "dependencies"), objects_of(manifest, "conflicts")
    problems = [
        *_differences(subject),
        *_own(text_of(manifest, "id"), wishes, foes),
        *_ranges(wishes, "dependencies"),
        *_ranges(foes, "conflicts"),
    ]
    optional: list[Problem] = []
    if subject.portal is not None and not problems:
        for number, wish in enumerate(wishes):
            for problem in _targets(number, wish, foes, subject.portal):
                (optional if wish.get("optional") is True else problems).append(problem)
    problems += _framework(manifest, subject.portal)
    evidence = {"dependencies": len(wishes), "conflicts": len(foes)}
    if problems:
        return failed(ID, [*problems, *optional], **evidence)
    if optional:
        return warned(ID, optional, **evidence)
    return passed(ID, f"{len(wishes)} dependencies, {len(foes)} conflicts: all in order.", **evidence)


def _differences(subject: Subject) -> Iterator[Problem]:
    if subject.sidecar is None:
        return
    inside = {_key(wish) for wish in objects_of(subject.manifest, "dependencies")}
    beside = {_key(wish) for wish in objects_of(subject.sidecar, "dependencies")}
    for where, other, extra in (
        ("manifest", "sidecar", inside - beside),
        ("sidecar", "manifest", beside - inside),
    ):
        for mod_id, wanted, optional in sorted(extra):
            yield Problem(
                "dependencies_differ",
                f"Only the {where} has {mod_id} {wanted}{' (optional)' if optional else ''}; the {other} has not.",
                "List the same dependencies, with the same ranges, in both.",
                "/dependencies",
            )


def _key(wish: Json) -> tuple[str, str, bool]:
    return text_of(wish, "id"), text_of(wish, "version"), wish.get("optional") is True


def _own(mod_id: str, wishes: Sequence[Json], foes: Sequence[Json]) -> Iterator[Problem]:
    for name, listed in (("dependencies", wishes), ("conflicts", foes)):
        seen: set[str] = set()
        for number, entry in enumerate(listed):
            other = text_of(entry, "id")
            pointer = f"/{name}/{number}/id"
            if other == mod_id:
                code = "dependency_on_itself" if name == "dependencies" else "conflict_with_itself"
                yield Problem(
                    code, f"{mod_id} names itself in {name}.", "Take the entry out.", pointer, _INSIDE
                )
            elif other in seen:
                yield Problem(
                    "dependency_twice",
                    f"{name} names {other} twice.",
                    "Write one entry; a range can say everything, like >=1.2.0 <2.0.0.",
                    pointer,
                    _INSIDE,
                )
            seen.add(other)


def _ranges(listed: Sequence[Json], name: str) -> Iterator[Problem]:
    for number, entry in enumerate(listed):
        if not versions.is_range(entry.get("version")):
            yield Problem(
                "range_unreadable",
                f"{entry.get('version')!r} is not a range.",
                "Write it as npm does: ^1.2.0, >=0.5.8 <0.6.0 or 1.x.",
                f"/{name}/{number}/version",
                _INSIDE,
            )


def _targets(number: int, wish: Json, foes: Sequence[Json], portal: PortalFacts) -> Iterator[Problem]:
    mod_id, wanted = text_of(wish, "id"), text_of(wish, "version")
    pointer = f"/dependencies/{number}"
    published = portal.releases.get(mod_id, ())
    if not published:
        yield Problem(
            "dependency_unknown",
            f"{mod_id} is not published here.",
            "Correct the id, or publish that mod first.",
            f"{pointer}/id",
            _INSIDE,
        )
        return
    fitting = [version for version in published if versions.fits(version, wanted)]
    if not fitting:
        newest = versions.newest_first(published)[0]
        yield Problem(
            "dependency_unsatisfied",
            f"No published version of {mod_id} lies in {wanted}; the newest is {newest}.",
            f"Widen the range so that it takes {newest}, or wait for the version that you need.",
            f"{pointer}/version",
            _INSIDE,
        )
        return
    hated = [text_of(foe, "version") for foe in foes if text_of(foe, "id") == mod_id]
    if all(any(versions.fits(version, foe) for foe in hated) for version in fitting):
        yield Problem(
            "dependency_conflicts",
            f"Every version of {mod_id} that is wanted is a conflict too.",
            "Narrow the conflict, or take one of the two out.",
            pointer,
            _INSIDE,
        )


def _framework(manifest: Json, portal: PortalFacts | None) -> list[Problem]:
    wanted = manifest.get("framework")
    if wanted is None:
        return []
    if not versions.is_range(wanted):
        hint = "Write a range, like >=0.5.8 <0.6.0."
        return [Problem("range_unreadable", f"{wanted!r} is not a range.", hint, "/framework", _INSIDE)]
    current = portal.framework if portal else None
    if current is None or versions.fits(current, wanted):
        return []
    return [
        Problem(
            "framework_unsatisfied",
            f"The current StarminerFramework is {current}, which is not in {wanted}.",
            f"Try the mod with {current} and widen the range.",
            "/framework",
            _INSIDE,
        )
    ]


CHECK = Check(
    ID,
    "Dependencies",
    "Sidecar dependencies must match manifest dependencies and remain manager-readable.",
    Phase.INTAKE,
    (
        "dependencies_differ",
        "dependency_on_itself",
        "conflict_with_itself",
        "dependency_twice",
        "range_unreadable",
        "dependency_unknown",
        "dependency_unsatisfied",
        "dependency_conflicts",
        "framework_unsatisfied",
    ),
    run,
)
