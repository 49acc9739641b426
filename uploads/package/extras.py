"""`zip.extra`: extra fields that hold times and owners, and nothing else.

Layouts are those of Info-ZIP's `extrafld.txt` and of PKWARE's APPNOTE 4.5.5 (NTFS). A field is as long as what
it says needs: what is longer could carry anything. Writers put shorter ones into the directory.
"""

import struct
from collections.abc import Callable

#: What all of them together can have, in bytes.
MAX_EXTRA = 100


def extra_problem(extra: bytes) -> str:
    """What is wrong with a block of extra fields; empty if nothing is."""
    seen: set[int] = set()
    at = 0
    while at < len(extra):
        if len(extra) - at < 4:
            return "the extra fields end in the middle of one"
        kind, length = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + length]
        at += 4 + length
        if kind not in KNOWN:
            return f"the extra field 0x{kind:04X} is not among the known harmless ones"
        if at > len(extra):
            return f"the extra field 0x{kind:04X} is longer than the header"
        if not KNOWN[kind](body):
            return f"the extra field 0x{kind:04X} has {length} bytes that are not its own"
        if kind in seen:
            return f"the extra field 0x{kind:04X} stands twice"
        seen.add(kind)
    return ""


def _times(body: bytes) -> bool:
    """0x5455: a byte that names up to three times, and these; in the directory just the first, if any."""
    if not body or body[0] > 0b111:
        return False
    return len(body) in (1 + 4 * body[0].bit_count(), 1 + 4 * (body[0] & 1))


def _times_and_owner(body: bytes) -> bool:
    """0x5855: two times, and user and group in the local header."""
    return len(body) in (8, 12)


def _owner(body: bytes) -> bool:
    """0x7855: user and group; empty in the directory."""
    return len(body) in (0, 4)


def _long_owner(body: bytes) -> bool:
    """0x7875: version 1, and user and group with their lengths before them; may be empty in the directory."""
    if len(body) < 3 or body[0] != 1:
        return not body
    user = body[1]
    return (
        user <= 8 and len(body) > 2 + user and body[2 + user] <= 8 and len(body) == 3 + user + body[2 + user]
    )


def _ntfs(body: bytes) -> bool:
    """0x000A: four empty bytes and one attribute, three times."""
    return len(body) == 32 and body.startswith(b"\0\0\0\0\x01\x00\x18\x00")


#: The fields that are taken, by their ids, and what each must look like.
KNOWN: dict[int, Callable[[bytes], bool]] = {
    0x5455: _times,
    0x5855: _times_and_owner,
    0x7855: _owner,
    0x7875: _long_owner,
    0x000A: _ntfs,
}
