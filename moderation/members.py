"""Pieces of a member of a staged package, read without holding more than the piece."""

import re
from dataclasses import dataclass

from uploads import staging
from uploads.models import Revision
from uploads.package import member_bytes
from uploads.package.lookup import locate
from uploads.package.streams import BadStreamError

HEAD = 64
#: Bytes that no text holds: the controls that `uploads.package.kinds` goes by, too.
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes from an offset on, the member's first `HEAD` bytes, and how many lines end before the offset."""

    raw: bytes
    head: bytes
    lines_before: int


def read(revision: Revision, path: str, *, offset: int = 0, limit: int) -> Piece | None:
    """Up to `limit` bytes of a member from byte `offset` on; None where package or member can't be read."""
    kept, head, lines, at = bytearray(), b"", 0, 0
    try:
        with staging.open_staged(revision) as package:
            member = locate(package, revision.size_bytes).get(path)
            if member is None:
                return None
            for piece in member_bytes(package, member, limit=offset + limit):
                head = head or piece[:HEAD]
                skipped = min(max(offset - at, 0), len(piece))
                lines += piece.count(b"\n", 0, skipped)
                kept += piece[skipped:]
                at += len(piece)
    except (OSError, BadStreamError):
        return None
    return Piece(bytes(kept), head, lines)


def as_text(raw: bytes) -> str | None:
    """The bytes as text, or None where they are not UTF-8 text."""
    if _BINARY.search(raw):
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
