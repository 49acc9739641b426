"""Lua source as tokens, in one pass whose time and memory grow with the bytes alone.

Rules
- What Lua takes is read as Lua reads it, from 5.1 to 5.4 and LuaJIT: comments and strings end where Lua ends
  them (a carriage return is a line's end), and a first line that begins with `#` is skipped.
- What no Lua takes is read somehow: nothing raises.
- A token is a letter and two offsets, nine bytes; texts are cut out when somebody asks.
- At most as many tokens are read as the caller asks for; `read_to` says how far that was.
"""

import re
from array import array

NAME, KEYWORD, STRING, NUMBER, CONCAT, OTHER = b"nks0+o"
OPEN, CLOSE = b"([{", b")]}"

KEYWORDS = frozenset(
    b"and break do else elseif end false for function goto if in local nil not or repeat return then true "
    b"until while".split()
)
_OPENING: frozenset[bytes | int] = frozenset({b"function", b"if", b"do", b"repeat", *OPEN})
_CLOSING: frozenset[bytes | int] = frozenset({b"end", b"until", *CLOSE})
_KINDS = {4: STRING, 6: NUMBER, 7: CONCAT, 8: OTHER, 10: OTHER}

_TOKEN = re.compile(
    rb"""[\x00-\x20]*+(?:
      ([A-Za-z_\x80-\xff][0-9A-Za-z_\x80-\xff]*+)               # 1 a name or keyword
    | (--(?:(\[=*+\[)|[^\r\n]*+))                               # 2 a comment, 3 how a long one opens
    | ("[^"\\\r\n]*+(?:\\(?:z\s*+|\r\n|\n\r|[\x00-\xff])[^"\\\r\n]*+)*+"?+  # 4 a string, closed or cut off
      |'[^'\\\r\n]*+(?:\\(?:z\s*+|\r\n|\n\r|[\x00-\xff])[^'\\\r\n]*+)*+'?+)
    | (\[=*+\[)                                                 # 5 a long string opens
    | (\.?[0-9][0-9A-Za-z_.]*+)                                 # 6 a number
    | (\.\.(?!\.))                                              # 7 what joins strings
    | (\.\.\.|==|~=|<=|>=|//|::|<<|>>)                          # 8 other signs of several characters
    | ([.:,;=()\[\]{}])                                         # 9 a sign of its own kind
    | ([\x00-\xff])                                             # 10 any other
    )""",
    re.VERBOSE,
)
_SPACES = bytes(sign if sign in b"\r\n" else 32 for sign in range(256))
_NEWLINE = re.compile(rb"[\r\n]")
_ESCAPE = re.compile(
    rb"\\(?:(\d{1,3})|x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,8})\}|z\s*+|(\r\n|\n\r|[\x00-\xff]))"
)
_NAMED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class Tokens:
    """The tokens of `source`: `kinds` has a letter each, `starts` and `ends` their offsets.

    `pairs` has for each opening bracket and each `function`, `if`, `do` and `repeat` the place of what closes
    it (for others and for unclosed ones 0). `read_to` is the offset from which on nothing was read, because
    there were `most` tokens before it.
    """

    def __init__(self, source: bytes, most: int = 2_000_000) -> None:
        self.source = source
        self.read_to = len(source)
        self._most = most
        self.kinds = bytearray()
        self.starts = array("I")
        self.ends = array("I")
        self._comments: list[tuple[int, int]] = []
        self.pairs = array("I")
        self._read()

    def __len__(self) -> int:
        return len(self.kinds)

    def text(self, place: int) -> bytes:
        """The text of a token; empty beyond the last."""
        return self.source[self.starts[place] : self.ends[place]] if place < len(self.kinds) else b""

    def kind(self, place: int) -> int:
        """The kind of a token; 0 before the first and beyond the last."""
        return self.kinds[place] if 0 <= place < len(self.kinds) else 0

    def value(self, place: int, limit: int = 400) -> bytes:
        """The bytes that a string token stands for, at most `limit` of them."""
        start, end = self.starts[place], self.ends[place]
        raw = self.source[start : min(end, start + limit * 4 + 100)]
        if raw.startswith(b"["):
            opened = raw.index(b"[", 1) + 1
            closing = b"]" + raw[1 : opened - 1] + b"]"
            last = end - opened if self.source.endswith(closing, start + opened, end) else end
            return self.source[start + opened : last][:limit].removeprefix(b"\r").removeprefix(b"\n")
        closed = len(raw) > 1 and start + len(raw) == end and raw[-1:] == raw[:1]
        return _ESCAPE.sub(_unescape, raw[1:-1] if closed else raw[1:])[:limit]

    def without_comments(self, source: bytes | None = None) -> bytes:
        """The source (or another text of its length) with spaces for comments: every offset and line stays."""
        source = self.source if source is None else source
        pieces, at = [], 0
        for start, end in self._comments:
            pieces += [source[at:start], source[start:end].translate(_SPACES)]
            at = end
        return b"".join((*pieces, source[at:]))

    def _read(self) -> None:
        source, kinds, starts, ends, pairs = self.source, self.kinds, self.starts, self.ends, self.pairs
        match, most = _TOKEN.match, self._most
        opened: list[int] = []
        count = 0
        at = _beginning(source)
        while found := match(source, at):
            # The inner group of a comment is the last to close only where the comment is long.
            group = 2 if found.lastindex == 3 else found.lastindex or 10
            start, at = found.span(group)
            if group == 2:
                at = _long_end(source, start + 2, at) if found[3] else at
                self._comments.append((start, at))
                continue
            sign: bytes | int = source[start]
            if group == 1:
                sign = source[start:at]
                kind = KEYWORD if sign in KEYWORDS else NAME
            elif group == 5:
                at, kind, sign = _long_end(source, start, at), STRING, STRING
            else:
                kind = _KINDS.get(group, source[start])
            if sign in _OPENING:
                opened.append(count)
            elif sign in _CLOSING and opened:
                pairs[opened.pop()] = count
            kinds.append(kind)
            starts.append(start)
            ends.append(at)
            pairs.append(0)
            count += 1
            if count >= most:
                self.read_to = at
                break


def _beginning(source: bytes) -> int:
    at = 3 if source.startswith(b"\xef\xbb\xbf") else 0
    if source[at : at + 1] == b"#":
        line = _NEWLINE.search(source, at)
        return line.start() if line else len(source)
    return at


def _long_end(source: bytes, start: int, opened: int) -> int:
    """Where a long bracket that opens from `start` to `opened` ends; at the end of the file if nowhere."""
    closing = b"]" + source[start + 1 : opened - 1] + b"]"
    end = source.find(closing, opened)
    return len(source) if end < 0 else end + len(closing)


def _unescape(found: re.Match[bytes]) -> bytes:
    decimal, hexadecimal, code, other = found.groups()
    if decimal:
        return bytes([min(int(decimal), 255)])
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if code:
        return chr(min(int(code, 16), 0x10FFFF)).encode("utf-8", "surrogatepass")
    return _NAMED.get(other, other) if other else b""
