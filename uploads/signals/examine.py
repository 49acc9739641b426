"""Looks at a package's members for signals while the reader unpacks them: no second pass, bounded memory.

Rules
- Secrets are taken out of a text before anything of it is shown.
- A text is looked at whole up to 8 MiB, beyond that in pieces of 8 MiB that overlap by 64 KiB.
- A Windows program is looked at whole up to 32 MiB; of a larger one the first 32 MiB are taken apart.
- YARA's rules see every byte: whole members up to 8 MiB (programs 32 MiB), else pieces as above. A text in
  UTF-16 up to 8 MiB they see as it is and as UTF-8.
- What a member is, is decided by its bytes; of its name only `.lua` counts, and what `names` says.
- A member whose bytes broke off is not looked at: the package is refused for it.
- Nothing that a package holds raises. What YARA cannot answer does (`scanners.yara.ScanIncompleteError`): then
  nothing is known, and the package must wait.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from uploads.package import kinds
from uploads.package.rules import printable
from uploads.signals import lua, names, programs, secrets
from uploads.signals.found import Signal
from uploads.signals.kept import Kept
from uploads.signals.links import Links
from uploads.signals.lua_tokens import Tokens

Json = dict[str, Any]

WINDOW = 8 * 1024 * 1024
PROGRAM = 32 * 1024 * 1024
OVERLAP = 64 * 1024
#: Of Lua in a package; beyond, it is searched by words.
MOST_TOKENS = 4_000_000
#: Programs whose facts are told, and how many of them with their lists.
MOST_PROGRAMS = 200
MOST_LISTED = 20

_TEXTS = frozenset({"text", "script"})
_PROGRAMS = frozenset({"pe", "installer"})


class Scanner(Protocol):
    """What looks at bytes by rules: `scanners.yara.Rules`."""

    def scan(
        self, data: bytes, path: str, first_line: int = 1, *, shown: bytes | None = None
    ) -> Iterator[Signal]:
        """What matches in `data`, a piece of the member at `path` that begins in line `first_line`."""


class Examiner:
    """An observer of the reader (`package.observing`) that gathers signals.

    `yara` None leaves YARA out. After the last member: `finish()`, then `signals` (at most 200), `programs`
    (facts of each Windows program by path) and `leaked_keys` (prefix and digest of the portal's own API keys
    that lay in the package; never the key).
    """

    def __init__(self, yara: Scanner | None = None) -> None:
        self.signals: list[Signal] = []
        self.programs: dict[str, Json] = {}
        self.leaked_keys: list[dict[str, str]] = []
        self._yara = yara
        self._tokens_left = MOST_TOKENS
        self._kept = Kept()
        self._links = Links()
        self._path = ""
        self._pieces: list[bytes] = []
        self._held = 0
        self._line = 1
        self._in_pieces = False
        self._program = False

    def begin(self, path: str, size: int) -> None:
        """A member at `path` begins."""
        self._path = printable(path)
        self._pieces, self._held, self._line = [], 0, 1
        self._in_pieces = self._program = False

    def feed(self, piece: bytes) -> None:
        """The next bytes of it."""
        if not self._held:
            self._program = piece.startswith(b"MZ")
        self._pieces.append(piece)
        self._held += len(piece)
        while self._held >= self._limit + OVERLAP:
            self._look_at_a_piece()

    def end(self, kind: str) -> None:
        """It is over; `kind` is what it is by its bytes, empty where they broke off."""
        data = self._take()
        if not kind:
            return
        for signal in names.look(self._path):
            self._kept.add(signal)
        if kind in _TEXTS:
            self._look_at_text(data, final=True)
        else:
            self._scan(data)
        if kind in _PROGRAMS and not self._in_pieces:
            self._look_at_program(data, whole=True)
        elif kind == "utf16":
            self._look_at_text(_as_utf8(data), final=True)
        elif kind == "lua-bytecode":
            self._kept.add(Signal("lua_bytecode", "It is compiled Lua.", self._path, rule="file"))

    def finish(self) -> None:
        """The package is over: `signals` holds what is kept."""
        self._links.give(self._kept)
        self.signals = self._kept.all()

    @property
    def _limit(self) -> int:
        return PROGRAM if self._program and not self._in_pieces else WINDOW

    def _take(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces, self._held = [], 0
        return data

    def _look_at_a_piece(self) -> None:
        """A member is too large to be held: look at its first piece, and keep the end of that for the next."""
        data = self._take()
        limit = self._limit
        piece, left = data[: limit + OVERLAP], data[limit:]
        if self._program and not self._in_pieces:
            self._look_at_program(piece, whole=False)
        self._in_pieces = True
        if self._program or b"\0" in piece:
            self._scan(piece)
        else:
            self._look_at_text(piece, final=False)
        self._line += data.count(b"\n", 0, limit)
        self._pieces, self._held = [left], len(left)

    def _scan(self, data: bytes, shown: bytes | None = None) -> None:
        if self._yara is not None:
            for signal in self._yara.scan(data, self._path, self._line, shown=shown):
                self._kept.add(signal)

    def _look_at_text(self, data: bytes, *, final: bool) -> None:
        found = list(secrets.look(data, self._path, self.leaked_keys, self._line, final=final))
        for secret in found:
            self._kept.add(secret.signal)
        shown = secrets.blank(data, found) if found else data
        self._scan(data, shown)
        code = self._look_at_lua(data, shown) if kinds.ending(self._path) == ".lua" else None
        self._links.look(shown, self._path, self._line, final=final, code=code)

    def _look_at_program(self, data: bytes, *, whole: bool) -> None:
        facts, signals = programs.examine(
            data, self._path, whole=whole, brief=len(self.programs) >= MOST_LISTED
        )
        if len(self.programs) < MOST_PROGRAMS:
            self.programs[self._path] = facts
        for signal in signals:
            self._kept.add(signal)
        self._links.look_at_program(data, self._path)

    def _look_at_lua(self, data: bytes, shown: bytes) -> bytes:
        """The code without its comments, after its signals were kept."""
        if not lua.worth_reading(data):
            return data
        tokens = Tokens(data, min(lua.MOST_TOKENS, self._tokens_left))
        self._tokens_left -= len(tokens)
        if self._in_pieces:
            self._kept.add(Signal("lua_large", "It is too large to be read as a whole.", self._path))
        code = tokens.without_comments(shown)
        signals, more = lua.look(tokens, self._path, self._line, code=code, shown=shown)
        for signal in signals:
            self._kept.add(signal)
        self._kept.cut(more)
        return code


def _as_utf8(data: bytes) -> bytes:
    order = "utf-16-le" if data.startswith(b"\xff\xfe") else "utf-16-be"
    return data[2:].decode(order, "replace").encode("utf-8", "replace")
