"""Package profile `smz-1`, rule by rule: the table that the code, the docs and the published contract read.

One package, one meaning: every tool that opens an accepted package sees the same files with the same bytes.
A lenient reader is the way in for malware, because what a scanner reads is then not what the game loads. So
the profile is checked on the raw bytes, before anything is unpacked:

* `layout`      the end record, the central directory, and nothing beside them
* `polyglots`   nothing that another reader would take for the end record, or for another archive
* `headers`     flags, method, and each local header against the directory
* `extras`      extra fields
* `names`       paths and their collisions
* `attributes`  files and folders only
* `streams`     inflating, to the byte
* `kinds`       what a file is by its bytes
* `content`     what may be inside
"""

from collections import Counter
from dataclasses import dataclass, field

from accounts.errors import Problem

PROFILE = "smz-1"

MAX_MANIFEST_BYTES = 256 * 1024
# In UTF-16 units.
MAX_PATH = 180
MAX_PART = 120

_PACK = "Let Repack for me write it anew where it is offered, or pack the folder again with another tool."


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the profile: `requirement` says what must hold, `check` which check reports it."""

    code: str
    title: str
    requirement: str
    hint: str
    check: str


RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        Rule(
            "zip.layout",
            "Nothing but members, directory and end",
            "The bytes are exactly: at least one member, the central directory, one end record, the end of the "
            "file. No prefix, gap, suffix, comment, further end record, spanning or ZIP64 (nor what looks like "
            "its locator before the end record); the end record's counts, size and offset are exact. No tar "
            "archive or disc image at the same time. At most 100 MiB.",
            _PACK,
            "zip_path_safety",
        ),
        Rule(
            "zip.headers",
            "Both headers say the same",
            "The n-th entry of the directory points at the n-th member found by walking; flags, method, times, "
            "CRC, sizes and raw name agree with its local header. No duplicate, orphan or overlap; nothing that "
            "needs more than ZIP version 2.0.",
            _PACK,
            "zip_path_safety",
        ),
        Rule(
            "zip.flags",
            "Known flags only",
            "Only the bits 1, 2, 3 and 11. Bit 3 (a data descriptor) only on deflated members, and the "
            "descriptor, with its signature, agrees with the directory.",
            _PACK,
            "zip_path_safety",
        ),
        Rule(
            "zip.method",
            "Stored or deflated",
            "Members are stored or deflated; stored means equal sizes. Nothing is encrypted.",
            "Pack without a password and with the usual method (deflate).",
            "zip_path_safety",
        ),
        Rule(
            "zip.extra",
            "Harmless extra fields only",
            "Extra fields parse exactly; only 0x5455, 0x5855, 0x7855, 0x7875 and 0x000A (times and owners), "
            "each once, in its own form and with nothing behind it.",
            _PACK,
            "zip_path_safety",
        ),
        Rule(
            "zip.stream",
            "Data to the byte",
            "The deflate stream ends exactly at its compressed size, yields exactly its declared size, and the "
            "CRC is right.",
            "The file is damaged or was changed after packing. Pack it again and upload the new file.",
            "zip_path_safety",
        ),
        Rule(
            "zip.bomb",
            "Bounded when unpacked",
            "At most 10,000 members, each at most 100 MiB, all together at most 400 MiB unpacked; over 64 MiB "
            "the package unpacks to at most 50 times its size.",
            "Split the mod, or leave out what the game does not need.",
            "archive_content_policy",
        ),
        Rule(
            "zip.path",
            "Portable relative paths",
            "UTF-8 (bit 11 where not ASCII), NFC, no control, format, private or unassigned characters (as of "
            "Unicode 14.0) and no line separators, none "
            'of \\ : < > " | ? *, not absolute, no empty, "." or ".." part, no part that ends in a dot or '
            "space or begins with a space, no Windows device name with whatever ending (CON, PRN, AUX, NUL, "
            "CONIN$, CONOUT$, COM0-9, LPT0-9, superscript digits included), no short name (~1); a part has at "
            "most 120, a path at most 180 UTF-16 units.",
            "Rename the file and pack again.",
            "zip_path_safety",
        ),
        Rule(
            "zip.collision",
            "One spelling a path",
            "Paths are unique after NFKC and case folding, folders included; no file is another's folder.",
            "Windows does not tell upper from lower case: rename one of the two.",
            "zip_path_safety",
        ),
        Rule(
            "zip.kind",
            "Files and folders only",
            "Regular files and folders only: no link, device, reparse point or volume label. A folder has no "
            "data, and what the mode calls a folder is just what ends in a slash. Attributes are those of MS-DOS, "
            "Unix, Windows or macOS.",
            "Replace links by the files that they point at, and pack again.",
            "zip_path_safety",
        ),
        Rule(
            "zip.nested",
            "No archive inside",
            "No member is, or carries at its end or behind a program, an archive (ZIP, 7z, RAR, tar, cab, gzip, "
            "bzip2, xz, Zstandard, LZ4, disc images, MSI, installers and more), whatever its name.",
            "Put the files themselves into the package.",
            "archive_content_policy",
        ),
        Rule(
            "content.executable",
            "Programs only where they belong",
            "Windows programs (PE, x86-64) only under Binaries/Win64/; no other executable kind anywhere: no ELF, "
            "Mach-O, compiled Lua, shortcut or script of a shell (#!), nothing that Windows runs by its name "
            "(.bat .cmd .ps1 .vbs .js .hta .lnk .url .scr .msi .reg .jar and their like, autorun.inf, "
            "desktop.ini). Lua is the mods' own language and is welcome.",
            "Take the file out, or move a 64-bit DLL to Binaries/Win64/.",
            "zip_path_safety",
        ),
        Rule(
            "content.signature",
            "Bytes and name agree",
            "What a file is by its bytes and what its name says agree, both ways.",
            "Give the file the ending of what it is, or save it in the format of its ending.",
            "file_signature",
        ),
        Rule(
            "content.allowed",
            "Allowed kinds only",
            "Only kinds of files on the list of allowed endings.",
            "Take the file out; a mod needs code, settings, texts, images, sounds, fonts, meshes and game "
            "packages only.",
            "archive_content_policy",
        ),
    )
}

# The default list of allowed kinds. Endings are lowercase; `kinds.EXPECTED` says what each must hold.
_ALLOWED = """
    .lua .json .toml .yaml .yml .ini .conf .cfg .csv .txt .md .po .tr .locres
    .png .jpg .jpeg .gif .webp .bmp .tga .dds .ktx .ktx2 .hdr .exr
    .ogg .oga .opus .wav .mp3 .flac .mid
    .ttf .otf .ttc .woff .woff2
    .obj .mtl .gltf .glb .b3d
    .pak .ucas .utoc .uasset .uexp .umap .dll
