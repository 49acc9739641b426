"""What may come of a child process instead of an answer.

Rules
- `inspection_timeout` and `inspection_memory` are verdicts on the package: it asks for more than anybody's
  package may. They are final.
- `inspection_crashed` and `inspection_nonsense` say nothing certain about it: the attempt is lost and made again.
- Where no child can be started as confined as the settings ask, nothing is opened: the work waits.
"""

from accounts.errors import Problem, RefusedError

_SPLIT = "Split the mod, or leave out what the game does not need; then upload it again."
_AGAIN = "This is our mistake or a very strange file: the moderation team sees it. Try again later."

#: Code → (whether it is a verdict, what it says, what to do).
CODES: dict[str, tuple[bool, str, str]] = {
    "inspection_timeout": (True, "The package could not be read in the time that one may take.", _SPLIT),
    "inspection_memory": (True, "The package could not be read with the memory that one may take.", _SPLIT),
    "inspection_crashed": (False, "Reading the package broke off.", _AGAIN),
    "inspection_nonsense": (False, "Reading the package gave an answer that makes no sense.", _AGAIN),
}


class IsolationError(RefusedError):
    """A child process gave no answer. `final`: it is a verdict on the package, and trying again is useless.

    `detail` is for the log: it may quote what the child said.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        """Of one of `CODES`; raises KeyError for any other."""
        final, message, hint = CODES[code]
        super().__init__(
            code,
            message,
            hint,
            status=422 if final else 503,
            problems=[Problem(code, message, hint)],
            retry_after=None if final else 60,
        )
        self.final = final
        self.detail = detail


class IsolationUnavailableError(RefusedError):
    """No child can be started as confined as the settings ask; `detail` says why. Nothing was opened."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            "isolation_unavailable",
            "Packages can't be opened safely just now.",
            "Try again in some minutes; the operators see this.",
            status=503,
            retry_after=60,
        )
        self.detail = detail
