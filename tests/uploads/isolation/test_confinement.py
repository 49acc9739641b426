"""How children are started, and that they never outlive who started them."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from tests.uploads.isolation.world import CONFINEMENTS, NEEDS
from uploads.isolation import IsolationUnavailableError, confinement
from uploads.isolation.tasks import ALWAYS, TASKS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def forget_the_probe() -> Any:
    confinement.bubblewrap_problem.cache_clear()
    yield
    confinement.bubblewrap_problem.cache_clear()


def program(folder: Path, text: str) -> None:
    """A bwrap of our own in `folder`."""
    path = folder / "bwrap"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("echo 'bwrap: No permissions' >&2; exit 1", "No permissions"),
        ("exit 3", "ended with 3"),
        ("echo something else", "ended with 0"),
    ],
)
def test_a_bubblewrap_that_does_not_work_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, words: str
) -> None:
    program(tmp_path, text)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert words in confinement.bubblewrap_problem()
    assert confinement.chosen("auto") == "limits"
    assert confinement.chosen("limits") == "limits"
    with pytest.raises(IsolationUnavailableError) as caught:
        confinement.chosen("bubblewrap")
    assert words in caught.value.detail


def test_no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uploads.isolation.confinement.shutil.which", lambda *_, **__: None)
    assert confinement.bubblewrap_problem() == "there is no bwrap on this machine"


@pytest.mark.bubblewrap
def test_a_bubblewrap_that_works_is_used() -> None:
    assert confinement.bubblewrap_problem() == ""
    assert confinement.chosen("auto") == "bubblewrap"


def test_nothing_with_settings_or_secrets_is_shown_to_a_child() -> None:
    shown = {*ALWAYS, *(need for task in TASKS.values() for need in task.needs)}
    assert all((ROOT / path).exists() for path in shown)
    assert not any(path.startswith(("smmods", "var", ".", "deploy", "moderation")) for path in shown)
    words = confinement.command("bubblewrap", TASKS["inspect"])
    bound = [words[place + 1] for place, word in enumerate(words) if word in ("--ro-bind", "--ro-bind-try")]
    assert "--bind" not in words
    assert str(ROOT) not in bound
    assert not any(
        path == "/" or path.startswith(("/home", "/proc", "/tmp", "/var"))
        for path in bound
        if ".venv" not in path and not path.startswith(str(ROOT))
    )


@pytest.mark.parametrize("unit", ["smmods-backend.service", "smmods-worker.service"])
def test_the_units_that_open_packages_let_bubblewrap_work(unit: str) -> None:
    text = (ROOT / "deploy" / unit).read_text()
    assert "RestrictNamespaces=user mnt pid net ipc uts cgroup\n" in text
    assert "SystemCallFilter=@system-service @mount seccomp\n" in text
    assert "AF_NETLINK" in text
    assert "NoNewPrivileges=yes" in text


def test_every_task_is_there() -> None:
    from importlib import import_module

    for task in TASKS.values():
        assert callable(getattr(import_module(task.module), task.function))


LOADED = "import sys; sys.path += sys.argv[3:]; __import__(sys.argv[1]); __import__(sys.argv[2]); print(*sys.modules)"


@pytest.mark.parametrize("name", TASKS)
def test_a_child_loads_nothing_that_knows_settings(name: str) -> None:
    words = confinement.command("limits", TASKS[name])
    script = next(place for place, word in enumerate(words) if word.endswith("child.py"))
    told = subprocess.run(
        [
            *words[:script],
            "-c",
            LOADED,
            "uploads.isolation.child_main",
            TASKS[name].module,
            *words[script + 1 :],
        ],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {module.partition(".")[0] for module in told.stdout.split()}
    assert loaded.isdisjoint({"django", "smmods", "moderation", "celery", "psycopg", "redis"})
    ours = {module for module in told.stdout.split() if module.startswith(("accounts", "uploads", "catalog"))}
    shown = {*ALWAYS, *TASKS[name].needs}
    for module in ours - {"accounts", "uploads"}:
        path = module.replace(".", "/")
        there = any(path == part or path.startswith(f"{part}/") or f"{path}.py" == part for part in shown)
        assert there, f"{module} is not among what a child under bubblewrap sees"


PARENT = textwrap.dedent("""
    import django
    django.setup()
    import io
    from uploads.isolation import run
    from uploads.isolation.tasks import TASKS, Task
    TASKS["hang"] = Task("tests.uploads.isolation.hostile", "hang", {needs!r})
    print("ready", flush=True)
    run("hang", io.BytesIO(b"x" * 100), {{}})
""")


def descendants(pid: int) -> list[int]:
    """Processes below `pid`, as the kernel tells them."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("by", CONFINEMENTS)
def test_a_child_dies_with_its_parent(by: str, tmp_path: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "smmods.settings",
        "SMMODS_ENV_FILE": "",
        "SMMODS_ISOLATION": by,
        "VAR": str(tmp_path / "var"),
    }
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(needs=NEEDS)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        below = _confined(parent.pid)
        os.kill(parent.pid, signal.SIGKILL)
    finally:
        parent.kill()
        parent.wait()
        if parent.stdout is not None:
            parent.stdout.close()
    until = time.monotonic() + 10
    while any(map(alive, below)) and time.monotonic() < until:
        time.sleep(0.02)
    assert [pid for pid in below if alive(pid)] == []
    assert list((tmp_path / "var" / "incoming").iterdir()) == [], "the copy of the package is gone with it"


def _confined(parent: int) -> list[int]:
    """The processes below `parent`, once one of them can open nothing any more."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        below = descendants(parent)
        for pid in below:
            try:
                limits = Path(f"/proc/{pid}/limits").read_text()
            except OSError:
                continue
            if "Max open files            0 " in limits:
                return below
        time.sleep(0.02)
    raise AssertionError("no child was confined in time")
