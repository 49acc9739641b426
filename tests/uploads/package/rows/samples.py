"""The beginnings of files of every kind, written out: what the tables of kinds must know."""

import struct

from tests.packages import pe, png

REST = b"\0\1\2\3" * 20


def tar(name: bytes = b"a.lua", signed: bool = False) -> bytes:
    """A tar archive of one empty file without a mark, as V7 wrote it; some added the bytes up as signed ones."""
    head = bytearray(name.ljust(100, b"\0") + b"0000644\0" * 3 + b"00000000000\0" * 2 + b" " * 8 + b"0")
    head = head.ljust(512, b"\0")
    head[148:156] = b"%06o\0 " % sum(byte - 256 * (signed and byte > 127) for byte in head)
    return bytes(head) + bytes(1024)


def audio(head: bytes) -> bytes:
    """A frame of MPEG audio."""
    return head + bytes(200)


PE = pe()

#: What an archive begins with, by its name; the same with its first byte changed is no archive.
ARCHIVES = {
    "ZIP": b"PK\3\4" + REST,
    "empty ZIP": b"PK\5\6" + REST,
    "ZIP in parts": b"PK\7\x08" + REST,
    "7z": b"7z\xbc\xaf\x27\x1c" + REST,
    "RAR 4": b"Rar!\x1a\x07\0" + REST,
    "RAR 5": b"Rar!\x1a\x07\1\0" + REST,
    "POSIX tar": b"a" * 257 + b"ustar\x0000" + REST,
    "GNU tar": b"a" * 257 + b"ustar  \0" + REST,
    "V7 tar": tar(),
    "V7 tar with a name of its time": tar(b"gr\xf6\xdfe"),
    "V7 tar of signed bytes": tar(b"gr\xf6\xdfe", signed=True),
    "gzip": b"\x1f\x8b\x08\0" + REST,
    "bzip2": b"BZh91AY&SY" + REST,
    "empty bzip2": b"BZh9\x17rE8P\x90" + REST,
    "xz": b"\xfd7zXZ\0\0" + REST,
    "Zstandard": b"\x28\xb5\x2f\xfd" + REST,
    "LZ4": b"\x04\x22\x4d\x18" + REST,
    "old LZ4": b"\x02\x21\x4c\x18" + REST,
    "cab": b"MSCF\0\0\0\0" + REST,
    "InstallShield": b"ISc(" + REST,
    "MSI": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + REST,
    "ISO": b"\1" * 32_769 + b"CD001" + REST,
    "ar": b"!<arch>\n" + REST,
    "RPM": b"\xed\xab\xee\xdb" + REST,
    "cpio (new)": b"070701" + REST,
    "cpio (CRC)": b"070702" + REST,
    "cpio (old)": b"070707" + REST,
    "xar": b"xar!\0" + REST,
    "LHA": b"\x21\0-lh5-" + REST,
    "LArc": b"\x21\0-lz5-" + REST,
    "ARJ": b"\x60\xea\x2b\0" + REST,
    "ACE": b"\0\0\0\0\0\0\0**ACE**" + REST,
    "lzip": b"LZIP\1" + REST,
    "compress": b"\x1f\x9d\x90" + REST,
    "older compress": b"\x1f\xa0\x10" + REST,
    "WIM": b"MSWIM\0\0\0" + REST,
    "squashfs": b"hsqs" + REST,
}

#: What a program begins with, by its name.
PROGRAMS = {
    "ELF": b"\x7fELF" + REST,
    "Mach-O, 32 bits": b"\xfe\xed\xfa\xce" + REST,
    "Mach-O, 64 bits": b"\xfe\xed\xfa\xcf" + REST,
    "Mach-O, little end first": b"\xce\xfa\xed\xfe" + REST,
    "Mach-O, x86-64": b"\xcf\xfa\xed\xfe" + REST,
    "Mach-O for several": b"\xca\xfe\xba\xbe" + REST,
    "Mach-O for several, 64 bits": b"\xca\xfe\xba\xbf" + REST,
    "WebAssembly": b"\0asm" + REST,
    "Android": b"dex\n035\0" + REST,
    "a shortcut": b"L\0\0\0\1\x14\2\0" + REST,
    "compiled help": b"ITSF\3\0\0\0" + REST,
    "compiled Lua": b"\x1bLuaS\0" + REST,
    "compiled LuaJIT": b"\x1bLJ\2" + REST,
    "a DOS program": b"MZ" + bytes(80),
    "a DOS program that is cut off": b"MZ\0",
    "a program of Windows 3": b"MZ" + bytes(58) + struct.pack("<L", 0x40) + b"NE" + bytes(80),
    "PE that is none": b"MZ" + bytes(58) + struct.pack("<L", 0x40) + b"PE\0\1\x64\x86" + bytes(80),
    "a header out of reach": b"MZ"
    + bytes(58)
    + struct.pack("<L", 70_000)
    + bytes(70_000)
    + b"PE\0\0"
    + bytes(80),
}

