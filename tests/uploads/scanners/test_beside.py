"""The scan beside the inspection: begun once the headers hold, believed only of the bytes that were inspected."""

import hashlib
import io
import threading
from typing import Any, BinaryIO

import pytest

from tests import packages
from tests.uploads.checks.subjects import portal
from uploads import asked
from uploads.checks import ScannerUnavailableError, antivirus_scan, prepare
from uploads.checks.base import Status, Subject
from uploads.isolation import IsolationError
from uploads.package.rules import ALLOWED_ENDINGS, DEFAULT
from uploads.scanners import clamd
from uploads.scanners.beside import Scan, Scanner
from uploads.scanners.verdict import Outcome, Verdict

PACKAGE = packages.mod().package
BY_HEADERS = next(raw for code, _, raw in packages.HOSTILE if code == "zip.path")
BY_CONTENT = next(raw for code, _, raw in packages.HOSTILE if code == "content.allowed")
SCANNER = Scanner("clamd://127.0.0.1:1")
PORTAL = portal(antivirus=SCANNER.address)


class FakeClamd:
    """Answers with a verdict after reading everything; counts how often it was asked."""

    def __init__(self, outcome: Outcome = Outcome.CLEAN) -> None:
        self.outcome = outcome
        self.asked = 0
        self.done = threading.Event()

    def scan(self, file: BinaryIO, address: str, **_: Any) -> Verdict:
        self.asked += 1
        file.seek(0)
        try:
            while file.read(1000):
                pass
        except OSError as error:
            return Verdict(Outcome.ERROR, str(error))
        finally:
            self.done.set()
        return Verdict(self.outcome, "Eicar" if self.outcome is Outcome.FLAGGED else "", "ClamAV 1")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeClamd:
    made = FakeClamd()
    monkeypatch.setattr(clamd, "scan", made.scan)
    return made


def prepared(raw: bytes) -> Subject:
    return prepare(lambda: io.BytesIO(raw), len(raw), portal=PORTAL, scanner=SCANNER)


def test_a_clean_answer_is_the_checks_answer(fake: FakeClamd) -> None:
    subject = prepared(PACKAGE)
    assert subject.antivirus == Verdict(Outcome.CLEAN, "", "ClamAV 1")
    assert antivirus_scan.run(subject).status is Status.PASSED
    assert fake.asked == 1, "it was not asked again"


def test_what_it_finds_fails_the_check(fake: FakeClamd) -> None:
    fake.outcome = Outcome.FLAGGED
    assert antivirus_scan.run(prepared(PACKAGE)).code == "malware_found"


@pytest.mark.parametrize("outcome", [Outcome.PENDING, Outcome.ERROR])
def test_no_answer_means_waiting(fake: FakeClamd, outcome: Outcome) -> None:
    fake.outcome = outcome
    with pytest.raises(ScannerUnavailableError):
        antivirus_scan.run(prepared(PACKAGE))
    assert fake.asked == 1


def test_what_the_headers_refuse_is_never_sent(fake: FakeClamd) -> None:
    subject = prepared(BY_HEADERS)
    result = antivirus_scan.run(subject)
    assert (result.status, result.code) == (Status.NOT_RUN, "package_not_opened")
    assert (subject.antivirus, fake.asked) == (None, 0)


def test_the_answer_on_what_the_profile_refuses_is_dropped(fake: FakeClamd) -> None:
    subject = prepared(BY_CONTENT)
    assert fake.done.wait(10)
    result = antivirus_scan.run(subject)
    assert (result.status, result.code) == (Status.NOT_RUN, "package_not_opened")
    assert (subject.antivirus, fake.asked) == (None, 1)


def test_without_a_scanner_beside_the_check_asks_by_itself(fake: FakeClamd) -> None:
    subject = prepare(lambda: io.BytesIO(PACKAGE), len(PACKAGE), portal=PORTAL)
    assert (subject.antivirus, fake.asked) == (None, 0)
    assert antivirus_scan.run(subject).status is Status.PASSED
    assert fake.asked == 1


def test_other_bytes_for_the_scanner_than_for_the_child(fake: FakeClamd) -> None:
    opened = iter([PACKAGE, packages.mod(version="9.9.9").package])
    with pytest.raises(IsolationError) as caught:
        prepare(lambda: io.BytesIO(next(opened)), len(PACKAGE), scanner=SCANNER)
    assert caught.value.code == "inspection_nonsense"


def test_a_storage_that_fails_meanwhile_is_its_own_error(fake: FakeClamd) -> None:
    calls: list[int] = []

    def opening() -> BinaryIO:
        calls.append(1)
        if len(calls) > 1:
            raise FileNotFoundError("gone")
        return io.BytesIO(PACKAGE)

    with pytest.raises(FileNotFoundError):
        prepare(opening, len(PACKAGE), scanner=SCANNER)


def test_a_dropped_scan_ends_at_its_next_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeClamd()
    monkeypatch.setattr(clamd, "scan", fake.scan)
    scan = Scan(lambda: io.BytesIO(PACKAGE), SCANNER)
    scan.drop()
    scan.start()
    told = scan.result()
    assert (told.verdict.outcome, told.sha256) == (Outcome.ERROR, "")


def test_the_hash_is_of_what_the_scanner_was_given(fake: FakeClamd) -> None:
    scan = Scan(lambda: io.BytesIO(PACKAGE), SCANNER)
    scan.start()
    assert scan.result().sha256 == hashlib.sha256(PACKAGE).hexdigest()


def test_the_profile_that_is_asked_for(settings: Any) -> None:
    assert asked.profile() == DEFAULT
    settings.SMMODS_ALLOWED_ENDINGS = [".lua", ".json"]
    settings.SMMODS_MAX_PACKAGE_BYTES = 5000
    assert asked.profile().allowed == frozenset({".lua", ".json"}) < ALLOWED_ENDINGS
    assert asked.profile().max_package == 5000


def test_the_scanner_that_is_asked(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked.scanner() is None
    settings.SMMODS_ANTIVIRUS = "clamd://127.0.0.1:9"
    monkeypatch.setattr(asked.watched, "facts", lambda: ("too lax", ""))
    assert asked.scanner() is None, "what is not fit to be believed is not asked"
    monkeypatch.setattr(asked.watched, "facts", lambda: ("", ""))
    assert asked.scanner() == Scanner(
        "clamd://127.0.0.1:9", settings.SMMODS_ANTIVIRUS_SECONDS, settings.SMMODS_ANTIVIRUS_MAX_AGE_DAYS
    )
