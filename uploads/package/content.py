"""`zip.nested` and `content.*`: what a member is, and whether it may be inside a package.

An `Inspector` is fed with a member's bytes as they are unpacked and keeps the two ends of them only.
"""

from uploads.package import archives, kinds
from uploads.package.layout import Entry
from uploads.package.rules import Findings, Profile

PROGRAMS_FOLDER = "Binaries/Win64/"

_RUN_BY_NAME = """
    .bat .cmd .com .pif .ps1 .psm1 .vbs .vbe .js .jse .wsf .wsh .hta .lnk .url .scr .cpl .msi .reg .jar
    .sh .bash .zsh .command
"""
_EXECUTABLE_ENDINGS = frozenset(_RUN_BY_NAME.split())
_EXECUTABLE_NAMES = frozenset({"autorun.inf", "desktop.ini"})

# Self-extracting archives begin within this many bytes after the program itself (aligned to a sector, say).
_OVERLAY = 1024

# What harmless programs leave behind, and the modder never sees.
_LEFT_BEHIND = frozenset(
    {".ds_store", "thumbs.db", "__macosx", ".git", ".svn", ".gitignore", ".gitattributes"}
)


class Inspector:
    """What a member is, from its bytes as they pass."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._size = 0
        self._nul = False
        self._overlay_at = 0
        self._overlay = b""

    def feed(self, piece: bytes) -> None:
        """Look at the next bytes."""
        if len(self._head) < kinds.HEAD:
            self._head += piece[: kinds.HEAD - len(self._head)]
        if len(piece) >= kinds.TAIL:
            self._tail = piece[-kinds.TAIL :]
        else:
            self._tail = self._tail[len(piece) - kinds.TAIL :] + piece if self._tail else piece
        self._nul = self._nul or b"\0" in piece
        if self._head.startswith(b"MZ"):
            self._feed_overlay(piece)
        self._size += len(piece)

    def judge(self, path: str, profile: Profile, found: Findings) -> str:
        """The kind of the member at `path`, with what is wrong with it in `found`."""
        kind = kinds.identify(self._head, self._tail, self._size, nul=self._nul)
        ending = kinds.ending(path)
        name = path.rpartition("/")[2].lower()
        if left_behind(path):
            _tell_left_behind(path, found)
        elif kind in kinds.ARCHIVES:
            found.add("zip.nested", f"It is {kinds.label(kind)}.", path)
        elif carried := self._carried(kind):
            found.add("zip.nested", f"It is {kinds.label(kind)} that carries {kinds.label(carried)}.", path)
        elif ending in _EXECUTABLE_ENDINGS or name in _EXECUTABLE_NAMES:
            found.add("content.executable", f"Windows or a shell would run a file called {name}.", path)
        elif kind in kinds.EXECUTABLES and not self._allowed_program(kind, path, found):
            pass
        elif not _is_allowed(ending, path, profile):
            found.add("content.allowed", _not_allowed(ending), path)
        elif kind not in kinds.EXPECTED[ending]:
            expected = " or ".join(sorted(kinds.label(k) for k in kinds.EXPECTED[ending] - {"empty"}))
            found.add(
                "content.signature",
                f"Its name says {expected}, its bytes are {kinds.label(kind)}.",
                path,
            )
        return kind

    def _feed_overlay(self, piece: bytes) -> None:
        """Keep the first bytes of what was appended to a Windows program."""
        if not self._overlay_at:
            self._overlay_at = archives.program_end(self._head)
        if self._overlay_at:
            at = self._overlay_at + len(self._overlay) - self._size
            self._overlay += piece[at : at + _OVERLAY - len(self._overlay)]

    def _carried(self, kind: str) -> str:
        """The kind of an archive that hides in the file, or nothing."""
        carried = kinds.carried(self._head, self._tail, self._size, kind) or archives.inside(self._overlay)
        return carried or ("installer" if archives.is_installer(self._overlay) else "")

    def _allowed_program(self, kind: str, path: str, found: Findings) -> bool:
        if kind != "pe":
            found.add("content.executable", f"It is {kinds.label(kind)}.", path)
        elif not path.startswith(PROGRAMS_FOLDER):
            found.add("content.executable", f"It is {kinds.label(kind)} outside of {PROGRAMS_FOLDER}.", path)
        elif kinds.machine(self._head) != kinds.X86_64:
            found.add(
                "content.executable", "It is a Windows program for another processor than x86-64.", path
            )
        else:
            return True
        return False


def _is_allowed(ending: str, path: str, profile: Profile) -> bool:
    if ending == "":
        return kinds.is_licence_name(path)
    return ending in profile.allowed and ending in kinds.EXPECTED


def _not_allowed(ending: str) -> str:
    return (
        f"Files that end in {ending} are not allowed."
        if ending
        else "Only licences and their like need no ending."
    )


def check_folders(entries: list[Entry], found: Findings) -> None:
    """That no folder is one that harmless programs leave behind; its files are judged by themselves."""
    for entry in entries:
        if entry.folder and left_behind(entry.path):
            _tell_left_behind(entry.path, found)


def _tell_left_behind(path: str, found: Findings) -> None:
    found.add(
        "content.allowed",
        "It was left behind by a system or tool and is no part of a mod.",
        path,
        hint="Take it out, or let Repack for me do it.",
    )


def left_behind(path: str) -> bool:
    """Whether a path is what harmless programs leave behind: macOS's `.DS_Store` and `__MACOSX/`, `.git`."""
    return any(part.lower() in _LEFT_BEHIND or part.startswith("._") for part in path.split("/"))