#: Per ending: what such files are by their bytes, and what is nearly that and nothing known.
FILES: dict[str, list[bytes]] = {
    "text": [b"some words\n", "Größe\n".encode(), b"caf\xe9\n", b"", b"\x1b[1mbold\x1b[0m\n"],
    "wide": ["some words\n".encode("utf-16"), b"\xfe\xff" + "some words\n".encode("utf-16-be")],
    "png": [png()],
    "jpg": [b"\xff\xd8\xff\xe0" + REST],
    "gif": [b"GIF87a" + REST, b"GIF89a" + REST],
    "webp": [b"RIFF\0\0\0\0WEBPVP8 " + REST],
    "bmp": [b"BM\x10\0\0\0\0\0\0\0" + REST],
    "tga": [
        bytes(100) + b"TRUEVISION-XFILE.\0",
        *(
            b"\0" + bytes((map_, kind)) + bytes(13) + bytes((depth, 8)) + bytes(30)
            for map_, kind, depth in ((0, 1, 8), (1, 2, 15), (0, 3, 16), (0, 9, 24), (0, 10, 32), (1, 11, 8))
        ),
    ],
    "dds": [b"DDS " + REST],
    "ktx": [b"\xabKTX 11\xbb\r\n\x1a\n" + REST],
    "ktx2": [b"\xabKTX 20\xbb\r\n\x1a\n" + REST],
    "hdr": [b"#?RADIANCE\n" + REST, b"#?RGBE\n" + REST],
    "exr": [b"v/1\1" + REST],
    "ogg": [b"OggS" + REST],
    "wav": [b"RIFF\0\0\0\0WAVEfmt " + REST],
    "mp3": [
        b"ID3\4" + REST,
        *map(audio, (b"\xff\xfb\x90\0", b"\xff\xfa\x90\0", b"\xff\xf3\x40\0", b"\xff\xe2\x10\0")),
    ],
    "flac": [b"fLaC" + REST],
    "mid": [b"MThd\0\0\0\6" + REST],
    "ttf": [b"\0\1\0\0\0" + REST, b"true\0" + REST, b"OTTO" + REST],
    "ttc": [b"ttcf" + REST],
    "woff": [b"wOFF" + REST],
    "woff2": [b"wOF2" + REST],
    "glb": [b"glTF" + REST],
    "b3d": [b"BB3D" + REST],
    "pak": [REST + b"\xe1\x12\x6f\x5a" + bytes(200)],
    "utoc": [b"-==--==--==--==-" + REST],
    "uasset": [b"\xc1\x83\x2a\x9e" + REST],
    "locres": [b"\x0e\x14\x74\x75\x67\x4a\x03\xfc\x4a\x15\x90\x9d\xc3\x37\x7f\x1b" + REST],
    "binary": [b"\x9e\x01\x02\x03" + b"\xff" * 100],
}

#: Which of them each ending takes.
TAKEN: dict[str, set[str]] = {
    **{ending: {"text"} for ending in (".lua", ".json", ".toml", ".yaml", ".yml", ".md", ".tr")},
    **{ending: {"text"} for ending in (".obj", ".mtl", ".gltf")},
    **{ending: {"text", "wide"} for ending in (".ini", ".conf", ".cfg", ".csv", ".txt", ".po")},
    **{f".{kind}": {kind} for kind in FILES if kind not in ("text", "wide", "binary")},
    ".jpeg": {"jpg"},
    ".oga": {"ogg"},
    ".opus": {"ogg"},
    ".otf": {"ttf"},
    ".umap": {"uasset"},
    ".uexp": {"binary", "tga"},
    ".ucas": {"binary", "tga", "uasset"},
    ".locres": {"locres", "binary", "tga"},
    ".dll": set(),
}
