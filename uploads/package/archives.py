"""Archives that hide: at the end of another file, or behind a Windows program (self-extracting ones).

Sources: PKWARE's APPNOTE 4.3.16 (end record), POSIX.1-1988 and V7 tar (header block), Microsoft's "PE Format"
(section table), and the signatures that 7-Zip, unrar and cabextract look for inside of other files.
"""

import re
import struct

LONGEST_END = 65_557  # An end record with the longest comment that it can have.
TAR_BLOCK = 512

_INSTALLERS = (b"\xef\xbe\xad\xdeNullsoftInst", b"Inno Setup Setup Data", b".wixburn")

# Long enough not to occur by chance. Patterns, since these are looked for in two thirds of the time that `in`
# takes, whatever the bytes; two that begin alike are looked for at once.
_INSIDE = (
    (re.compile(rb"7z(?:\xbc\xaf\x27\x1c|(?<=\xfd7z)XZ\x00\x00)"), {b"\xbc": "7z", b"X": "xz"}),
    (re.compile(rb"Rar!\x1a\x07(?:\x00|\x01\x00)"), {b"r": "rar"}),
    (re.compile(rb"MSCF\x00\x00\x00\x00"), {b"C": "cab"}),
)
_LONGEST = 8

_END = re.compile(rb"PK\x05\x06")
_OCTAL = re.compile(rb"[ \0]*([0-7]+)[ \0]*")


def is_tar(block: bytes) -> bool:
    """Whether a block of 512 bytes is a tar header: its checksum is right, whatever else it says."""
    told = _OCTAL.fullmatch(block[148:156])
    if told is None:
        return False
    summed = block[:148] + b" " * 8 + block[156:]
    signed = sum(byte - 256 if byte > 127 else byte for byte in summed)
    return int(told[1], 8) in (sum(summed), signed)


def ends_as_zip(tail: bytes, size: int) -> bool:
    """Whether a file of `size` bytes that ends in `tail` is opened by readers of ZIPs, junk after it or not."""
    if _END.search(tail) is None:  # forwards, which takes half as long as from the end
        return False
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if _is_end(tail, at, size):
            return True
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return False


def inside(window: bytes) -> str:
    """The kind of an archive whose signature stands in `window`, or nothing."""
    for pattern, kinds in _INSIDE:
        found = pattern.search(window)
        if found is not None:
            return kinds[found[0][2:3]]
    return ""


def inside_ends(head: bytes, tail: bytes, size: int) -> str:
    """The same in a file of `size` bytes of which these are the two ends; where they overlap, once."""
    return inside(head) or (inside(tail[-(size - len(head) + _LONGEST) :]) if size > len(head) else "")


def is_installer(*windows: bytes) -> bool:
    """Whether a Windows program says that it installs something."""
    return any(mark in window for mark in _INSTALLERS for window in windows)


def program_end(head: bytes) -> int:
    """Where a PE file's sections end, and what else was appended begins; 0 where `head` does not tell."""
    try:
        at: int = struct.unpack_from("<L", head, 0x3C)[0]
        count, optional = struct.unpack_from("<H12xH", head, at + 6)
        table = at + 24 + optional
        sections = (struct.unpack_from("<LL", head, table + 40 * number + 16) for number in range(count))
        return max((size + place for size, place in sections), default=0)
    except struct.error:
        return 0


def _is_end(tail: bytes, at: int, size: int) -> bool:
    if len(tail) - at < 22:
        return False
    disk, start_disk, here, count, length, offset = struct.unpack_from("<4H2L", tail, at + 4)
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        return True
    if disk or start_disk or here != count or not count or length + offset > size:
        return False
    return length > at or tail.startswith(b"PK\x01\x02", at - length)
