"""A signal: one thing that was found, where, and by what it is known again in another version."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

MAX_EXCERPT = 200
MAX_MESSAGE = 400
MAX_SUBJECT = 400


@dataclass(frozen=True, slots=True)
class Signal:
    """One finding.

    `code` is a row of `table.SIGNALS`; `message` one sentence that says what was found; `path` the member it
    is in and `line` the line (from 1; 0 where lines make no sense); `excerpt` a printable piece of it, at most
    200 characters, with secrets masked; `rule` what found it (a YARA rule, the name of a function). `subject`
    is what makes it the same finding in another version: the line without its spaces, the URL, the bytes that
    matched. `blocking` stops an approval until a person has judged it. `weight` (0 to 3) is set where the
    rule says what it weighs (YARA); elsewhere the table's row does: ask `table.weight_of`.
    """

    code: str
    message: str
    path: str = ""
    line: int = 0
    excerpt: str = ""
    rule: str = ""
    subject: str = ""
    blocking: bool = False
    weight: int | None = None

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits by which the finding is known again, whatever file and line it moves to."""
        known_by = f"{self.code}\0{self.rule}\0{self.subject}"
        return hashlib.sha256(known_by.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def as_dict(self) -> dict[str, Any]:
        """The signal as plain JSON, its fingerprint included."""
        return asdict(self) | {"fingerprint": self.fingerprint}


def excerpt_of(text: str | bytes, limit: int = MAX_EXCERPT) -> str:
    """`text` on one printable line of at most `limit` characters; bytes are read as UTF-8 as far as they are."""
    if isinstance(text, bytes):
        text = text[: limit * 4].decode("utf-8", "replace")
    text = " ".join(text[: limit * 2].split())
    shown = "".join(c if c.isprintable() else "\N{MIDDLE DOT}" for c in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def subject_of(text: str | bytes) -> str:
    """What a piece of code is known again by: `text` without white space, or its digest where it is long."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    bare = b"".join(raw.split())
    if len(bare) > MAX_SUBJECT // 2:
        return "sha256:" + hashlib.sha256(bare).hexdigest()
    return bare.decode("utf-8", "backslashreplace")
