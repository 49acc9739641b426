"""`zip.kind`: regular files and folders only.

The upper half of the attributes is a Unix mode, the lower one has the DOS and Windows bits; both are read
whatever system the entry names, because readers do so too. Systems whose attributes mean something else (on an
Amiga, what Unix calls set-user-ID is a folder) are refused.
"""

import stat

from uploads.package.layout import Entry
from uploads.package.rules import Findings

_DOS_VOLUME = 0x08
_DOS_FOLDER = 0x10
_DOS_DEVICE = 0x40
_WINDOWS_REPARSE = 0x400

# Those of APPNOTE 4.4.2 that today's programs write: MS-DOS, Unix, Macintosh, NTFS (two numbers), VFAT, Darwin.
SYSTEMS = frozenset({0, 3, 7, 10, 11, 14, 19})

_UNIX_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}


def check_kinds(entries: list[Entry], found: Findings) -> None:
    """That each entry is a file or a folder, and the same in every reader's eyes."""
    for entry in entries:
        problem = _problem(entry)
        if problem:
            found.add("zip.kind", problem, entry.path)


def _problem(entry: Entry) -> str:
    unix = stat.S_IFMT(entry.attributes >> 16)
    dos = entry.attributes & 0xFFFF
    if entry.system not in SYSTEMS:
        return f"Its attributes are those of system {entry.system}, which readers understand differently."
    if unix not in (0, stat.S_IFREG, stat.S_IFDIR):
        return f"It is {_UNIX_KINDS.get(unix, 'neither a file nor a folder')}."
    if dos & (_DOS_VOLUME | _DOS_DEVICE | _WINDOWS_REPARSE):
        return "It is a volume label, a device or a reparse point."
    if entry.folder:
        if unix == stat.S_IFREG:
            return "Its name ends in a slash, but its mode says that it is a file."
        if entry.size or entry.compressed or entry.crc:
            return "It is a folder that has data."
    elif unix == stat.S_IFDIR or dos & _DOS_FOLDER:
        return "Its attributes say that it is a folder, but its name does not end in a slash."
    return ""
