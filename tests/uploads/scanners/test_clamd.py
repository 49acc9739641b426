import base64
import io
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.packages import Part, mod, with_parts
from tests.uploads.checks.subjects import of_bytes, offline, portal, subject, told
from uploads.checks import ScannerUnavailableError, antivirus_scan, run_intake
from uploads.checks.base import Status
from uploads.scanners.clamd import scan
from uploads.scanners.verdict import Outcome, Verdict

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
FRESH = b"ClamAV 1.4.3/27800/Tue Jun  9 08:51:02 2026\0"
OLD = b"ClamAV 1.4.3/27000/Mon Jun  1 08:51:02 2026\0"
# The test signature that every scanner knows, encoded so that none of them finds it here.
EICAR = base64.b64decode(
    b"WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo="
)

Answer = Callable[[socket.socket], None]


class FakeClamd:
    """A clamd that says what a test wants: `version` to VERSION, and `answer` deals with INSTREAM."""

    def __init__(self, version: bytes, answer: Answer) -> None:
        self.version, self.answer = version, answer
        self.received = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"clamd://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                command = b""
                while not command.endswith(b"\0"):
                    command += connection.recv(1)
                if command == b"zVERSION\0":
                    connection.sendall(self.version)
                else:
                    self.answer(connection)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


def exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            return data
        data += piece
    return data


def whole(connection: socket.socket) -> bytes:
    data = b""
    while length := struct.unpack(">L", exactly(connection, 4))[0]:
        data += exactly(connection, length)
    return data


