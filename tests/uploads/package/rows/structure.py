"""Rows of `zip.layout`, `zip.headers`, `zip.flags`, `zip.method`: what lies where, and both headers."""

import struct
import zlib

from tests.packages import (
    CENTRAL,
    END,
    LOCAL,
    LUA,
    Part,
    deflate,
    descriptor_of,
    extra,
    good_parts,
    lying,
    mod,
    with_parts,
    zip_of,
)
from tests.uploads.package.rows import Row

GOOD = mod().package
START = good_parts()
LAST = Part("Content/last.lua", LUA)
PACKED = deflate(LUA)
TIMES = b"\0\0\0\0\x01\0\x18\0"


def at_end(data: bytes) -> bytes:
    """A good mod whose last extra field ends in `data`, 20 bytes of NTFS times."""
    return with_parts(Part("Content/last.lua", LUA, extra=extra(0x000A, TIMES + bytes(4) + data)))


def stored(data: bytes) -> bytes:
    """A good mod after a stored member that holds `data`."""
    return zip_of([Part("Content/a.ucas", b"\0\1\2" + data, method=0), *START])


def second_end(comment: int) -> bytes:
    """A stored member that holds an end record whose comment is `comment` bytes off the end of the file."""
    probe = stored(END.pack(b"PK\5\6", 0, 0, 0, 0, 0, 0, 0))
    left = len(probe) - probe.index(b"PK\5\6") - 22
    return stored(END.pack(b"PK\5\6", 0, 0, 0, 0, 0, 0, left + comment))


def disc(mark: bytes, at: int = 32_769) -> bytes:
    """A stored member that puts a disc's mark at a place of the package."""
    before = 30 + len("Content/a.ucas") + 3
    return stored(bytes(at - before) + mark + bytes(4096))


def tar(off: int = 0) -> bytes:
    """A package whose first 512 bytes are a tar header as well, with a checksum that is `off`."""
    name = b"Content/a.ucas"
    for checksum in range(2_000, 6_000):
        data = bytearray(1024)
        field = b"%06o\0 " % checksum
        data[148 - 44 : 156 - 44] = field
        crc = zlib.crc32(data)
        head = LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, 0x21, crc, 1024, 1024, len(name), 0) + name + data
        if sum(head[:148]) + 8 * 32 + sum(head[156:512]) == checksum + off:
            return zip_of([Part(name, bytes(data), method=0), *START])
    raise AssertionError("no checksum fits")


def zip64() -> bytes:
    """A good mod with the end record and locator of ZIP64 that it does not need."""
    end = GOOD.rindex(b"PK\5\6")
    count, length, offset = struct.unpack_from("<HLL", GOOD, end + 10)
    record = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, offset)
    return GOOD[:end] + record + struct.pack("<4sLQL", b"PK\6\7", 0, end, 1) + GOOD[end:]


def ending(**fields: int) -> bytes:
    """A good mod whose end record says something else."""
    return zip_of(START, end=fields)


def directory_tail(tail: bytes) -> bytes:
    """A good mod with bytes after the last entry of the directory, which the end record knows of."""
    end = GOOD.rindex(b"PK\5\6")
    length = struct.unpack_from("<L", GOOD, end + 12)[0] + len(tail)
    return GOOD[:end] + tail + GOOD[end : end + 12] + struct.pack("<L", length) + GOOD[end + 16 :]


def both(**lies: int | bytes) -> Part:
    """A member that says the same thing in both headers."""
    return Part("Content/last.lua", LUA, local=lies, central=lies)


def overlapping() -> bytes:
    """Two members that share their data, the second one's header lying inside the first one."""
    inner = (
        LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, 0x21, zlib.crc32(LUA), len(LUA), len(LUA), 5, 0) + b"b.lua" + LUA
    )
    name = b"Content/a.ucas"
    first = LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, 0x21, zlib.crc32(inner), len(inner), len(inner), len(name), 0)
    begin = zip_of(START)
    at = begin.index(b"PK\1\2")
    members = begin[:at] + first + name + inner
    entries = begin[at : begin.rindex(b"PK\5\6")]
    for label, data, place in ((name, inner, at), (b"b.lua", LUA, at + 30 + len(name))):
        sizes = (zlib.crc32(data), len(data), len(data))
        entries += CENTRAL.pack(
            b"PK\1\2", 0x314, 20, 0, 0, 0, 0x21, *sizes, len(label), 0, 0, 0, 0, 0o100644 << 16, place
        )
        entries += label
    return members + entries + END.pack(b"PK\5\6", 0, 0, 5, 5, len(entries), len(members), 0)


