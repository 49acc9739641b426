"""A lenient reading of a package, for mending it: what an unpacker would find, as long as all would find the same.

Rules
- The central directory says what is inside; each local header must not contradict it. Where two programs could
  read two different things (two directories, a member that the directory does not name, two names, members that
  overlap) the reading is refused as `repack_ambiguous`: only a person knows which one is meant.
- What carries no meaning is set aside and told: bytes around the members, comments, ZIP64, extra fields, flags.
- Nothing is inflated here. Memory is bounded: the directory may have 16 MiB.

Layouts are those of PKWARE's APPNOTE 6.3: 4.3.9 (data descriptor), 4.3.14 and 4.3.15 (ZIP64), 4.5.3 (its field).
"""

import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

from accounts.errors import Problem, RefusedError
from uploads.package.changes import Changes
from uploads.package.layout import CENTRAL_SIGNATURE, END_SIGNATURE, LOCAL_SIGNATURE
from uploads.package.polyglots import other_formats
from uploads.package.rules import Profile, printable
from uploads.package.streams import CHUNK

MAX_DIRECTORY = 16 * 1024 * 1024

#: What tools leave behind may double the number of members; more than this is not looked at.
_MEMBERS = 3
_TAIL = 65_557
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_UNKNOWN = (_FULL16, _FULL16, _FULL32, _FULL32)
_ZIP64 = 1


@dataclass(slots=True)
class Loose:
    """A member as the directory names it. Sizes in bytes; `offset` is where its local header lies in the file."""

    raw_name: bytes
    needed: int
    flags: int
    method: int
    time: tuple[int, int]
    crc: int
    compressed: int
    size: int
    attributes: int
    offset: int
    extra: bytes
    shown: str
    system: int
    data_offset: int = -1

    @property
    def end(self) -> int:
        """The first byte after its data."""
        return self.data_offset + self.compressed


@dataclass(frozen=True, slots=True)
class End:
    """An end record that makes sense: its place, the directory's place and length, and what offsets lack."""

    place: int
    start: int
    length: int
    count: int
    shift: int
    stop: int
    zip64: bool


def refused(code: str, message: str, hint: str, path: str = "") -> RefusedError:
    """The refusal to repack, with its place."""
    problem = Problem(code, message, hint, path=printable(path))
    return RefusedError(code, message, hint, problems=[problem])


def ambiguous(message: str, path: str = "") -> RefusedError:
    """Two programs would read two things."""
    return refused(
        "repack_ambiguous",
        message,
        "Different programs would unpack different files from it. Unpack it yourself, look it over, and pack "
        "the folder anew.",
        path,
    )


def read_directory(file: BinaryIO, size: int, profile: Profile, changes: Changes) -> tuple[list[Loose], int]:
    """The members that the directory of a ZIP of `size` bytes names, in its order, and where the directory lies.

    Raises RefusedError: `repack_too_large`, `repack_unreadable`, `repack_ambiguous`.
    """
    if size > profile.max_package:
        raise refused(
            "repack_too_large",
            f"The package has {size:,} bytes; at most {profile.max_package:,} are taken.",
            "Leave out what the game does not need, or split the mod.",
        )
    for other_format in other_formats(file):
        raise ambiguous(f"It is {other_format} at the same time.")
    ends = _ends(file, size)
    if not ends:
        raise refused(
            "repack_unreadable",
            "No ZIP directory can be found in it.",
            "Upload the whole file, or make a ZIP of the folder: other kinds of archives are not read.",
        )
    end = ends[-1]
    if not end.count:
        raise ambiguous("Its end says that it is empty.")
    if end.length > MAX_DIRECTORY or end.count > _MEMBERS * profile.max_members:
        raise refused(
            "repack_too_large",
            f"The package has {end.count:,} members; at most {profile.max_members:,} are taken.",
            "Split the mod, or leave out what the game does not need.",
        )
    file.seek(end.start)
    entries = _entries(file.read(end.length), end, changes)
    _tell_end(file, size, end, changes)
    for other in ends[:-1]:
        if not any(entry.offset <= other.place < entry.offset + entry.compressed for entry in entries):
            raise ambiguous("It holds two directories, one after the other.")
    return entries, end.start


def _ends(file: BinaryIO, size: int) -> list[End]:
    start = max(0, size - _TAIL)
    file.seek(start)
    tail = file.read(_TAIL)
    places = [start + found.start() for found in re.finditer(re.escape(END_SIGNATURE), tail)]
    return [end for place in places if (end := _end_at(file, place, size)) is not None]


