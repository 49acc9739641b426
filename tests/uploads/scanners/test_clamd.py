"""What counts as an answer of clamd's, by one that says anything: only a clear answer is believed."""

import io
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.uploads.checks.subjects import of_bytes, offline, portal, subject, told
from tests.uploads.scanners.daemons import FRESH, HONEST, Answer, FakeClamd, exactly, whole
from uploads.checks import ScannerUnavailableError, antivirus_scan, run_intake
from uploads.checks.base import Status
from uploads.scanners.clamd import built_at, scan
from uploads.scanners.clamd_probe import identity
from uploads.scanners.clamd_session import in_chunks
from uploads.scanners.verdict import Outcome, Verdict

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
OLD = b"ClamAV 1.4.3/27000/Mon Jun  1 08:51:02 2026"
AHEAD = b"ClamAV 1.4.3/27000/Sat Jun 13 08:51:02 2026"

Start = Callable[..., FakeClamd]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[FakeClamd] = []

    def begin(
        answer: Answer | bytes = b"stream: OK", version: bytes = FRESH, quick: tuple[bytes, ...] = HONEST
    ) -> FakeClamd:
        running.append(FakeClamd(version, answer, quick))
        return running[-1]

    yield begin
    for fake in running:
        fake.close()


def verdict(fake: FakeClamd, data: bytes = b"hello", timeout: float = 5) -> Verdict:
    return scan(io.BytesIO(data), fake.address, timeout=timeout, now=NOW)


def test_clean(start: Start):
    fake = start()
    answer = verdict(fake)
    assert answer.outcome is Outcome.CLEAN
    assert answer.engine == FRESH.decode()
    # Version, trials and package on one connection: all of them are answered by the same process.
    assert fake.sessions == 1


def test_the_whole_file_arrives_from_its_beginning(start: Start):
    got: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        got.append(whole(connection))
        connection.sendall(b"5: stream: OK\0")

    file = io.BytesIO(bytes(range(256)) * 3000)
    file.seek(100)
    assert scan(file, start(answer).address, now=NOW).outcome is Outcome.CLEAN
    assert got == [file.getvalue()]


def test_pieces_are_sent_in_chunks_and_none_is_empty():
    assert list(in_chunks([b"ab", b"", b"cde", b"f"], 4)) == [b"abcd", b"ef"]
    assert list(in_chunks([b"", b""], 4)) == []
    assert list(in_chunks([b"abcdefgh"], 4)) == [b"abcd", b"efgh"]


def test_flagged(start: Start):
    answer = verdict(start(b"stream: Win.Test.EICAR_HDB-1 FOUND"))
    assert (answer.outcome, answer.detail) == (Outcome.FLAGGED, "Win.Test.EICAR_HDB-1")


@pytest.mark.parametrize(
    ("words", "told_words"),
    [
        (b"INSTREAM size limit exceeded. ERROR", "size limit"),
        (b"stream: Can't allocate memory ERROR", "Can't allocate"),
        (b"stream: Heuristics.Limits.Exceeded.MaxFiles FOUND", "did not look at everything"),
        (b"stream: Heuristics.Encrypted.Zip FOUND", "did not look at everything"),
        (b"stream: not OK", "not OK"),
        (b"OK", "OK"),
        (b"", "nothing"),
    ],
)
def test_errors(start: Start, words: bytes, told_words: str):
    answer = verdict(start(words))
    assert answer.outcome is Outcome.ERROR
    assert told_words in answer.detail


@pytest.mark.parametrize(
    ("raw", "told_words"),
    [
        (b"5: stream: OK", "cut off"),
        (b"", "cut off"),
        (b"4: stream: OK\0", "to command 5"),
        (b"6: stream: OK\0", "to command 5"),
        (b"SESSION TIMEOUT\0", "SESSION TIMEOUT"),
    ],
)
def test_an_answer_that_is_cut_off_or_to_another_command_is_none(start: Start, raw: bytes, told_words: str):
    def answer(connection: socket.socket) -> None:
        whole(connection)
        connection.sendall(raw)

    answered = verdict(start(answer))
    assert answered.outcome is Outcome.ERROR
    assert told_words in answered.detail


@pytest.mark.parametrize(
    ("place", "said", "setting"),
    [
        (0, b"stream: OK", "ScanArchive"),
        (0, b"stream: Heuristics.Limits.Exceeded.MaxFiles FOUND", "MaxFiles"),
        (0, b"stream: Heuristics.Eicar.Near FOUND", "ScanArchive"),
        (1, b"stream: OK", "AlertEncrypted"),
        (2, b"stream: OK", "AlertExceedsMax"),
        (2, b"stream: Something.Else FOUND", "AlertExceedsMax"),
    ],
)
def test_a_scanner_that_overlooks_a_trial_is_not_believed(
    start: Start, place: int, said: bytes, setting: str
):
    quick = [*HONEST]
    quick[place] = said
    answered = verdict(start(quick=tuple(quick)))
    assert answered.outcome is Outcome.ERROR
    assert answered.detail.startswith(f"{setting}: ")
    assert "deploy/clamd.conf" in answered.detail


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

    answered = verdict(start(answer), timeout=0.3)
    ended.set()
    assert answered.outcome is Outcome.ERROR
    assert "within 0.3 seconds" in answered.detail
    assert verdict(start(), timeout=0).outcome is Outcome.ERROR


