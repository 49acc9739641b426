"""Scanners for tests: a real clamd of their own, started with the shipped clamd.conf, and one that says anything."""

import gzip
import hashlib
import io
import re
import shutil
import socket
import struct
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from uploads.scanners.clamd_samples import EICAR
from uploads.scanners.clamd_session import Session

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SHIPPED = ROOT / "deploy" / "clamd.conf"
FRESH = b"ClamAV 1.4.3/27800/Tue Jun  9 08:51:02 2026"
#: What a clamd that says what it must answers to the three quick trials.
HONEST = (
    b"stream: Win.Test.EICAR_HDB-1 FOUND",
    b"stream: Heuristics.Encrypted.Zip FOUND",
    b"stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND",
)
DAY = 86400


def clamd_program() -> str:
    """The path of clamd, or nothing."""
    return shutil.which("clamd", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or ""


def signature_base(age_days: float = 0) -> bytes:
    """A `daily.cud` that knows EICAR by the hash of the whole file, as the official base does, built some days ago."""
    at = int(time.time() - age_days * DAY)
    when = time.strftime("%d %b %Y %H-%M +0000", time.gmtime(at))
    line = f"{hashlib.md5(EICAR, usedforsecurity=False).hexdigest()}:{len(EICAR)}:Win.Test.EICAR_HDB-1\n".encode()
    info = (
        f"ClamAV-VDB:{when}:27800:1:90:X:X:smmods:{at}\n"
        f"daily.hdb:{len(line)}:{hashlib.sha256(line).hexdigest()}\n"
    ).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in (("COPYING", b"none\n"), ("daily.info", info), ("daily.hdb", line)):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    body = gzip.compress(out.getvalue(), mtime=0)
    head = (
        f"ClamAV-VDB:{when}:27800:1:90:{hashlib.md5(body, usedforsecurity=False).hexdigest()}:X:smmods:{at}"
    )
    return head.ljust(512).encode() + body


class Daemon:
    """A clamd of one test's own in a folder of its own, with the shipped clamd.conf but for `settings`."""

    def __init__(self, settings: Mapping[str, str], age_days: float = 0) -> None:
        # A socket's path may have some hundred characters only, so it is not pytest's folder.
        self.folder = Path(tempfile.mkdtemp(prefix="smmods-clamd-"))
        self.socket = self.folder / "clamd.sock"
        self.address = f"clamd://{self.socket}"
        self.base = self.folder / "base"
        self.base.mkdir()
        self.settings = dict(settings)
        self.process: subprocess.Popen[bytes] | None = None
        self.load(age_days)

    def load(self, age_days: float) -> None:
        """Put another signature base there; a running clamd sees it when it is told to RELOAD."""
        (self.base / "daily.cud").write_bytes(signature_base(age_days))

    def config(self) -> str:
        """The shipped file with this instance's folders and what the test changes."""
        own = {
            "DatabaseDirectory": str(self.base),
            "TemporaryDirectory": str(self.folder),
            "PidFile": str(self.folder / "pid"),
            "LogFile": str(self.folder / "log"),
            "LocalSocket": str(self.socket),
            "Foreground": "yes",
        } | self.settings
        text = SHIPPED.read_text(encoding="utf-8")
        for name in ("User", *own):
            text = re.sub(rf"^{name} .*\n", "", text, flags=re.MULTILINE)
        return text + "".join(f"{name} {value}\n" for name, value in own.items() if value)

    def start(self) -> None:
        path = self.folder / "clamd.conf"
        path.write_text(self.config(), encoding="utf-8")
        self.process = subprocess.Popen(
            [clamd_program(), f"--config-file={path}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while not self._answers():
            assert self.process.poll() is None, "clamd did not start"
            assert time.monotonic() < until, "clamd does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return self.tell("PING") == "PONG"
        except (OSError, ValueError):
            return False

    def tell(self, command: str) -> str:
        """Say something on another connection than the scan's."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(10)
            connection.connect(str(self.socket))
            connection.sendall(f"z{command}\0".encode())
            return connection.recv(4096).partition(b"\0")[0].decode()

    def kill(self) -> None:
        """`kill -9`."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def end(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def real(age_days: float = 0, **settings: str) -> Iterator[Daemon]:
    """A running clamd; `settings` replace those of the shipped file, an empty one leaves its line out."""
    daemon = Daemon(settings, age_days)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.end()


Answer = Callable[[socket.socket], None]


class FakeClamd:
    """A clamd that says what a test wants: `version` to VERSION, `quick` to the quick trials, then `answer`.

    It speaks the session's protocol, numbers included; `answer` deals with one INSTREAM, data and reply.
    """

    def __init__(
        self,
        version: bytes = FRESH,
        answer: Answer | bytes = b"stream: OK",
        quick: tuple[bytes, ...] = HONEST,
    ) -> None:
        self.version, self.quick = version, quick
        self.answer: Answer = saying(answer) if isinstance(answer, bytes) else answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"clamd://127.0.0.1:{self._socket.getsockname()[1]}"
        self.sessions = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.sessions += 1
            with connection:
                try:
                    self._talk(connection)
                except OSError:
                    continue

    def _talk(self, connection: socket.socket) -> None:
        number, streams = 0, 0
        while command := _command(connection):
            if command in (b"zIDSESSION", b"zEND"):
                continue
            number += 1
            if command == b"zVERSION":
                connection.sendall(b"%d: %s\0" % (number, self.version))
                continue
            streams += 1
            if streams <= len(self.quick):
                whole(connection)
                connection.sendall(b"%d: %s\0" % (number, self.quick[streams - 1]))
            else:
                self.answer(connection)
                return

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


def _command(connection: socket.socket) -> bytes:
    command = b""
    while not command.endswith(b"\0"):
        piece = connection.recv(1)
        if not piece:
            return b""
        command += piece
    return command[:-1]


def exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            return data
        data += piece
    return data


def whole(connection: socket.socket) -> bytes:
    """All the data of one INSTREAM."""
    data = b""
    while length := struct.unpack(">L", exactly(connection, 4))[0]:
        data += exactly(connection, length)
    return data


def saying(words: bytes) -> Answer:
    """Reads the data and says this of it: the number of the package's command, then `words`, with their end."""

    def answer(connection: socket.socket) -> None:
        whole(connection)
        connection.sendall(b"5: %s\0" % words)

    return answer


def session(daemon: Daemon, seconds: float = 20) -> Session:
    """A connection to a real one."""
    return Session(daemon.address, time.monotonic() + seconds)
