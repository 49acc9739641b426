"""Which of the system's functions Lua code names, by whatever name: `os.execute` and all ways around it.

Followed are fields and constant indexes (`os["exe" .. "cute"]`), the table of globals (`_G`, `_ENV`, `getfenv()`,
`package.loaded`, `rawget`), `require` of a standard library, and other names for all of these (`local o = os`,
`run = os.execute`), with the scope that a local name has. A name that is declared anew hides the library in its
scope alone. What cannot be followed is a reference of its own: a library that is passed on, and a name that is
computed.

Time and memory grow with the tokens: every look ahead is bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from uploads.signals.lua_scopes import Scopes
from uploads.signals.lua_tokens import CLOSE, CONCAT, KEYWORD, NAME, NUMBER, OPEN, STRING, Tokens

#: Global names that lead somewhere, and where to.
ROOTS: dict[bytes, str] = {
    b"os": "os",
    b"io": "io",
    b"package": "package",
    b"load": "load",
    b"loadstring": "load",
    b"dofile": "dofile",
    b"loadfile": "dofile",
    b"require": "require",
    b"rawget": "rawget",
    b"getfenv": "getfenv",
    b"_G": "_G",
    b"_ENV": "_G",
}
LIBRARIES = frozenset({b"os", b"io", b"package"})
COMPUTED = "[?]"

MOST_REFERENCES = 20_000
_MOST_STEPS = 32
_MOST_CONSTANT = 64
_MOST_NAMES = 200
_MOST_NESTED = 8

_DOT, _COLON, _COMMA, _EQUALS, _SEMICOLON = b".:,=;"
_PAREN, _BRACKET, _BRACE = OPEN
_STATEMENT = frozenset(
    b"local return if while for do repeat until break goto else elseif then end in".split()
)
_LITERALS = frozenset({b"nil", b"true", b"false"})
_ENDS = frozenset({_COMMA, _SEMICOLON, *CLOSE})
_ACTIVE = frozenset({NAME, KEYWORD, STRING, *OPEN, *CLOSE})
_OPERAND = frozenset({NAME, STRING, NUMBER, *CLOSE})


@dataclass(frozen=True, slots=True)
class Reference:
    """A mention of `path` (`os.execute`, `load`, `os` alone, `os[?]` where the name is computed), from the token
    `start` up to the token `end`. `sure` is False where the library is a field of something unknown."""

    path: str
    start: int
    end: int
    sure: bool = True


class Names:
    """Reads tokens from first to last and keeps what each name stands for."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self.read_to = tokens.read_to
        self._globals: dict[bytes, str] = {}
        self._begin()

    def references(self) -> list[Reference]:
        """All mentions in their order, at most 20,000; `read_to` is then the offset behind the last."""
        found = list(self._walk())
        if self._globals:  # A function may use a name that is set further down.
            self._begin()
            found = list(self._walk())
        return found

    def constant(self, start: int, end: int, limit: int = 400) -> bytes | None:
        """The text that the tokens from `start` up to `end` stand for, if they are strings and `..` alone; of
        each string at most `limit` bytes."""
        tokens = self._tokens
        if not 0 < end - start <= _MOST_CONSTANT:
            return None
        while tokens.kind(start) == _PAREN and tokens.pairs[start] == end - 1 and end - start > 2:
            start, end = start + 1, end - 1
        parts = []
        for place in range(start, end):
            if tokens.kind(place) != (CONCAT if (place - start) % 2 else STRING):
                return None
            if not (place - start) % 2:
                parts.append(tokens.value(place, limit))
        return b"".join(parts) if (end - start) % 2 else None

    def _begin(self) -> None:
        self._scopes = Scopes(ROOTS, self._globals)
        self._pending: list[tuple[int, list[tuple[bytes, str | None]]]] = []
        self._loops: list[tuple[int, list[bytes]]] = []
        self._quiet: set[int] = set()
        self._skip_to = 0

    def _walk(self) -> Iterator[Reference]:
        count = 0
        for place, kind in enumerate(self._tokens.kinds):
            while self._pending and self._pending[-1][0] <= place:
                for name, path in self._pending.pop()[1]:
                    self._scopes.bind(name, path)
            if place < self._skip_to or kind not in _ACTIVE:
                continue
            reference = self._token(place, kind)
            if reference:
                yield reference
                count += 1
                if count >= MOST_REFERENCES:
                    self.read_to = self._tokens.ends[place]
                    return

    def _token(self, place: int, kind: int) -> Reference | None:
        if kind == NAME:
            return self._name(place)
        if kind == KEYWORD:
            self._keyword(place, self._tokens.text(place))
        elif kind in OPEN:
            self._scopes.enter(kind)
        elif kind in CLOSE:
            self._scopes.leave()
        elif kind == STRING:
            return self._index_of_something(place)
        return None

    def _index_of_something(self, place: int) -> Reference | None:
        """`x["os"]["execute"]`, or `x["o" .. "s"]`"""
        tokens = self._tokens
        if tokens.kind(place - 1) != _BRACKET or tokens.kind(place - 2) not in _OPERAND:
            return None
        end = tokens.pairs[place - 1]
        library = self.constant(place, end) if end else None
        return self._field(place, end + 1, library) if library in LIBRARIES else None

    def _name(self, place: int) -> Reference | None:
        tokens = self._tokens
        text = tokens.text(place)
        if tokens.kind(place - 1) in (_DOT, _COLON):
            return self._field(place, place + 1, text) if text in LIBRARIES else None
        if tokens.kind(place + 1) == _EQUALS:
            self._assign(place, text)
            return None
        if self._scopes.meaning(text) is None:
            return None
        path, end = self._resolve(place)
        if path is None or ("." not in path and place in self._quiet):
            return None
        return Reference(path, place, end)

    def _field(self, start: int, end: int, library: bytes | None) -> Reference | None:
        """`x.os.execute`: what `x` is nobody knows, and the name says enough."""
        path, end = self._follow((library or b"").decode(), end, 0)
        return Reference(path, start, end, sure=False) if path and ("." in path or COMPUTED in path) else None

    def _resolve(self, place: int, nested: int = 0) -> tuple[str | None, int]:
        """What the expression that begins with the name at `place` stands for, and where it ends."""
        path = self._scopes.meaning(self._tokens.text(place)) if self._tokens.kind(place) == NAME else None
        return self._follow(path, place + 1, nested)

    def _follow(self, path: str | None, place: int, nested: int) -> tuple[str | None, int]:
        tokens = self._tokens
        for _ in range(_MOST_STEPS):
            kind = tokens.kind(place)
            if path is None or COMPUTED in path or ("." in path and path != "package.loaded"):
                break
            if kind in (_DOT, _COLON):
                path, place = _step(path, tokens.text(place + 1)), place + 2
            elif kind == _BRACKET and tokens.pairs[place]:
                end = tokens.pairs[place]
                path, place = self._indexed(path, self.constant(place + 1, end)), end + 1
            elif kind in (_PAREN, STRING) and path in ("getfenv", "require", "rawget"):
                called = self._called(path, place, nested)
                if called is None:
                    break
                path, place = called
            else:
                break
        return path, place

    def _indexed(self, path: str, key: bytes | None) -> str | None:
        if key is not None:
            return _step(path, key)
        return path + COMPUTED if path in ("_G", "os", "io", "package", "package.loaded") else None

    def _called(self, path: str, place: int, nested: int) -> tuple[str | None, int] | None:
        """What a call of one of the three functions gives that lead on; None where it leads nowhere."""
        tokens = self._tokens
        if tokens.kind(place) == STRING:
            start, end, after = place, place + 1, place + 1
        else:
            start, end, after = place + 1, tokens.pairs[place], tokens.pairs[place] + 1
        if not end or nested >= _MOST_NESTED:
            return None
        if path == "getfenv":
            return "_G", after
        if path == "require":
            wanted = self.constant(start, end)
            leads = _step("package.loaded", wanted) if wanted else None
            return (leads, after) if leads else None
        table, comma = self._resolve(start, nested + 1)
        if table is None or tokens.kind(comma) != _COMMA:
            return None
        return self._indexed(table, self.constant(comma + 1, end)), after

    def _assign(self, place: int, name: bytes) -> None:
        """`name = ...` outside of a table: where it is a plain other name for something, it stands for that."""
        if self._scopes.inside == _BRACE or self._tokens.kind(place - 1) == _COMMA or name == b"_ENV":
            return
        path, _, heads = self._plain(place + 2)
        if path is None:
            return
        self._quiet.update(heads)
        self._scopes.assign(name, path)

    def _plain(self, place: int) -> tuple[str | None, int, list[int]]:
        """What a value stands for that is nothing but a name, or some joined by `or` and `and`: with where it
        ends and the tokens that such names begin with. None for every other value."""
        tokens = self._tokens
        heads: list[int] = []
        meaning: str | None = None
        for _ in range(_MOST_NESTED):
            path, end = self._resolve(place)
            heads.append(place)
            meaning = meaning or path
            kind, word = tokens.kind(end), tokens.text(end)
            if kind == KEYWORD and word in (b"or", b"and"):
                meaning = None if word == b"and" else meaning
                place = end + 1
                continue
            ends = (
                kind in (0, _COMMA, NAME, *CLOSE) or word == b";" or word in _STATEMENT or word == b"function"
            )
            return (meaning, end, heads) if ends and meaning and COMPUTED not in meaning else (None, end, [])
        return None, place, []

    def _keyword(self, place: int, word: bytes) -> None:
        names: list[bytes] = []
        if word == b"function":
            self._function(place)
        elif word == b"local":
            self._local(place)
        elif word == b"for":
            names, self._skip_to = self._names(place + 1)
            self._loops.append((self._scopes.depth, names))
        elif word in (b"do", b"then", b"repeat"):
            if word == b"do" and self._loops and self._loops[-1][0] == self._scopes.depth:
                names = self._loops.pop()[1]
            self._scopes.open(names)
        elif word in (b"end", b"elseif", b"until"):
            self._scopes.close(leak=word == b"until")
        elif word == b"else":
            self._scopes.close()
            self._scopes.open([])

    def _function(self, place: int) -> None:
        tokens = self._tokens
        opened = place + 1
        while tokens.kind(opened) in (NAME, _DOT, _COLON):
            opened += 1
        is_list = tokens.kind(opened) == _PAREN
        self._skip_to = opened + 1 if is_list else place + 1
        names, end = self._names(opened + 1) if is_list else ([], place)
        self._skip_to = max(self._skip_to, end)
        self._scopes.open(names)
        if is_list:
            self._scopes.enter(_PAREN)

    def _local(self, place: int) -> None:
        tokens = self._tokens
        if tokens.text(place + 1) == b"function":
            self._scopes.bind(tokens.text(place + 2), None)
            return
        names, end = self._names(place + 1)
        self._skip_to = end
        if tokens.kind(end) != _EQUALS:
            for name in names:
                self._scopes.bind(name, None)
            return
        values, after = self._values(end + 1, 0 if b"_ENV" in names else len(names))
        meanings = [*values, *([None] * len(names))]
        self._pending.append((after, list(zip(names, meanings, strict=False))))

    def _names(self, place: int) -> tuple[list[bytes], int]:
        """Names with commas between them, attributes left out, and where they end."""
        tokens = self._tokens
        names: list[bytes] = []
        while tokens.kind(place) == NAME and len(names) < _MOST_NAMES:
            names.append(tokens.text(place))
            place += 1
            if tokens.text(place) == b"<" and tokens.text(place + 2) == b">":
                place += 3
            if tokens.kind(place) != _COMMA:
                break
            place += 1
        return names, place

    def _values(self, place: int, most: int) -> tuple[list[str | None], int]:
        """What each of a list of values stands for, and the token after the list."""
        tokens = self._tokens
        values: list[str | None] = []
        while True:
            path, _, heads = self._plain(place)
            self._quiet.update(heads if len(values) < most and path else ())
            values.append(path)
            place = self._end_of_value(place)
            if tokens.kind(place) != _COMMA:
                return values[:most], place
            place += 1

    def _end_of_value(self, place: int) -> int:
        """The comma or the statement that ends the value which begins at `place`."""
        tokens, before = self._tokens, 0
        while place < len(tokens):
            kind, text = tokens.kind(place), b""
            if kind == KEYWORD:
                text = tokens.text(place)
            if kind in _ENDS or text in _STATEMENT:
                return place
            if (kind == NAME or text == b"function") and before in _OPERAND:
                return place
            if kind in OPEN or text == b"function":
                place, kind = tokens.pairs[place], CLOSE[0]
                if not place:
                    return len(tokens)
            before = NAME if kind in _OPERAND or text in _LITERALS or tokens.text(place) == b"..." else 0
            place += 1
        return place


def _step(path: str, key: bytes) -> str | None:
    if path in ("_G", "package.loaded"):
        return "ffi" if key == b"ffi" and path != "_G" else ROOTS.get(key)
    if path in ("os", "io", "package", "ffi"):
        return f"{path}.{key[:40].decode('ascii', 'replace')}"
    return None