def swapped() -> bytes:
    """The directory names the last two members in the other order."""
    raw = with_parts(Part("a.lua", LUA), Part("b.lua", LUA))
    at = raw.index(b"PK\1\2", raw.index(b"PK\1\2", raw.index(b"PK\1\2", raw.index(b"PK\1\2") + 1) + 1) + 1)
    last = raw.rindex(b"PK\1\2")
    end = raw.rindex(b"PK\5\6")
    return raw[:at] + raw[last:end] + raw[at:last] + raw[end:]


def described(descriptor: bytes, **local: int) -> Part:
    """A member with a data descriptor."""
    return Part("a.lua", LUA, flags=8, descriptor=descriptor, local=local)


def descriptor(crc: int = 0, packed: int = 0, size: int = 0) -> bytes:
    """A data descriptor that is off by so much."""
    return struct.pack("<4s3L", b"PK\7\x08", zlib.crc32(LUA) ^ crc, len(PACKED) + packed, len(LUA) + size)


LAYOUT = [
    Row("zip.layout", "no ZIP", b"Rar!" + bytes(100), GOOD),
    Row("zip.layout", "too short", b"PK\5\6" + bytes(17), GOOD),
    Row("zip.layout", "no members", zip_of([]), GOOD),
    Row("zip.layout", "a prefix", b"x" + GOOD, GOOD),
    Row("zip.layout", "a spanning mark in front", b"PK00" + GOOD, GOOD),
    Row("zip.layout", "a suffix", GOOD + b"\0", GOOD),
    Row("zip.layout", "a gap", zip_of([*START, Part("a.lua", LUA, before=b"h")]), with_parts(LAST)),
    Row(
        "zip.layout",
        "a gap before the directory",
        zip_of(START, before_directory=b"PK\6\x08" + bytes(4)),
        GOOD,
    ),
    Row("zip.layout", "a comment", GOOD[:-2] + b"\4\0note", GOOD),
    Row("zip.layout", "an end record in the comment", GOOD[:-2] + struct.pack("<H", 22) + GOOD[-22:], GOOD),
    Row("zip.layout", "an announced comment", ending(comment=1), GOOD),
    Row("zip.layout", "a second end record", second_end(0), second_end(1)),
    Row(
        "zip.layout",
        "a locator in the last times",
        at_end(b"PK\6\7" + bytes(16)),
        at_end(b"PK\6\x08" + bytes(16)),
    ),
    Row("zip.layout", "a tar archive", tar(), tar(off=1)),
    Row("zip.layout", "a disc image (ISO 9660)", disc(b"CD001"), disc(b"CD001", 32_770)),
    Row("zip.layout", "a disc image (UDF)", disc(b"BEA01"), disc(b"BEA02")),
    Row("zip.layout", "a disc image (NSR02)", disc(b"NSR02"), disc(b"NSR01")),
    Row("zip.layout", "a disc image (NSR03)", disc(b"NSR03"), disc(b"NSR04")),
    Row("zip.layout", "ZIP64 records", zip64(), GOOD),
    Row("zip.layout", "65,535 members", ending(here=0xFFFF, count=0xFFFF), GOOD),
    Row("zip.layout", "65,536 members", ending(here=0, count=0), GOOD),
    Row("zip.layout", "half of 65,535 members", ending(here=0xFFFF), GOOD),
    Row("zip.layout", "a directory's size of ZIP64", ending(length=0xFFFFFFFF), GOOD),
    Row("zip.layout", "a directory's place of ZIP64", ending(offset=0xFFFFFFFF), GOOD),
    Row("zip.layout", "a size of ZIP64", both(size=0xFFFFFFFF), LAST),
    Row("zip.layout", "a packed size of ZIP64", both(compressed=0xFFFFFFFF), LAST),
    Row("zip.layout", "a place of ZIP64", lying("central", offset=0xFFFFFFFF), LAST),
    Row("zip.layout", "another disk", ending(disk=1), GOOD),
    Row("zip.layout", "a directory on another disk", ending(start_disk=1), GOOD),
    Row("zip.layout", "a member on another disk", lying("central", disk=1), LAST),
    Row("zip.layout", "one member less", ending(here=2, count=2), GOOD),
    Row("zip.layout", "one member more", ending(here=4, count=4), GOOD),
    Row("zip.layout", "two counts", ending(here=2), GOOD),
    Row("zip.layout", "a directory one byte later", ending(offset=len(zip_of(START)) - 5), GOOD),
    Row("zip.layout", "a directory beyond the end", ending(offset=0xFFFFFFF0), GOOD),
    Row("zip.layout", "a signature after the directory", directory_tail(b"PK\5\5\0\0"), directory_tail(b"")),
    Row(
        "zip.layout",
        "a directory cut off",
        directory_tail(b"PK\1\2")[:-22] + ending(here=4, count=4)[-22:],
        GOOD,
    ),
    Row("zip.layout", "a member's comment", Part("a.lua", LUA, comment=b"n"), LAST),
    Row("zip.layout", "an enormous directory", Part("a.lua", LUA, central={"comment": bytes(9000)}), LAST),
    Row(
        "zip.layout", "a descriptor that no flag announces", Part("a.lua", LUA, descriptor=descriptor()), LAST
    ),
]

