"""What can go wrong for a manager, each with its own code."""

from accounts.errors import Problem


class ClientError(Exception):
    """Something that a manager tells its user.

    Codes: `not_found`, `taken_back`, `unavailable` (an answer other than the one that was due), `interrupted`,
    `too_large`, `bad_document`, `hash_mismatch`, `unsafe_package`, `wrong_package`, `unresolvable`.
    """

    def __init__(self, code: str, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.problems = problems
