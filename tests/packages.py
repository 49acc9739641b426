"""Packages in memory: good mods, and for each rule of the profile packages that break just that rule.

`mod()` is a whole good mod: package, manifest and sidecar. `zip_of` writes any ZIP, field by field, so that a
test can lie in just one of them. `HOSTILE` is the table of broken ones.
"""

import gzip
import hashlib
import io
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")

LUA = b'local hello = {}\n\nfunction hello.start()\n  print("Hello, Starminer")\nend\n\nreturn hello\n'
ENTRYPOINT = "Content/hello/init.lua"

Json = dict[str, Any]


@dataclass
class Part:
    """A member of a ZIP to be written; what is None follows from the data."""

    name: str | bytes
    data: bytes = b""
    method: int = 8
    raw: bytes | None = None
    flags: int = 0
    extra: bytes = b""
    comment: bytes = b""
    attributes: int = 0o100644 << 16
    local: Mapping[str, Any] = field(default_factory=dict)
    central: Mapping[str, Any] = field(default_factory=dict)
    descriptor: bytes | None = None
    before: bytes = b""


def deflate(data: bytes, level: int = 6) -> bytes:
    """A raw deflate stream."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def descriptor_of(data: bytes, packed: bytes) -> bytes:
    """A data descriptor with its signature."""
    return struct.pack("<4s3L", b"PK\x07\x08", zlib.crc32(data), len(packed), len(data))


def zip_of(
    parts: Sequence[Part], *, before_directory: bytes = b"", end: Mapping[str, int] | None = None
) -> bytes:
    """The bytes of a ZIP with these members, in this order, lies included."""
    out = io.BytesIO()
    directory = io.BytesIO()
    for part in parts:
        out.write(part.before)
        offset = out.tell()
        name = part.name if isinstance(part.name, bytes) else part.name.encode()
        packed = part.raw
        if packed is None:
            packed = part.data if part.method == 0 else deflate(part.data)
        truth: dict[str, Any] = {
            "needed": 20,
            "flags": part.flags | (0 if name.isascii() or isinstance(part.name, bytes) else 0x800),
            "method": part.method,
            "time": 0,
            "date": 0x21,
            "crc": zlib.crc32(part.data),
            "compressed": len(packed),
            "size": len(part.data),
            "name": name,
            "extra": part.extra,
            "offset": offset,
            "comment": part.comment,
            "disk": 0,
        }
        here = truth | dict(part.local)
        out.write(
            LOCAL.pack(
                b"PK\x03\x04",
                *(
                    here[key]
                    for key in ("needed", "flags", "method", "time", "date", "crc", "compressed", "size")
                ),
                len(here["name"]),
                len(here["extra"]),
            )
        )
        out.write(here["name"] + here["extra"] + packed + (part.descriptor or b""))
        there = truth | dict(part.central)
        directory.write(
            CENTRAL.pack(
                b"PK\x01\x02",
                0x0314,
                *(
                    there[key]
                    for key in ("needed", "flags", "method", "time", "date", "crc", "compressed", "size")
                ),
                len(there["name"]),
                len(there["extra"]),
                len(there["comment"]),
                there["disk"],
                0,
                part.attributes,
                there["offset"],
            )
        )
        directory.write(there["name"] + there["extra"] + there["comment"])
    out.write(before_directory)
    ending = {
        "disk": 0,
        "start_disk": 0,
        "here": len(parts),
        "count": len(parts),
        "length": directory.tell(),
        "offset": out.tell(),
        "comment": 0,
    } | dict(end or {})
    out.write(directory.getvalue())
    out.write(END.pack(b"PK\x05\x06", *ending.values()))
    return out.getvalue()


def manifest(mod_id: str = "example.hello-lua", version: str = "0.1.3", **changes: Any) -> Json:
    """A good manifest. A change to None takes the property out."""
    document: Json = {
        "schema": "starminer.mod-manifest.v1",
        "id": mod_id,
        "name": "Hello Lua",
        "version": version,
        "targetGameBuild": "0.9.0",
        "description": "Says hello.",
        "authors": ["Ada"],
        "license": "MIT",
        "entrypoints": [{"type": "lua", "path": ENTRYPOINT}],
        "dependencies": [],
    } | changes
    return {key: value for key, value in document.items() if value is not None}


def sidecar(document: Json | None = None, packed: bytes | None = None, **changes: Any) -> Json:
    """The sidecar that goes with a manifest, and with the package's bytes where given."""
    known = document or manifest()
    result: Json = {
        "schema": "smmods.mod-release-submission.v1",
        "modId": known["id"],
        "name": known["name"],
        "version": known["version"],
        "targetGameBuild": known["targetGameBuild"],
        "dependencies": known.get("dependencies", []),
        "summary": "Says hello in the console.",
        "license": "MIT",
        "description": "# Hello\n\nSays hello.\n",
        "changelog": "- First release.\n",
        "categories": [],
    }
    if packed is not None:
        result["package"] = {
            "fileName": f"{known['id']}-v{known['version']}.zip",
            "sha256": hashlib.sha256(packed).hexdigest(),
            "sizeBytes": len(packed),
        }
    result |= changes
    return {key: value for key, value in result.items() if value is not None}