def _end_at(file: BinaryIO, place: int, size: int) -> End | None:
    """The end record at `place`, if a directory goes with it."""
    if size - place < _END.size:
        return None
    file.seek(place)
    _, disk, start_disk, here, count, length, offset, _ = _END.unpack(file.read(_END.size))
    stop, zip64 = place, False
    if place >= _LOCATOR.size:
        file.seek(place - _LOCATOR.size)
        signature, _, record, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
        if signature == b"PK\x06\x07":
            big = _end64(file, place - _LOCATOR.size, record)
            if big is None:
                return None
            stop, zip64 = big[0], True
            known = zip((here, count, length, offset), big[1:], _UNKNOWN, strict=True)
            if any(small not in (large, unknown) for small, large, unknown in known):
                return None
            here, count, length, offset = big[1:]
    if disk not in (0, _FULL16) or start_disk not in (0, _FULL16) or here != count:
        return None
    if not count:  # an empty ZIP, which a reader may take for the whole
        return End(place, place, 0, 0, 0, place, zip64) if not length else None
    for begin in dict.fromkeys((stop - length, offset)):
        if 0 <= begin <= stop - length and _signature(file, begin) == CENTRAL_SIGNATURE and offset <= begin:
            return End(place, begin, length, count, begin - offset, stop, zip64)
    return None


def _end64(file: BinaryIO, locator: int, record: int) -> tuple[int, int, int, int, int] | None:
    """Where the ZIP64 end record lies, and its two counts, length and offset."""
    for place in dict.fromkeys((record, locator - _END64.size)):
        if 0 <= place <= locator - _END64.size and _signature(file, place) == b"PK\x06\x06":
            file.seek(place)
            fields = _END64.unpack(file.read(_END64.size))
            if place + 12 + fields[1] == locator:
                return place, fields[6], fields[7], fields[8], fields[9]
    return None


def _signature(file: BinaryIO, place: int) -> bytes:
    file.seek(place)
    return file.read(4)


def _tell_end(file: BinaryIO, size: int, end: End, changes: Changes) -> None:
    after = size - end.place - _END.size
    if after:
        changes.of_package("Left out what follows the ZIP, a comment or more", f"{after:,} bytes")
    else:
        file.seek(end.place + 20)
        if file.read(2) != b"\0\0":
            changes.of_package("Left out the announcement of a comment that is not there")
    if end.zip64:
        changes.of_package("Written without ZIP64, which a package of this size never needs")
    if gap := end.stop - end.start - end.length:
        changes.of_package("Left out what lies between directory and end record", f"{gap:,} bytes")


def _entries(raw: bytes, end: End, changes: Changes) -> list[Loose]:
    entries: list[Loose] = []
    at = 0
    while at < len(raw):
        if raw[at : at + 4] != CENTRAL_SIGNATURE or len(raw) - at < _CENTRAL.size:
            raise ambiguous(f"Its directory can't be read after {len(entries):,} members.")
        fields = _CENTRAL.unpack_from(raw, at)
        names, extras, comments, disk = fields[10:14]
        at += _CENTRAL.size
        name, extra = raw[at : at + names], raw[at + names : at + names + extras]
        at += names + extras + comments
        shown = printable(name.decode("utf-8", "backslashreplace"))
        if at > len(raw):
            raise ambiguous("An entry of its directory is longer than the directory.", shown)
        needed, flags, method, time, date, crc, compressed, length = fields[2:10]
        attributes, offset, system = fields[15], fields[16], fields[1] >> 8
        if _FULL32 in (compressed, length, offset) or disk == _FULL16:
            length, compressed, offset = zip64_sizes(extra, length, compressed, offset, shown)
            changes.of_headers("Written without ZIP64")
            disk = 0
        if disk:
            raise ambiguous("A member lies in another part of a ZIP that spans several files.", shown)
        if comments:
            changes.of_headers("Left out comments of members")
        entries.append(
            Loose(
                name,
                needed,
                flags,
                method,
                (time, date),
                crc,
                compressed,
                length,
                attributes,
                offset + end.shift,
                extra,
                shown,
                system,
            )
        )
    if len(entries) != end.count:
        raise ambiguous(f"Its directory has {len(entries):,} members and says that it has {end.count:,}.")
    return entries


def zip64_sizes(extra: bytes, size: int, compressed: int, offset: int, shown: str) -> tuple[int, int, int]:
    """Size, compressed size and offset, taken from the ZIP64 field where the header says that they are there.

    Raises RefusedError `repack_ambiguous` where they are not.
    """
    body = dict(fields_of(extra)).get(_ZIP64, b"")
    values: list[int] = []
    for small in (size, compressed, offset):
        if small != _FULL32:
            values.append(small)
            continue
        if len(body) < 8:
            raise ambiguous("It announces sizes in a ZIP64 field that is not there.", shown)
        values.append(int.from_bytes(body[:8], "little"))
        body = body[8:]
    return values[0], values[1], values[2]


def fields_of(extra: bytes) -> list[tuple[int, bytes]]:
    """The extra fields as far as they can be read: id and content."""
    found: list[tuple[int, bytes]] = []
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        found.append((kind, extra[4 : 4 + length]))
        extra = extra[4 + length :]
    return found


def ensure_no_member(file: BinaryIO, start: int, stop: int) -> None:
    """Raise RefusedError `repack_ambiguous` where bytes that no member has would begin another member."""
    file.seek(start)
    before = b""
    while start < stop:
        piece = file.read(min(CHUNK, stop - start))
        if not piece:
            return
        start += len(piece)
        if LOCAL_SIGNATURE in before + piece:
            raise ambiguous("It holds a member that its directory does not name.")
        before = piece[-3:]
