"""Safe viewers: one member of a package as numbered lines or as hex, a piece at a time, beside what is known of it.

Rules
- Nothing is rendered: text is text (its unseen characters by code point), everything else is bytes and facts.
- What a file says of itself (a picture's size, a sound's length) is read from its ends and only shown.
- A piece is at most `PIECE` bytes, from an offset or a line on; the piece before and the piece after are links.
  A piece of text ends with a line where it can; a line longer than `WIDE` characters goes on in further rows.
- What can't be shown as text says why, with the place.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from moderation import members
from moderation.differences import seen, unseen
from moderation.evidence import facts_lines
from uploads.models import PackageFile, Revision
from uploads.package.audio import END, audio_facts
from uploads.package.kinds import label

PIECE = 64 * 1024
HEX = 4096
ROW = 16
WIDE = 1000
#: How many lines before the asked one are shown with it.
LEAD = 5
#: Kinds that are shown as pictures, decoded and written anew.
PICTURES = frozenset({"png", "jpeg", "gif", "webp", "bmp", "tga", "dds"})
SOUNDS = frozenset({"wav", "ogg", "flac", "mp3", "mpeg"})


class Member(Protocol):
    """A file of the inventory, whatever it was read into."""

    @property
    def path(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def executable(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class TextRow:
    """A line with its number, or the rest of one (0), and whether it is the one that was asked for."""

    number: int
    text: str
    asked: bool = False
    notes: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class HexRow:
    """Sixteen bytes: where they lie, as hex, and what of it is printable ASCII."""

    offset: str
    hex: str
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """A piece of a file: numbered lines, or rows of hex; offsets in bytes, None where there is no more.

    `why` says why a text is not shown as one; `program` is what a program says of itself, line by line.
    """

    file: Member
    offset: int
    end: int
    lines: tuple[TextRow, ...]
    rows: tuple[HexRow, ...]
    before: int | None
    after: int | None
    facts: tuple[tuple[str, str], ...]
    missing: bool = False
    why: str = ""
    program: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether it is shown as lines."""
        return bool(self.lines)

    @property
    def picture(self) -> bool:
        """Whether it can be shown as a picture, written anew."""
        return self.file.kind in PICTURES


def view(
    revision: Revision,
    file: PackageFile,
    offset: int = 0,
    *,
    line: int = 0,
    as_hex: bool = False,
    notes: Mapping[int, tuple[Any, ...]] | None = None,
) -> View:
    """The piece of `file` from byte `offset` on, or a few lines before `line`; `notes` hang on lines."""
    offset = max(0, min(offset, max(file.size_bytes - 1, 0)))
    read = members.read(revision, file.path, offset=offset, line=max(line - LEAD, 0), limit=PIECE)
    program = tuple(facts_lines(file.facts or {}))
    if read is None:
        return View(file, 0, 0, (), (), None, None, _facts(file, b"", b""), missing=True, program=program)
    offset = read.offset
    tail = _tail(revision, file) if file.kind in SOUNDS else b""
    facts = _facts(file, read.head, tail)
    more = offset + len(read.raw) < file.size_bytes
    raw = read.raw
    if more and b"\n" in raw:
        raw = raw[: raw.rindex(b"\n") + 1]
    end = offset + len(raw)
    text = None if as_hex else members.as_text(_whole_characters(raw, offset > 0, more))
    if text:
        lines = tuple(_text_rows(text, read.lines_before + 1, line, notes or {}))
        before = max(0, offset - PIECE) if offset else None
        after = end if more else None
        return View(file, offset, end, lines, (), before, after, facts + _hidden(text), program=program)
    shown = read.raw[:HEX]
    end = offset + len(shown)
    return View(
        file,
        offset,
        end,
        (),
        tuple(_row(offset + at, shown[at : at + ROW]) for at in range(0, len(shown), ROW)),
        max(0, offset - HEX) if offset else None,
        end if end < file.size_bytes else None,
        facts,
        why=members.why_no_text(read.raw) if text is None and not as_hex and file.kind == "text" else "",
        program=program,
    )


def _tail(revision: Revision, file: Member) -> bytes:
    read = members.read(revision, file.path, offset=max(file.size_bytes - END, 0), limit=END)
    return read.raw if read is not None else b""


def _text_rows(text: str, number: int, asked: int, notes: Mapping[int, tuple[Any, ...]]) -> list[TextRow]:
    rows = []
    for place, line in enumerate(text.splitlines(), number):
        rows.append(TextRow(place, seen(line[:WIDE]), place == asked, notes.get(place, ())))
        rows += [TextRow(0, seen(line[at : at + WIDE])) for at in range(WIDE, len(line), WIDE)]
    return rows


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


def _facts(file: Member, head: bytes, tail: bytes) -> tuple[tuple[str, str], ...]:
    found = [("Kind", label(file.kind)), ("Size", f"{file.size_bytes:,} bytes"), ("SHA-256", file.sha256)]
    if file.executable:
        found.append(("Executable", "yes: the game can load it as code"))
    size = picture_size(head)
    if size:
        found.append(("Picture", f"{size[0]:,} × {size[1]:,}"))
    sound = audio_facts(file.kind, head[:END], tail, file.size_bytes)
    if sound is not None:
        channels = {1: "mono", 2: "stereo"}.get(sound.channels, f"{sound.channels} channels")
        found.append(("Sound", f"{sound.format}, {channels}, {sound.rate:,} Hz"))
        found.append(("Plays", f"{sound.seconds:,.1f} seconds"))
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
