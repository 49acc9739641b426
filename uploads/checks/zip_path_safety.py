"""The package's structure and paths, and that programs are only where they belong."""

from uploads.checks.base import Check, Phase, Result, Subject
from uploads.checks.profile import codes_of, judge

ID = "zip_path_safety"


def run(subject: Subject) -> Result:
    """What the reader found of the profile's rules on structure, paths and programs."""
    return judge(ID, subject, by_headers=not subject.report.problems)


CHECK = Check(
    ID,
    "Package structure",
    "ZIP entries must be relative, must not contain traversal, and executable files must stay under Binaries/Win64.",
    Phase.INTAKE,
    codes_of(ID),
    run,
)
