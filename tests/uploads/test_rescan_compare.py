"""The comparison alone: which changes are worse, better, a hit."""

from typing import Any

import pytest

from uploads.checks import Result, Status
from uploads.rescan_compare import Known, compare
from uploads.signals.found import Signal
from uploads.weighing import Weighed

LIGHT = Signal("lua_encoded_text", "A long text.", subject="1")
HEAVY = Signal("lua_os_execute", "Lua runs a command.", subject="2")
BLOCKING = Signal("yara_match", "A rule matches.", rule="bad", blocking=True)


def known(signals: tuple[Signal, ...] = (), **checks: str) -> Known:
    return Known(checks, {one.fingerprint: one.as_dict() | {"weight": 1} for one in signals})


def results(**checks: str) -> list[Result]:
    return [Result(name, Status(status), message=f"{name} says so.") for name, status in checks.items()]


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("passed", "passed", "same"),
        ("passed", "failed", "worse"),
        ("passed", "warned", "worse"),
        ("passed", "not_run", "worse"),
        ("warned", "failed", "worse"),
        ("failed", "failed", "same"),
        ("failed", "warned", "better"),
        ("failed", "passed", "better"),
        ("not_run", "passed", "better"),
        ("not_run", "failed", "worse"),
        ("", "passed", "same"),
        ("", "failed", "worse"),
        ("", "warned", "same"),
    ],
)
def test_checks(before: str, after: str, outcome: str) -> None:
    found = compare(known(a=before) if before else known(), results(a=after), [])
    assert found.outcome == outcome
    assert bool(found.checks) == (before != after)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ((), (), "same"),
        ((LIGHT,), (LIGHT,), "same"),
        ((), (LIGHT,), "worse"),
        ((LIGHT,), (), "better"),
        ((LIGHT,), (HEAVY,), "worse"),
    ],
)
def test_signals(before: tuple[Signal, ...], after: tuple[Signal, ...], outcome: str) -> None:
    assert compare(known(before), [], [Weighed(one, 1) for one in after]).outcome == outcome


def test_worse_wins_over_better() -> None:
    found = compare(known(a="failed", b="passed"), results(a="passed", b="failed"), [])
    assert found.outcome == "worse"
    assert found.why == "a passed (was failed); b failed (was passed)"


def test_one_finding_in_two_places_is_one() -> None:
    found = compare(known(), [], [Weighed(LIGHT, 1), Weighed(LIGHT, 1)])
    assert len(found.signals) == 1
    assert found.why == "1 signal new"


@pytest.mark.parametrize(
    ("weighed", "count"), [(Weighed(LIGHT, 2), 0), (Weighed(HEAVY, 3), 1), (Weighed(BLOCKING, 1), 1)]
)
def test_heavy_and_blocking_signals_are_hits(weighed: Weighed, count: int) -> None:
    found = compare(known(), [], [weighed])
    assert len(found.hits(published=True)) == len(found.hits(published=False)) == count
    assert compare(known((weighed.signal,)), [], []).hits(published=False) == []


def test_around_a_release_counts_before_it_is_out_alone() -> None:
    checks: dict[str, Any] = {"dependency_contract": "failed"}
    before = known(dependency_contract="passed")
    waiting = compare(before, results(**checks), [])
    assert (waiting.outcome, len(waiting.hits(published=False))) == ("worse", 1)
    out = compare(before, results(**checks), [], published=True)
    assert (out.outcome, out.hits(published=True), len(out.checks)) == ("same", [], 1)


def test_what_is_known_after_a_difference() -> None:
    before = known((LIGHT,), a="passed", b="passed")
    found = compare(before, results(a="failed", b="passed"), [Weighed(HEAVY, 3)])
    after = before.after(found)
    assert (after.checks, set(after.signals)) == ({"a": "failed", "b": "passed"}, {HEAVY.fingerprint})
    again = compare(after, results(a="failed", b="passed"), [Weighed(HEAVY, 3)])
    assert (again.outcome, again.checks, again.signals) == ("same", [], [])
