"""Small crafted streams whose true answer is known: what a scanner says of them shows what it looks at.

* Each holds some bytes that were never sent before (`nonce`), since clamd remembers what it found clean.
* EICAR, the test file that every signature base knows, is always a member of its own, exactly its 68 bytes:
  some bases know it by the hash of the whole file alone. It is deflated, so that nothing finds it in passing.
* Big ones are big only when unpacked: runs of zeros, repeated as they are sent, never held in memory.
"""

import base64
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: The anti-malware test file (eicar.org), encoded so that no scanner finds it in this source.
EICAR = base64.b64decode(
    b"WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo="
)
#: More than clamd can be set to follow (`MaxRecursion` goes up to 100).
TOO_DEEP = 104

#: Bytes, and how many times they follow each other.
Run = tuple[bytes, int]
_BLOCK = bytes(1024 * 1024)
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_DATE = (2026 - 1980) << 9 | 1 << 5 | 1
_ENCRYPTED = 1


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a ZIP: its content in runs, deflated or stored as it is."""

    name: str
    runs: Sequence[Run]
    deflated: bool = True
    flags: int = 0


def length(runs: Sequence[Run]) -> int:
    """How many bytes the runs are."""
    return sum(len(block) * times for block, times in runs)


def pieces(runs: Sequence[Run]) -> Iterator[bytes]:
    """The bytes, one after the other."""
    for block, times in runs:
        for _ in range(times):
            yield block


def zeros(count: int) -> list[Run]:
    """So many zero bytes."""
    whole, rest = divmod(count, len(_BLOCK))
    return [(_BLOCK, whole), (bytes(rest), 1)]


def archive(members: Sequence[Member]) -> list[Run]:
    """A ZIP of these members, in their order."""
    out: list[Run] = []
    directory: list[bytes] = []
    offset = 0
    for member in members:
        name = member.name.encode()
        data = _deflated(member.runs) if member.deflated else list(member.runs)
        sizes = (_crc(member.runs), length(data), length(member.runs))
        common = (20, member.flags, 8 if member.deflated else 0, 0, _DATE, *sizes, len(name), 0)
        out += [(_LOCAL.pack(b"PK\3\4", *common) + name, 1), *data]
        directory.append(_CENTRAL.pack(b"PK\1\2", 20, *common, 0, 0, 0, 0, offset) + name)
        offset += _LOCAL.size + len(name) + sizes[1]
    listed, count = b"".join(directory), len(members)
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(listed), offset, 0)
    return [*out, (listed + end, 1)]


def _crc(runs: Sequence[Run]) -> int:
    value = 0
    for piece in pieces(runs):
        value = zlib.crc32(piece, value)
    return value


def _deflated(runs: Sequence[Run]) -> list[Run]:
    """One deflate stream. A full flush forgets what came before, so the same block is the same bytes again."""
    out: list[Run] = []
    for block, times in runs:
        packer = zlib.compressobj(1, zlib.DEFLATED, -15, 8, zlib.Z_FIXED)
        out.append((packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH), times))
    return [*out, (zlib.compressobj(1, zlib.DEFLATED, -15).flush(), 1)]


def _eicar() -> Member:
    return Member("last.txt", [(EICAR, 1)])


def infected(nonce: bytes) -> list[Run]:
    """EICAR, deflated, in a small ZIP."""
    return archive([Member("first.txt", [(nonce, 1)]), _eicar()])


def encrypted(nonce: bytes) -> list[Run]:
    """A ZIP whose member says that it is encrypted."""
    return archive([Member("locked.txt", [(nonce * 2, 1)], deflated=False, flags=_ENCRYPTED)])


def too_deep(nonce: bytes) -> list[Run]:
    """A ZIP in a ZIP in a ZIP: deeper than clamd follows, whatever it is set to."""
    runs: list[Run] = archive([Member("end.txt", [(nonce, 1)])])
    for _ in range(TOO_DEEP):
        runs = archive([Member("n.zip", [(b"".join(pieces(runs)), 1)], deflated=False)])
    return runs


def many_members(nonce: bytes, count: int) -> list[Run]:
    """A ZIP of exactly `count` members, of which the last is EICAR."""
    few = [Member(f"{number}.txt", [(nonce + b"%d" % number, 1)], False) for number in range(count - 1)]
    return archive([*few, _eicar()])


def of_size(nonce: bytes, size: int) -> list[Run]:
    """A ZIP of exactly `size` bytes that ends with EICAR; nearly all of it is one stored member of zeros."""
    empty = length(_filled(nonce, 0))
    return _filled(nonce, size - empty)


def _filled(nonce: bytes, count: int) -> list[Run]:
    return archive([Member("first.bin", [(nonce, 1), *zeros(count)], deflated=False), _eicar()])


def big_member(nonce: bytes, size: int) -> list[Run]:
    """A small ZIP with one member of exactly `size` bytes: a ZIP in itself, which ends with EICAR."""
    return archive([Member("inside.zip", of_size(nonce, size))])


def much_inside(nonce: bytes, total: int, most: int, packed: int) -> list[Run]:
    """A ZIP of at least `packed` bytes that unpacks to exactly `total`, no member over `most`; EICAR is the last.

    `packed` is at most `most`: the first member is stored, so that the ZIP itself counts too.
    """
    left = total - len(EICAR)
    members: list[Member] = []
    while left > 0:
        size = min(left, most if members else packed)
        own = (nonce + b"%d" % len(members))[:size]
        runs = [(own, 1), *zeros(size - len(own))]
        members.append(Member(f"{len(members)}.bin", runs, deflated=bool(members)))
        left -= size
    return archive([*members, _eicar()])
