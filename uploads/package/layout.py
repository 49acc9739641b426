"""`zip.layout`: the end record and the central directory, and that nothing else is there.

Layouts are those of PKWARE's APPNOTE 6.3: 4.3.12 (directory entry), 4.3.16 (end record).
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from uploads.package.archives import LONGEST_END
from uploads.package.extras import MAX_EXTRA
from uploads.package.polyglots import check_polyglot
from uploads.package.rules import Findings, Profile, printable

LOCAL_SIGNATURE = b"PK\x03\x04"
CENTRAL_SIGNATURE = b"PK\x01\x02"
END_SIGNATURE = b"PK\x05\x06"

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")

# A path has at most 180 UTF-16 units, which are 540 bytes of UTF-8.
_MAX_ENTRY = _CENTRAL.size + 540 + MAX_EXTRA


@dataclass(slots=True)
class Entry:
    """One entry of the central directory, and where its data lies once the local header was read.

    `system` is the number of the system that the attributes are meant for (APPNOTE 4.4.2).
    """

    needed: int
    flags: int
    method: int
    time: int
    date: int
    crc: int
    compressed: int
    size: int
    attributes: int
    offset: int
    raw_name: bytes
    extra: bytes
    system: int = 3
    path: str = ""
    data_offset: int = -1

    @property
    def folder(self) -> bool:
        """Whether its name says that it is a folder."""
        return self.raw_name.endswith(b"/")


@dataclass(frozen=True, slots=True)
class Directory:
    """The central directory: where it begins, and its entries in their order."""

    offset: int
    entries: list[Entry]


def read_directory(file: BinaryIO, size: int, profile: Profile, found: Findings) -> Directory | None:
    """The central directory of a package of `size` bytes; None, and why in `found`, if it is not exact."""
    if size > profile.max_package:
        found.add(
            "zip.layout",
            f"The package has {size:,} bytes; at most {profile.max_package:,} are taken.",
            hint="Leave out what the game does not need, or split the mod.",
        )
        return None
    if size < _END.size:
        found.add("zip.layout", f"{size} bytes are too few for a ZIP.", hint="Upload the whole package.")
        return None
    file.seek(size - _END.size)
    end = file.read(_END.size)
    if len(end) < _END.size or not end.startswith(END_SIGNATURE):
        _explain_missing_end(file, size, found)
        return None
    place = _read_end(end, size, profile, found)
    if place is None:
        return None
    count, length, offset = place
    check_polyglot(file, size, found)
    file.seek(offset)
    entries = _read_entries(file.read(length), count, found)
    return None if entries is None or found.problems else Directory(offset, entries)


def _explain_missing_end(file: BinaryIO, size: int, found: Findings) -> None:
    file.seek(0)
    start = file.read(4)
    if start != LOCAL_SIGNATURE:
        found.add("zip.layout", f"This is not a ZIP: it begins with {start!r}.", hint="Upload a ZIP package.")
        return
    # A comment has at most 65,535 bytes: if an end record is at all near, it is in here.
    file.seek(max(0, size - LONGEST_END))
    tail = file.read(min(size, LONGEST_END))
    at = tail.rfind(END_SIGNATURE)
    if at < 0:
        found.add(
            "zip.layout",
            "The end of the ZIP is missing: the file was cut off.",
            hint="Upload it again; if that fails, pack it again.",
        )
    else:
        found.add(
            "zip.layout", f"{len(tail) - at - _END.size:,} bytes follow the end record (a comment or more)."
        )


def _read_end(end: bytes, size: int, profile: Profile, found: Findings) -> tuple[int, int, int] | None:
    _, disk, start_disk, here, count, length, offset, comment = _END.unpack(end)
    if 0xFFFF in (here, count) or 0xFFFFFFFF in (length, offset):
        problem = "The end record asks for ZIP64, which a package of this size never needs."
    elif disk or start_disk or here != count:
        problem = "The package is one part of a ZIP that spans several files."
    elif comment:
        problem = f"The end record announces a comment of {comment:,} bytes."
    elif offset + length + _END.size != size:
        extra = size - offset - length - _END.size
        what = "more bytes than they account for" if extra > 0 else "bytes fewer than they need"
        problem = f"Size and place of the directory are not exact: the file has {abs(extra):,} {what}."
    elif count == 0:
        problem = "The package is empty."
    elif count > profile.max_members:
        found.add(
            "zip.bomb", f"The package has {count:,} members; at most {profile.max_members:,} are taken."
        )
        return None
    elif length > count * _MAX_ENTRY:
        problem = f"The directory has {length:,} bytes, more than {count:,} members can need."
    else:
        return count, length, offset
    found.add("zip.layout", problem)
    return None


def _read_entries(raw: bytes, count: int, found: Findings) -> list[Entry] | None:
    entries: list[Entry] = []
    at = 0
    for number in range(1, count + 1):
        if raw[at : at + 4] != CENTRAL_SIGNATURE or len(raw) - at < _CENTRAL.size:
            found.add("zip.layout", f"The directory has no entry {number:,} of {count:,} where it should be.")
            return None
        fields = _CENTRAL.unpack_from(raw, at)
        names, extras, comments, disk = fields[10:14]
        at += _CENTRAL.size
        name, extra = raw[at : at + names], raw[at + names : at + names + extras]
        at += names + extras + comments
        shown = printable(name.decode("utf-8", "backslashreplace"))
        if at > len(raw):
            found.add("zip.layout", f"Entry {number:,} of the directory is longer than the directory.", shown)
            return None
        needed, flags, method, time, date, crc, compressed, length = fields[2:10]
        attributes, offset, system = fields[15], fields[16], fields[1] >> 8
        entry = Entry(
            needed,
            flags,
            method,
            time,
            date,
            crc,
            compressed,
            length,
            attributes,
            offset,
            name,
            extra,
            system,
        )
        entry.path = shown
        if comments:
            found.add("zip.layout", f"A member has a comment of {comments:,} bytes.", shown)
        if disk:
            found.add("zip.layout", "A member lies in another part of a ZIP that spans several files.", shown)
        if 0xFFFFFFFF in (entry.compressed, entry.size, entry.offset):
            found.add("zip.layout", "A member asks for ZIP64, which no package of this size needs.", shown)
        entries.append(entry)
    if at != len(raw):
        found.add("zip.layout", f"{len(raw) - at:,} bytes follow the last entry of the directory.")
        return None
    return entries
