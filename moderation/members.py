"""Pieces of a member of a staged package, read without holding more than the piece."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from uploads import staging
from uploads.models import Revision
from uploads.package import member_bytes
from uploads.package.lookup import locate
from uploads.package.streams import BadStreamError

HEAD = 64 * 1024
#: Bytes that no text holds: the controls that `uploads.package.kinds` goes by, too.
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes from an offset on, the member's first `HEAD` bytes, and how many lines end before the offset."""

    raw: bytes
    head: bytes
    lines_before: int
    offset: int = 0


def read(revision: Revision, path: str, *, offset: int = 0, line: int = 0, limit: int) -> Piece | None:
    """Up to `limit` bytes of a member from byte `offset` on; None where package or member can't be read.

    With `line` they begin where that line does (the last one where there are fewer), and `offset` says where
    that is. What lies before is unpacked and dropped: memory is `limit`, whatever the member's size.
    """
    try:
        with staging.open_staged(revision) as package:
            member = locate(package, revision.size_bytes).get(path)
            if member is None:
                return None
            if line > 1:
                offset = _begin_of(member_bytes(package, member), line)
            return _piece(member_bytes(package, member, limit=offset + limit), offset)
    except (OSError, BadStreamError):
        return None


def _piece(pieces: Iterator[bytes], offset: int) -> Piece:
    kept, head, lines, at = bytearray(), b"", 0, 0
    for piece in pieces:
        head = head or piece[:HEAD]
        skipped = min(max(offset - at, 0), len(piece))
        lines += piece.count(b"\n", 0, skipped)
        kept += piece[skipped:]
        at += len(piece)
    return Piece(bytes(kept), head, lines, offset)


def _begin_of(pieces: Iterator[bytes], line: int) -> int:
    """The offset at which `line` begins, or the last line where there are fewer."""
    left, at, last, before = line - 1, 0, 0, 0
    for piece in pieces:
        found = piece.count(b"\n")
        if found >= left:
            place = -1
            for _ in range(left):
                place = piece.index(b"\n", place + 1)
            return at + place + 1
        if found:
            final = piece.rindex(b"\n")
            earlier = piece.rfind(b"\n", 0, final)
            before = at + earlier + 1 if earlier >= 0 else last
            last = at + final + 1
        left -= found
        at += len(piece)
    return last if last < at else before


def as_text(raw: bytes) -> str | None:
    """The bytes as text, or None where they are not UTF-8 text."""
    if _BINARY.search(raw):
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def why_no_text(raw: bytes) -> str:
    """Why `as_text` gave nothing, as a sentence with the place of the first byte that is in the way."""
    binary = _BINARY.search(raw)
    try:
        raw[: binary.start() if binary else len(raw)].decode("utf-8")
    except UnicodeDecodeError as error:
        return f"It is not valid UTF-8: byte {raw[error.start]:02x} at offset {error.start:,} belongs to no character."
    if binary is not None and binary.start() >= HEAD:
        return f"It begins as text, but byte {raw[binary.start()]:02x} at offset {binary.start():,} is in no text."
    return "It is not text."
