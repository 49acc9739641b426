"""Rows of `zip.extra`, `zip.stream` and `zip.bomb`: extra fields, and what the data unpacks to."""

import struct
import zlib

from tests.packages import LUA, Part, deflate, extra, good_parts, lying, with_parts, zip_of
from tests.uploads.package.rows import Row

PACKED = deflate(LUA)
LAST = Part("Content/last.lua", LUA)
MIB = 1024 * 1024

MODIFIED = b"\1" + bytes(4)
ALL_TIMES = b"\7" + bytes(12)
OWNER = b"\1\4" + bytes(4) + b"\4" + bytes(4)
NTFS = b"\0\0\0\0\x01\0\x18\0" + bytes(24)

# The id of a field; what it may hold; what is nearly that.
FORMS = {
    0x5455: (
        [MODIFIED, ALL_TIMES, b"\0", b"\7" + bytes(4)],
        [b"", b"\1", MODIFIED + b"x", b"\x08", b"\3" + bytes(12)],
    ),
    0x5855: ([bytes(8), bytes(12)], [b"", bytes(4), bytes(9), bytes(13)]),
    0x7855: ([bytes(4), b""], [bytes(2), bytes(5), bytes(8)]),
    0x7875: (
        [OWNER, b"", b"\1\0\0", b"\1\x08" + bytes(8) + b"\x08" + bytes(8)],
        [
            b"\2" + OWNER[1:],
            OWNER + b"x",
            OWNER[:-1],
            b"\1\4",
            b"\1\4\0\0",
            b"\1\x09" + bytes(9) + b"\0",
            b"\1\0\x09" + bytes(9),
        ],
    ),
    0x000A: (
        [NTFS],
        [
            b"",
            NTFS[:-1],
            NTFS + b"x",
            b"\1" + NTFS[1:],
            NTFS[:4] + b"\2" + NTFS[5:],
            NTFS[:6] + b"\x17" + NTFS[7:],
        ],
    ),
}

#: The longest that each can be, together.
EVERY = b"".join(
    extra(kind, body)
    for kind, body in (
        (0x5455, ALL_TIMES),
        (0x5855, bytes(12)),
        (0x7855, bytes(4)),
        (0x7875, b"\1\x08" + bytes(8) + b"\x08" + bytes(8)),
        (0x000A, NTFS),
    )
)

# ZIP64, PKWARE's own, encodings of names and comments, AES, strong encryption, Java, alignment, an unknown one.
FOREIGN = (
    0x0001,
    0x0007,
    0x0008,
    0x0014,
    0x0017,
    0x0065,
    0x334D,
    0x6375,
    0x7075,
    0x9901,
    0xCAFE,
    0xD935,
    0xFFFF,
)


def field(kind: int, body: bytes) -> Part:
    """A member with an extra field in both headers."""
    return Part("a.lua", LUA, extra=extra(kind, body))


def raw(data: bytes, size: int | None = None, **lies: int) -> Part:
    """A member whose packed data is this, and that says it has LUA's size and CRC, or other ones."""
    claims = ({} if size is None else {"size": size}) | lies
    return Part("a.lua", LUA, raw=data, local=claims, central=claims)


def claiming(count: int, size: int, filler: int = 0) -> bytes:
    """Members that say that they unpack to `size` bytes; none of them does."""
    claim = {"size": size}
    noise = [Part("Content/a.ucas", b"\0\1\2" + bytes(filler), method=0)] if filler else []
    parts = [Part(f"{n}.lua", LUA, local=claim, central=claim) for n in range(count)]
    return zip_of([*good_parts(), *noise, *parts])


def zeros(size: int) -> bytes:
    """A good mod with a text of `size` bytes that packs well."""
    return with_parts(Part("a.lua", b"-" * size))


def blocks(*parts: bytes, final: bool = True) -> bytes:
    """A deflate stream of stored blocks."""
    last = len(parts) - 1
    return b"".join(
        struct.pack("<BHH", final and number == last, len(part), len(part) ^ 0xFFFF) + part
        for number, part in enumerate(parts)
    )


