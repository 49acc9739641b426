"""Long texts in Lua that say nothing to a reader: Base64, hexadecimal digits, escapes, dense signs.

A text may be written in pieces that are joined by `..`. What it decodes to is looked at by its first bytes.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from uploads.signals.lua_tokens import CONCAT, STRING, Tokens

SHORTEST = 400
_SAMPLE = 64 * 1024

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_HEXADECIMAL = re.compile(rb"(?:0x)?[0-9A-Fa-f]+")
_SPACES = re.compile(rb"(?:\s|\\[rn])+")
_ESCAPES = re.compile(rb"\\(?:\d{1,3}|x[0-9A-Fa-f]{2}|u\{)")

_PROGRAMS = {
    b"MZ": "a Windows program",
    b"\x7fELF": "a Linux program",
    b"\x1bLua": "compiled Lua",
    b"\x1bLJ": "compiled Lua",
    b"PK\x03\x04": "a ZIP archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"MSCF\0\0\0\0": "a cabinet archive",
}


@dataclass(frozen=True, slots=True)
class EncodedText:
    """An encoded text: its first token, its length as written, how it is written (`form`), and what it
    decodes to where that is a program or an archive (`holds`)."""

    token: int
    length: int
    form: str
    holds: str
    raw: bytes


def encoded_texts(tokens: Tokens) -> Iterator[EncodedText]:
    """The encoded texts among the strings of `tokens`, in order."""
    kinds, place, count = tokens.kinds, 0, len(tokens)
    while (place := kinds.find(STRING, place)) >= 0:
        start, length = place, 0
        while True:
            length += tokens.ends[place] - tokens.starts[place]
            if place + 2 >= count or kinds[place + 1] != CONCAT or kinds[place + 2] != STRING:
                break
            place += 2
        if length >= SHORTEST:
            raw = _raw(tokens, start, place)
            form, decoded = _form(raw)
            if form:
                yield EncodedText(start, length, form, _program(decoded), raw)
        place += 1


def _raw(tokens: Tokens, start: int, last: int) -> bytes:
    """What is written in the strings from `start` to `last`, without quotes, at most 64 KiB."""
    parts, size = [], 0
    for place in range(start, last + 1, 2):
        raw = tokens.source[tokens.starts[place] : tokens.ends[place]][: _SAMPLE - size + 8]
        quotes = 1 if raw[:1] != b"[" else raw.index(b"[", 1) + 1
        parts.append(raw[quotes:].rstrip(b"]=\"'") if quotes > 1 else raw[1:].removesuffix(raw[:1]))
        size += len(parts[-1])
        if size >= _SAMPLE:
            break
    return b"".join(parts)[:_SAMPLE]


def _form(raw: bytes) -> tuple[str, bytes]:
    """How `raw` is written, empty where it is readable, and its first bytes decoded."""
    escapes = _ESCAPES.findall(raw)
    if sum(map(len, escapes)) * 2 > len(raw):
        numbers = (piece[1:] for piece in escapes[:64])
        return "escapes", bytes(_number(piece) for piece in numbers)
    bare = _SPACES.sub(b"", raw)
    if len(bare) < SHORTEST - 100:
        return "", b""
    kinds = len(set(bare))
    if _HEXADECIMAL.fullmatch(bare) and kinds >= 8:
        digits = bare.removeprefix(b"0x")[:128]
        return "hexadecimal digits", binascii.unhexlify(digits[: len(digits) // 2 * 2])
    if _BASE64.fullmatch(bare) and kinds >= 24 and len(raw) - len(bare) < len(raw) // 20:
        standard = bare[:128].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        return "Base64", base64.b64decode(standard[: len(standard) // 4 * 4])
    if kinds >= 60 and len(bare) > len(raw) * 0.99 and b" " not in raw:
        return "signs without words", bare[:64]
    return "", b""


def _number(escape: bytes) -> int:
    if escape.startswith(b"x"):
        return int(escape[1:], 16)
    return min(int(escape), 255) if escape.isdigit() else 0


def _program(decoded: bytes) -> str:
    return next((what for magic, what in _PROGRAMS.items() if decoded.startswith(magic)), "")
