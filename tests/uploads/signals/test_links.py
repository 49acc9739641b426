"""Web addresses: told once, the risky first, and nothing of licences."""

import pytest

from uploads.signals import links
from uploads.signals.found import Signal
from uploads.signals.kept import Kept
from uploads.signals.links import Links


def found(data: bytes, path: str = "Content/a.txt", code: bytes | None = None) -> list[Signal]:
    gathered, kept = Links(), Kept()
    gathered.look(data, path, code=code)
    gathered.give(kept)
    return kept.all()


def urls(data: bytes, path: str = "Content/a.txt") -> list[str]:
    return [s.subject for s in found(data, path) if s.code == "url_found"]


def test_an_address_is_told_with_its_place() -> None:
    (signal,) = found(b"first\n  see https://mods.example.org/a?b=1 there\n")
    assert (signal.code, signal.subject) == ("url_found", "https://mods.example.org/a?b=1")
    assert (signal.path, signal.line) == ("Content/a.txt", 2)
    assert signal.excerpt == "see https://mods.example.org/a?b=1 there"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (b"(see https://a.example/b).", "https://a.example/b"),
        (b"<https://a.example/b>", "https://a.example/b"),
        (b'"https://a.example/b"', "https://a.example/b"),
        (b"[x](https://a.example/b_(c))", "https://a.example/b_(c))"),
        (b"HTTPS://A.Example/Path", "https://a.example/Path"),
        (b"ws://a.example:8080/x", "ws://a.example:8080/x"),
        (b"ftp://a.example", "ftp://a.example"),
        (b"http://[2001:db8::1]", "http://[2001:db8::1]"),
        (b"{ 'https://a.example/b' }", "https://a.example/b"),
        (b"t[https://a.example/b]", "https://a.example/b"),
        ("https://münchen.example/ä".encode(), "https://münchen.example/ä"),
    ],
)
def test_an_address_ends_where_it_ends(text: bytes, url: str) -> None:
    assert urls(text)[0].lower() == url.lower()


@pytest.mark.parametrize(
    "text",
    [
        b"https://",
        b"http://..",
        b"://a.example",
        b"xhttp:/a",
        b'"https://" .. host',
        b"file://a",
        b"https:///x",
    ],
)
def test_what_names_no_host_is_none(text: bytes) -> None:
    assert urls(text) == []


def test_an_address_is_told_once() -> None:
    assert len(urls(b"https://a.example/ https://a.example/ https://A.example/")) == 1


@pytest.mark.parametrize(
    ("url", "risk"),
    [
        (b"http://203.0.113.7/x", "a number"),
        (b"http://3405803783/x", "a number"),
        (b"http://0xcb007107/", "a number"),
        (b"http://[2001:db8::1]/x", "a number"),
        (b"https://bit.ly/abc", "a shortener"),
        (b"https://pastebin.com/raw/abc", "a paste site"),
        (b"https://x.trycloudflare.com/", "a tunnel"),
        (b"https://cdn.discordapp.com/attachments/1/2/a.zip", "passing files on"),
        (b"https://discord.com/api/webhooks/1/x", "a webhook"),
        (b"https://api.telegram.org/bot1:x/send", "a webhook"),
        (b"https://example.org@203.0.113.7/", "behind a user's name"),
        (b"https://xn--e1awd7f.example/", "look like others"),
        (b"https://a.example/tool.exe", "a program to fetch"),
        (b"https://a.example/x.ps1?y=1", "a program to fetch"),
        (b"https://api.ipify.org", "own address"),
    ],
)
def test_risky_kinds_are_a_signal_of_their_own(url: bytes, risk: str) -> None:
    signals = found(b"-- " + url)
    assert {s.code for s in signals} == {"url_found", "url_risky"}
    (risky,) = (s for s in signals if s.code == "url_risky")
    assert risk in risky.message


@pytest.mark.parametrize(
    "url",
    [b"http://127.0.0.1:8080/", b"https://discord.gg/abc", b"https://a.example/exe", b"https://notbit.ly/"],
)
def test_others_are_not_risky(url: bytes) -> None:
    assert {s.code for s in found(url)} == {"url_found"}


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"https://www.gnu.org/licenses/", "Content/a.txt"),
        (b"https://creativecommons.org/licenses/by/4.0/", "README.md"),
        (b"Source: https://a.example/", "LICENSE.txt"),
        (b"Source: https://a.example/", "docs/COPYING-MIT"),
        (b"http://schemas.microsoft.com/winfx", "Content/a.txt"),
    ],
)
def test_licences_and_namespaces_are_left_out(data: bytes, path: str) -> None:
    assert found(data, path) == []


def test_a_licence_hides_nothing_risky() -> None:
    assert "url_risky" in {s.code for s in found(b"https://pastebin.com/raw/abc", "LICENSE.txt")}


def test_comments_are_left_out_unless_risky() -> None:
    data = b"-- https://a.example/ http://203.0.113.7/\nget('https://b.example/')"
    code = b" " * 38 + data[38:]
    assert {s.subject for s in found(data, "a.lua", code)} == {"https://b.example/", "http://203.0.113.7/"}


def test_of_many_the_risky_and_one_of_each_host_are_told() -> None:
    many = b"".join(b"https://a.example/%d " % n for n in range(30))
    told = urls(many + b"https://b.example/ https://pastebin.com/x")
    assert "https://b.example/" in told
    assert "https://pastebin.com/x" in told
    assert len(told) == 20


def test_programs_strings_are_looked_at_too() -> None:
    gathered, kept = Links(), Kept()
    wide = "https://c2.example/gate".encode("utf-16-le")
    gathered.look_at_program(b"MZ\0\0https://a.example/x\0" + wide + b"\0\0", "a.dll")
    gathered.give(kept)
    assert {s.subject for s in kept.all()} == {"https://a.example/x", "https://c2.example/gate"}
    assert {s.line for s in kept.all()} == {0}


def test_what_touches_the_end_of_a_piece_is_left_to_the_next() -> None:
    gathered, kept = Links(), Kept()
    gathered.look(b"https://a.example/ab", "a.txt", final=False)
    gathered.look(b"https://a.example/abc d", "a.txt", 1)
    gathered.give(kept)
    assert [s.subject for s in kept.all()] == ["https://a.example/abc"]


def test_what_is_looked_at_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_URLS", 3)
    signals = found(b"".join(b"https://a%d.example/ " % n for n in range(5)))
    assert len([s for s in signals if s.code == "url_found"]) == 3
    assert signals[-1].message == "2 more findings are not shown."


def test_places_that_are_tried_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_PLACES", 100)
    gathered = Links()
    gathered.look(b"http://" * 500, "a.txt")
    assert gathered._places == 100
