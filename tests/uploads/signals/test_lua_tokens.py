"""Tokens of Lua: as Lua reads them, and bounded."""

import pytest

from uploads.signals.lua_tokens import Tokens


def texts(source: bytes) -> list[bytes]:
    tokens = Tokens(source)
    return [tokens.text(place) for place in range(len(tokens))]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (b"a=b", [b"a", b"=", b"b"]),
        (b"a==b~=c", [b"a", b"==", b"b", b"~=", b"c"]),
        (b"a..b...", [b"a", b"..", b"b", b"..."]),
        (b"1..2", [b"1..2"]),
        (b"0xFFp1 .5", [b"0xFFp1", b".5"]),
        (b"-- x\na", [b"a"]),
        (b"-- x\ra", [b"a"]),
        (b"--[[ x\n]]a", [b"a"]),
        (b"--[=[ ]] ]=]a", [b"a"]),
        (b"--[=x\na", [b"a"]),
        (b"#! [[\na", [b"a"]),
        (b"\xef\xbb\xbf#x\na", [b"a"]),
        (b"a #b", [b"a", b"#", b"b"]),
        (b'"a\\"b" c', [b'"a\\"b"', b"c"]),
        (b'"a\nb', [b'"a', b"b"]),
        (b"[==[a]]b]==]c", [b"[==[a]]b]==]", b"c"]),
        (b"[[a", [b"[[a"]),
        (b"a\xc3\xa9b", [b"a\xc3\xa9b"]),
        (b"::x::", [b"::", b"x", b"::"]),
    ],
)
def test_tokens(source: bytes, found: list[bytes]) -> None:
    assert texts(source) == found


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (b'"abc"', b"abc"),
        (b'"a\\65\\x42\\u{43}"', b"aABC"),
        (b'"a\\z  \n b"', b"ab"),
        (b'"a\\\nb\\n\\t\\\\"', b"a\nb\n\t\\"),
        (b"'it\\'s'", b"it's"),
        (b"[[\nab]]", b"ab"),
        (b"[==[a]]b]==]", b"a]]b"),
        (b'"cut', b"cut"),
        (b"[[cut", b"cut"),
        (b'"\\300\\u{110000000}"', b"\xff"),
    ],
)
def test_values_of_strings(source: bytes, value: bytes) -> None:
    assert Tokens(source).value(0).startswith(value)


def test_values_are_bounded() -> None:
    assert len(Tokens(b'"' + b"\\65" * 10_000 + b'"').value(0)) == 400
    assert len(Tokens(b"[[" + b"a" * 10_000 + b"]]").value(0)) == 400


def test_pairs_join_what_opens_and_closes() -> None:
    tokens = Tokens(b"f(function() if a then end end, {1})")
    words = {tokens.text(place): tokens.text(tokens.pairs[place]) for place in range(len(tokens))}
    assert (words[b"function"], words[b"if"], words[b"{"]) == (b"end", b"end", b"}")
    assert tokens.pairs[1] == len(tokens) - 1


def test_comments_become_spaces() -> None:
    source = b"a --b\nc --[[d\ne]] f"
    bare = Tokens(source).without_comments()
    assert bare == b"a    \nc      \n    f"
    assert len(bare) == len(source)


def test_tokens_are_bounded() -> None:
    tokens = Tokens(b"a " * 100, 10)
    assert (len(tokens), tokens.read_to) == (10, 19)
    assert Tokens(b"a " * 10, 10).read_to <= 20


def test_beyond_the_ends_there_is_nothing() -> None:
    tokens = Tokens(b"a")
    assert (tokens.kind(-1), tokens.kind(1), tokens.text(1)) == (0, 0, b"")
