"""YARA: each rule matches what it is for and leaves alone what is close to it."""

import re
from pathlib import Path

import pytest
import yara_x

from tests.uploads.scanners.yara_samples import EICAR, SAMPLES, program
from uploads.scanners import yara

META = 'description = "d" weight = 1 blocking = false author = "SMMODS" reference = "r"'
MIB = 1024 * 1024


def names(data: bytes) -> set[str]:
    return {signal.rule for signal in yara.load().scan(data, "a.lua")}


def test_every_rule_has_a_pair_of_samples() -> None:
    assert set(SAMPLES) == set(yara.load().rules)


@pytest.mark.parametrize("rule", sorted(SAMPLES))
def test_rule_matches_what_it_is_for(rule: str) -> None:
    assert rule in names(SAMPLES[rule][0])


@pytest.mark.parametrize("rule", sorted(SAMPLES))
def test_rule_leaves_alone_what_is_close(rule: str) -> None:
    assert rule not in names(SAMPLES[rule][1])


def test_rules_describe_themselves() -> None:
    rules = yara.load().rules.values()
    assert all(rule.description and rule.reference and 0 <= rule.weight <= 3 for rule in rules)
    assert {rule.file for rule in rules} == {path.name for path in yara.RULES_FOLDER.glob("*.yar")}
    assert yara.load().rules["eicar_test_file"].blocking


def test_what_blocks_weighs_most() -> None:
    assert [rule.name for rule in yara.load().rules.values() if rule.blocking and rule.weight < 3] == []


@pytest.mark.parametrize(
    ("meta", "problem"),
    [
        ("", "required metadata"),
        (META.replace("weight = 1", "weight = 9"), "weights are 0 to 3"),
        (META.replace("weight = 1", 'weight = "high"'), "metadata"),
        (META.replace("blocking = false", ""), "required metadata"),
    ],
)
def test_a_rule_without_its_facts_is_refused(meta: str, problem: str) -> None:
    rule = f'rule x {{ {"meta: " + meta if meta else ""} strings: $a = "abcdef" condition: $a }}'
    with pytest.raises(ValueError, match=problem):
        yara.Rules([("x.yar", rule)])


def test_a_slow_pattern_is_refused() -> None:
    rule = f"rule x {{ meta: {META} strings: $a = /.{{1,200}}a.{{0,200}}/ condition: $a }}"
    with pytest.raises(ValueError, match="slow"):
        yara.Rules([("x.yar", rule)])


def test_no_pattern_leaps_over_much_of_a_line() -> None:
    """Wide gaps make a scan quadratic over repeated beginnings: rules use proximity in conditions instead."""
    wide_gap = re.compile(r"(?:\[\^\\n\]|(?<!\\)\.|\\S|\\W|\\D)(?:[*+]|\{\d*,(?:\d{3,}|[7-9]\d)?\})")
    patterns = [
        (name, pattern)
        for name, text in yara.sources()
        for pattern in re.findall(r"= /((?:[^/\\\n]|\\.)+)/", text)
    ]
    assert len(patterns) > 40
    assert [found for found in patterns if wide_gap.search(found[1])] == []


@pytest.mark.parametrize(
    "unit",
    [
        b"\0",
        b"a",
        b"char(1,",
        b"io.open(",
        b"load(decode ",
        b"iex ",
        b"powershell -",
        b"{{1;1};",
        b"os.execute",
    ],
)
def test_repetitive_data_is_answered(unit: bytes) -> None:
    list(yara.load().scan(unit * (4 * MIB // len(unit)), "a.lua"))


def test_a_scan_that_takes_too_long_is_no_answer() -> None:
    slow = f"""rule x {{ meta: {META} condition:
        for all i in (0..filesize - 1) : ( for all j in (0..filesize - 1) : ( uint8(i) + uint8(j) < 1000 ) ) }}"""
    rules = yara.Rules([("x.yar", slow)], timeout=1)
    with pytest.raises(yara.ScanIncompleteError, match="more than 1 s for big"):
        list(rules.scan(b"\0" * MIB, "big.bin"))


def test_an_error_of_the_engine_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def scan(self, data: bytes) -> None:
            raise yara_x.ScanError("out of order")

    rules = yara.Rules(yara.sources())
    monkeypatch.setattr(rules, "_scanner", Broken())
    with pytest.raises(yara.ScanIncompleteError, match="out of order"):
        list(rules.scan(b"x", "a.lua"))


def test_a_finding_says_where() -> None:
    data = b"-- first\n\n  load(b64_decode(text))()\n"
    (signal,) = yara.load().scan(data, "Content/a.lua")
    assert (signal.code, signal.rule, signal.path) == (
        "yara_match",
        "lua_runs_decoded_text",
        "Content/a.lua",
    )
    assert (signal.line, signal.excerpt) == (3, "load(b64_decode(text))()")
    assert (signal.weight, signal.blocking) == (2, False)
    assert "lua_runs_decoded_text" in signal.message


def test_a_finding_is_known_again_by_all_that_matched() -> None:
    def fingerprint(data: bytes) -> str:
        return next(
            s for s in yara.load().scan(data, "a.lua") if s.rule == "lua_runs_decoded_text"
        ).fingerprint

    one = fingerprint(b"load(b64_decode(text))()")
    assert fingerprint(b"\n\n\tload( b64_decode(text) )()") == one
    assert fingerprint(b"load(b64_decode(text))()\nload(b64_decode(other))()") != one
    assert fingerprint(b"load(b64_decode(text))(evil)") != one


def test_a_program_has_no_lines() -> None:
    (signal,) = yara.load().scan(program("ReflectiveLoader"), "Binaries/Win64/a.dll")
    assert (signal.line, signal.excerpt) == (0, "ReflectiveLoader")


def test_the_test_file_blocks() -> None:
    (signal,) = yara.load().scan(EICAR, "a.txt")
    assert (signal.rule, signal.blocking) == ("eicar_test_file", True)


def test_rules_hold_no_test_file_that_scanners_would_find() -> None:
    assert all(EICAR.decode() not in text for _, text in yara.sources())


def test_version_names_the_engine_and_the_rules() -> None:
    assert re.fullmatch(r"yara-x 1\.\d+\.\d+, rules [0-9a-f]{12}", yara.version())
    assert yara.version().endswith(yara.digest()[:12])


def test_version_changes_with_the_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yar").write_text("rule a { condition: false }")
    monkeypatch.setattr(yara, "RULES_FOLDER", tmp_path)
    before = yara.digest()
    (tmp_path / "a.yar").write_text("rule a { condition: true }")
    assert yara.digest() != before


def test_no_rules_are_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yara, "RULES_FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError):
        yara.sources()


def test_rules_are_compiled_once() -> None:
    assert yara.load() is yara.load()


def test_packed_rules_are_the_same_rules() -> None:
    rules = yara.load()
    again = yara.Rules.unpacked(rules.packed())
    assert again.rules == rules.rules
    assert list(again.scan(EICAR, "a.txt")) == list(rules.scan(EICAR, "a.txt")) != []
