"""What a file is by its bytes, and which kinds each ending may hold.

`identify` looks at the first 64 KiB, the last 64 KiB and at whether there is a NUL anywhere. A kind is one
word: `text`, `binary`, `empty`, or the name of a format. Sources: the formats' own specifications, and
`file`'s magic database for the rest.
"""

import re
import struct

from uploads.package import archives

HEAD = 64 * 1024
TAIL = archives.LONGEST_END

X86_64 = 0x8664

ARCHIVES = {
    "zip": "a ZIP archive",
    "7z": "a 7z archive",
    "rar": "a RAR archive",
    "tar": "a tar archive",
    "gzip": "gzip data",
    "bzip2": "bzip2 data",
    "xz": "xz data",
    "zstd": "Zstandard data",
    "lz4": "LZ4 data",
    "cab": "a cabinet archive",
    "installshield": "an InstallShield archive",
    "ole": "an installer or Office document",
    "iso": "a disc image",
    "ar": "an ar archive or Debian package",
    "rpm": "an RPM package",
    "cpio": "a cpio archive",
    "xar": "a xar archive",
    "lha": "an LHA archive",
    "arj": "an ARJ archive",
    "ace": "an ACE archive",
    "lzip": "lzip data",
    "compress": "compressed data (.Z)",
    "wim": "a Windows image",
    "squashfs": "a squashfs image",
    "installer": "an installer",
}

EXECUTABLES = {
    "pe": "a Windows program (PE)",
    "mz": "a DOS program",
    "elf": "a Linux program (ELF)",
    "macho": "a macOS program or Java class",
    "wasm": "a WebAssembly program",
    "dex": "an Android program",
    "help": "a compiled Windows help file",
    "shortcut": "a Windows shortcut",
    "script": "a script of a shell",
    "lua-bytecode": "compiled Lua",
}

_LABELS = {
    "text": "text",
    "utf16": "UTF-16 text",
    "binary": "unknown binary data",
    "empty": "empty",
    "truetype": "a TrueType font",
    "opentype": "an OpenType font",
    "ttc": "a font collection",
    "uasset": "an Unreal asset",
    "ogg": "an Ogg file",
    "mp3": "an MP3 file",
    "exr": "an EXR file",
    "hdr": "an HDR file",
}

# Longer magic first where one is the beginning of another.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"PK\x07\x08", "zip"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (257, b"ustar\x00", "tar"),
    (257, b"ustar  ", "tar"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"\x02\x21\x4c\x18", "lz4"),
    (0, b"MSCF\x00\x00\x00\x00", "cab"),
    (0, b"ISc(", "installshield"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (32769, b"CD001", "iso"),
    (0, b"!<arch>\n", "ar"),
    (0, b"\xed\xab\xee\xdb", "rpm"),
    (0, b"070701", "cpio"),
    (0, b"070702", "cpio"),
    (0, b"070707", "cpio"),
    (0, b"xar!\x00", "xar"),
    (7, b"**ACE**", "ace"),
    (0, b"LZIP\x01", "lzip"),
    (0, b"MSWIM\x00\x00\x00", "wim"),
    (0, b"hsqs", "squashfs"),
    (0, b"\x7fELF", "elf"),
    (0, b"\xfe\xed\xfa\xce", "macho"),
    (0, b"\xfe\xed\xfa\xcf", "macho"),
    (0, b"\xce\xfa\xed\xfe", "macho"),
    (0, b"\xcf\xfa\xed\xfe", "macho"),
    (0, b"\xca\xfe\xba\xbe", "macho"),
    (0, b"\xca\xfe\xba\xbf", "macho"),
    (0, b"dex\n0", "dex"),
    (0, b"ITSF\x03\x00\x00\x00", "help"),
    (0, b"\x00asm", "wasm"),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", "shortcut"),
    (0, b"\x1bLua", "lua-bytecode"),
    (0, b"\x1bLJ", "lua-bytecode"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"DDS ", "dds"),
    (0, b"\xabKTX 11\xbb\r\n\x1a\n", "ktx"),
    (0, b"\xabKTX 20\xbb\r\n\x1a\n", "ktx2"),
    (0, b"#?RADIANCE", "hdr"),
    (0, b"#?RGBE", "hdr"),
    (0, b"v/1\x01", "exr"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"MThd\x00\x00\x00\x06", "midi"),
    (0, b"ID3", "mp3"),
    (0, b"\x00\x01\x00\x00\x00", "truetype"),
    (0, b"true\x00", "truetype"),
    (0, b"OTTO", "opentype"),
    (0, b"ttcf", "ttc"),
    (0, b"wOFF", "woff"),
    (0, b"wOF2", "woff2"),
    (0, b"glTF", "glb"),
    (0, b"BB3D", "b3d"),
    (0, b"\xc1\x83\x2a\x9e", "uasset"),
    (0, b"-==--==--==--==-", "utoc"),
    (0, b"\x0e\x14\x74\x75\x67\x4a\x03\xfc\x4a\x15\x90\x9d\xc3\x37\x7f\x1b", "locres"),
)

