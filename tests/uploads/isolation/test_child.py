"""A child whose package took it over: it reaches nothing, and its parent always hears of it."""

import io
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.uploads.isolation.world import CONFINEMENTS, hostile
from uploads.isolation import Bounds, IsolationError, run

SMALL = Bounds(seconds=20, cpu_seconds=20, mebibytes=512, file_bytes=1024 * 1024)


@pytest.fixture(params=CONFINEMENTS)
def confined(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.SMMODS_ISOLATION = request.param
    return str(request.param)


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Any]:
    path = tmp_path / "package.zip"
    path.write_bytes(b"twelve bytes")
    with path.open("rb") as file:
        yield file


def refused(task: str, package: Any, request: dict[str, Any] | None = None, **bounds: Any) -> IsolationError:
    within = Bounds(**({name: getattr(SMALL, name) for name in Bounds.__slots__} | bounds))
    with pytest.raises(IsolationError) as caught:
        run(task, package, request or {}, bounds=within)
    return caught.value


def test_an_honest_task_answers(monkeypatch: pytest.MonkeyPatch, package: Any, confined: str) -> None:
    task = hostile(monkeypatch, "echo")
    package.read(5)
    answer = run(task, package, {"a": 1}, bounds=SMALL, parcel=b"along")
    assert answer == {"request": {"a": 1}, "bytes": 12, "parcel": "along"}
    assert package.tell() == 5, "the child's place in the package is not ours"


def test_what_is_no_file_is_handed_over_too(monkeypatch: pytest.MonkeyPatch, own_files: Path) -> None:
    task = hostile(monkeypatch, "echo")
    assert run(task, io.BytesIO(b"in memory"), {}, bounds=SMALL)["bytes"] == 9
    assert list((own_files / "incoming").iterdir()) == []


def test_a_sink_is_written(
    monkeypatch: pytest.MonkeyPatch, package: Any, tmp_path: Path, confined: str
) -> None:
    with (tmp_path / "sink").open("w+b") as sink:
        run(hostile(monkeypatch, "echo"), package, {}, sink=sink, bounds=SMALL)
        assert sink.read() == b"setyb evlewt"


def test_it_reaches_nothing(
    monkeypatch: pytest.MonkeyPatch, package: Any, tmp_path: Path, confined: str
) -> None:
    monkeypatch.setenv("SMMODS_SECRET", "hush")
    secret = tmp_path / "secret"
    secret.write_text("hush")
    secret.chmod(0o666)
    tmp_path.chmod(0o777)
    asked = {"secret": str(secret), "descriptor": 0}
    answer = run(hostile(monkeypatch, "reach_out"), package, asked, bounds=SMALL)
    assert {name for name, outcome in answer["attempts"].items() if outcome == "succeeded"} == set()
    assert answer["environment"] == {}
    assert answer["user"] != 0
    assert not answer["django"]
    assert "hush" not in json.dumps(answer)
    assert secret.read_text() == "hush"


def test_it_holds_its_pipes_and_its_package_alone(
    monkeypatch: pytest.MonkeyPatch, package: Any, confined: str
) -> None:
    with Path("/etc/hostname").open("rb") as other:
        os.set_inheritable(other.fileno(), True)
        answer = run(hostile(monkeypatch, "tell_descriptors"), package, {}, bounds=SMALL)
    assert answer["open"] == sorted({0, 1, 2, answer["package"]})


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT, signal.SIGBUS])
def test_ending_by_a_signal_is_a_crash(
    monkeypatch: pytest.MonkeyPatch, package: Any, confined: str, number: int
) -> None:
    error = refused(hostile(monkeypatch, "by_signal"), package, {"signal": int(number)})
    assert (error.code, error.final) == ("inspection_crashed", False)
    assert error.status == 503


def test_a_mistake_of_ours_is_a_crash(monkeypatch: pytest.MonkeyPatch, package: Any, confined: str) -> None:
    error = refused(hostile(monkeypatch, "raise_error"), package)
    assert (error.code, error.final) == ("inspection_crashed", False)
    assert "ValueError: an odd package" in error.detail
    assert "odd package" not in error.message


@pytest.mark.parametrize("function", ["hang", "hang_with_closed_pipes"])
def test_hanging_is_a_timeout(
    monkeypatch: pytest.MonkeyPatch, package: Any, confined: str, function: str
) -> None:
    began = time.monotonic()
    error = refused(hostile(monkeypatch, function), package, seconds=1)
    assert (error.code, error.final, error.status) == ("inspection_timeout", True, 422)
    assert time.monotonic() - began < 10


def test_using_up_the_processor_is_a_timeout(
    monkeypatch: pytest.MonkeyPatch, package: Any, confined: str
) -> None:
    error = refused(hostile(monkeypatch, "spin"), package, cpu_seconds=1)
    assert (error.code, error.final) == ("inspection_timeout", True)
    assert "processor" in error.detail


def test_using_up_memory_is_its_own_verdict(
    monkeypatch: pytest.MonkeyPatch, package: Any, confined: str
) -> None:
    error = refused(hostile(monkeypatch, "allocate"), package)
    assert (error.code, error.final, error.status) == ("inspection_memory", True, 422)


def test_a_file_that_grows_too_large(
    monkeypatch: pytest.MonkeyPatch, package: Any, tmp_path: Path, confined: str
) -> None:
    with (tmp_path / "sink").open("w+b") as sink, pytest.raises(IsolationError) as caught:
        run(hostile(monkeypatch, "fill"), package, {}, sink=sink, bounds=SMALL)
    assert caught.value.code == "inspection_memory"
    assert (tmp_path / "sink").stat().st_size <= SMALL.file_bytes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage\n",
        '{"answer":{}',
        '{"answer":[]}\n',
        '{"answer":{"a":1,"a":2}}\n',
        '{"answer":{"a":NaN}}\n',
        '{"answer":{},"more":1}\n',
        '{"answer":{}}\n{"answer":{}}\n',
        '{"answer":{}}\ntrailing',
        '{"answer":"\udcff"}\n',
        '{"answer":' + '{"a":' * 2000 + "1" + "}" * 2000 + "}\n",
        '{"error":{"kind":"other"}}\n',
        '["answer"]\n',
        '{"one":1,"two":2}\n',
    ],
)
def test_garbage_is_nonsense(monkeypatch: pytest.MonkeyPatch, package: Any, text: str) -> None:
    error = refused(hostile(monkeypatch, "say"), package, {"text": text})
    assert (error.code, error.final) == ("inspection_nonsense", False)


def test_saying_too_much_is_nonsense(monkeypatch: pytest.MonkeyPatch, package: Any, confined: str) -> None:
    asked = {"to": 1, "mebibytes": 8}
    error = refused(hostile(monkeypatch, "flood"), package, asked, output=1024 * 1024)
    assert (error.code, error.final) == ("inspection_nonsense", False)


def test_noise_on_standard_error_is_taken_in_and_cut(
    monkeypatch: pytest.MonkeyPatch, package: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert run(hostile(monkeypatch, "flood"), package, {"to": 2, "mebibytes": 4}, bounds=SMALL) == {}


@pytest.mark.parametrize("function", ["hang", "echo", "by_signal"])
def test_every_child_is_reaped(monkeypatch: pytest.MonkeyPatch, package: Any, function: str) -> None:
    within = Bounds(seconds=1, cpu_seconds=5, mebibytes=512)
    try:
        run(hostile(monkeypatch, function), package, {"signal": int(signal.SIGSEGV)}, bounds=within)
    except IsolationError as error:
        assert error.code in {"inspection_timeout", "inspection_crashed"}
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
