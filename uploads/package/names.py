"""`zip.path` and `zip.collision`: paths that mean one thing on every system.

Sources: Microsoft's "Naming Files, Paths, and Namespaces" (device names, characters, trailing dots and
spaces), Unicode Standard Annex 15 (NFC, NFKC). What is assigned is what Unicode 14.0 assigns (`unicode14`).
"""

import re
import unicodedata
from collections.abc import Iterator

from uploads.package.headers import UTF8
from uploads.package.layout import Entry
from uploads.package.rules import MAX_PART, MAX_PATH, Findings, printable
from uploads.package.unicode14 import is_assigned

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\:<>"|?*]')
_SHORT_NAME = re.compile(r"~[0-9]")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *", re.IGNORECASE)
# Control, format, surrogate and private characters, and what breaks lines.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def check_paths(entries: list[Entry], found: Findings) -> None:
    """Decode each entry's name into its `path`, and check it."""
    for entry in entries:
        path = _decode(entry, found)
        if path is None:
            continue
        entry.path = path
        for message in path_problems(path):
            found.add("zip.path", message, path)


def check_collisions(entries: list[Entry], found: Findings) -> None:
    """That no two paths, their folders included, are one on a system that folds case."""
    # Longer ones are refused already, and would cost quadratic time.
    entries = [entry for entry in entries if len(entry.path) <= MAX_PATH]
    spelling: dict[str, str] = {}
    entered: set[str] = set()
    files: set[str] = set()
    folders: set[str] = set()
    for entry in entries:
        path = entry.path.removesuffix("/")
        key = folded(path)
        twice = key in entered
        if twice:
            found.add("zip.collision", f"Two members are called {printable(spelling[key])}.", entry.path)
        entered.add(key)
        if not entry.folder:
            files.add(key)
        for name in (path, *_folders(path, folders)):
            known = spelling.setdefault(folded(name), name)
            if known != name and not (twice and name == path):
                found.add(
                    "zip.collision",
                    f"{printable(known)} and {printable(name)} differ in spelling only.",
                    entry.path,
                )
    for folder in sorted(folders):
        if folded(folder) in files:
            found.add("zip.collision", "A file has the name of a folder.", spelling[folded(folder)])


def folded(path: str) -> str:
    """The form in which two paths that a system may take for one are equal."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())


def is_device(part: str) -> bool:
    """Whether Windows takes a part of a path, whatever its ending, for a device (`CON`, `aux.lua`)."""
    return _DEVICE.fullmatch(part.partition(".")[0]) is not None


def path_problems(path: str) -> Iterator[str]:
    """What is wrong with a path, a sentence each. A folder's path ends in a slash."""
    if path.startswith("/"):
        yield "The path is absolute."
    forbidden = _FORBIDDEN.search(path)
    if forbidden:
        yield f"The path holds {_quoted(forbidden[0])}, which is not portable."
    if not path.isascii():
        yield from _unicode_problems(path)
    units = len(path) if path.isascii() else len(path.encode("utf-16-le", "surrogatepass")) // 2
    if units > MAX_PATH:
        yield f"The path has {units:,} UTF-16 units; at most {MAX_PATH} are portable."
        return
    for part in path.removesuffix("/").removeprefix("/").split("/"):
        yield from _part_problems(part)


def _decode(entry: Entry, found: Findings) -> str | None:
    if entry.raw_name.isascii():
        return entry.raw_name.decode("ascii")
    if not entry.flags & UTF8:
        found.add("zip.path", "The name is not ASCII and not marked as UTF-8 (bit 11).", entry.path)
        return None
    try:
        return entry.raw_name.decode("utf-8", "strict")
    except UnicodeDecodeError:
        found.add("zip.path", "The name is marked as UTF-8 and is not.", entry.path)
        return None


def _unicode_problems(path: str) -> Iterator[str]:
    hidden = next((c for c in path if not is_assigned(c) or unicodedata.category(c) in _INVISIBLE), None)
    if hidden is not None and not _FORBIDDEN.match(hidden):
        yield f"The path holds U+{ord(hidden):04X}, which cannot be seen or has no meaning."
    if not unicodedata.is_normalized("NFC", path):
        yield "The path is not in Unicode's composed form (NFC)."


def _part_problems(part: str) -> Iterator[str]:
    if part == "":
        yield "The path has an empty part."
    elif part in (".", ".."):
        yield f"The path has a part {_quoted(part)}, which points elsewhere."
    elif part.endswith((".", " ")) or part.startswith(" "):
        yield f"{_quoted(part)} begins with a space, or ends in a dot or space, which Windows drops."
    if is_device(part):
        yield f"{_quoted(part)} is the name of a device on Windows."
    if _SHORT_NAME.search(part):
        yield f"{_quoted(part)} looks like a short name (~ and a digit), which Windows may take for another file."
    units = len(part.encode("utf-16-le", "surrogatepass")) // 2
    if units > MAX_PART:
        yield f"A part of the path has {units} UTF-16 units; at most {MAX_PART} are portable."


def _quoted(text: str) -> str:
    """A piece of a path as people write it: a backslash is one backslash."""
    return f"'{printable(text)}'"


def _folders(path: str, known: set[str]) -> list[str]:
    """The folders above `path` that are not `known` yet, which they are afterwards."""
    new: list[str] = []
    parent = path.rpartition("/")[0]
    while parent and parent not in known:
        known.add(parent)
        new.append(parent)
        parent = parent.rpartition("/")[0]
    return new