EXTRA = [
    *(
        Row("zip.extra", f"0x{kind:04X} as {bad.hex() or 'nothing'}", field(kind, bad), field(kind, forms[0]))
        for kind, (forms, wrong) in FORMS.items()
        for bad in wrong
    ),
    *(
        Row(
            "zip.extra",
            f"0x{kind:04X} in its form {number}",
            field(kind, good + bytes(40)),
            field(kind, good),
        )
        for kind, (forms, _) in FORMS.items()
        for number, good in enumerate(forms)
    ),
    *(
        Row(
            "zip.extra",
            f"0x{kind:04X} twice",
            Part("a.lua", LUA, extra=extra(kind, forms[0]) * 2),
            field(kind, forms[0]),
        )
        for kind, (forms, _) in FORMS.items()
    ),
    *(
        Row("zip.extra", f"foreign 0x{kind:04X}", field(kind, bytes(8)), field(0x5855, bytes(8)))
        for kind in FOREIGN
    ),
    Row(
        "zip.extra",
        "a second name",
        field(0x7075, b"\1" + struct.pack("<L", zlib.crc32(b"a.lua")) + b"evil.lua"),
        field(0x5455, MODIFIED),
    ),
    *(
        Row(
            "zip.extra",
            f"{count} bytes behind it",
            Part("a.lua", LUA, extra=extra(0x5455, MODIFIED) + bytes(count)),
            field(0x5455, MODIFIED),
        )
        for count in (1, 2, 3)
    ),
    Row(
        "zip.extra",
        "longer than the header",
        Part("a.lua", LUA, extra=extra(0x7855, bytes(4))[:-1]),
        field(0x7855, bytes(4)),
    ),
    Row(
        "zip.extra",
        "nothing of what it announces",
        Part("a.lua", LUA, extra=extra(0x7855, bytes(4))[:4]),
        field(0x7855, b""),
    ),
    Row(
        "zip.extra",
        "all that are known and one more",
        Part("a.lua", LUA, extra=EVERY + extra(0x7855, b"")),
        Part("a.lua", LUA, extra=EVERY),
    ),
    Row(
        "zip.extra",
        "all that are known and one more in the member alone",
        lying("local", extra=EVERY + extra(0x7855, b"")),
        lying("local", extra=EVERY),
    ),
    Row("zip.extra", "a long one", field(0x000A, NTFS + bytes(900)), field(0x000A, NTFS)),
    Row(
        "zip.extra",
        "in the member alone",
        lying("local", extra=extra(0x7075, b"\x01abcd")),
        lying("local", extra=extra(0x5455, ALL_TIMES)),
    ),
    Row(
        "zip.extra",
        "a long one in the member alone",
        lying("local", extra=extra(0x000A, NTFS) * 4),
        lying("local", extra=extra(0x000A, NTFS)),
    ),
    Row(
        "zip.extra",
        "in the directory alone",
        lying("central", extra=extra(0x7075, b"\x01abcd")),
        lying("central", extra=extra(0x5455, MODIFIED)),
    ),
]

STREAM = [
    Row("zip.stream", "no deflate stream", raw(b"\xff" * 40), LAST),
    Row("zip.stream", "a byte behind the stream", raw(PACKED + b"\0"), raw(PACKED)),
    Row("zip.stream", "a stream behind the stream", raw(PACKED + PACKED), raw(PACKED)),
    Row("zip.stream", "cut off", raw(PACKED[:-1]), raw(PACKED)),
    Row("zip.stream", "no last block", raw(blocks(LUA, final=False)), raw(blocks(LUA))),
    Row(
        "zip.stream",
        "empty blocks and one byte",
        raw(blocks(b"", LUA, b"x")),
        raw(blocks(b"", LUA, b"", b"")),
    ),
    Row("zip.stream", "one byte more than declared", raw(deflate(LUA + b"x")), raw(PACKED)),
    Row("zip.stream", "one byte less than declared", raw(deflate(LUA[:-1])), raw(PACKED)),
    Row(
        "zip.stream", "nothing declared, something there", raw(PACKED, 0, crc=0), raw(deflate(b""), 0, crc=0)
    ),
    Row("zip.stream", "no stream at all", raw(b"", 0, crc=0), raw(deflate(b""), 0, crc=0)),
    Row("zip.stream", "another CRC", raw(deflate(LUA.swapcase())), raw(PACKED)),
    Row(
        "zip.stream",
        "another CRC, stored",
        Part("a.lua", LUA, method=0, raw=LUA.swapcase()),
        Part("a.lua", LUA, method=0),
    ),
    Row("zip.stream", "a wrong length of a block", raw(b"\1\5\0\0\0" + LUA), raw(blocks(LUA))),
    Row("zip.stream", "a reserved kind of block", raw(b"\7" + PACKED), raw(PACKED)),
    Row(
        "zip.stream",
        "an incomplete Huffman code",
        raw(bytes.fromhex("05c10701000000c2a0ac9ed93f82984988d4a3c1ed8639"), 23),
        raw(PACKED),
    ),
]

BOMB = [
    Row("zip.bomb", "a member of 100 MiB and a byte", claiming(1, 100 * MIB + 1, 3 * MIB), zeros(10 * MIB)),
    Row("zip.bomb", "400 MiB and more", claiming(5, 81 * MIB, 9 * MIB), zeros(10 * MIB)),
    Row("zip.bomb", "over 50 times", claiming(1, 65 * MIB), zeros(60 * MIB)),
    Row(
        "zip.bomb",
        "10,001 members",
        zip_of([Part(f"{n}.lua", raw=b"\3\0") for n in range(10_001)]),
        zip_of([Part(f"{n}.lua", raw=b"\3\0") for n in range(10_000)]),
    ),
]

ROWS = EXTRA + STREAM + BOMB
