"""What a scanner said."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Four outcomes, and only `clean` lets pass.

    `error` is an answer that cannot be believed: a timeout, a limit, old signatures, an encrypted member.
    `pending` is no answer yet: the scanner is starting, reloading or away.
    """

    CLEAN = "clean"
    FLAGGED = "flagged"
    ERROR = "error"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome with what it is about: a signature's name, or what went wrong; and by which engine.

    `process` is the number of the process that answered, where the system tells it.
    """

    outcome: Outcome
    detail: str = ""
    engine: str = ""
    process: str = ""
