"""Safe viewers: one member of a package as numbered lines or as hex, a piece at a time.

Rules
- Nothing is rendered: text is text (its unseen characters by code point), everything else is bytes.
- What a picture says of its own size is read from its first bytes; the picture itself is never sent out.
- A piece is `PIECE` bytes; the piece before and the piece after are links.
"""

import re
import struct
from dataclasses import dataclass

from moderation import members
from moderation.differences import seen, unseen
from uploads.models import PackageFile, Revision

PIECE = 128 * 1024
HEX = 4096
ROW = 16


@dataclass(frozen=True, slots=True)
class HexRow:
    """Sixteen bytes: where they lie, as hex, and what of it is printable ASCII."""

    offset: str
    hex: str
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """A piece of a file: numbered lines, or rows of hex; offsets in bytes, None where there is no more."""

    file: PackageFile
    offset: int
    lines: tuple[tuple[int, str], ...]
    rows: tuple[HexRow, ...]
    before: int | None
    after: int | None
    facts: tuple[tuple[str, str], ...]
    missing: bool = False

    @property
    def is_text(self) -> bool:
        """Whether it is shown as lines."""
        return bool(self.lines)


def view(revision: Revision, file: PackageFile, offset: int = 0, *, as_hex: bool = False) -> View:
    """The piece of `file` from byte `offset` on."""
    offset = max(0, min(offset, max(file.size_bytes - 1, 0)))
    read = members.read(revision, file.path, offset=offset, limit=PIECE)
    if read is None:
        return View(file, 0, (), (), None, None, _facts(file, b""), missing=True)
    end = offset + len(read.raw)
    more = end < file.size_bytes
    text = None if as_hex else members.as_text(_whole_characters(read.raw, offset > 0, more))
    if text:
        first = read.lines_before + 1
        lines = tuple((first + place, seen(line)) for place, line in enumerate(text.splitlines()))
        before = max(0, offset - PIECE) if offset else None
        return View(
            file, offset, lines, (), before, end if more else None, _facts(file, read.head) + _hidden(text)
        )
    shown = read.raw[:HEX]
    end = offset + len(shown)
    return View(
        file,
        offset,
        (),
        tuple(_row(offset + at, shown[at : at + ROW]) for at in range(0, len(shown), ROW)),
        max(0, offset - HEX) if offset else None,
        end if end < file.size_bytes else None,
        _facts(file, read.head),
    )


def _whole_characters(piece: bytes, cut: bool, more: bool) -> bytes:
    """A piece that was cut in the middle of a text, without the broken character at its ends."""
    piece = re.sub(rb"\A[\x80-\xbf]{1,3}", b"", piece) if cut else piece
    return re.sub(rb"[\xc0-\xff][\x80-\xbf]{0,2}\Z", b"", piece) if more else piece


def _row(offset: int, piece: bytes) -> HexRow:
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
    halves = (piece[:8].hex(" "), piece[8:].hex(" "))
    return HexRow(f"{offset:08x}", "  ".join(half for half in halves if half), text)


def _hidden(text: str) -> tuple[tuple[str, str], ...]:
    names = unseen(text)
    return (("Unseen characters", ", ".join(names)),) if names else ()


def _facts(file: PackageFile, head: bytes) -> tuple[tuple[str, str], ...]:
    found = [("Kind", file.kind), ("Size", f"{file.size_bytes:,} bytes"), ("SHA-256", file.sha256)]
    if file.executable:
        found.append(("Executable", "yes: the game can load it as code"))
    size = picture_size(head)
    if size:
        found.append(("Picture", f"{size[0]:,} × {size[1]:,}"))
    return tuple(found)


def picture_size(head: bytes) -> tuple[int, int] | None:
    """Width and height that a PNG, GIF or BMP says it has; None for everything else."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= 24:
        width, height = struct.unpack(">II", head[16:24])
        return width, height
    if head[:6] in (b"GIF87a", b"GIF89a") and len(head) >= 10:
        width, height = struct.unpack("<HH", head[6:10])
        return width, height
    if head.startswith(b"BM") and len(head) >= 26:
        width, height = struct.unpack("<ii", head[18:26])
        return abs(width), abs(height)
    return None
