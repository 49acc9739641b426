"""Signals as JSON, and what is refused of a child process that may say anything."""

import json

import pytest

from uploads.signals.document import as_document, leaked_keys_from, programs_from, signal_from, signals_from
from uploads.signals.found import Signal

GOOD = Signal(
    "lua_os_execute", "It runs a command.", "a.lua", 3, "os.execute(x)", "os.execute", "os.execute(x)"
)
MATCH = Signal("yara_match", "It matched.", "a.lua", 3, "x", "a_rule", "s", blocking=True, weight=3)


def test_as_document_has_what_reports_write() -> None:
    assert as_document(GOOD, "1.2.0") == {
        "code": "lua_os_execute",
        "title": "Lua runs a command",
        "message": "It runs a command.",
        "explanation": as_document(GOOD)["explanation"],
        "path": "a.lua",
        "line": 3,
        "excerpt": "os.execute(x)",
        "rule": "os.execute",
        "weight": 3,
        "blocking": False,
        "fingerprint": GOOD.fingerprint,
        "firstSeen": "1.2.0",
    }
    assert "system's shell" in as_document(GOOD)["explanation"]


def test_a_warned_check_has_a_title_too() -> None:
    assert as_document(Signal("sidecar.odd", "Odd."))["title"] == "A check asks for a look"


@pytest.mark.parametrize("signal", [GOOD, MATCH])
def test_a_signal_survives_the_wall(signal: Signal) -> None:
    assert signal_from(json.loads(json.dumps(signal.as_dict()))) == signal


@pytest.mark.parametrize(
    "change",
    [
        {"code": "no_such_kind"},
        {"code": "bytes_taken_back"},
        {"code": 3},
        {"line": -1},
        {"line": 2**31},
        {"line": True},
        {"line": "3"},
        {"blocking": 1},
        {"blocking": True},
        {"weight": 2},
        {"rule": "a rule"},
        {"rule": "x" * 101},
        {"path": "x" * 401},
        {"path": "a\nb"},
        {"message": "x" * 401},
        {"message": "\u202e"},
        {"excerpt": "x" * 201},
        {"excerpt": None},
        {"subject": "x" * 401},
        {"subject": "a\0b"},
        {"fingerprint": "0" * 32},
        {"more": 1},
    ],
)
def test_nonsense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="signal"):
        signal_from(GOOD.as_dict() | change)


@pytest.mark.parametrize("weight", [4, -1, True, 1.5])
def test_only_small_weights_are_taken(weight: object) -> None:
    with pytest.raises(ValueError, match="weight"):
        signal_from(MATCH.as_dict() | {"weight": weight})


def test_a_missing_key_is_refused() -> None:
    with pytest.raises(ValueError, match="keys"):
        signal_from({key: value for key, value in GOOD.as_dict().items() if key != "rule"})


@pytest.mark.parametrize("value", [None, {}, [1], [None], [GOOD.as_dict()] * 201])
def test_no_list_of_signals_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="signal"):
        signals_from(value)


def test_a_list_of_signals_is_taken() -> None:
    assert signals_from([GOOD.as_dict(), MATCH.as_dict()]) == [GOOD, MATCH]


KEY = {"prefix": "abcdEFG1", "sha256": "0" * 64}


def test_leaked_keys_are_taken() -> None:
    assert leaked_keys_from([KEY]) == [KEY]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [1],
        [KEY] * 201,
        [KEY | {"secret": "x"}],
        [KEY | {"prefix": "short"}],
        [KEY | {"sha256": "0" * 63}],
        [KEY | {"sha256": None}],
    ],
)
def test_no_leaked_keys_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="leaked key"):
        leaked_keys_from(value)


def test_facts_of_programs_are_taken() -> None:
    facts = {"a.dll": {"dll": True, "imports": [{"functions": ["x"]}], "entropy": 1.5, "note": None}}
    assert programs_from(facts) == facts


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"a.dll": []},
        {"a\n.dll": {}},
        {str(n): {} for n in range(201)},
        {"a.dll": {"x": "y" * 301}},
        {"a.dll": {"x": "a\nb"}},
        {"a.dll": {"x" * 61: 1}},
        {"a.dll": {"x": [[[[[1]]]]]}},
        {"a.dll": {"x": list(range(2001))}},
        {"a.dll": {"x": object()}},
    ],
)
def test_other_facts_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"program|facts"):
        programs_from(value)
