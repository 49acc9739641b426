"""The table of kinds: complete, readable, and used to the last row."""

import re
from pathlib import Path

from uploads.signals.found import Signal
from uploads.signals.table import SIGNALS, kind_of, weight_of

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def test_rows_explain_themselves() -> None:
    for code, kind in SIGNALS.items():
        assert code == kind.code
        assert re.fullmatch(r"[a-z][a-z_]{2,40}", code)
        assert kind.title and not kind.title.endswith(".")
        assert len(re.findall(r"[.](?= |$)", kind.explanation)) in (2, 3), code
        assert 0 <= kind.weight <= 3


def test_every_kind_of_a_package_is_found_by_code_and_looked_at_by_a_test() -> None:
    code = "".join(p.read_text() for p in (ROOT / "uploads/signals").glob("*.py") if p.name != "table.py")
    code += (ROOT / "uploads/scanners/yara.py").read_text()
    tests = "".join(p.read_text() for p in (ROOT / "tests/uploads").rglob("test_*.py") if p != Path(__file__))
    kinds = [kind.code for kind in SIGNALS.values() if not kind.portal]
    assert [kind for kind in kinds if f'"{kind}"' not in code] == []
    assert [kind for kind in kinds if f'"{kind}"' not in tests] == []


def test_no_signal_of_a_package_has_another_code() -> None:
    said = {
        code
        for path in (ROOT / "uploads/signals").glob("*.py")
        if path.name != "table.py"
        for code in re.findall(
            r'"((?:lua|pe|url|secret|dll|signals|yara)_[a-z_]+)"', path.read_text(encoding="utf-8")
        )
    }
    assert said <= set(SIGNALS)


def test_problems_of_checks_have_a_row() -> None:
    assert kind_of("sidecar.unknown_thing") is SIGNALS["check_warned"]
    assert kind_of("url_found") is SIGNALS["url_found"]


def test_a_rules_own_weight_counts() -> None:
    assert weight_of(Signal("yara_match", "m", rule="x", weight=3)) == 3
    assert weight_of(Signal("yara_match", "m", rule="x", weight=0)) == 0
    assert weight_of(Signal("lua_os_execute", "m")) == SIGNALS["lua_os_execute"].weight
