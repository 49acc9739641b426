"""What a file is by its bytes, and which kinds each ending may hold.

`identify` looks at the first 64 KiB, the last 64 KiB and at whether there is a NUL anywhere. A kind is one
word: `text`, `binary`, `empty`, or the name of a format. Sources: the formats' own specifications, and
`file`'s magic database for the rest.
"""

import re
import struct

HEAD = 64 * 1024
TAIL = 65_557  # An end record with the longest comment that it can have.

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
    "installer": "an installer",
}

EXECUTABLES = {
    "pe": "a Windows program (PE)",
    "mz": "a DOS program",
    "elf": "a Linux program (ELF)",
    "macho": "a macOS program or Java class",
    "wasm": "a WebAssembly program",
    "shortcut": "a Windows shortcut",
    "script": "a script of a shell",
    "lua-bytecode": "compiled Lua",
}

_LABELS = {"text": "text", "utf16": "UTF-16 text", "binary": "unknown binary data", "empty": "empty"}

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
    (0, b"MSCF\x00\x00\x00\x00", "cab"),
    (0, b"ISc(", "installshield"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (32769, b"CD001", "iso"),
    (0, b"!<arch>\n", "ar"),
    (0, b"\xed\xab\xee\xdb", "rpm"),
    (0, b"\x7fELF", "elf"),
    (0, b"\xfe\xed\xfa\xce", "macho"),
    (0, b"\xfe\xed\xfa\xcf", "macho"),
    (0, b"\xce\xfa\xed\xfe", "macho"),
    (0, b"\xcf\xfa\xed\xfe", "macho"),
    (0, b"\xca\xfe\xba\xbe", "macho"),
    (0, b"\x00asm", "wasm"),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", "shortcut"),
    (0, b"\x1bLua", "lua-bytecode"),
    (0, b"\x1bLJ", "lua-bytecode"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"DDS ", "dds"),
    (0, b"\xabKTX ", "ktx"),
    (0, b"#?RADIANCE", "hdr"),
    (0, b"#?RGBE", "hdr"),
    (0, b"v/1\x01", "exr"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"MThd\x00\x00\x00\x06", "midi"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xfa", "mp3"),
    (0, b"\xff\xf3", "mp3"),
    (0, b"\xff\xf2", "mp3"),
    (0, b"\x00\x01\x00\x00\x00", "truetype"),
    (0, b"true\x00", "truetype"),
    (0, b"OTTO", "opentype"),
    (0, b"ttcf", "truetype"),
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

# What each ending may hold. An ending that is not here cannot be allowed.
EXPECTED: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (".lua", ".json", ".toml", ".yaml", ".yml", ".md", ".tr", ".obj", ".mtl", ".gltf"), _TEXT
    ),
    **dict.fromkeys((".ini", ".conf", ".cfg", ".csv", ".txt", ".po", ""), _WIDE),
    ".locres": frozenset({"locres", "binary"}),
    ".png": frozenset({"png"}),
    ".jpg": frozenset({"jpeg"}),
    ".jpeg": frozenset({"jpeg"}),
    ".gif": frozenset({"gif"}),
    ".webp": frozenset({"webp"}),
    ".bmp": frozenset({"bmp"}),
    ".tga": frozenset({"tga"}),
    ".dds": frozenset({"dds"}),
    ".ktx": frozenset({"ktx"}),
    ".ktx2": frozenset({"ktx"}),
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
    ".ttc": frozenset({"truetype"}),
    ".woff": frozenset({"woff"}),
    ".woff2": frozenset({"woff2"}),
    ".glb": frozenset({"glb"}),
    ".b3d": frozenset({"b3d"}),
    ".pak": frozenset({"pak"}),
    ".ucas": frozenset({"binary", "uasset"}),
    ".utoc": frozenset({"utoc"}),
    ".uasset": frozenset({"uasset"}),
    ".uexp": frozenset({"binary"}),
    ".umap": frozenset({"uasset"}),
    ".dll": frozenset({"pe"}),
}

_LICENCE_NAMES = frozenset(
    {"license", "licence", "copying", "notice", "authors", "credits", "readme", "changelog", "copyright"}
)

