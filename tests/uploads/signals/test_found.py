"""What a signal is known again by, and what of it is fit to be shown."""

import pytest

from uploads.signals.found import MAX_EXCERPT, MAX_SUBJECT, Signal, excerpt_of, subject_of


def test_a_finding_is_known_again_elsewhere() -> None:
    here = Signal("lua_os_execute", "It runs a command.", "a.lua", 3, "x", "os.execute", "os.execute(x)")
    there = Signal("lua_os_execute", "Other words.", "b.lua", 9, "y", "os.execute", "os.execute(x)")
    assert here.fingerprint == there.fingerprint
    assert len(here.fingerprint) == 32


@pytest.mark.parametrize("change", [{"code": "x"}, {"rule": "x"}, {"subject": "x"}])
def test_another_finding_has_another_fingerprint(change: dict[str, str]) -> None:
    facts = {"code": "lua_os_execute", "message": "m", "rule": "os.execute", "subject": "s"}
    assert Signal(**facts).fingerprint != Signal(**(facts | change)).fingerprint


def test_a_fingerprint_takes_any_text() -> None:
    assert Signal("a", "m", subject="\ud800").fingerprint


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"  a\tb\r\nc  ", "a b c"),
        (b"caf\xc3\xa9 \xff", "café \N{REPLACEMENT CHARACTER}"),
        ("a\x00b\u202ec", "a·b·c"),
        ("x" * 500, "x" * (MAX_EXCERPT - 1) + "…"),
        (b"", ""),
    ],
)
def test_excerpts_are_one_printable_line(text: str | bytes, shown: str) -> None:
    assert excerpt_of(text) == shown
    assert excerpt_of(text).isprintable()


def test_subjects_leave_white_space_out() -> None:
    assert subject_of(b"os.execute( x )\n") == subject_of("os.execute(x)") == "os.execute(x)"
    assert subject_of(b"\xff") == "\\xff"


def test_long_subjects_are_digests() -> None:
    one, other = subject_of(b"x" * 1000), subject_of(b"x" * 999 + b"y")
    assert one != other
    assert one.startswith("sha256:")
    assert len(subject_of(b"\xff" * 100)) <= MAX_SUBJECT
