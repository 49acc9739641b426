"""What Lua code does that a mod seldom needs: runs commands, text as code, native libraries; writes files; hides.

Rules
- A comment or a string that merely says `os.execute` is no signal; any way of naming the function is
  (`lua_names`).
- `load` of a text that is written out is none, and that text is looked at as code; of anything else it is one.
- A signal's subject is its line of code without comments and white space.
- What is too much to be taken apart is searched by words: more is found there than is, never less.
"""

import re
from collections import Counter
from collections.abc import Iterator

from uploads.signals.found import MAX_MESSAGE, Signal, excerpt_of, subject_of
from uploads.signals.lines import Lines
from uploads.signals.lua_names import COMPUTED, LIBRARIES, Names, Reference
from uploads.signals.lua_text import encoded_texts
from uploads.signals.lua_tokens import CLOSE, OPEN, STRING, Tokens

#: Of one file and of one package: about a second of work for each million.
MOST_TOKENS = 2_000_000
#: Of one file; how many there are beyond is counted.
MOST_OF_A_KIND = 50
#: Of code in a text that is run, in bytes, and how deep such texts may be nested.
MOST_INSIDE = 1_000_000
MOST_NESTED = 3

_PAREN = OPEN[0]
_COMMA = ord(",")

_FUNCTIONS: dict[str, tuple[str, str]] = {
    "os.execute": ("lua_os_execute", "It runs a command of the system by `os.execute`."),
    "io.popen": ("lua_io_popen", "It starts a program by `io.popen` and talks to it."),
    "package.loadlib": ("lua_native_load", "It loads a native library by `package.loadlib`."),
    "package.cpath": ("lua_native_load", "It names the folders in which native libraries are searched."),
    "os.getenv": ("lua_environment", "It reads the player's environment by `os.getenv`."),
    "os.remove": ("lua_file_write", "It removes a file by `os.remove`."),
    "os.rename": ("lua_file_write", "It renames a file by `os.rename`."),
    "io.output": ("lua_file_write", "It chooses a file to write to by `io.output`."),
}

_WORDS = re.compile(rb"\b(execute|popen|loadlib|loadstring|load(?=[ \t]{0,8}\()|getenv|cpath|ffi)\b")
_BY_WORD = {
    b"execute": "os.execute",
    b"popen": "io.popen",
    b"loadlib": "package.loadlib",
    b"getenv": "os.getenv",
    b"cpath": "package.cpath",
}
# Code in which none of this stands has no signal, and need not be taken apart: names that lead somewhere, other
# libraries than plain modules, names in escapes, long brackets, long texts without spaces, addresses.
_MARKS = (
    b"_G", b"_ENV", b"getfenv", b"rawget", b"package", b"execute", b"popen", b"getenv", b"loadlib", b"ffi", b"://",
    b"dofile", b"loadfile",
    b"[[", b"[=", b"\xe2\x80", b"\xe2\x81",
)  # fmt: skip
_MORE_MARKS = tuple(
    re.compile(pattern)
    for pattern in (
        rb"os(?<!\wos)(?!\w)",
        rb"io(?<!\wio)(?!\w)",
        rb"load(?<!\wload)(?:string)?(?!\w)",
        rb"require(?!\s{0,8}\(?\s{0,8}([\"'])(?!ffi|os|io)[\w./-]{1,80}(?<!\.dll)(?<!\.so)(?<!\.dylib)\1)",
        rb"\[\s*+[\"'][^\"'\r\n]{0,40}(?:\\|[\"']\s*+\.\.)",
        rb"[\"'][^\"'\s]{24}",
    )
)
_BYTECODE = (b"\x1bLua", b"\x1bLJ")
_TURNED = re.compile(rb"\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]")


def worth_reading(source: bytes) -> bool:
    """Whether anything stands in `source` that a signal could be made of; cheap, for most files have none."""
    return any(mark in source for mark in _MARKS) or any(mark.search(source) for mark in _MORE_MARKS)


def look(
    tokens: Tokens, path: str, first_line: int = 1, *, code: bytes | None = None, shown: bytes | None = None
) -> tuple[list[Signal], int]:
    """The signals in Lua source that begins in line `first_line` of the file at `path`, at most 50 of a kind,
    and how many more there are.

    `shown` is the source as it may be shown (without secrets), of the same length; `code` the same without
    comments.
    """
    shown = tokens.source if shown is None else shown
    code = tokens.without_comments(shown) if code is None else code
    looked = _Look(tokens, path, first_line, code, shown)
    looked.at_references()
    looked.at_texts()
    looked.at_words()
    return looked.signals, looked.left_out


