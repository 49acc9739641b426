"""Which bytes a request asks for: conditions and ranges of HTTP, as plain values.

Rules
- One range is served; several, other units and what can't be read get the whole (RFC 9110, section 14.2).
- A range that begins behind the end can't be satisfied.
- `If-Range` holds for the very same entity tag only; a date never does, since a tag is always there.
"""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class UnsatisfiableError(Exception):
    """The range lies behind the end."""


@dataclass(frozen=True, slots=True)
class Part:
    """`length` bytes from `start` on."""

    start: int
    length: int


def asked_part(header: str, size: int) -> Part | None:
    """The one part that a `Range` header asks for of `size` bytes; None where the whole is due.

    Raises UnsatisfiableError.
    """
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise UnsatisfiableError
        return Part(size - length, length)
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None
    if start >= size:
        raise UnsatisfiableError
    return Part(start, end - start + 1)


def matches(header: str, etag: str) -> bool:
    """Whether an `If-None-Match` header names this entity tag, by the weak comparison (section 13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags
