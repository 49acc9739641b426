"""Dependencies: the same in both documents, readable, of mods that are there, and at peace with each other.

This file asks what the documents alone can answer. With a portal, `dependency_targets` looks at each wish by
itself and `dependency_set` at everything that would be installed; both only where nothing is wrong so far.
"""

from collections.abc import Iterator, Sequence

from accounts.errors import Problem
from catalog import versions
from uploads.checks import dependency_set, dependency_targets
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
    problems += _framework(manifest, subject.portal)
    looks: list[Problem] = []
    if subject.portal is not None and not problems and wishes:
        problems, looks = dependency_targets.problems_of(manifest, subject.portal)
        if not problems and versions.is_version(manifest.get("version")):
            problems, more = dependency_set.problems_of(manifest, subject.portal)
            looks += more
    evidence = {"dependencies": len(wishes), "conflicts": len(foes)}
    if problems:
        return failed(ID, [*problems, *looks], **evidence)
    if looks:
        return warned(ID, looks, **evidence)
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
        "dependency_in_batch",
        "dependency_cycle",
        "set_unresolvable",
        "set_too_large",
        "framework_unsatisfied",
    ),
    run,
)