_TEXT = frozenset({"text", "empty"})
_WIDE = frozenset({"text", "empty", "utf16"})
# Formats without a magic of their own, and what they look like when chance has it (see `_guessed`).
_ANY = frozenset({"binary", "tga"})

# What each ending may hold. An ending that is not here cannot be allowed.
EXPECTED: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (".lua", ".json", ".toml", ".yaml", ".yml", ".md", ".tr", ".obj", ".mtl", ".gltf"), _TEXT
    ),
    **dict.fromkeys((".ini", ".conf", ".cfg", ".csv", ".txt", ".po", ""), _WIDE),
    ".locres": _ANY | {"locres"},
    ".png": frozenset({"png"}),
    ".jpg": frozenset({"jpeg"}),
    ".jpeg": frozenset({"jpeg"}),
    ".gif": frozenset({"gif"}),
    ".webp": frozenset({"webp"}),
    ".bmp": frozenset({"bmp"}),
    ".tga": frozenset({"tga"}),
    ".dds": frozenset({"dds"}),
    ".ktx": frozenset({"ktx"}),
    ".ktx2": frozenset({"ktx2"}),
    ".hdr": frozenset({"hdr"}),
    ".exr": frozenset({"exr"}),
    ".ogg": frozenset({"ogg"}),
    ".oga": frozenset({"ogg"}),
    ".opus": frozenset({"ogg"}),
    ".wav": frozenset({"wav"}),
    ".mp3": frozenset({"mp3"}),
    ".flac": frozenset({"flac"}),
    ".mid": frozenset({"midi"}),
    ".ttf": frozenset({"truetype", "opentype"}),
    ".otf": frozenset({"truetype", "opentype"}),
    ".ttc": frozenset({"ttc"}),
    ".woff": frozenset({"woff"}),
    ".woff2": frozenset({"woff2"}),
    ".glb": frozenset({"glb"}),
    ".b3d": frozenset({"b3d"}),
    ".pak": frozenset({"pak"}),
    ".ucas": _ANY | {"uasset"},
    ".utoc": frozenset({"utoc"}),
    ".uasset": frozenset({"uasset"}),
    ".uexp": _ANY,
    ".umap": frozenset({"uasset"}),
    ".dll": frozenset({"pe"}),
}

LICENCE_NAMES = frozenset(
    {"license", "licence", "copying", "notice", "authors", "credits", "readme", "changelog", "copyright"}
)

# What no text holds: control characters but for bell to carriage return, and escape.
_CONTROLS = bytes({*range(0x07), *range(0x0E, 0x1B), *range(0x1C, 0x20)})
_SHEBANG = re.compile(rb"#![ \t]*(\S+)(?:[ \t]+(?:-\S+[ \t]+)*(\S+))?")
# The table's rows that a file with this first byte may be, in the table's order.
_BY_FIRST = [tuple(row for row in _MAGIC if row[0] or row[1][0] == first) for first in range(256)]
_PAK_FOOTER = b"\xe1\x12\x6f\x5a"
_PLAIN = re.compile(rb"[ -~]+")


def identify(head: bytes, tail: bytes, size: int, *, nul: bool) -> str:
    """What a file of `size` bytes is, by its first and last 64 KiB; `nul`: whether it has a NUL anywhere."""
    if not size:
        return "empty"
    readable = not nul and _is_readable(head) and _is_readable(tail[HEAD - size :] if size > HEAD else b"")
    if head.startswith(b"MZ") and not readable:
        return _windows_program(head, tail)
    for offset, magic, kind in _BY_FIRST[head[0]]:
        # Text may begin with a word that is also a magic ("OTTO = 1"), but a text is nothing else.
        if head.startswith(magic, offset) and not (readable and _PLAIN.fullmatch(magic)):
            return kind
    if archives.is_tar(head[: archives.TAR_BLOCK]):
        return "tar"
    if readable:
        return _text(head)
    return _structured(head.ljust(4, b"\0")) or _guessed(head, tail)


