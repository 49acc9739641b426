"""The portal as it runs: web server, workers, scheduler, database, broker and a mail sink of its own."""

import email
import email.policy
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from smmods.supervisor import PROCESSES

ROOT = Path(__file__).resolve().parent.parent.parent
T = TypeVar("T")


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(look: Callable[[], T | None], what: str, seconds: float = 30) -> T:
    """What `look` finds, asked again until it is true. Raises AssertionError naming `what`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s for {what}")


class MailSink:
    """A real SMTP server that keeps what it takes."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = email.message_from_bytes(envelope.content or b"", policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        """Mails to this address, oldest first."""
        return [m for m in self.messages if address in str(m["To"])]

    def text(self, message: EmailMessage) -> str:
        body = message.get_body(preferencelist=("plain",))
        assert body is not None
        return str(body.get_content())

    def code(self, address: str, after: int = 0) -> str:
        """The code in the newest mail to `address`, once more than `after` mails are there."""

        def look() -> str | None:
            mails = self.to(address)
            if len(mails) <= after:
                return None
            found = re.search(r"^\s*([A-Z0-9]{4}-?[A-Z0-9]{2,4})\s*$", self.text(mails[-1]), re.MULTILINE)
            return found.group(1) if found else None

        return wait_for(look, f"a mail with a code to {address}")


@dataclass
class Stack:
    """A running portal: its address, its folder, its environment, and its processes by name."""

    url: str
    var: Path
    environment: dict[str, str]
    mail: MailSink
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it printed; it must succeed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str) -> None:
        """Start one of the processes that `make run` and the units in deploy/ start."""
        log = (self.var / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [sys.executable, *PROCESSES[name]],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def kill(self, name: str) -> None:
        """`kill -9` the process and all its children."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of a plain GET."""
        request = urllib.request.Request(self.url + path)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def logs(self) -> str:
        """The end of every log, for a failing test."""
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in self.var.glob("*.log")
        )


@contextmanager
def running(
    var: Path,
    database_url: str | None = None,
    broker_url: str | None = None,
    *,
    samples: bool = False,
    processes: Iterable[str] = tuple(PROCESSES),
    **settings: str,
) -> Iterator[Stack]:
    """A portal with separate processes over the given database and broker, taken down afterwards.

    What is left out is what development has: SQLite, a broker of files.
    """
    var.mkdir(parents=True, exist_ok=True)
    port = free_port()
    mail = MailSink()
    mail.controller.start()
    environment: dict[str, Any] = {
        key: value for key, value in os.environ.items() if not key.startswith(("SMMODS_", "COV_", "PYTEST_"))
    }
    environment |= {
        "DJANGO_SETTINGS_MODULE": "smmods.settings",
        "VAR": str(var),
        "PORT": str(port),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
        "SMMODS_ENVIRONMENT": "development",
        "SMMODS_SITE_URL": f"http://127.0.0.1:{port}",
        "SMMODS_LIVE_UPLOADS": "1",
        "PYTHONUNBUFFERED": "1",
    } | settings
    for name, url in (("DATABASE_URL", database_url), ("CELERY_BROKER_URL", broker_url)):
        environment.pop(name, None)
        if url:
            environment[name] = url
    stack = Stack(f"http://127.0.0.1:{port}", var, environment, mail)
    try:
        stack.manage("prepare", *([] if samples else ["--no-samples"]))
        for name in processes:
            stack.start(name)
        try:
            wait_for(lambda: _answers(stack), "the portal to answer", 40)
        except AssertionError as error:
            raise AssertionError(stack.logs()) from error
        yield stack
    finally:
        stack.stop()
        mail.controller.stop()


def _answers(stack: Stack) -> bool:
    try:
        return stack.get("/healthz")[0] == 200
    except OSError:
        return False