# What no text holds: control characters but for bell to carriage return, and escape.
_CONTROLS = bytes({*range(0x07), *range(0x0E, 0x1B), *range(0x1C, 0x20)})
_SHEBANG = re.compile(rb"#![ \t]*(\S+)(?:[ \t]+(?:-\S+[ \t]+)*(\S+))?")
_PAK_FOOTER = b"\xe1\x12\x6f\x5a"
_INSTALLER_MARKS = (b"\xef\xbe\xad\xdeNullsoftInst", b"Inno Setup Setup Data")


def identify(head: bytes, tail: bytes, size: int, *, nul: bool) -> str:
    """What a file of `size` bytes is, by its first and last 64 KiB; `nul`: whether it has a NUL anywhere."""
    if not size:
        return "empty"
    readable = not nul and len(head.translate(None, _CONTROLS)) == len(head)
    if head.startswith(b"MZ") and not readable:
        return _windows_program(head, tail)
    for offset, magic, kind in _MAGIC:
        # Text may begin with a word that is also a magic ("OTTO = 1"), but a text is no font.
        if head.startswith(magic, offset) and not (readable and magic.isalnum() and kind not in ARCHIVES):
            return kind
    if readable:
        return _text(head)
    kind = _structured(head)
    if kind:
        return kind
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf16"
    if _PAK_FOOTER in tail[-256:]:
        return "pak"
    return "tga" if _is_tga(head, tail) else "binary"


def carries_archive(tail: bytes, size: int) -> bool:
    """Whether a file of whatever kind ends as a ZIP does, so that a ZIP reader would open it."""
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if len(tail) - at >= 22:
            count, length, offset, comment = struct.unpack_from("<HLLH", tail, at + 10)
            if count and comment == len(tail) - at - 22 and length + offset <= size:
                return True
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return False


def label(kind: str) -> str:
    """A kind in words."""
    return ARCHIVES.get(kind) or EXECUTABLES.get(kind) or _LABELS.get(kind) or f"a {kind.upper()} file"


def ending(path: str) -> str:
    """The lowercase ending of a path's last part with its dot; empty for a name without one."""
    name = path.rpartition("/")[2]
    stem, dot, last = name.rpartition(".")
    return f".{last.lower()}" if dot and stem else (name.lower() if dot else "")


def is_licence_name(path: str) -> bool:
    """Whether a name without an ending is one of those that licences and their like have: `LICENSE-MIT`."""
    return re.split(r"[-_]", path.rpartition("/")[2].lower(), maxsplit=1)[0] in _LICENCE_NAMES


def machine(head: bytes) -> int:
    """For which processor a PE file is (its COFF machine number); 0 where the header is out of reach."""
    at = struct.unpack_from("<L", head, 0x3C)[0]
    return int(struct.unpack_from("<H", head, at + 4)[0]) if at + 6 <= len(head) else 0


def _windows_program(head: bytes, tail: bytes) -> str:
    if len(head) < 0x40:
        return "mz"
    at = struct.unpack_from("<L", head, 0x3C)[0]
    if head[at : at + 4] != b"PE\x00\x00":
        return "mz"
    return "installer" if any(mark in head or mark in tail for mark in _INSTALLER_MARKS) else "pe"


def _structured(head: bytes) -> str:
    """Formats whose magic is more than one run of bytes."""
    if head.startswith(b"RIFF"):
        return {b"WAVE": "wav", b"WEBP": "webp"}.get(head[8:12], "")
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "bmp"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"
    return ""


def _text(head: bytes) -> str:
    shebang = _SHEBANG.match(head)
    if not shebang:
        return "text"
    program = shebang[1].rpartition(b"/")[2]
    if program == b"env" and shebang[2]:
        program = shebang[2].rpartition(b"/")[2]
    return "text" if program.startswith(b"lua") else "script"


def _is_tga(head: bytes, tail: bytes) -> bool:
    if tail.endswith(b"TRUEVISION-XFILE.\x00"):
        return True
    return (
        len(head) > 18
        and head[1] in (0, 1)
        and head[2] in (1, 2, 3, 9, 10, 11)
        and head[16] in (8, 15, 16, 24, 32)
    )
