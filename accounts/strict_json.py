"""Reading JSON that strangers send, and writing JSON in one way only.

Rules, each refused with its own code before any schema is asked:

* `json_too_large`      at most 256 KiB (the caller may set another limit)
* `json_bom`            no byte order mark
* `json_not_utf8`       strict UTF-8
* `json_nul`            no NUL, neither raw nor escaped
* `json_too_deep`       at most 32 levels of objects and lists
* `json_not_finite`     no NaN, Infinity or -Infinity
* `json_syntax`         one JSON value by RFC 8259 and nothing after it
* `json_duplicate_key`  no key twice in one object
* `json_number_range`   numbers from -2^53 to 2^53, which every JSON reader holds exactly
* `json_lone_surrogate` no half of a surrogate pair
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import NoReturn

from accounts.errors import Problem, RefusedError

CODES = (
    "json_too_large",
    "json_bom",
    "json_not_utf8",
    "json_nul",
    "json_too_deep",
    "json_not_finite",
    "json_syntax",
    "json_duplicate_key",
    "json_number_range",
    "json_lone_surrogate",
)

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_NUMBER = 2**53

# A whole string (or the unclosed rest of the text), a bracket, or a word that JSON does not have. Possessive
# quantifiers keep it linear: nothing is tried twice, whatever the quotes and backslashes.
_TOKENS = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<word>-?(?:NaN|Infinity))',
    re.DOTALL,
)

_SURROGATE = re.compile("[\ud800-\udfff]")


def loads(raw: bytes, *, limit: int = MAX_BYTES) -> object:
    """The value that `raw` holds.

    `limit` is in bytes. Raises `RefusedError` with one of the codes above: status 413 for `json_too_large`,
    400 for the others; its one problem has a JSON pointer where the place is known that way, else the
    message names line and column.
    """
    if len(raw) > limit:
        _refuse(
            "json_too_large",
            f"The JSON has {len(raw):,} bytes; at most {limit:,} are read.",
            "Shorten it; long texts belong in files of their own.",
            status=413,
        )
    text = _decode(raw)
    _walk_tokens(text)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float)
    except json.JSONDecodeError as error:
        _refuse(
            "json_syntax",
            f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            "Check commas, quotes and brackets there. Comments and trailing commas are not JSON.",
        )
    for pointer, found in _strings(value, ""):
        _check_string(found, pointer)
    return value


def canonical(value: object) -> bytes:
    """`value` as JSON in the one form that is hashed and published: sorted keys, no spaces, UTF-8.

    Raises ValueError for NaN, infinities and lone surrogates, TypeError for what JSON does not have.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def escape(part: str) -> str:
    """One step of a JSON pointer (RFC 6901), escaped."""
    return part.replace("~", "~0").replace("/", "~1")


def _refuse(code: str, message: str, hint: str, *, pointer: str = "", status: int = 400) -> NoReturn:
    raise RefusedError(code, message, hint, status=status, problems=[Problem(code, message, hint, pointer)])


def _place(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        _refuse(
            "json_bom",
            "The JSON begins with a byte order mark.",
            "Save it as UTF-8 without BOM (an editor's choice next to the encoding).",
        )
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        _refuse(
            "json_not_utf8",
            f"The JSON is not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start:,}.",
            "Save it as UTF-8.",
        )
    nul = text.find("\0")
    if nul >= 0:
        _refuse("json_nul", f"The JSON holds a NUL at {_place(text, nul)}.", "Save it as UTF-8 plain text.")
    return text


def _walk_tokens(text: str) -> None:
    """Depth and unknown words, before a parser that recurses sees the text."""
    depth = 0
    for match in _TOKENS.finditer(text):
        if match["open"]:
            depth += 1
            if depth > MAX_DEPTH:
                _refuse(
                    "json_too_deep",
                    f"Objects and lists are nested over {MAX_DEPTH} deep at {_place(text, match.start())}.",
                    "Make the document flatter.",
                )
        elif match["close"]:
            depth -= 1
        elif match["word"]:
            _refuse(
                "json_not_finite",
                f"{match['word']} at {_place(text, match.start())} is not a JSON number.",
                "Write a number, or leave the property out.",
            )


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        _refuse(
            "json_duplicate_key",
            f"The key {json.dumps(twice)} stands twice in one object.",
            "Keep one of the two; readers disagree about which one counts.",
        )
    return result


def _integer(digits: str) -> int:
    # The length first: turning a hundred thousand digits into an int costs quadratic time.
    if len(digits) > 17 or abs(int(digits)) > MAX_NUMBER:
        _out_of_range(digits)
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if abs(value) > MAX_NUMBER:
        _out_of_range(digits)
    return value


def _out_of_range(digits: str) -> NoReturn:
    shown = digits if len(digits) <= 40 else digits[:37] + "..."
    _refuse(
        "json_number_range",
        f"The number {shown} is outside of -2^53 to 2^53.",
        "Write it as a string, or as a smaller number.",
    )


def _strings(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield pointer, key
            yield from _strings(child, f"{pointer}/{escape(key)}")
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from _strings(child, f"{pointer}/{number}")


def _check_string(text: str, pointer: str) -> None:
    where = f"at {pointer or 'the top level'}"
    if "\0" in text:
        _refuse("json_nul", f"The text {where} holds a NUL.", "Take \\u0000 out.", pointer=pointer)
    if _SURROGATE.search(text):
        _refuse(
            "json_lone_surrogate",
            f"The text {where} holds half of a surrogate pair.",
            "Write the character itself, in UTF-8.",
            pointer=pointer,
        )
