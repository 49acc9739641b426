"""Runs the portal's processes together, for `make run`: web server, workers, scheduler.

Rules
- A process that ends by itself is started again, as systemd would; the work that it held is found again.
- One that keeps ending right after its start (`QUICK_ENDS` times within `QUICK_SECONDS` each) stops everything:
  it won't get better, and its last lines say why.
- Nothing outlives the supervisor: where the system offers it (Linux, by `setpriv`), a process whose supervisor was
  killed is told to finish.
- On SIGINT, SIGTERM or SIGHUP each process is asked to finish (SIGTERM to it alone, so that a worker finishes its
  task), and what is still there after `GRACE_SECONDS` is killed with all its children.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

QUICK_ENDS = 3
QUICK_SECONDS = 5.0
GRACE_SECONDS = 15.0
POLL_SECONDS = 0.2

CELERY = ("-m", "celery", "-q", "-A", "smmods")
WORKER = ("--without-gossip", "--without-mingle", "--without-heartbeat")
#: What runs, by name: the arguments to Python. The units in deploy/ start the same.
PROCESSES: dict[str, tuple[str, ...]] = {
    "web": ("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "smmods.wsgi"),
    "worker": (*CELERY, "worker", "-Q", "checks", "-c", "2", "-n", "worker@%h", *WORKER),
    "publisher": (*CELERY, "worker", "-Q", "publication", "-c", "1", "-n", "publisher@%h", *WORKER),
    "mailer": (*CELERY, "worker", "-Q", "mail", "-c", "1", "-n", "mailer@%h", *WORKER),
    "scheduler": (*CELERY, "beat", "--pidfile="),
}


def bound(command: Sequence[str]) -> tuple[str, ...]:
    """The command, told to finish (SIGTERM) when its parent dies, where the system offers that."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--", *command) if setpriv else tuple(command)


@dataclass
class Running:
    """One process: its name, what starts it, when it was started, how often it ended quickly in a row."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    quick_ends: int = 0
    reader: threading.Thread | None = field(default=None, repr=False)


class Supervisor:
    """Starts the processes, shows their output by name, starts again what ends, and stops them all."""

    def __init__(
        self, commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], out: IO[str] = sys.stdout
    ) -> None:
        self.running = [Running(name, bound(command)) for name, command in commands.items()]
        self.environment = dict(environment)
        self.out = out
        self.stopping = False
        self._width = max(len("portal"), *(len(name) for name in commands))

    def run(self) -> int:
        """Run until a signal comes, or until a process won't start. Returns the exit status: 0, or 1."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        for one in self.running:
            self._start(one)
        failed = False
        while not self.stopping:
            failed = any(self._look_after(one) for one in self.running)
            if failed:
                break
            time.sleep(POLL_SECONDS)
        self._end()
        return 1 if failed else 0

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _start(self, one: Running) -> None:
        one.process = subprocess.Popen(
            one.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        one.began = time.monotonic()
        one.reader = threading.Thread(target=self._show, args=(one.name, one.process.stdout), daemon=True)
        one.reader.start()

    def _show(self, name: str, lines: IO[bytes]) -> None:
        for line in iter(lines.readline, b""):
            self._say(name, line.decode(errors="replace").rstrip())

    def _say(self, name: str, line: str) -> None:
        self.out.write(f"{name:<{self._width}} | {line}\n")
        self.out.flush()

    def _look_after(self, one: Running) -> bool:
        """Start the process again if it ended. Returns whether it is beyond that."""
        if one.process is None or one.process.poll() is None or self.stopping:
            return False
        quick = time.monotonic() - one.began < QUICK_SECONDS
        one.quick_ends = one.quick_ends + 1 if quick else 0
        if one.quick_ends >= QUICK_ENDS:
            self._say(one.name, f"ended {QUICK_ENDS} times right after its start; stopping everything")
            return True
        self._say(one.name, f"ended with status {one.process.returncode}; starting it again")
        time.sleep(POLL_SECONDS)
        self._start(one)
        return False

    def _end(self) -> None:
        self._say("portal", "stopping; a worker finishes its task first")
        for one in self.running:
            if one.process is not None and one.process.poll() is None:
                one.process.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for one in self.running:
            if one.process is None:
                continue
            try:
                one.process.wait(max(until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                self._say(one.name, "did not finish in time; killed")
            self._kill_group(one.process)
            if one.reader is not None:
                one.reader.join(1)

    @staticmethod
    def _kill_group(process: subprocess.Popen[bytes]) -> None:
        """Kill what is left of the process and its children."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