def encoded(document: object) -> bytes:
    """A document as somebody would write it into a file."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def good_parts(document: Json | None = None, files: Mapping[str, bytes] | None = None) -> list[Part]:
    """The members of a good mod: the manifest, its script, a licence, and `files`."""
    inside = {ENTRYPOINT: LUA, "LICENSE": b"MIT License\n"} | dict(files or {})
    return [Part("manifest.json", encoded(document or manifest())), *(Part(p, d) for p, d in inside.items())]


@dataclass(frozen=True)
class Mod:
    """A good mod: the package's bytes, its manifest and its sidecar."""

    package: bytes
    manifest: Json
    sidecar: Json

    @property
    def sidecar_raw(self) -> bytes:
        """The sidecar as a file."""
        return encoded(self.sidecar)

    @property
    def sha256(self) -> str:
        """The package's SHA-256."""
        return hashlib.sha256(self.package).hexdigest()

    @property
    def file_name(self) -> str:
        """What the package is called."""
        return f"{self.manifest['id']}-v{self.manifest['version']}.zip"


def mod(
    mod_id: str = "example.hello-lua",
    version: str = "0.1.3",
    *,
    files: Mapping[str, bytes] | None = None,
    sidecar_changes: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Mod:
    """A good mod, with `changes` to its manifest, further `files` and `sidecar_changes`."""
    document = manifest(mod_id, version, **changes)
    package = zip_of(good_parts(document, files))
    return Mod(package, document, sidecar(document, package, **dict(sidecar_changes or {})))


def pe(machine: int = 0x8664, *, dll: bool = True) -> bytes:
    """The smallest thing that is a Windows program by its headers."""
    dos = b"MZ" + bytes(58) + struct.pack("<L", 0x80) + bytes(0x40)
    return (
        dos
        + b"PE\0\0"
        + struct.pack("<HHLLLHH", machine, 1, 0, 0, 0, 240, 0x2022 if dll else 0x22)
        + bytes(400)
    )


def png() -> bytes:
    """An image of one pixel."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))

    header = struct.pack(">LLBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
        + chunk(b"IEND", b"")
    )


def inner_zip() -> bytes:
    """A ZIP to hide in another."""
    return zip_of([Part("a.txt", b"a")])


def with_parts(*parts: Part, files: Mapping[str, bytes] | None = None) -> bytes:
    """A good mod and these members."""
    return zip_of([*good_parts(files=files), *parts])


def lying(where: str, **lies: int | bytes) -> bytes:
    """A good mod whose last member lies in its local or central header."""
    if where == "local":
        return with_parts(Part("Content/last.lua", LUA, local=lies))
    return with_parts(Part("Content/last.lua", LUA, central=lies))


def extra(kind: int, body: bytes) -> bytes:
    """An extra field."""
    return struct.pack("<HH", kind, len(body)) + body


def _nested(depth: int) -> str:
    return "Content/" + "/".join("d" * 10 for _ in range(depth)) + "/a.lua"


def _hostile() -> list[tuple[str, str, bytes]]:
    good = mod().package
    start = good_parts()
    script = Part("Content/last.lua", LUA)
    packed = deflate(LUA)
    rows = [
        ("zip.layout", "no ZIP", b"Rar!" + bytes(100)),
        ("zip.layout", "nothing at all", b""),
        ("zip.layout", "no members", zip_of([])),
        ("zip.layout", "cut off", good[:-30]),
        ("zip.layout", "a byte before", b"x" + good),
        ("zip.layout", "a byte after", good + b"x"),
        (
            "zip.layout",
            "a prefix that the offsets know",
            zip_of([Part("manifest.json", b"{}", before=b"MZ" * 9)]),
        ),
        ("zip.layout", "a gap", zip_of([*start, Part("Content/last.lua", LUA, before=b"hidden")])),
        ("zip.layout", "a gap before the directory", zip_of(start, before_directory=b"hidden")),
        ("zip.layout", "a comment", good[:-2] + struct.pack("<H", 4) + b"note"),
        ("zip.layout", "an announced comment", zip_of(start, end={"comment": 4})),
        ("zip.layout", "two end records", good + END.pack(b"PK\x05\x06", 0, 0, 0, 0, 0, len(good), 0)),
        ("zip.layout", "another disk", zip_of(start, end={"disk": 1})),
        ("zip.layout", "one member less", zip_of(start, end={"here": 2, "count": 2})),
        ("zip.layout", "one member more", zip_of(start, end={"here": 4, "count": 4})),
        ("zip.layout", "two counts", zip_of(start, end={"here": 2})),
        ("zip.layout", "an offset of ZIP64", zip_of(start, end={"offset": 0xFFFFFFFF})),
        ("zip.layout", "a size of ZIP64", lying("central", size=0xFFFFFFFF)),
        ("zip.layout", "a member's comment", with_parts(Part("Content/last.lua", LUA, comment=b"note"))),
        ("zip.layout", "a member on another disk", lying("central", disk=1)),
        (
            "zip.layout",
            "an enormous directory",
            with_parts(Part("a.lua", LUA, central={"comment": bytes(9000)})),
        ),
        ("zip.headers", "two names", lying("local", name=b"Content/less.lua")),
        ("zip.headers", "two methods", lying("local", method=0)),
        ("zip.headers", "two flags", lying("local", flags=2)),
        ("zip.headers", "two CRCs", lying("local", crc=1)),
        ("zip.headers", "two sizes", lying("local", size=1)),
        ("zip.headers", "two compressed sizes", lying("local", compressed=1)),
        (
            "zip.headers",
            "two sizes beside a descriptor",
            with_parts(Part("a.lua", LUA, flags=8, descriptor=descriptor_of(LUA, packed), local={"size": 1})),
        ),
        ("zip.headers", "two times", lying("local", time=1)),
        (
            "zip.headers",
            "a newer ZIP",
            with_parts(Part("a.lua", LUA, local={"needed": 45}, central={"needed": 45})),
        ),
        ("zip.headers", "one member twice", zip_of([*start, Part("b.lua", LUA, central={"offset": 0})])),
        ("zip.headers", "an orphan", _orphan(start)),
        ("zip.headers", "no member there", lying("central", offset=len(good) * 2)),
        ("zip.headers", "data beyond the directory", _overrun()),
        ("zip.flags", "bit 5", with_parts(Part("Content/last.lua", LUA, flags=1 << 5))),
        ("zip.flags", "bit 13", with_parts(Part("Content/last.lua", LUA, flags=1 << 13))),
        (
            "zip.flags",
            "a descriptor of a stored member",
            with_parts(Part("a.lua", LUA, method=0, flags=8, descriptor=descriptor_of(LUA, LUA))),
        ),
        (
            "zip.flags",
            "a descriptor that lies",
            with_parts(Part("a.lua", LUA, flags=8, descriptor=descriptor_of(LUA + b"x", packed))),
        ),
        (
            "zip.flags",
            "a descriptor without signature",
            with_parts(Part("a.lua", LUA, flags=8, descriptor=descriptor_of(LUA, packed)[4:])),
        ),
        ("zip.method", "encrypted", with_parts(Part("Content/last.lua", LUA, flags=1))),
        ("zip.method", "LZMA", with_parts(Part("Content/last.lua", LUA, method=14))),
        (
            "zip.method",
            "stored with two sizes",
            with_parts(Part("Content/last.lua", LUA, method=0, raw=LUA[:-1])),
        ),
        ("zip.extra", "an unknown field", with_parts(Part("a.lua", LUA, extra=extra(0x7075, b"\x01abcd")))),
        ("zip.extra", "a ZIP64 field", with_parts(Part("a.lua", LUA, extra=extra(1, bytes(16))))),
        ("zip.extra", "a field twice", with_parts(Part("a.lua", LUA, extra=extra(0x5455, b"\0" * 5) * 2))),
        ("zip.extra", "a field cut off", with_parts(Part("a.lua", LUA, extra=extra(0x5455, b"\0" * 5)[:-1]))),
        ("zip.extra", "three bytes", with_parts(Part("a.lua", LUA, extra=b"abc"))),
        ("zip.extra", "a hiding place", with_parts(Part("a.lua", LUA, extra=extra(0x7855, b"\0" * 90)))),
        (
            "zip.extra",
            "a long hiding place",
            with_parts(Part("a.lua", LUA, extra=extra(0x7855, b"\0" * 900))),
        ),
        ("zip.extra", "in the local header alone", lying("local", extra=extra(0x7075, b"\x01abcd"))),
        ("zip.extra", "a long local one", lying("local", extra=extra(0x000A, bytes(900)))),
        ("zip.stream", "no deflate stream", with_parts(Part("a.lua", LUA, raw=b"\xff" * 40))),
        ("zip.stream", "data after the stream", with_parts(Part("a.lua", LUA, raw=packed + b"hidden"))),
        ("zip.stream", "a stream cut off", with_parts(Part("a.lua", LUA, raw=packed[:-1]))),
        ("zip.stream", "longer than declared", with_parts(Part("a.lua", LUA, raw=deflate(LUA + b"more")))),
        ("zip.stream", "shorter than declared", with_parts(Part("a.lua", LUA, raw=deflate(LUA[:-4])))),
        ("zip.stream", "another CRC", with_parts(Part("a.lua", LUA, raw=deflate(LUA.swapcase())))),
        ("zip.stream", "another CRC, stored", with_parts(Part("a.lua", LUA, method=0, raw=LUA.swapcase()))),
        ("zip.bomb", "too large a member", _claiming(1, 100 * 1024 * 1024 + 1)),
        ("zip.bomb", "too much in all", _claiming(5, 90 * 1024 * 1024)),
        ("zip.bomb", "too high a ratio", _claiming(1, 65 * 1024 * 1024)),
        ("zip.bomb", "too many members", zip_of([Part(f"{n}.lua", raw=b"\3\0") for n in range(10_001)])),
        ("zip.path", "not UTF-8", with_parts(Part(b"Content/\xff.lua", LUA, flags=0x800))),
        ("zip.path", "not ASCII and not marked", with_parts(Part("Content/ü.lua".encode(), LUA))),
        ("zip.collision", "one path twice", with_parts(script, script)),
        ("zip.collision", "upper and lower case", with_parts(script, Part("Content/LAST.lua", LUA))),
        ("zip.collision", "sharp s", with_parts(Part("straße.lua", LUA), Part("strasse.lua", LUA))),
        ("zip.collision", "a ligature", with_parts(Part("ﬁ.lua", LUA), Part("fi.lua", LUA))),
        ("zip.collision", "two folders", with_parts(Part("content/last.lua", LUA))),
        ("zip.collision", "a folder spelled otherwise", with_parts(_folder("content/"))),
        ("zip.collision", "a file and its folder", with_parts(Part("a", b""), Part("a/b.lua", LUA))),
        ("zip.collision", "a folder and its file", with_parts(Part("A/b.lua", LUA), Part("a", b""))),
        ("zip.kind", "a symbolic link", with_parts(Part("a.lua", b"/etc/passwd", attributes=0o120777 << 16))),
        ("zip.kind", "a device", with_parts(Part("a.lua", b"", attributes=0o020666 << 16))),
        ("zip.kind", "an unknown mode", with_parts(Part("a.lua", b"", attributes=0o030666 << 16))),
        ("zip.kind", "a reparse point", with_parts(Part("a.lua", LUA, attributes=0x400))),
        ("zip.kind", "a volume label", with_parts(Part("a.lua", b"", attributes=0x08))),
        ("zip.kind", "a folder with data", with_parts(Part("a/", LUA, attributes=0o040755 << 16))),
        ("zip.kind", "a folder that is packed", with_parts(Part("a/", b"", attributes=0o040755 << 16))),
        ("zip.kind", "a folder by mode alone", with_parts(Part("a.lua", b"", attributes=0o040755 << 16))),
        ("zip.kind", "a folder by DOS alone", with_parts(Part("a.lua", b"", attributes=0x10))),
        ("zip.kind", "a file by mode alone", with_parts(Part("a/", b"", method=0))),
        ("zip.nested", "a ZIP", with_parts(Part("Content/a.lua", inner_zip()))),
        ("zip.nested", "an empty ZIP", with_parts(Part("Content/a.dat", zip_of([])))),
        ("zip.nested", "a ZIP behind an image", with_parts(Part("Content/a.png", png() + inner_zip()))),
        ("zip.nested", "a ZIP behind text", with_parts(Part("Content/a.ucas", b"\1\2\0" + inner_zip()))),
        ("zip.nested", "7z", with_parts(Part("a.lua", b"7z\xbc\xaf\x27\x1c" + bytes(40)))),
        ("zip.nested", "RAR", with_parts(Part("a.lua", b"Rar!\x1a\x07\x01\0" + bytes(40)))),
        ("zip.nested", "tar", with_parts(Part("a.lua", b"a" * 257 + b"ustar\x0000" + bytes(248)))),
        ("zip.nested", "gzip", with_parts(Part("a.lua", gzip.compress(LUA, mtime=0)))),
        ("zip.nested", "bzip2", with_parts(Part("a.lua", b"BZh91AY&SY" + bytes(40)))),
        ("zip.nested", "cab", with_parts(Part("a.lua", b"MSCF" + bytes(40)))),
        ("zip.nested", "an MSI", with_parts(Part("a.lua", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)))),
        (
            "zip.nested",
            "an installer",
            with_parts(Part("Binaries/Win64/a.dll", pe() + b"\xef\xbe\xad\xdeNullsoftInst")),
        ),
        ("content.executable", "a DLL elsewhere", with_parts(Part("Content/a.dll", pe()))),
        ("content.executable", "a DLL for 32 bits", with_parts(Part("Binaries/Win64/a.dll", pe(0x14C)))),
        (
            "content.executable",
            "a folder of another spelling",
            with_parts(Part("binaries/win64/a.dll", pe())),
        ),
        ("content.executable", "a program called Lua", with_parts(Part("Content/a.lua", pe()))),
        ("content.executable", "a DOS program", with_parts(Part("Binaries/Win64/a.dll", b"MZ" + bytes(80)))),
        ("content.executable", "a cut-off program", with_parts(Part("Binaries/Win64/a.dll", b"MZ\0"))),
        ("content.executable", "ELF", with_parts(Part("Binaries/Win64/a.dll", b"\x7fELF" + bytes(60)))),
        ("content.executable", "Mach-O", with_parts(Part("a.lua", b"\xcf\xfa\xed\xfe" + bytes(60)))),
        ("content.executable", "compiled Lua", with_parts(Part("a.lua", b"\x1bLuaS\0" + bytes(60)))),
        ("content.executable", "a shell script", with_parts(Part("a.txt", b"#!/bin/sh\nrm -rf /\n"))),
        (
            "content.executable",
            "a script by env",
            with_parts(Part("a.txt", b"#!/usr/bin/env -S python3\nx\n")),
        ),
        ("content.executable", "a batch file", with_parts(Part("a.bat", b"echo hello\r\n"))),
        ("content.executable", "autorun", with_parts(Part("autorun.inf", b"[autorun]\r\n"))),
        ("content.signature", "text called PNG", with_parts(Part("a.png", LUA))),
        ("content.signature", "PNG called Lua", with_parts(Part("a.lua", png()))),
        ("content.signature", "PNG called JPEG", with_parts(Part("a.jpg", png()))),
        ("content.signature", "an empty image", with_parts(Part("a.png", b""))),
        ("content.signature", "binary called JSON", with_parts(Part("a.json", b"{}\0\1"))),
        ("content.signature", "UTF-16 called Lua", with_parts(Part("a.lua", LUA.decode().encode("utf-16")))),
        ("content.signature", "a late NUL", with_parts(Part("a.lua", b"-" * 70_000 + b"\0"))),
        ("content.signature", "a program called an image", with_parts(Part("Binaries/Win64/a.png", pe()))),
        ("content.signature", "text called DLL", with_parts(Part("Binaries/Win64/a.dll", b"MZ is my name"))),
        ("content.allowed", "an unknown ending", with_parts(Part("a.exe2", LUA))),
        ("content.allowed", "a program", with_parts(Part("Binaries/Win64/a.exe", pe(dll=False)))),
        ("content.allowed", "Python", with_parts(Part("a.py", b"print(1)\n"))),
        ("content.allowed", "no ending", with_parts(Part("script", LUA))),
        ("content.allowed", ".DS_Store", with_parts(Part("Content/.DS_Store", b"\0\0\0\1Bud1"))),
        ("content.allowed", "__MACOSX", with_parts(Part("__MACOSX/._a.lua", b"\0\5\x16\7"))),
    ]
    paths = {
        "backslash": "Content\\a.lua",
        "colon": "Content/a.lua:hidden",
        "star": "Content/*.lua",
        "absolute": "/Content/a.lua",
        "drive": "C:/a.lua",
        "empty part": "Content//a.lua",
        "dot": "Content/./a.lua",
        "dot dot": "Content/../../a.lua",
        "ends in a dot": "Content/a.lua.",
        "ends in a space": "Content/a.lua ",
        "folder ends in a dot": "Content./a.lua",
        "begins with a space": "Content/ a.lua",
        "device": "Content/aux.lua",
        "device with two endings": "Content/COM1.tar.lua",
        "superscript device": "Content/lpt².lua",
        "console": "Content/CONIN$",
        "short name": "Content/PROGRA~1/a.lua",
        "control": "Content/a\x07.lua",
        "delete": "Content/a\x7f.lua",
        "right to left": "Content/a\u202eaul.png",
        "zero width": "Content/a\u200b.lua",
        "private": "Content/\ue000.lua",
        "unassigned": "Content/\u0378.lua",
        "decomposed": "Content/u\u0308.lua",
        "long part": "Content/" + "a" * 121,
        "long part in UTF-16": "Content/" + "😀" * 61 + ".lua",
        "long path": _nested(16),
    }
    rows += [("zip.path", label, with_parts(Part(path, LUA))) for label, path in paths.items()]
    return rows


def _folder(name: str) -> Part:
    return Part(name, method=0, attributes=0o040755 << 16 | 0x10)


def _orphan(start: list[Part]) -> bytes:
    orphan = zip_of([Part("orphan.lua", LUA)])
    return zip_of([*start, Part("Content/last.lua", LUA, before=orphan[: orphan.index(b"PK\x01\x02")])])


def _long_entry(good: bytes) -> bytes:
    """The last entry of the directory announces a comment that is not there."""
    at = good.rindex(b"PK\x01\x02") + 32
    return good[:at] + struct.pack("<H", 500) + good[at + 2 :]


def _overrun() -> bytes:
    sizes = {"compressed": 5000, "size": 5000}
    return with_parts(Part("a.lua", LUA, method=0, local=sizes, central=sizes))


def _claiming(count: int, size: int) -> bytes:
    """Members that say that they unpack to `size` bytes; none of them does."""
    claim = {"size": size}
    return zip_of([*good_parts(), *(Part(f"{n}.lua", LUA, local=claim, central=claim) for n in range(count))])


#: (code, what it is, the package): each breaks just this one rule inside an otherwise good mod.
HOSTILE = _hostile()
