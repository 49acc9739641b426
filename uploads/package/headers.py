"""`zip.headers`, `zip.flags`, `zip.method`, `zip.extra`, and `zip.bomb` as far as headers tell.

Layouts are those of PKWARE's APPNOTE 6.3: 4.3.7 (local header), 4.3.9 (data descriptor), 4.4.4 (flags).
"""

import struct
from typing import BinaryIO

from uploads.package.extras import MAX_EXTRA, extra_problem
from uploads.package.layout import LOCAL_SIGNATURE, Directory, Entry
from uploads.package.rules import Findings, Profile

STORED = 0
DEFLATED = 8
ENCRYPTED = 1 << 0
DESCRIPTOR = 1 << 3
UTF8 = 1 << 11

_ALLOWED_FLAGS = 1 << 1 | 1 << 2 | DESCRIPTOR | UTF8
_NEWEST_VERSION = 20

_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR = struct.Struct("<4s3L")
_DESCRIPTOR_SIGNATURE = b"PK\x07\x08"


def check_entries(directory: Directory, size: int, profile: Profile, found: Findings) -> None:
    """What each directory entry says of itself, and what all of them unpack to."""
    total = 0
    for entry in directory.entries:
        total += entry.size
        _check_flags(entry, found)
        _check_method(entry, found)
        problem = extra_problem(entry.extra)
        if problem:
            found.add("zip.extra", f"In the directory, {problem}.", entry.path)
        if entry.size > profile.max_member:
            found.add(
                "zip.bomb",
                f"It unpacks to {entry.size:,} bytes; a member may have {profile.max_member:,}.",
                entry.path,
            )
    if total > profile.max_unpacked:
        found.add(
            "zip.bomb", f"The package unpacks to {total:,} bytes; at most {profile.max_unpacked:,} are taken."
        )
    elif total > profile.ratio_from and total > size * profile.max_ratio:
        found.add(
            "zip.bomb",
            f"The package unpacks to {total // size} times its size; over {profile.ratio_from:,} bytes at most "
            f"{profile.max_ratio} times are taken.",
        )


def walk(file: BinaryIO, directory: Directory, found: Findings) -> bool:
    """Follow the members from the first byte to the directory, and compare each with its entry.

    Sets `data_offset` of each entry. False, and why in `found`, where the members are not one seamless row.
    """
    at = 0
    for entry in directory.entries:
        if entry.offset > at:
            _tell_gap(file, at, entry.offset, found)
            return False
        if entry.offset < at:
            found.add(
                "zip.headers",
                f"The directory points at byte {entry.offset:,}, where another member lies; the next one begins "
                f"at {at:,}.",
                entry.path,
            )
            return False
        following = _read_local(file, entry, directory.offset, found)
        if following is None:
            return False
        at = following
    if at != directory.offset:
        _tell_gap(file, at, directory.offset, found)
        return False
    return True


def _tell_gap(file: BinaryIO, at: int, end: int, found: Findings) -> None:
    file.seek(at)
    if file.read(4) == LOCAL_SIGNATURE:
        found.add("zip.headers", f"The member at byte {at:,} is not the one that the directory names next.")
    else:
        found.add("zip.layout", f"{end - at:,} bytes from byte {at:,} on belong to no member.")


def _check_flags(entry: Entry, found: Findings) -> None:
    unknown = entry.flags & ~_ALLOWED_FLAGS & ~ENCRYPTED
    if unknown:
        bits = ", ".join(str(bit) for bit in range(16) if unknown >> bit & 1)
        found.add("zip.flags", f"Its flags have bit {bits} set.", entry.path)
    if entry.flags & DESCRIPTOR and entry.method != DEFLATED:
        found.add("zip.flags", "A data descriptor (bit 3) is announced, but it is not deflated.", entry.path)


def _check_method(entry: Entry, found: Findings) -> None:
    if entry.flags & ENCRYPTED:
        found.add("zip.method", "It is encrypted.", entry.path)
    elif entry.method not in (STORED, DEFLATED):
        found.add("zip.method", f"It is packed by method {entry.method}.", entry.path)
    elif entry.method == STORED and entry.compressed != entry.size:
        found.add(
            "zip.method",
            f"It is stored, but its sizes differ: {entry.compressed:,} and {entry.size:,} bytes.",
            entry.path,
        )


def _read_local(file: BinaryIO, entry: Entry, end: int, found: Findings) -> int | None:
    file.seek(entry.offset)
    # One byte more than known extra fields can have: what goes on after that is in none of them.
    raw = file.read(_LOCAL.size + len(entry.raw_name) + MAX_EXTRA + 1)
    if len(raw) < _LOCAL.size or not raw.startswith(LOCAL_SIGNATURE):
        found.add("zip.headers", f"No member begins at byte {entry.offset:,}.", entry.path)
        return None
    _, needed, flags, method, time, date, crc, compressed, size, names, extras = _LOCAL.unpack_from(raw)
    name = raw[_LOCAL.size : _LOCAL.size + names]
    differing = [
        what
        for what, here, there in (
            ("flags", flags, entry.flags),
            ("method", method, entry.method),
            ("time", (time, date), (entry.time, entry.date)),
            ("name", name, entry.raw_name),
        )
        if here != there
    ]
    truth = (entry.crc, entry.compressed, entry.size)
    # Who writes a descriptor did not know some of these yet, and left them empty (APPNOTE 4.4.4).
    unknown = 0 if flags & DESCRIPTOR else None
    if any(here not in (there, unknown) for here, there in zip((crc, compressed, size), truth, strict=True)):
        differing.append("CRC or size")
    if differing:
        found.add("zip.headers", f"Local header and directory differ in {', '.join(differing)}.", entry.path)
        return None
    if max(needed, entry.needed) > _NEWEST_VERSION:
        newest = max(needed, entry.needed)
        found.add("zip.headers", f"It asks for ZIP version {newest // 10}.{newest % 10}.", entry.path)
    problem = extra_problem(raw[_LOCAL.size + names : _LOCAL.size + names + extras])
    if problem:
        found.add("zip.extra", f"In the local header, {problem}.", entry.path)
    entry.data_offset = entry.offset + _LOCAL.size + names + extras
    data_end = entry.data_offset + entry.compressed
    if data_end > end:
        found.add("zip.headers", "Its data runs into the directory.", entry.path)
        return None
    return _read_descriptor(file, entry, data_end, found) if flags & DESCRIPTOR else data_end


def _read_descriptor(file: BinaryIO, entry: Entry, at: int, found: Findings) -> int | None:
    file.seek(at)
    raw = file.read(_DESCRIPTOR.size)
    if raw != _DESCRIPTOR.pack(_DESCRIPTOR_SIGNATURE, entry.crc, entry.compressed, entry.size):
        found.add("zip.flags", "Its data descriptor is missing or differs from the directory.", entry.path)
        return None
    return at + _DESCRIPTOR.size
