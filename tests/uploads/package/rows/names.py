"""Rows of `zip.path`, `zip.collision` and `zip.kind`: what members are called, and what they are."""

import unicodedata

from tests.packages import LUA, Part, good_parts, with_parts, zip_of
from tests.uploads.package.rows import Row

LAST = Part("Content/last.lua", LUA)
FOLDER = 0o040755 << 16 | 0x10


def named(path: str | bytes, flags: int = 0) -> Part:
    """A script of this name."""
    return Part(path, LUA, flags=flags)


def folder(path: str, attributes: int = FOLDER) -> Part:
    """A folder of this name."""
    return Part(path, method=0, attributes=attributes)


def bare(*parts: Part) -> bytes:
    """These members, and a manifest."""
    return zip_of([good_parts()[0], *parts])


def system(number: int) -> bytes:
    """A good mod whose last entry says that it was written on another system."""
    raw = bytearray(with_parts(Part("Content/last.lua", LUA, attributes=0o104644 << 16)))
    raw[raw.rindex(b"PK\1\2") + 5] = number
    return bytes(raw)


def _paths() -> list[Row]:
    pairs = {
        **{f"the character {c!r}": (f"Content/a{c}b.lua", "Content/a-b.lua") for c in '\\:<>"|?*'},
        **{f"control {n:#04x}": (f"Content/a{chr(n)}b.lua", "Content/a b.lua") for n in (*range(32), 127)},
        **{
            f"U+{ord(c):04X} ({unicodedata.category(c)})": (f"Content/a{c}b.lua", f"Content/a{near}b.lua")
            for c, near in (
                ("\x85", "ä"),
                ("\u00ad", "¬"),
                ("\u061c", "\u061d"),
                ("\u200b", "\u200a"),
                ("\u200d", "‐"),
                ("\u202e", "\u202f"),
                ("\u2028", "\u2027"),
                ("\u2029", "\u2030"),
                ("\u2066", "\u2070"),
                ("\ufeff", "\ufe70"),
                ("\ue000", "\ud7fb"),
                ("\U000f0000", "\U000e0100"),
                ("\U0010fffd", "\U0001f600"),
                ("\u0378", "\u0377"),
                ("\uffff", "\ufffd"),
                ("\U0001fae8", "\U0001fae7"),
                ("\U00011f04", "\U00011ee0"),
            )
        },
        "absolute": ("/Content/a.lua", "Content/a.lua"),
        "an empty part": ("Content//a.lua", "Content/a.lua"),
        "an empty name": ("", "a.lua"),
        "a dot": ("Content/./a.lua", "Content/.a.lua"),
        "two dots": ("Content/../a.lua", "Content/..a.lua"),
        "two dots first": ("../a.lua", "..a.lua"),
        "a dot at the end": ("Content/a.lua.", "Content/.lua.lua"),
        "a space at the end": ("Content/a.lua ", "Content/a .lua"),
        "a space at the beginning": ("Content/ a.lua", "Content/a a.lua"),
        "a folder with a dot at the end": ("Content./a.lua", ".Content/a.lua"),
        "a folder with a space at the end": ("Content /a.lua", "Con tent/a.lua"),
        **{
            f"the device {device}": (f"Content/{device}", f"Content/x{device}.lua")
            for device in ("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$")
        },
        **{
            f"the device {device}": (f"Content/{device}.lua", f"Content/{device}x.lua")
            for kind in ("COM", "LPT")
            for device in (f"{kind}{digit}" for digit in "0123456789¹²³")
        },
        "a device in lower case": ("Content/nul.lua", "Content/null.lua"),
        "a device with two endings": ("Content/aux.tar.lua", "Content/tar.aux.lua"),
        "a device before a space": ("Content/con .lua", "Content/con x.lua"),
        "a device as a folder": ("aux/a.lua", "auxx/a.lua"),
        "a device without a digit": ("Content/com1.lua", "Content/com.lua"),
        "a device of two digits": ("Content/lpt1.lua", "Content/lpt10.lua"),
        "a short name": ("Content/PROGRA~1.lua", "Content/PROGRA~.lua"),
        "a short name of a folder": ("PROGRA~9/a.lua", "PROGRA~a/a.lua"),
        "decomposed": ("Content/u\u0308.lua", "Content/ü.lua"),
        "a composition that is excluded": ("Content/\u0958.lua", "Content/\u0915\u093c.lua"),
        "a singleton": ("Content/\u212b.lua", "Content/\u00c5.lua"),
        "marks in another order": ("Content/a\u0307\u0323.lua", "Content/\u1ea1\u0307.lua"),
        "121 units": ("Content/" + "a" * 117 + ".lua", "Content/" + "a" * 116 + ".lua"),
        "121 units outside of the first plane": (
            "Content/a" + "😀" * 58 + ".lua",
            "Content/" + "😀" * 58 + ".lua",
        ),
        "181 units": ("a/" * 88 + "a.lua", "a/" * 87 + "ab.lua"),
        "181 units outside of the first plane": (
            "Content/" + "😀" * 50 + "/" + "😀" * 33 + "ab.lua",
            "Content/" + "😀" * 50 + "/" + "😀" * 33 + "a.lua",
        ),
    }
    return [Row("zip.path", what, named(bad), named(good)) for what, (bad, good) in pairs.items()]


