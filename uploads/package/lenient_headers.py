"""The local headers of a lenient reading: they may say less than the directory, and never something else.

Rules
- Encrypted members, methods other than stored and deflated, links and devices are refused: nobody but their
  author can say what they were to be.
- Members lie one after the other. What lies between them is set aside and told, but for a member that no
  directory names, which is refused (`lenient`).
"""

import stat
import struct
from typing import BinaryIO

from uploads.package.attributes import SYSTEMS
from uploads.package.changes import Changes
from uploads.package.extras import extra_problem
from uploads.package.headers import DEFLATED, DESCRIPTOR, ENCRYPTED, STORED
from uploads.package.layout import LOCAL_SIGNATURE
from uploads.package.lenient import Loose, ambiguous, ensure_no_member, fields_of, refused, zip64_sizes

_LOCAL = struct.Struct("<4s5H3L2H")
_STRONG, _MASKED = 1 << 6, 1 << 13
_AES = 99
_KNOWN_FLAGS = 1 << 1 | 1 << 2 | DESCRIPTOR | 1 << 11
_NEWEST_VERSION = 20
_FULL32 = 0xFFFFFFFF
_DOS_SPECIAL = 0x08 | 0x40 | 0x400
_UNIX_SPECIAL = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}


def read_locals(file: BinaryIO, entries: list[Loose], directory: int, changes: Changes) -> None:
    """Find each member's data, and see that nothing overlaps and nothing hides. Sets `data_offset`.

    Raises RefusedError: `repack_encrypted`, `repack_method`, `repack_link`, `repack_ambiguous`.
    """
    for entry in entries:
        _ensure_usable(entry)
        _read_local(file, entry, changes)
    placed = sorted(entries, key=lambda entry: entry.offset)
    if placed != entries:
        changes.of_package("Put the members and the directory into one order")
    at = gaps = 0
    for entry in placed:
        if entry.offset < at:
            raise ambiguous("It shares its bytes with another member.", entry.shown)
        ensure_no_member(file, at, entry.offset)
        gaps += entry.offset - at
        if entry.end > directory:
            raise ambiguous("Its data runs into the directory.", entry.shown)
        at = entry.end + _descriptor(file, entry, directory, changes)
    ensure_no_member(file, at, directory)
    gaps += directory - at
    if gaps:
        changes.of_package("Left out bytes that belong to no member", f"{gaps:,} bytes")


def _ensure_usable(entry: Loose) -> None:
    if entry.flags & (ENCRYPTED | _STRONG | _MASKED) or entry.method == _AES:
        raise refused("repack_encrypted", "It is encrypted.", "Make the ZIP without a password.", entry.shown)
    if entry.method not in (STORED, DEFLATED):
        raise refused(
            "repack_method",
            f"It is packed by method {entry.method}.",
            "Choose the usual method (deflate) where you make the ZIP.",
            entry.shown,
        )
    if entry.method == STORED and entry.compressed != entry.size:
        raise ambiguous(
            f"It is stored, but its sizes differ: {entry.compressed:,} and {entry.size:,} bytes.", entry.shown
        )
    if entry.system not in SYSTEMS:
        raise ambiguous(f"Its attributes are those of system {entry.system}.", entry.shown)
    special = _UNIX_SPECIAL.get(stat.S_IFMT(entry.attributes >> 16), "")
    if special or entry.attributes & _DOS_SPECIAL:
        raise refused(
            "repack_link",
            f"It is {special or 'a volume label, a device or a reparse point'}.",
            "Replace it by the file that it points at, and make the ZIP again.",
            entry.shown,
        )


def _read_local(file: BinaryIO, entry: Loose, changes: Changes) -> None:
    file.seek(entry.offset)
    raw = file.read(_LOCAL.size)
    if len(raw) < _LOCAL.size or not raw.startswith(LOCAL_SIGNATURE):
        raise ambiguous(f"No member begins at byte {entry.offset:,}.", entry.shown)
    _, needed, flags, method, time, date, crc, compressed, size, names, extras = _LOCAL.unpack(raw)
    name, extra = file.read(names), file.read(extras)
    entry.data_offset = entry.offset + _LOCAL.size + names + extras
    zip64 = _FULL32 in (compressed, size)
    if zip64:
        size, compressed, _ = zip64_sizes(extra, size, compressed, 0, entry.shown)
    unknown = 0 if flags & DESCRIPTOR else None
    here, there = (crc, compressed, size), (entry.crc, entry.compressed, entry.size)
    if (
        (name, method) != (entry.raw_name, entry.method)
        or flags & ENCRYPTED
        or any(one not in (other, unknown) for one, other in zip(here, there, strict=True))
    ):
        raise ambiguous("Its local header and the directory say two different things.", entry.shown)
    if flags != entry.flags or (time, date) != entry.time:
        changes.of_headers("Brought the two headers into agreement")
    entry.flags |= flags
    _tell_header(entry, max(needed, entry.needed), extra, changes, zip64=zip64)


def _tell_header(entry: Loose, needed: int, extra: bytes, changes: Changes, *, zip64: bool) -> None:
    if zip64:
        changes.of_headers("Written without ZIP64")
    elif extra_problem(entry.extra) or extra_problem(extra):
        kinds = sorted({f"0x{kind:04X}" for kind, _ in fields_of(entry.extra) + fields_of(extra)})
        changes.of_headers(f"Left out extra fields ({', '.join(kinds[:5]) or 'unreadable ones'})")
    elif needed > _NEWEST_VERSION:
        changes.of_headers("Asks for no newer ZIP version than 2.0")
    if entry.flags & ~_KNOWN_FLAGS:
        changes.of_headers("Cleared flags that mean nothing here")


def _descriptor(file: BinaryIO, entry: Loose, directory: int, changes: Changes) -> int:
    """How many bytes the data descriptor after a member's data has; 0 where there is none.

    Written with and without signature, its sizes in four bytes or in eight. Raises RefusedError
    `repack_ambiguous` where it contradicts the directory.
    """
    if not entry.flags & DESCRIPTOR:
        return 0
    file.seek(entry.end)
    raw = file.read(min(24, directory - entry.end))
    signed = raw.startswith(b"PK\x07\x08")
    body = raw[4:] if signed else raw
    for form, usual in (("<3L", True), ("<L2Q", False)):
        length = struct.calcsize(form)
        truth = struct.pack(form, entry.crc, entry.compressed, entry.size)
        if body[:length] == truth:
            if not (usual and signed and entry.method == DEFLATED):
                changes.of_headers("Written without a data descriptor")
            return length + (4 if signed else 0)
    if signed:
        raise ambiguous("Its data descriptor and the directory say two different things.", entry.shown)
    changes.of_headers("Written without a data descriptor")
    return 0