def saying(words: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        whole(connection)
        connection.sendall(words)

    return answer


Start = Callable[..., FakeClamd]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[FakeClamd] = []

    def begin(answer: Answer | bytes = b"stream: OK\0", version: bytes = FRESH) -> FakeClamd:
        running.append(FakeClamd(version, saying(answer) if isinstance(answer, bytes) else answer))
        return running[-1]

    yield begin
    for fake in running:
        fake.close()


def verdict(fake: FakeClamd, data: bytes = b"hello", timeout: float = 5) -> Verdict:
    return scan(io.BytesIO(data), fake.address, timeout=timeout, now=NOW)


def test_clean(start: Start):
    answer = verdict(start())
    assert answer.outcome is Outcome.CLEAN
    assert answer.engine == FRESH.decode().rstrip("\0")


def test_the_whole_file_arrives_from_its_beginning(start: Start):
    got: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        got.append(whole(connection))
        connection.sendall(b"stream: OK\0")

    file = io.BytesIO(bytes(range(256)) * 3000)
    file.seek(100)
    assert scan(file, start(answer).address, now=NOW).outcome is Outcome.CLEAN
    assert got == [file.getvalue()]


def test_flagged(start: Start):
    answer = verdict(start(b"stream: Win.Test.EICAR_HDB-1 FOUND\0"))
    assert (answer.outcome, answer.detail) == (Outcome.FLAGGED, "Win.Test.EICAR_HDB-1")


@pytest.mark.parametrize(
    ("words", "told_words"),
    [
        (b"INSTREAM size limit exceeded. ERROR\0", "size limit"),
        (b"stream: Can't allocate memory ERROR\0", "Can't allocate"),
        (b"stream: Heuristics.Limits.Exceeded.MaxFiles FOUND\0", "did not look at everything"),
        (b"stream: Heuristics.Encrypted.Zip FOUND\0", "did not look at everything"),
        (b"stream: not OK\0", "not OK"),
        (b"stream: OK", "cut off"),
        (b"OK\0", "OK"),
        (b"", "cut off"),
        (b"\0", "nothing"),
    ],
)
def test_errors(start: Start, words: bytes, told_words: str):
    answer = verdict(start(words))
    assert answer.outcome is Outcome.ERROR
    assert told_words in answer.detail


def test_over_its_limit_it_stops_listening(start: Start):
    def answer(connection: socket.socket) -> None:
        exactly(connection, 10_000)
        connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")

    assert verdict(start(answer), bytes(20_000_000)).outcome is Outcome.ERROR


def test_killed_in_the_middle(start: Start):
    def answer(connection: socket.socket) -> None:
        exactly(connection, 10)
        # A reset, as from a process that is gone.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    answered = verdict(start(answer), bytes(20_000_000))
    assert answered.outcome is Outcome.ERROR


def test_silence_is_an_error(start: Start):
    ended = threading.Event()

    def answer(connection: socket.socket) -> None:
        ended.wait(5)

    answered = verdict(start(answer), timeout=0.2)
    ended.set()
    assert answered.outcome is Outcome.ERROR
    assert "within 0.2 seconds" in answered.detail
    assert verdict(start(), timeout=0).outcome is Outcome.ERROR


@pytest.mark.parametrize("version", [OLD, b"ClamAV 1.4.3\0", b"ClamAV 1.4.3/27000/yesterday\0", b"\0"])
def test_old_or_unknown_signatures_are_an_error(start: Start, version: bytes):
    fake = start(version=version)
    assert verdict(fake).outcome is Outcome.ERROR
    assert scan(io.BytesIO(b"x"), fake.address, max_age=None, now=NOW).outcome is Outcome.CLEAN


def test_the_age_s_limit_itself(start: Start):
    seven_days = b"ClamAV 1.4.3/1/Wed Jun  3 12:00:00 2026\0"
    assert verdict(start(version=seven_days)).outcome is Outcome.CLEAN


def test_nobody_there_is_pending(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert scan(io.BytesIO(b"x"), f"clamd://127.0.0.1:{port}").outcome is Outcome.PENDING
    assert scan(io.BytesIO(b"x"), f"clamd://{tmp_path}/no.sock").outcome is Outcome.PENDING


def test_no_clamd_address_is_an_error():
    assert scan(io.BytesIO(b"x"), "http://127.0.0.1").outcome is Outcome.ERROR


def test_over_a_socket_file(tmp_path: Path):
    path = tmp_path / "clamd.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            for words in (FRESH, b"stream: OK\0"):
                connection, _ = server.accept()
                with connection:
                    exactly(connection, len(b"zVERSION\0"))
                    if words != FRESH:
                        exactly(connection, 1)
                        whole(connection)
                    connection.sendall(words)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert scan(io.BytesIO(b"x"), f"clamd://{path}", now=NOW).outcome is Outcome.CLEAN
        thread.join(5)


def test_the_check_passes_and_fails(start: Start):
    clean = subject(facts=portal(antivirus=start().address, antivirus_max_age=None))
    assert told(antivirus_scan.run(clean)) == ("passed", [])
    flagged = start(b"stream: Win.Test.EICAR_HDB-1 FOUND\0")
    result = antivirus_scan.run(subject(facts=portal(antivirus=flagged.address, antivirus_max_age=None)))
    assert told(result) == ("failed", ["malware_found"])
    assert result.evidence["signature"] == "Win.Test.EICAR_HDB-1"


def test_a_scanner_that_cannot_answer_makes_the_submission_wait(start: Start):
    broken = portal(antivirus=start(b"stream: broken ERROR\0").address, antivirus_max_age=None)
    with pytest.raises(ScannerUnavailableError) as caught:
        run_intake(subject(facts=broken))
    assert caught.value.code == "scanner_error"
    with pytest.raises(ScannerUnavailableError) as caught:
        run_intake(subject(facts=portal(antivirus="clamd:///nowhere.sock")))
    assert caught.value.code == "scanner_pending"


def test_off_is_for_development_alone():
    assert antivirus_scan.run(subject()).code == "antivirus_off"
    with pytest.raises(ScannerUnavailableError):
        antivirus_scan.run(subject(facts=portal(environment="production")))


def test_not_asked_without_a_portal_or_of_a_refused_package():
    assert antivirus_scan.run(offline()).code == "portal_needed"
    refused = of_bytes(b"no ZIP", None, portal(antivirus="clamd:///nowhere.sock"))
    assert antivirus_scan.run(refused).status is Status.NOT_RUN


@pytest.mark.clamd
@pytest.mark.parametrize(
    "package",
    [
        EICAR,
        with_parts(Part("Content/a.txt", EICAR)),
        with_parts(Part("Content/a.txt", EICAR, method=0)),
    ],
    ids=["plain", "deflated", "stored"],
)
def test_a_real_clamd_flags_eicar(clamd_url: str, package: bytes):
    assert scan(io.BytesIO(package), clamd_url, max_age=None).outcome is Outcome.FLAGGED
    assert scan(io.BytesIO(mod().package), clamd_url, max_age=None).outcome is Outcome.CLEAN
