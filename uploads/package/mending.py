"""The paths of a package that is repacked: what harmless tools spoil is mended, what needs a person is refused.

Rules
- Mended: a missing or wrong mark of UTF-8, Windows backslashes, a leading `./` and empty parts, decomposed
  Unicode, a whole mod inside of one folder; folders that are listed; what systems and tools leave behind.
- Refused: absolute paths, drives, `..`, NUL, names of Windows devices, two members that would get one path.
- Everything else stays as it is: the report on the new package says what is still wrong.

A name that is neither ASCII nor UTF-8 is read in code page 437, as APPNOTE D.1 says.
"""

import stat
import struct
import unicodedata
import zlib
from dataclasses import dataclass

from uploads.package.changes import Changes
from uploads.package.content import left_behind
from uploads.package.headers import UTF8
from uploads.package.lenient import Loose, ambiguous, fields_of, refused
from uploads.package.names import is_device

MANIFEST = "manifest.json"

_UNICODE_PATH = 0x7075
_DOS_FOLDER = 0x10


@dataclass(slots=True)
class Mended:
    """A file of the new package: its path there, and where its bytes come from."""

    path: str
    source: Loose


def mend(entries: list[Loose], changes: Changes) -> list[Mended]:
    """The files of the new package, sorted by path.

    Raises RefusedError: `repack_path`, `repack_collision`, `repack_ambiguous`, `repack_empty`.
    """
    files: list[Mended] = []
    renamed: list[tuple[Mended, str]] = []
    for entry in entries:
        name = _name(entry, changes)
        path = _path(name, entry)
        if left_behind(path):
            changes.of_member("Left out: a system or tool left it behind", name, f"{entry.size:,} bytes")
        elif _is_folder(entry, name):
            spoiled = name != f"{path}/" or stat.S_ISREG(entry.attributes >> 16) or bool(entry.compressed)
            changes.of_member("Left out: folders need no entry", name, mends=spoiled)
        elif not path:
            raise refused("repack_path", "A member has no name.", "Make the ZIP again.", entry.shown)
        else:
            if stat.S_IFMT(entry.attributes >> 16) not in (0, stat.S_IFREG):
                changes.of_headers("Marked as regular files")
            files.append(Mended(path, entry))
            if path != name:
                renamed.append((files[-1], name))
    if not files:
        raise refused(
            "repack_empty", "There is no file in it.", "Put manifest.json and your files into the ZIP."
        )
    _move_up(files, changes)
    _ensure_one_each(files)
    for file, name in renamed:
        changes.of_member("Renamed", name, name, file.path)
    return sorted(files, key=lambda file: file.path)


def _name(entry: Loose, changes: Changes) -> str:
    """The member's name as text."""
    raw = entry.raw_name
    told = _unicode_path(entry)
    if raw.isascii():
        if told not in (None, raw.decode("ascii")):
            raise ambiguous("It has a second name in an extra field.", entry.shown)
        return raw.decode("ascii")
    try:
        name = raw.decode("utf-8", "strict")
    except UnicodeDecodeError:
        name = told or raw.decode("cp437")
        changes.of_member("Name marked as UTF-8", name, f"{entry.shown} in an older encoding", name)
        return name
    if told not in (None, name):
        raise ambiguous("It has a second name in an extra field.", entry.shown)
    if not entry.flags & UTF8:
        changes.of_member("Name marked as UTF-8", name, "not marked", "marked")
    return name


def _unicode_path(entry: Loose) -> str | None:
    """The name in Info-ZIP's Unicode path field, where it belongs to the member's name (APPNOTE 4.6.9)."""
    body = dict(fields_of(entry.extra)).get(_UNICODE_PATH, b"")
    if len(body) < 5 or body[:1] != b"\x01":
        return None
    if struct.unpack_from("<L", body, 1)[0] != zlib.crc32(entry.raw_name):
        return None
    try:
        return body[5:].decode("utf-8", "strict")
    except UnicodeDecodeError:
        return None


def _path(name: str, entry: Loose) -> str:
    """The portable path that a name means, without a slash at its end."""
    path = unicodedata.normalize("NFC", name.replace("\\", "/"))
    if "\0" in path:
        raise ambiguous("Its name holds a NUL, where some programs end it.", entry.shown)
    if path.startswith("/") or path[1:2] == ":":
        raise refused(
            "repack_path", "The path is absolute.", "Make the ZIP from inside of the folder.", entry.shown
        )
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise refused(
            "repack_path",
            "The path leads out of the package.",
            "Rename it, and make the ZIP again.",
            entry.shown,
        )
    device = next((part for part in parts if is_device(part)), None)
    if device is not None:
        raise refused(
            "repack_path", f"{device} is the name of a device on Windows.", "Rename the file.", entry.shown
        )
    return "/".join(parts)


def _is_folder(entry: Loose, name: str) -> bool:
    marked = stat.S_ISDIR(entry.attributes >> 16) or bool(entry.attributes & _DOS_FOLDER)
    named = name.endswith(("/", "\\"))
    if marked and not named:
        raise ambiguous("Its mode says that it is a folder, its name that it is a file.", entry.shown)
    if named and entry.size:
        raise ambiguous("It says that it is a folder, and has data.", entry.shown)
    return named


def _move_up(files: list[Mended], changes: Changes) -> None:
    """Out of the folders that hold the whole mod, where the manifest lies inside of them."""
    above = ""
    while True:
        rest = [file.path[len(above) :] for file in files]
        if MANIFEST in rest:
            break
        tops = {path.partition("/")[0] for path in rest if "/" in path}
        if len(tops) != 1 or any("/" not in path for path in rest):
            return
        above += f"{tops.pop()}/"
    if above:
        changes.of_package("Moved up, out of the folder that holds the whole mod", above, "")
        for file in files:
            file.path = file.path[len(above) :]


def _ensure_one_each(files: list[Mended]) -> None:
    taken: dict[str, Mended] = {}
    for file in files:
        other = taken.setdefault(file.path, file)
        if other is not file:
            raise refused(
                "repack_collision",
                f"Two members would be called {file.path}: {other.source.shown} and {file.source.shown}.",
                "Take one of the two out, or rename it.",
                file.path,
            )
