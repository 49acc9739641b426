"""Refusals that are fit to show a person.

Every service says no by raising `RefusedError`. The doors (pages, API, admin, commands) turn it into
their own form: a page, a problem document, a message, an exit status. A refusal always carries a stable
code, a sentence that says what happened and a hint that says what to do next.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    `pointer` is a JSON pointer into a document or a form field's name; `path` is a member of a package.
    Both are empty where they do not apply.
    """

    code: str
    message: str
    hint: str = ""
    pointer: str = ""
    path: str = ""

    def as_dict(self) -> dict[str, str]:
        """The problem as plain JSON values."""
        return asdict(self)


class RefusedError(Exception):
    """Something was refused, for a reason that the person may read.

    `status` is the HTTP status that a door over HTTP answers with (400 unreadable, 401, 403, 404, 409, 410,
    413, 415, 422, 429, 503); the other doors ignore it. `retry_after` is in seconds. `extra` holds what is
    true now (the state that somebody else's decision left, for one); its keys go into the problem document.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        *,
        status: int = 422,
        problems: Sequence[Problem] = (),
        retry_after: int | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status
        self.problems = tuple(problems)
        self.retry_after = retry_after
        self.extra = dict(extra or {})