def carried(head: bytes, tail: bytes, size: int, kind: str) -> str:
    """The kind of an archive that a file which is something else has in it where readers look for one."""
    if archives.ends_as_zip(tail, size):
        return "zip"
    return "" if kind in ("text", "pe") else archives.inside_ends(head, tail, size)


def label(kind: str) -> str:
    """A kind in words."""
    return ARCHIVES.get(kind) or EXECUTABLES.get(kind) or _LABELS.get(kind) or f"a {kind.upper()} file"


def ending(path: str) -> str:
    """The lowercase ending of a path's last part with its dot; empty for a name without one."""
    name = path.rpartition("/")[2]
    _, dot, last = name.rpartition(".")
    return f".{last.lower()}" if dot else ""


def is_licence_name(path: str) -> bool:
    """Whether a name without an ending is one of those that licences and their like have: `LICENSE-MIT`.

    Letters, digits, hyphens and underscores only: `unzip` takes `;1` at a name's end for a version and drops it.
    """
    name = re.fullmatch(r"([a-z]+)(?:[-_][a-z0-9_+-]*)?", path.rpartition("/")[2].lower())
    return name is not None and name[1] in LICENCE_NAMES


def machine(head: bytes) -> int:
    """For which processor a PE file is (its COFF machine number); 0 where the header is out of reach."""
    at = struct.unpack_from("<L", head, 0x3C)[0]
    return int(struct.unpack_from("<H", head, at + 4)[0]) if at + 6 <= len(head) else 0


def _is_readable(data: bytes) -> bool:
    return len(data.translate(None, _CONTROLS)) == len(data)


def _windows_program(head: bytes, tail: bytes) -> str:
    if len(head) < 0x40:
        return "mz"
    at = struct.unpack_from("<L", head, 0x3C)[0]
    if head[at : at + 4] != b"PE\x00\x00":
        return "mz"
    return "installer" if archives.is_installer(head, tail) else "pe"


def _structured(head: bytes) -> str:
    """Formats whose magic is more than one run of bytes. `head` is at least four bytes long."""
    if head.startswith(b"RIFF"):
        return {b"WAVE": "wav", b"WEBP": "webp"}.get(head[8:12], "")
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "bmp"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"
    if re.match(rb"..-l[hz][0-9ds]-", head, re.DOTALL):
        return "lha"
    if head.startswith(b"\x60\xea") and 0 < int.from_bytes(head[2:4], "little") <= 2600:
        return "arj"
    if head.startswith((b"\x1f\x9d", b"\x1f\xa0")) and 9 <= head[2] & 0x7F <= 16:
        return "compress"
    return "utf16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else ""


def _guessed(head: bytes, tail: bytes) -> str:
    """Formats that are known by what their headers may hold, which other data may hold by chance."""
    if _PAK_FOOTER in tail[-256:]:
        return "pak"
    if _is_mpeg(head):
        return "mp3"
    return "tga" if _is_tga(head, tail) else "binary"


def _text(head: bytes) -> str:
    shebang = _SHEBANG.match(head.removeprefix(b"\xef\xbb\xbf"))
    if not shebang:
        return "text"
    program = shebang[1].rpartition(b"/")[2]
    if program == b"env" and shebang[2]:
        program = shebang[2].rpartition(b"/")[2]
    return "text" if program.startswith(b"lua") else "script"


def _is_mpeg(head: bytes) -> bool:
    """A frame of MPEG audio, layer III: sync, version, layer, bit rate and sampling rate that exist."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[1] & 0x18 != 0x08 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C


def _is_tga(head: bytes, tail: bytes) -> bool:
    if tail.endswith(b"TRUEVISION-XFILE.\x00"):
        return True
    return (
        len(head) > 18
        and head[1] in (0, 1)
        and head[2] in (1, 2, 3, 9, 10, 11)
        and head[16] in (8, 15, 16, 24, 32)
    )
