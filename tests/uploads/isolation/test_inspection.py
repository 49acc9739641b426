"""The inspection: the reader's own verdict, from a child that can reach nothing."""

import io
import time
from typing import Any

import pytest

from tests import packages
from tests.uploads.isolation.world import CONFINEMENTS, hostile
from uploads.checks import prepare
from uploads.drafts import peek
from uploads.isolation import Bounds, Inspection, IsolationError, IsolationUnavailableError, inspect
from uploads.package import Profile, read_package
from uploads.scanners import yara
from uploads.staging import Staged, put

PACKAGE = packages.mod().package
RISKY = packages.with_parts(packages.Part("Content/risky.lua", b'os.execute("calc")\n'))


def inspected(raw: bytes, **how: Any) -> Inspection:
    return inspect(lambda: io.BytesIO(raw), len(raw), **how)


@pytest.mark.parametrize("by", CONFINEMENTS)
def test_the_report_is_the_readers(settings: Any, by: str) -> None:
    settings.SMMODS_ISOLATION = by
    found = inspected(PACKAGE)
    assert found.report == read_package(io.BytesIO(PACKAGE), len(PACKAGE))
    assert found.report.accepted
    assert found.confined_by == by
    assert found.scanners == {"yara": yara.version()}


@pytest.mark.parametrize(
    ("code", "raw"),
    {code: (code, raw) for code, _, raw in packages.HOSTILE}.values(),
    ids=lambda value: str(value)[:20],
)
def test_every_rule_is_told_as_the_reader_tells_it(code: str, raw: bytes) -> None:
    report = inspected(raw, signals=False).report
    assert report == read_package(io.BytesIO(raw), len(raw))
    assert code in report.counts


def test_signals_come_along_where_they_are_asked_for() -> None:
    found = inspected(RISKY)
    assert "Content/risky.lua" in {signal.path for signal in found.signals}
    without = inspected(RISKY, signals=False)
    assert (without.signals, without.scanners) == ([], {})
    assert without.report == found.report


def test_a_signal_in_a_file_with_an_odd_space_is_believed() -> None:
    raw = packages.with_parts(packages.Part("Content/a\u3000b.lua", b'os.execute("calc")\n', flags=0x800))
    found = inspected(raw)
    assert found.report.accepted
    assert "Content/a\\u3000b.lua" in {signal.path for signal in found.signals}


def test_headers_are_told_before_anything_is_unpacked() -> None:
    heard: list[str] = []
    inspected(PACKAGE, on_headers=lambda: heard.append("hold"))
    assert heard == ["hold"]
    raw = next(raw for code, _, raw in packages.HOSTILE if code == "zip.path")
    inspected(raw, on_headers=lambda: heard.append("refused"))
    assert heard == ["hold"]


def test_the_profile_that_is_asked_for_counts() -> None:
    report = inspected(PACKAGE, profile=Profile(allowed=frozenset({".json"})), signals=False).report
    assert set(report.counts) == {"content.allowed"}


def test_a_lie_in_the_form_of_an_answer_is_seen_through(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile(monkeypatch, "lie", "inspect")
    told = inspected(PACKAGE, signals=False)
    assert told.report.accepted, "in its form alone nothing is wrong with it"
    with pytest.raises(IsolationError) as caught:
        prepare(lambda: io.BytesIO(PACKAGE), len(PACKAGE), sha256="1" * 64)
    assert caught.value.code == "inspection_nonsense"


def test_nonsense_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile(monkeypatch, "echo", "inspect")
    with pytest.raises(IsolationError) as caught:
        inspected(PACKAGE, signals=False)
    assert (caught.value.code, caught.value.final) == ("inspection_nonsense", False)


def test_a_package_that_takes_too_long() -> None:
    zeros = packages.with_parts(*(packages.Part(f"Content/{n}.txt", b" " * 9_000_000) for n in range(7)))
    began = time.monotonic()
    with pytest.raises(IsolationError) as caught:
        inspected(zeros, bounds=Bounds(seconds=0.01, cpu_seconds=5, mebibytes=512))
    assert caught.value.code == "inspection_timeout"
    assert time.monotonic() - began < 5


def test_a_draft_is_read_by_the_child_too(monkeypatch: pytest.MonkeyPatch) -> None:
    staged: Staged = put("uploads/staging/x/draft.zip", [PACKAGE], limit=10**6)
    looked = peek(staged)
    assert looked.manifest is not None
    assert looked.problems == ()
    hostile(monkeypatch, "by_signal", "inspect")
    broken = peek(staged)
    assert broken.manifest is None
    assert [problem.code for problem in broken.problems] == ["inspection_crashed"]


def test_a_draft_waits_where_nothing_can_be_confined(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    staged: Staged = put("uploads/staging/x/draft.zip", [PACKAGE], limit=10**6)
    settings.SMMODS_ISOLATION = "bubblewrap"
    monkeypatch.setattr("uploads.isolation.confinement.bubblewrap_problem", lambda: "there is none")
    assert [problem.code for problem in peek(staged).problems] == ["isolation_unavailable"]
    with pytest.raises(IsolationUnavailableError):
        inspected(PACKAGE)
