"""Rows of `zip.nested`: archives, whatever they are called and wherever they hide."""

import struct

from tests.packages import END, LUA, Part, inner_zip, pe, png
from tests.uploads.package.rows import Row
from tests.uploads.package.rows.content import BINARY, DLL, SCRIPT, ending, unlike
from tests.uploads.package.rows.data import blocks
from tests.uploads.package.rows.samples import ARCHIVES, REST


def program(size: int, behind: bytes = b"", sections: int = 1) -> bytes:
    """A Windows program whose sections end at `size` bytes, and what was put behind it."""
    head = bytearray(pe())
    struct.pack_into("<H", head, 0x80 + 6, sections)
    table = 0x80 + 24 + 240
    for number in range(sections):
        length = size - 0x400 if number == sections - 1 else 0x200
        struct.pack_into("<LL", head, table + 40 * number + 16, length, 0x400)
    return bytes(head).ljust(size, b"\0") + behind


def zip_with(**fields: int) -> bytes:
    """A ZIP whose end record says something else."""
    raw = inner_zip()
    names = ("disk", "start", "here", "count", "length", "offset", "comment")
    values = dict(zip(names, END.unpack(raw[-22:])[1:], strict=True))
    return raw[:-22] + END.pack(b"PK\5\6", *(values | fields).values())


LOCATOR = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)

#: Programs that know what a 7z archive begins with; behind the first there is one.
PLAIN = program(2_000)[:1_900] + ARCHIVES["7z"][:6] + bytes(94)
TWICE = PLAIN + ARCHIVES["7z"]

ROWS = [
    *(
        Row("zip.nested", name, ending(".ucas", raw), ending(".ucas", unlike(raw)))
        for name, raw in ARCHIVES.items()
    ),
    Row("zip.nested", "called Lua", ending(".lua", inner_zip()), SCRIPT),
    Row("zip.nested", "of no allowed ending", ending(".dat", inner_zip()), SCRIPT),
    Row(
        "zip.nested",
        "a text that is an ar archive",
        ending(".txt", b"!<arch>\nwords\n"),
        ending(".txt", b"<arch>\n"),
    ),
    Row(
        "zip.nested",
        "a ZIP behind an image",
        ending(".png", png() + inner_zip()),
        ending(".png", png() + REST),
    ),
    Row("zip.nested", "a ZIP behind a script", ending(".lua", LUA + zip_with()[4:]), SCRIPT),
    Row(
        "zip.nested",
        "a ZIP and junk",
        ending(".png", png() + inner_zip() + bytes(900)),
        ending(".png", png()),
    ),
    Row(
        "zip.nested",
        "a ZIP with a comment",
        ending(".png", png() + inner_zip()[:-2] + b"\4\0note"),
        ending(".png", png() + zip_with(count=2)),
    ),
    *(
        Row(
            "zip.nested",
            f"a ZIP of {what}",
            ending(".png", png() + inner_zip()),
            ending(".png", png() + zip_with(**lie)),
        )
        for what, lie in {
            "another disk": {"disk": 1},
            "another first disk": {"start": 1},
            "nothing": {"here": 0, "count": 0},
            "a place beyond the file": {"offset": 5000},
            "a directory elsewhere": {"length": 9},
        }.items()
    ),
    Row(
        "zip.nested",
        "a ZIP with a long directory",
        ending(".png", png() + bytes(70_000) + zip_with(length=66_000)),
        ending(".png", png() + bytes(70_000)),
    ),
    Row(
        "zip.nested",
        "a ZIP64",
        ending(".png", png() + LOCATOR + zip_with(offset=0xFFFFFFFF)[-22:]),
        ending(".png", png() + zip_with(offset=0xFFFFFFFF)[-22:]),
    ),
    Row(
        "zip.nested",
        "a ZIP before marks",
        ending(".png", png() + inner_zip() + b"PK\5\6" + bytes(30)),
        ending(".png", png() + b"PK\5\6" + bytes(30)),
    ),
    *(
        Row(
            "zip.nested",
            f"{name} behind an image",
            ending(".png", png() + raw),
            ending(".png", png() + unlike(raw)),
        )
        for name, raw in ARCHIVES.items()
        if name in ("7z", "RAR 4", "RAR 5", "cab", "xz")
    ),
    Row(
        "zip.nested",
        "7z at the end of a long file",
        ending(".ucas", BINARY + bytes(200_000) + ARCHIVES["7z"]),
        ending(".ucas", BINARY + bytes(200_000)),
    ),
    Row(
        "zip.nested",
        "7z behind a program",
        Part(DLL, program(2_000, ARCHIVES["7z"])),
        Part(DLL, program(2_000)),
    ),
    Row(
        "zip.nested",
        "RAR behind a long program",
        Part(DLL, program(300_000, ARCHIVES["RAR 5"] + bytes(100_000), 3)),
        Part(DLL, program(300_000, bytes(100_000), 3)),
    ),
    Row(
        "zip.nested",
        "cab behind a program of several pieces",
        Part(DLL, program(1_500_000, bytes(400) + ARCHIVES["cab"] + bytes(100_000)), method=0),
        Part(DLL, program(1_500_000, bytes(400)), method=0),
    ),
    Row(
        "zip.nested",
        "NSIS behind a program",
        Part(DLL, program(300_000, b"\0\0\0\0\xef\xbe\xad\xdeNullsoftInst" + bytes(90_000))),
        Part(DLL, program(300_000, bytes(90_000))),
    ),
    *(
        Row("zip.nested", f"the installer {mark!r}", Part(DLL, pe() + mark), Part(DLL, pe() + mark[:-1]))
        for mark in (b"\xef\xbe\xad\xdeNullsoftInst", b"Inno Setup Setup Data", b".wixburn")
    ),
    Row(
        "zip.nested",
        "a ZIP whose end comes in two pieces",
        Part("Content/a.ucas", (BINARY + bytes(262_144))[: 262_144 - 100] + inner_zip(), method=0),
        Part("Content/a.ucas", (BINARY + bytes(262_144))[: 262_144 - 100] + inner_zip()[:-9], method=0),
    ),
    Row(
        "zip.nested",
        "7z behind a program whose header comes in two pieces",
        Part(DLL, TWICE, raw=blocks(TWICE[:50], *[b""] * 60_000, TWICE[50:])),
        Part(DLL, PLAIN, raw=blocks(PLAIN[:50], *[b""] * 60_000, PLAIN[50:])),
    ),
    Row("zip.nested", "7z behind a program, not in it", Part(DLL, TWICE), Part(DLL, PLAIN)),
    Row(
        "zip.nested",
        "bzip2 from its first byte on",
        ending(".ucas", ARCHIVES["bzip2"]),
        ending(".ucas", b"\x9e\0\1" + ARCHIVES["bzip2"][3:]),
    ),
    *(
        Row(
            "zip.nested",
            f"{name} by all of its mark",
            ending(".ucas", ARCHIVES[name]),
            ending(".ucas", near + REST),
        )
        for name, near in (
            ("bzip2", b"BZh9\0\0\0"),
            ("ARJ", b"\x60\xea\xff\xff"),
            ("compress", b"\x1f\x9d\xff"),
            ("LHA", b"\x21\0-lx5-"),
            ("cab", b"MSCF\1\0\0\0"),
            ("lzip", b"LZIP\x09\0"),
        )
    ),
]