@pytest.mark.parametrize(
    "version", [OLD, AHEAD, b"ClamAV 1.4.3", b"ClamAV 1.4.3/27000/yesterday", b""], ids=str
)
def test_old_or_unknown_signatures_are_an_error(start: Start, version: bytes):
    fake = start(version=version)
    assert verdict(fake).outcome is Outcome.ERROR
    assert scan(io.BytesIO(b"x"), fake.address, max_age=None, now=NOW).outcome is Outcome.CLEAN


def test_the_age_s_limit_itself(start: Start):
    seven_days = b"ClamAV 1.4.3/1/Wed Jun  3 12:00:00 2026"
    assert verdict(start(version=seven_days)).outcome is Outcome.CLEAN
    tomorrow = b"ClamAV 1.4.3/1/Thu Jun 11 12:00:00 2026"
    assert verdict(start(version=tomorrow)).outcome is Outcome.CLEAN
    assert built_at("ClamAV 1.4.3/1/Wed Jun  3 12:00:00 2026") == datetime(2026, 6, 3, 12, tzinfo=UTC)


def test_nobody_there_is_pending(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert scan(io.BytesIO(b"x"), f"clamd://127.0.0.1:{port}").outcome is Outcome.PENDING
    assert scan(io.BytesIO(b"x"), f"clamd://{tmp_path}/no.sock").outcome is Outcome.PENDING


def test_no_clamd_address_is_an_error():
    assert scan(io.BytesIO(b"x"), "http://127.0.0.1").outcome is Outcome.ERROR


def test_the_check_passes_and_fails(start: Start):
    clean = subject(facts=portal(antivirus=start().address, antivirus_max_age=None))
    assert told(antivirus_scan.run(clean)) == ("passed", [])
    flagged = start(b"stream: Win.Test.EICAR_HDB-1 FOUND")
    result = antivirus_scan.run(subject(facts=portal(antivirus=flagged.address, antivirus_max_age=None)))
    assert told(result) == ("failed", ["malware_found"])
    assert result.evidence["signature"] == "Win.Test.EICAR_HDB-1"


def test_a_scanner_that_cannot_answer_makes_the_submission_wait(start: Start):
    broken = portal(antivirus=start(b"stream: broken ERROR").address, antivirus_max_age=None)
    with pytest.raises(ScannerUnavailableError) as caught:
        run_intake(subject(facts=broken))
    assert caught.value.code == "scanner_error"
    with pytest.raises(ScannerUnavailableError) as caught:
        run_intake(subject(facts=portal(antivirus="clamd:///nowhere.sock")))
    assert caught.value.code == "scanner_pending"


def test_a_scanner_known_to_be_too_lax_is_waited_for_even_if_it_says_clean(start: Start):
    lax = portal(antivirus=start().address, antivirus_max_age=None, antivirus_unfit="MaxFiles: too low.")
    with pytest.raises(ScannerUnavailableError) as caught:
        run_intake(subject(facts=lax))
    assert (caught.value.code, caught.value.message) == ("scanner_error", "MaxFiles: too low.")


def test_clean_counts_only_from_the_scanner_whose_limits_were_tried(start: Start):
    tried = identity(FRESH.decode(), "")
    same = portal(antivirus=start().address, antivirus_max_age=None, antivirus_probed=tried)
    assert told(antivirus_scan.run(subject(facts=same))) == ("passed", [])
    other = portal(antivirus=start().address, antivirus_max_age=None, antivirus_probed=tried + "x")
    with pytest.raises(ScannerUnavailableError, match="started anew"):
        antivirus_scan.run(subject(facts=other))
    # What it found is believed whoever it is.
    found = start(b"stream: Win.Test.EICAR_HDB-1 FOUND")
    flagged = portal(antivirus=found.address, antivirus_max_age=None, antivirus_probed="another")
    assert told(antivirus_scan.run(subject(facts=flagged))) == ("failed", ["malware_found"])


def test_off_is_for_development_alone():
    assert antivirus_scan.run(subject()).code == "antivirus_off"
    with pytest.raises(ScannerUnavailableError):
        antivirus_scan.run(subject(facts=portal(environment="production")))


def test_not_asked_without_a_portal_or_of_a_refused_package():
    assert antivirus_scan.run(offline()).code == "portal_needed"
    refused = of_bytes(b"no ZIP", None, portal(antivirus="clamd:///nowhere.sock"))
    assert antivirus_scan.run(refused).status is Status.NOT_RUN
