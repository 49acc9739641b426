"""A signal: one thing that was found, where, and by what it is known again in another version."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

MAX_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Signal:
    """One finding.

    `code` is a row of `table.SIGNALS`; `message` one sentence that says what was found; `path` the member it
    is in and `line` the line (from 1; 0 where lines make no sense); `excerpt` a printable piece of it, at most
    200 characters, with secrets masked; `rule` what found it (a YARA rule, the name of a function). `subject`
    is what makes it the same finding in another version: the line without its spaces, the URL, the bytes that
    matched. `blocking` stops an approval until a person has judged it.
    """

    code: str
    message: str
    path: str = ""
    line: int = 0
    excerpt: str = ""
    rule: str = ""
    subject: str = ""
    blocking: bool = False

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits by which the finding is known again, whatever file and line it moves to."""
        known_by = f"{self.code}\0{self.rule}\0{self.subject}"
        return hashlib.sha256(known_by.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def as_dict(self) -> dict[str, Any]:
        """The signal as plain JSON, its fingerprint included."""
        return asdict(self) | {"fingerprint": self.fingerprint}
