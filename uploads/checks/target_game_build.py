"""The target game build: one that releases are taken for."""

from accounts.errors import Problem
from uploads.checks.base import (
    SHIPPED_BUILD,
    Check,
    Phase,
    Result,
    Subject,
    failed,
    not_run,
    passed,
    text_of,
    warned,
)

ID = "target_game_build"


def run(subject: Subject) -> Result:
    """Look the build up in the policy; without a portal, in the one that is shipped."""
    document = subject.manifest if subject.manifest is not None else subject.sidecar
    if document is None:
        return not_run(ID, "manifest_unreadable", "There is no readable manifest, so no target build yet.")
    build = text_of(document, "targetGameBuild")
    known = subject.portal.builds if subject.portal else {SHIPPED_BUILD: "accepted"}
    pinned = subject.portal.pinned_build if subject.portal else SHIPPED_BUILD
    status = known.get(build, "unknown")
    taken = ", ".join(sorted(name for name, state in known.items() if state == "accepted"))
    hint = f"Try the mod with {pinned} and write that build. Taken now: {taken}."
    if status == "accepted":
        return passed(ID, f"Releases for {build} are taken.", build=build, pinned=pinned)
    if status == "deprecated":
        message = f"The build {build} is deprecated; releases for it are still taken."
        return warned(
            ID, [Problem("build_deprecated", message, hint, "/targetGameBuild")], build=build, pinned=pinned
        )
    code = "build_refused" if status == "refused" else "build_unknown"
    message = f"Releases for {build!r} are {'no longer' if status == 'refused' else 'not'} taken."
    return failed(ID, [Problem(code, message, hint, "/targetGameBuild")], build=build, pinned=pinned)


CHECK = Check(
    ID,
    "Game build",
    "Release targetGameBuild must match the pinned runtime/framework build policy.",
    Phase.INTAKE,
    ("build_unknown", "build_refused", "build_deprecated"),
    run,
)