"""
ALLOWED_ENDINGS = frozenset(_ALLOWED.split())


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile's numbers, and the endings that are allowed. Sizes are in bytes."""

    max_package: int = 104_857_600
    max_members: int = 10_000
    max_member: int = 100 * 1024 * 1024
    max_unpacked: int = 400 * 1024 * 1024
    ratio_from: int = 64 * 1024 * 1024
    max_ratio: int = 50
    allowed: frozenset[str] = ALLOWED_ENDINGS


DEFAULT = Profile()

#: The profile's numbers: name, words, value. Sizes are in bytes.
LIMITS: tuple[tuple[str, str, int], ...] = (
    ("maxPackageBytes", "bytes of a package", DEFAULT.max_package),
    ("maxMembers", "files and folders in it", DEFAULT.max_members),
    ("maxMemberBytes", "bytes of one file, unpacked", DEFAULT.max_member),
    ("maxUnpackedBytes", "bytes of all files, unpacked", DEFAULT.max_unpacked),
    ("maxRatio", "times its own size that a package unpacks to, once over ratioFromBytes", DEFAULT.max_ratio),
    ("ratioFromBytes", "bytes unpacked without a look at the ratio", DEFAULT.ratio_from),
    ("maxManifestBytes", "bytes of `manifest.json`", MAX_MANIFEST_BYTES),
    ("maxPathUnits", "UTF-16 units of a path", MAX_PATH),
    ("maxPathPartUnits", "UTF-16 units of a part of a path", MAX_PART),
)


def printable(text: str) -> str:
    """`text` fit to be shown: what does not print is escaped, and no more than 200 characters."""
    if len(text) <= 200 and text.isprintable():
        return text
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:201])
    return shown if len(shown) <= 200 else shown[:199] + "…"


@dataclass(slots=True)
class Findings:
    """Problems as they are found. Of one rule the first 20 are told; `counts` has the rest."""

    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, message: str, path: str = "", hint: str = "") -> None:
        """Note that `code` is broken. The hint is the rule's own unless a better one is given."""
        self.counts[code] += 1
        if self.counts[code] <= 20:
            self.problems.append(Problem(code, message, hint or RULES[code].hint, path=printable(path)))
