"""Each file is by its bytes what its name says."""

from uploads.checks.base import Check, Phase, Result, Subject
from uploads.checks.profile import codes_of, judge

ID = "file_signature"


def run(subject: Subject) -> Result:
    """What the reader found of the profile's rule on names and bytes."""
    return judge(ID, subject, by_headers=False)


CHECK = Check(
    ID,
    "File signatures",
    "What each file is by its bytes must agree with its name.",
    Phase.INTAKE,
    codes_of(ID),
    run,
    extension=True,
)