PATHS = [
    *_paths(),
    Row("zip.path", "a folder's empty part", folder("Content//"), folder("Sounds/")),
    Row("zip.path", "a folder that is a device", folder("nul/"), folder("null/")),
    Row("zip.path", "the root", folder("/"), folder("a/")),
    Row("zip.path", "not UTF-8", named(b"Content/\xff.lua", 0x800), named("Content/ÿ.lua")),
    Row("zip.path", "UTF-8 that is too long", named(b"Content/\xc0\xaf.lua", 0x800), named("Content/a.lua")),
    Row(
        "zip.path",
        "half of a pair in UTF-8",
        named(b"Content/\xed\xa0\x80.lua", 0x800),
        named("Content/a.lua"),
    ),
    Row(
        "zip.path",
        "UTF-8 without the flag",
        named("Content/ü.lua".encode()),
        named("Content/ü.lua".encode(), 0x800),
    ),
    Row("zip.path", "an older encoding", named("Content/ü.lua".encode("cp437")), named("Content/ü.lua")),
]

COLLISIONS = [
    Row(
        "zip.collision", what, with_parts(named(first), named(second)), with_parts(named(first), named(other))
    )
    for what, first, second, other in (
        ("one path twice", "a.lua", "a.lua", "b.lua"),
        ("case", "a.lua", "A.lua", "B.lua"),
        ("case of the ending", "a.lua", "a.LUA", "b.LUA"),
        ("case outside of ASCII", "ä.lua", "Ä.lua", "Ö.lua"),
        ("sharp s", "straße.lua", "STRASSE.lua", "STRASE.lua"),
        ("capital sharp s", "ß.lua", "ẞ.lua", "s.lua"),
        ("final sigma", "σ.lua", "ς.lua", "τ.lua"),
        ("a ligature", "ﬁ.lua", "fi.lua", "fj.lua"),
        ("the Kelvin sign's kin", "ſ.lua", "s.lua", "t.lua"),
        ("full width", "ａ.lua", "a.lua", "b.lua"),
        ("a digit in a circle", "①.lua", "1.lua", "2.lua"),
        ("Roman two", "Ⅱ.lua", "ii.lua", "i.lua"),
        ("half width kana", "ｶﾞ.lua", "ガ.lua", "カ.lua"),
        ("a dotted capital I", "i\u0307.lua", "İ.lua", "ı.lua"),
        ("folders", "Sounds/a.lua", "sounds/b.lua", "Sounds/b.lua"),
        ("folders deep inside", "a/B/c/d.lua", "a/b/c/e.lua", "a/B/c/e.lua"),
        ("a file and a folder", "x/LICENSE", "x/LICENSE/b.lua", "x/LICENSES/b.lua"),
        ("a folder and a file", "x/license/b.lua", "x/LICENSE", "x/COPYING"),
    )
] + [
    Row(
        "zip.collision",
        "a folder twice",
        with_parts(folder("Sounds/"), folder("Sounds/")),
        with_parts(folder("Sounds/"), named("Sounds/a.lua")),
    ),
    Row(
        "zip.collision",
        "a folder spelled otherwise",
        with_parts(folder("content/")),
        with_parts(folder("Content/")),
    ),
    Row(
        "zip.collision",
        "a folder called as a file",
        with_parts(folder("license/")),
        with_parts(folder("licenses/")),
    ),
]


def mode(bits: int, data: bytes = b"") -> Part:
    """A member with these attributes."""
    return Part("Content/last.lua", data, method=0, attributes=bits)


FILE = mode(0o100644 << 16, LUA)

KINDS = [
    *(
        Row("zip.kind", what, mode(bits << 16, b"/etc/passwd"), FILE)
        for what, bits in (
            ("a symbolic link", 0o120777),
            ("a character device", 0o020666),
            ("a block device", 0o060666),
            ("a pipe", 0o010666),
            ("a socket", 0o140666),
            ("an unknown mode", 0o030666),
            ("a whiteout", 0o160000),
        )
    ),
    Row("zip.kind", "a volume label", mode(0x08), mode(0x21, LUA)),
    Row("zip.kind", "a DOS device", mode(0x40), mode(0x20, LUA)),
    Row("zip.kind", "a reparse point", mode(0x400), mode(0x80, LUA)),
    Row("zip.kind", "a folder that is a reparse point", folder("a/", 0x410), folder("a/", 0x10)),
    Row("zip.kind", "a folder that is a link", folder("a/", 0o120777 << 16), folder("a/", 0)),
    Row("zip.kind", "a folder with data", Part("a/", LUA, attributes=FOLDER), folder("a/")),
    Row("zip.kind", "a folder with stored data", Part("a/", LUA, method=0, attributes=FOLDER), folder("a/")),
    Row("zip.kind", "a folder that is packed", Part("a/", attributes=FOLDER), folder("a/")),
    Row(
        "zip.kind",
        "a folder with a CRC",
        Part("a/", method=0, attributes=FOLDER, local={"crc": 1}, central={"crc": 1}),
        folder("a/"),
    ),
    Row(
        "zip.kind",
        "a folder with a size alone",
        Part("a/", raw=b"", attributes=FOLDER, local={"size": 5}, central={"size": 5}),
        folder("a/"),
    ),
    Row("zip.kind", "a folder by mode alone", mode(0o040755 << 16), FILE),
    Row("zip.kind", "a folder by DOS alone", mode(0x10), FILE),
    Row("zip.kind", "a file by mode alone", folder("a/", 0o100644 << 16), folder("a/", 0o040755 << 16)),
    *(
        Row("zip.kind", f"attributes of system {number}", system(number), system(good))
        for number, good in zip(
            (1, 2, 4, 5, 6, 8, 9, 12, 13, 15, 16, 17, 18, 20, 255),
            (0, 3, 7, 10, 11, 14, 19, 0, 3, 7, 10, 11, 14, 19, 3),
            strict=True,
        )
    ),
]

ROWS = PATHS + COLLISIONS + KINDS