class _Look:
    def __init__(
        self, tokens: Tokens, path: str, first_line: int, code: bytes, shown: bytes, nested: int = 0
    ) -> None:
        self._tokens = tokens
        self._nested = nested
        self._code = code
        self._shown = shown
        self._path = path
        self._first_line = first_line
        self._names = Names(tokens)
        self._counts: Counter[str] = Counter()
        self.signals: list[Signal] = []
        self.left_out = 0

    def at_references(self) -> None:
        """What the code names of the system's functions."""
        lines = Lines(self._code, self._first_line)
        for reference in self._names.references():
            for code, message, rule in self._judge(reference):
                self._add(code, message, rule, self._tokens.starts[reference.start], lines)

    def at_texts(self) -> None:
        """Texts that say nothing to a reader, and signs that change how the code reads."""
        lines = Lines(self._code, self._first_line)
        for text in encoded_texts(self._tokens):
            at, rule = self._tokens.starts[text.token], text.form.split()[0]
            message = f"A text of {text.length:,} characters is written in {text.form}."
            self._add("lua_encoded_text", message, rule, at, lines, text.raw)
            if text.holds:
                code = "lua_bytecode" if text.holds == "compiled Lua" else "lua_hidden_program"
                message = f"A text in {text.form} holds {text.holds}."
                self._add(code, message, rule, at, lines, text.raw)
        turned = _TURNED.search(self._tokens.source)
        if turned:
            message = "Invisible characters change the order in which its text is shown."
            lines = Lines(self._shown, self._first_line)
            self._add("lua_turned_text", message, "bidi", turned.start(), lines)

    def at_words(self) -> None:
        """What stands behind the last token or mention that was read, by words alone."""
        source, lines = self._tokens.source, Lines(self._shown, self._first_line)
        if self._names.read_to == len(source):
            return
        self.signals.append(Signal("lua_large", "It is too large to be read as a whole.", self._path))
        for found in _WORDS.finditer(source, self._names.read_to):
            word = found[1]
            if word in _BY_WORD:
                code, message = _FUNCTIONS[_BY_WORD[word]]
            elif word == b"ffi":
                code, message = "lua_native_load", "It may call native code by LuaJIT's `ffi`."
            else:
                code, message = "lua_dynamic_load", f"It may run text as code by `{word.decode()}`."
            self._add(code, message, word.decode(), found.start(), lines)

    def _add(
        self, code: str, message: str, rule: str, at: int, lines: Lines, known_by: bytes | None = None
    ) -> None:
        self._counts[code] += 1
        if self._counts[code] > MOST_OF_A_KIND:
            self.left_out += 1
            return
        subject = subject_of(lines.excerpt(at, 200, 200) if known_by is None else known_by)
        excerpt = excerpt_of(lines.excerpt(at))
        self.signals.append(Signal(code, message, self._path, lines.of(at), excerpt, rule, subject))

    def _judge(self, reference: Reference) -> Iterator[tuple[str, str, str]]:
        """What a mention of something means here: code, message, rule."""
        path = reference.path
        if path in _FUNCTIONS:
            yield *_FUNCTIONS[path], path
        elif path == "io.open":
            yield from self._opened(reference)
        elif path == "load":
            yield from self._loaded(reference)
        elif path == "dofile":
            yield from self._ran(reference)
        elif path == "require":
            yield from self._required(reference)
        elif path.partition(".")[0] == "ffi":
            yield "lua_native_load", "It calls native code by LuaJIT's `ffi`.", "ffi"
        elif path == "_G" and self._is_walked(reference):
            yield "lua_hidden_global", "It walks through all global names.", "_G"
        elif COMPUTED in path:
            what = path.removesuffix(COMPUTED)
            yield "lua_hidden_global", f"It asks `{what}` for a name that is computed.", what
        elif path.encode() in LIBRARIES and not self._is_tested(reference):
            yield "lua_hidden_global", f"It passes the whole library `{path}` on.", path

    def _is_tested(self, reference: Reference) -> bool:
        """Whether the name is only asked for being there: `if os then`, `os and os.time()`, `not io`."""
        tokens = self._tokens
        before = tokens.text(reference.start - 1) if reference.start else b""
        return tokens.text(reference.end) in (b"and", b"then", b"==", b"~=") or before == b"not"

    def _is_walked(self, reference: Reference) -> bool:
        """Whether the table of globals is handed to `pairs` or `next`."""
        tokens, start = self._tokens, reference.start
        return (
            start >= 2 and tokens.kind(start - 1) == _PAREN and tokens.text(start - 2) in (b"pairs", b"next")
        )

    def _loaded(self, reference: Reference) -> Iterator[tuple[str, str, str]]:
        tokens, end = self._tokens, reference.end
        name = tokens.text(reference.start).decode("utf-8", "replace")[:40]
        if tokens.kind(end) == STRING:
            text: bytes | None = tokens.value(end, MOST_INSIDE)
        elif tokens.kind(end) == _PAREN:
            argument = self._argument(end)
            text = self._names.constant(*argument, limit=MOST_INSIDE)
            if argument[0] == argument[1]:
                return
        elif tokens.kind(end) in CLOSE or tokens.kind(end) == _COMMA:
            yield "lua_dynamic_load", f"It passes `{name}` on, which runs text as code.", "load"
            return
        else:
            return
        if text is None:
            yield "lua_dynamic_load", f"It runs text as code by `{name}`.", "load"
        elif text.startswith(_BYTECODE):
            yield "lua_bytecode", f"It runs compiled Lua by `{name}`.", "load"
        elif len(text) >= MOST_INSIDE or self._nested >= MOST_NESTED:
            yield "lua_dynamic_load", f"It runs a long or nested text as code by `{name}`.", "load"
        elif worth_reading(text):
            yield from self._inside(text)

    def _inside(self, text: bytes) -> Iterator[tuple[str, str, str]]:
        """What code does that is written out in a text and run."""
        tokens = Tokens(text, MOST_TOKENS)
        looked = _Look(tokens, self._path, 1, text, text, self._nested + 1)
        looked.at_references()
        for signal in looked.signals:
            yield signal.code, f"In a text that it runs: {signal.message}"[:MAX_MESSAGE], signal.rule

    def _ran(self, reference: Reference) -> Iterator[tuple[str, str, str]]:
        """`dofile` of a name that is written out, or ends in something that is, and does not end as Lua does."""
        tokens, end = self._tokens, reference.end
        last = (
            end
            if tokens.kind(end) == STRING
            else self._argument(end)[1] - 1
            if tokens.kind(end) == _PAREN
            else 0
        )
        if last and tokens.kind(last) == STRING:
            name = tokens.value(last)
            if not name.lower().endswith(b".lua"):
                yield (
                    "lua_other_file",
                    f"It runs {excerpt_of(name, 80)}, which is not named as Lua.",
                    "dofile",
                )

    def _required(self, reference: Reference) -> Iterator[tuple[str, str, str]]:
        tokens, end = self._tokens, reference.end
        if tokens.kind(end) == STRING:
            wanted: bytes | None = tokens.value(end)
        elif tokens.kind(end) == _PAREN:
            wanted = self._names.constant(*self._argument(end))
        elif tokens.kind(end) == _COMMA and tokens.kind(end + 1) == STRING:  # pcall(require, "ffi")
            wanted = tokens.value(end + 1)
        else:
            return
        if wanted == b"ffi":
            yield "lua_native_load", "It calls native code by LuaJIT's `ffi`.", "ffi"
        elif wanted and wanted.lower().endswith((b".dll", b".so", b".dylib")):
            said = excerpt_of(wanted, 80)
            yield "lua_native_load", f"It loads the native library {said} by `require`.", "require"

    def _opened(self, reference: Reference) -> Iterator[tuple[str, str, str]]:
        tokens = self._tokens
        if tokens.kind(reference.end) != _PAREN:
            return
        _, comma = self._argument(reference.end)
        closed = tokens.pairs[reference.end]
        if tokens.kind(comma) != _COMMA or not closed:
            return
        mode = self._names.constant(comma + 1, closed)
        if mode is None or any(sign in mode for sign in b"wa+"):
            said = f"in mode {excerpt_of(mode, 8)}" if mode is not None else "in a mode that is computed"
            yield "lua_file_write", f"It opens a file {said} by `io.open`.", "io.open"

    def _argument(self, opened: int) -> tuple[int, int]:
        """The tokens of the first argument of a call: from, and up to its comma or bracket."""
        tokens = self._tokens
        closed = tokens.pairs[opened]
        place = opened + 1
        while place < (closed or place) and tokens.kind(place) != _COMMA and place - opened < 1_000:
            place = (tokens.pairs[place] or place) + 1 if tokens.kind(place) in OPEN else place + 1
        return opened + 1, min(place, closed) if closed else opened + 1
