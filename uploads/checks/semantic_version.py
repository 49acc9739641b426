"""The version: SemVer, not used before for this mod, and above the newest stable one.

A lower one is let through with a warning: it may mend an older line, but nobody gets it as the latest.
"""

from accounts.errors import Problem
from catalog import versions
from uploads.checks.base import Check, Phase, Result, Subject, failed, not_run, passed, text_of, warned

ID = "semantic_version"


def run(subject: Subject) -> Result:
    """Parse the version and compare it with all that were ever published."""
    document = subject.manifest if subject.manifest is not None else subject.sidecar
    if document is None:
        return not_run(ID, "manifest_unreadable", "There is no readable manifest, so no version yet.")
    version = text_of(document, "version")
    try:
        versions.parse(version)
    except ValueError as wrong:
        hint = "Write three numbers, like 1.4.0; a prerelease adds a word, like 2.0.0-beta.1."
        return failed(ID, [Problem("version_not_semantic", str(wrong), hint, "/version")])
    if subject.portal is None:
        return passed(ID, f"{version} is a version. Whether it is free, the portal knows.", version=version)
    if version in subject.portal.taken_versions:
        hint = "Raise the version in manifest and sidecar. A published version is never replaced."
        return failed(
            ID, [Problem("version_taken", f"Version {version} of this mod exists.", hint, "/version")]
        )
    newest = subject.portal.newest_stable
    if newest is not None and versions.sort_key(version) < versions.sort_key(newest):
        message = (
            f"Version {version} is lower than {newest}, which is published: it never becomes the latest."
        )
        hint = f"If this is not for players who stay on an older version, raise it above {newest}."
        return warned(
            ID, [Problem("version_not_newer", message, hint, "/version")], version=version, newest=newest
        )
    return passed(ID, f"{version} is a version and free.", version=version)


CHECK = Check(
    ID,
    "Version",
    "Release version must be semantic and must not reuse an existing immutable artifact URL.",
    Phase.INTAKE,
    ("version_not_semantic", "version_taken", "version_not_newer"),
    run,
)
