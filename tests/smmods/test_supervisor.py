"""Processes that run together: their output by name, started again when they end, stopped as asked."""

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from smmods import supervisor
from smmods.supervisor import PROCESSES, Supervisor


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.5)
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def gone(pid: int, seconds: float = 5) -> bool:
    """Whether the process ends within this time (one that only waits to be reaped has ended)."""
    stat = Path(f"/proc/{pid}/stat")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def stop_when(one: Supervisor, seen: Callable[[], bool], seconds: float = 20) -> threading.Thread:
    """Ask it to stop as soon as `seen`, as a signal would."""

    def wait() -> None:
        until = time.monotonic() + seconds
        while not seen() and time.monotonic() < until:
            time.sleep(0.01)
        one._stop(signal.SIGINT, None)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_output_is_shown_by_name_and_stopping_is_clean() -> None:
    out = io.StringIO()
    waits = "import time; print('up', flush=True); time.sleep(60)"
    one = Supervisor({"web": python(waits), "worker": python(waits)}, os.environ, out)
    stop_when(one, lambda: out.getvalue().count("| up") == 2)
    assert one.run() == 0
    assert "web    | up\n" in out.getvalue()
    assert "worker | up\n" in out.getvalue()
    assert all(running.process is not None and running.process.poll() is not None for running in one.running)


def test_a_process_that_is_killed_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "QUICK_SECONDS", 0.0)
    out = io.StringIO()
    waits = "import os, time; print('up', os.getpid(), flush=True); time.sleep(60)"
    one = Supervisor({"worker": python(waits)}, os.environ, out)
    killed: list[int] = []

    def seen() -> bool:
        process = one.running[0].process
        if process is not None and not killed and "up" in out.getvalue():
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGKILL)
        return out.getvalue().count("| up") == 2

    stop_when(one, seen)
    assert one.run() == 0
    assert "ended with status -9; starting it again" in out.getvalue()


def test_one_that_will_not_start_stops_everything() -> None:
    out = io.StringIO()
    commands = {
        "web": python("import sys; sys.exit('port in use')"),
        "other": python("import time; time.sleep(60)"),
    }
    assert Supervisor(commands, os.environ, out).run() == 1
    assert out.getvalue().count("port in use") == supervisor.QUICK_ENDS
    assert "stopping everything" in out.getvalue()


def test_one_that_does_not_finish_is_killed_with_its_children() -> None:
    out = io.StringIO()
    stubborn = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('child', child.pid, flush=True); time.sleep(60)"
    )
    one = Supervisor({"worker": python(stubborn)}, os.environ, out)
    stop_when(one, lambda: "child" in out.getvalue())
    assert one.run() == 0
    assert "did not finish in time" in out.getvalue()
    child = int(out.getvalue().split("child ")[1].split()[0])
    assert gone(child)


@pytest.mark.setpriv
def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    waits = "import os, time; print('child', os.getpid(), flush=True); time.sleep(60)"
    runs = (
        "import os, sys; from smmods.supervisor import Supervisor\n"
        f"sys.exit(Supervisor({{'worker': (sys.executable, '-c', {waits!r})}}, os.environ).run())"
    )
    with subprocess.Popen([sys.executable, "-c", runs], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split("child ")[1])
        process.kill()
    assert gone(child)


def test_without_setpriv_the_command_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert supervisor.bound(["a", "b"]) == ("a", "b")


def test_every_queue_has_a_process() -> None:
    queues = {arguments[arguments.index("-Q") + 1] for arguments in PROCESSES.values() if "-Q" in arguments}
    assert queues == {"checks", "publication", "mail"}


def test_the_units_start_the_same() -> None:
    deploy = Path(__file__).resolve().parents[2] / "deploy"
    units = "\n".join(file.read_text(encoding="utf-8") for file in sorted(deploy.glob("*.service")))
    for arguments in PROCESSES.values():
        assert " ".join(arguments).replace("%h", "%%h") in units
