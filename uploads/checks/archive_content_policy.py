"""What may be inside: allowed kinds, no archives, and no more than can be unpacked safely."""

from uploads.checks.base import Check, Phase, Result, Subject
from uploads.checks.profile import codes_of, judge

ID = "archive_content_policy"


def run(subject: Subject) -> Result:
    """What the reader found of the profile's rules on size and content."""
    return judge(ID, subject, by_headers=False)


CHECK = Check(
    ID,
    "Content policy",
    "A package must hold allowed kinds of files only, no archives, and unpack to a bounded size.",
    Phase.INTAKE,
    codes_of(ID),
    run,
    extension=True,
)
