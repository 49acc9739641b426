"""Encoded texts in Lua, and what they hold."""

import base64
import random

import pytest

from uploads.signals.lua_text import EncodedText, encoded_texts
from uploads.signals.lua_tokens import Tokens

NOISE = random.Random(7).randbytes(600)


def found(source: bytes) -> list[EncodedText]:
    return list(encoded_texts(Tokens(source)))


def quoted(text: bytes) -> bytes:
    return b'x = "' + text + b'"'


def base64_of(data: bytes) -> bytes:
    return base64.b64encode(data)


def escapes_of(data: bytes) -> bytes:
    return b"".join(b"\\%03d" % byte for byte in data)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (base64_of(NOISE), "Base64"),
        (base64.urlsafe_b64encode(NOISE), "Base64"),
        (NOISE.hex().encode(), "hexadecimal digits"),
        (b"0x" + NOISE.hex().upper().encode(), "hexadecimal digits"),
        (escapes_of(NOISE[:200]), "escapes"),
        (b"".join(b"\\x%02x" % byte for byte in NOISE[:200]), "escapes"),
        (base64.b85encode(NOISE), "signs without words"),
    ],
)
def test_an_encoded_text_is_found(text: bytes, form: str) -> None:
    (one,) = found(quoted(text))
    assert (one.form, one.holds) == (form, "")
    assert one.length >= 400


@pytest.mark.parametrize(
    "text",
    [
        base64_of(NOISE)[:380],
        b"-" * 1000,
        b"a \\n " * 200,
        b"ab" * 500,
        b"0" * 1000,
        b"A longer help text that people read, with words and commas. " * 30,
        b"\\27[31m warning \\27[0m " * 30,
        b"default:stone,default:dirt,default:sand," * 30,
        b"1,2,3,4,5,6,7,8,9,10,11,12," * 40,
    ],
)
def test_a_readable_text_is_none(text: bytes) -> None:
    assert found(quoted(text)) == []


def test_pieces_are_read_as_one() -> None:
    text = base64_of(NOISE)
    pieces = b' ..\n"'.join(text[at : at + 60] + b'"' for at in range(0, len(text), 60))
    (one,) = found(b'x = "' + pieces)
    assert one.form == "Base64"


def test_a_long_bracket_is_read_too() -> None:
    (one,) = found(b"x = [==[" + base64_of(NOISE) + b"]==]")
    assert one.form == "Base64"


@pytest.mark.parametrize(
    ("magic", "holds"),
    [
        (b"MZ\x90\0", "a Windows program"),
        (b"\x1bLuaQ", "compiled Lua"),
        (b"\x1bLJ\x02", "compiled Lua"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x7fELF", "a Linux program"),
    ],
)
def test_what_it_holds_is_told(magic: bytes, holds: str) -> None:
    data = magic + NOISE
    for text in (base64_of(data), data.hex().encode(), escapes_of(data)):
        (one,) = found(quoted(text))
        assert one.holds == holds


def test_a_text_far_too_long_is_sampled() -> None:
    (one,) = found(quoted(base64_of(NOISE * 1000)))
    assert one.length > 700_000
    assert len(one.raw) <= 64 * 1024
