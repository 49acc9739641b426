"""Manifest and sidecar speak of the same release."""

from accounts.errors import Problem
from uploads.checks.base import Check, Phase, Result, Subject, judged, not_run, text_of

ID = "manifest_identity"

# The manifest's property, and the sidecar's for the same thing.
_SAME = (("id", "modId"), ("name", "name"), ("version", "version"), ("targetGameBuild", "targetGameBuild"))


def run(subject: Subject) -> Result:
    """Compare id, name, version and target build."""
    if subject.manifest is None:
        return not_run(ID, "manifest_unreadable", "There is no readable manifest to compare with.")
    if subject.sidecar is None:
        return not_run(ID, "sidecar_not_given", "There is no readable sidecar to compare with.")
    problems = []
    for ours, theirs in _SAME:
        inside, beside = text_of(subject.manifest, ours), text_of(subject.sidecar, theirs)
        if inside != beside:
            problems.append(
                Problem(
                    "identity_differs",
                    f"The manifest's {ours} is {inside!r}, the sidecar's {theirs} is {beside!r}.",
                    "Write the same in both; the manifest is inside the package, so pack again if it is wrong.",
                    f"/{theirs}",
                )
            )
    identity = {theirs: text_of(subject.manifest, ours) for ours, theirs in _SAME}
    return judged(ID, problems, "Manifest and sidecar name the same release.", **identity)


CHECK = Check(
    ID,
    "Identity",
    "Manifest id, name, version, and targetGameBuild must match sidecar release metadata.",
    Phase.INTAKE,
    ("identity_differs",),
    run,
)