HEADERS = [
    *(
        Row("zip.headers", f"two of {field}", lying("local", **{field: lie}), LAST)
        for field, lie in {
            "flags": 2,
            "method": 0,
            "time": 1,
            "date": 0x22,
            "crc": 1,
            "compressed": 1,
            "size": 1,
            "name": b"Content/less.lua",
        }.items()
    ),
    Row("zip.headers", "a longer name", lying("local", name=b"Content/last.lua\0.png"), LAST),
    Row("zip.headers", "a shorter name", lying("local", name=b"Content/last.lu"), LAST),
    Row("zip.headers", "a CRC of nothing without a descriptor", lying("local", crc=0), LAST),
    Row("zip.headers", "version 4.5 in both", both(needed=45), both(needed=20)),
    Row("zip.headers", "version 4.5 in the member", lying("local", needed=45), lying("local", needed=10)),
    Row(
        "zip.headers",
        "version 2.1 in the directory",
        lying("central", needed=21),
        lying("central", needed=10),
    ),
    Row("zip.headers", "no member there", lying("central", offset=len(GOOD) * 2), LAST),
    Row("zip.headers", "one member twice", Part("b.lua", LUA, central={"offset": 0}), LAST),
    Row("zip.headers", "members that overlap", overlapping(), stored(LUA)),
    Row("zip.headers", "another order", swapped(), with_parts(Part("a.lua", LUA), Part("b.lua", LUA))),
    Row(
        "zip.headers",
        "data into the directory",
        Part(
            "a.lua",
            LUA,
            method=0,
            local={"compressed": 5000, "size": 5000},
            central={"compressed": 5000, "size": 5000},
        ),
        LAST,
    ),
    Row(
        "zip.headers",
        "a CRC beside a descriptor",
        described(descriptor(), crc=1),
        described(descriptor(), crc=0),
    ),
    Row(
        "zip.headers",
        "a size beside a descriptor",
        described(descriptor(), size=1),
        described(descriptor(), size=0),
    ),
    Row(
        "zip.headers",
        "a packed size beside a descriptor",
        described(descriptor(), compressed=1),
        described(descriptor(), compressed=0),
    ),
]

FLAGS = [
    *(
        Row(
            "zip.flags", f"bit {bit}", Part("a.lua", LUA, flags=1 << bit), Part("a.lua", LUA, flags=1 << good)
        )
        for bit, good in (
            (4, 1),
            (5, 2),
            (6, 11),
            (7, 1),
            (8, 2),
            (9, 11),
            (10, 1),
            (12, 2),
            (13, 11),
            (14, 1),
            (15, 2),
        )
    ),
    Row(
        "zip.flags",
        "a descriptor of a stored member",
        Part("a.lua", LUA, method=0, flags=8, descriptor=descriptor_of(LUA, LUA)),
        described(descriptor()),
    ),
    Row(
        "zip.flags",
        "a descriptor without its signature",
        described(descriptor()[4:]),
        described(descriptor()),
    ),
    Row("zip.flags", "a descriptor's CRC", described(descriptor(crc=1)), described(descriptor())),
    Row("zip.flags", "a descriptor's packed size", described(descriptor(packed=1)), described(descriptor())),
    Row("zip.flags", "a descriptor's size", described(descriptor(size=1)), described(descriptor())),
    Row("zip.flags", "no descriptor", described(b""), described(descriptor())),
    Row(
        "zip.flags",
        "a descriptor of ZIP64",
        described(struct.pack("<4sLQQ", b"PK\7\x08", zlib.crc32(LUA), len(PACKED), len(LUA))),
        described(descriptor()),
    ),
]

METHOD = [
    Row("zip.method", "encrypted", Part("a.lua", LUA, flags=1), LAST),
    Row(
        "zip.method",
        "encrypted and stored",
        Part("a.lua", LUA, method=0, flags=1),
        Part("a.lua", LUA, method=0),
    ),
    *(
        Row("zip.method", f"method {number}", Part("a.lua", LUA, method=number), LAST)
        for number in (1, 6, 7, 9, 10, 12, 14, 19, 93, 95, 97, 98, 99, 0xFFFF)
    ),
    Row(
        "zip.method",
        "stored and shorter",
        Part("a.lua", LUA, method=0, raw=LUA[:-1]),
        Part("a.lua", LUA, method=0),
    ),
]

ROWS = LAYOUT + HEADERS + FLAGS + METHOD
