"""What is known of the scanner: nothing passes before its limits were tried and hold."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import outbox
from accounts.models import AuditEntry, OutboxRow
from smmods.schedule import SCHEDULE
from tests import factories
from tests.uploads.scanners.daemons import SHIPPED, Daemon, real
from tests.uploads.sending import send
from uploads import facts, scanner, tasks
from uploads.models import ScannerSight, Submission
from uploads.scanner import Word
from uploads.scanners import clamd_probe
from uploads.scanners.clamd_probe import Lax, Probed
from uploads.states import State

pytestmark = pytest.mark.django_db
ADDRESS = "clamd:///nowhere/at/all.sock"


def seen(**fields: Any) -> ScannerSight:
    """A row as it is after a trial that passed just now."""
    now = timezone.now()
    engine = fields.pop("engine", f"ClamAV 1.4.3/27800/{now:%a %b %d %H:%M:%S %Y}")
    process = fields.pop("process", "7")
    return ScannerSight.objects.create(
        **{
            "machine": scanner.machine(),
            "address": ADDRESS,
            "engine": engine,
            "process": process,
            "answered_at": now,
            "probed": clamd_probe.identity(engine, process),
            "probed_at": now,
        }
        | fields
    )


@pytest.fixture
def configured(settings: Any) -> None:
    settings.SMMODS_ANTIVIRUS = ADDRESS


class Trials:
    """Stands in for the trials: counts them, and says what a test wants."""

    def __init__(self) -> None:
        self.count, self.lax = 0, tuple[Lax, ...]()

    def __call__(self, address: str, *, timeout: float) -> Probed:
        self.count += 1
        with scanner.Session(address, scanner.time.monotonic() + 5) as session:
            return Probed(session.ask("VERSION"), session.process(), self.lax)


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Trials:
    found = Trials()
    monkeypatch.setattr(clamd_probe, "probe", found)
    return found


@pytest.fixture
def daemon(settings: Any) -> Iterator[Daemon]:
    with real() as running:
        settings.SMMODS_ANTIVIRUS = running.address
        yield running


def test_off_is_fit_and_asks_nobody() -> None:
    assert scanner.watch().word is Word.OFF
    assert scanner.state().fit
    assert scanner.facts() == ("", "")
    assert not ScannerSight.objects.exists()


@pytest.mark.usefixtures("configured")
def test_untried_is_not_believed() -> None:
    assert scanner.state().word is Word.UNTRIED
    assert scanner.facts() == (scanner.UNTRIED, "")
    unfit = facts.gather(None, None)
    assert (unfit.antivirus_unfit, unfit.antivirus_probed) == (scanner.UNTRIED, "")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, Word.READY),
        ({"trouble": "The scanner is not listening."}, Word.AWAY),
        ({"lax": ["MaxFiles: too low."]}, Word.LAX),
        ({"probed_at": None}, Word.UNTRIED),
        ({"probed_at": timezone.now() - timedelta(days=2, minutes=1)}, Word.UNTRIED),
        ({"probed": "another"}, Word.UNTRIED),
        ({"engine": "ClamAV 1.4.3/1/Mon Jun  1 08:51:02 2020"}, Word.STALE),
        ({"engine": "ClamAV 1.4.3"}, Word.STALE),
    ],
)
def test_each_word(fields: dict[str, Any], word: Word) -> None:
    row = seen(**fields)
    found = scanner.state()
    assert found.word is word
    assert found.fit == (word is Word.READY)
    assert bool(found.why) == (word is not Word.READY)
    unfit, probed = scanner.facts()
    # What a scan itself finds out (the age of signatures) is asked of the scan.
    assert bool(unfit) == (word in scanner.UNFIT)
    assert probed == row.probed


@pytest.mark.usefixtures("configured")
def test_settings_reach_the_checks(settings: Any) -> None:
    row = seen()
    settings.SMMODS_ANTIVIRUS_MAX_AGE_DAYS, settings.SMMODS_ANTIVIRUS_SECONDS = 3, 77
    portal = facts.gather(None, None)
    assert (portal.antivirus_max_age, portal.antivirus_timeout) == (3, 77)
    assert (portal.antivirus_unfit, portal.antivirus_probed) == ("", row.probed)


@pytest.mark.usefixtures("configured")
def test_a_machine_believes_its_own_scanner_first() -> None:
    seen(machine="another", lax=["MaxFiles: too low."])
    assert scanner.state().word is Word.LAX
    seen()
    assert scanner.state().word is Word.READY


@pytest.mark.clamd
def test_tried_at_once_then_once_a_day(daemon: Daemon, trials: Trials) -> None:
    now = timezone.now()
    assert scanner.watch(now).word is Word.READY
    assert scanner.watch(now + timedelta(hours=23)).word is Word.READY
    assert trials.count == 1
    scanner.watch(now + timedelta(hours=24))
    assert trials.count == 2


@pytest.mark.clamd
def test_a_restart_is_noticed_and_the_limits_are_tried_again(daemon: Daemon, trials: Trials) -> None:
    scanner.watch()
    first = scanner.facts()[1]
    daemon.kill()
    # Restarted between two looks: another process answers.
    daemon.start()
    scanner.watch()
    assert trials.count == 2
    assert scanner.facts()[1] != first
    daemon.kill()
    assert scanner.watch().word is Word.AWAY
    assert "not listening" in scanner.facts()[0]
    # Gone and back under the same number would be noticed too.
    row = ScannerSight.objects.get()
    assert row.trouble
    daemon.start()
    assert scanner.watch().word is Word.READY
    assert trials.count == 3


@pytest.mark.clamd
def test_back_after_being_away_the_limits_are_tried_again_though_it_seems_the_same(
    daemon: Daemon, trials: Trials
) -> None:
    scanner.watch()
    ScannerSight.objects.update(trouble="The scanner is not listening.")
    assert scanner.watch().word is Word.READY
    assert trials.count == 2


@pytest.mark.clamd
def test_too_lax_is_tried_again_every_few_minutes(daemon: Daemon, trials: Trials) -> None:
    now = timezone.now()
    trials.lax = (Lax("MaxFileSize", "of a large member", "stream: OK", "Raise MaxFileSize."),)
    found = scanner.watch(now)
    assert found.word is Word.LAX
    assert "MaxFileSize" in found.why
    assert "Raise MaxFileSize." in scanner.facts()[0]
    scanner.watch(now + timedelta(minutes=4))
    assert trials.count == 1
    trials.lax = ()
    assert scanner.watch(now + timedelta(minutes=5)).word is Word.READY


@pytest.mark.clamd
def test_one_worker_at_a_time_tries(daemon: Daemon, trials: Trials) -> None:
    row = ScannerSight.objects.create(machine=scanner.machine(), address=daemon.address)
    cache.add(f"scanner-probe-{row.pk}", 1, 60)
    assert scanner.watch().word is Word.UNTRIED
    assert trials.count == 0


@pytest.mark.clamd
def test_the_file_that_is_named_is_read_too(
    daemon: Daemon, trials: Trials, settings: Any, tmp_path: Path
) -> None:
    settings.SMMODS_CLAMD_CONFIG = str(SHIPPED)
    assert scanner.configured() == []
    lax = tmp_path / "clamd.conf"
    lax.write_text(
        SHIPPED.read_text(encoding="utf-8").replace("MaxFiles 12000", "MaxFiles 5"), encoding="utf-8"
    )
    settings.SMMODS_CLAMD_CONFIG = str(lax)
    found = scanner.watch()
    assert found.word is Word.LAX
    assert "MaxFiles is 5" in found.why
    settings.SMMODS_CLAMD_CONFIG = str(tmp_path / "absent")
    assert scanner.configured() == []


def test_something_else_at_the_address_is_no_scanner(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.SMMODS_ANTIVIRUS = f"clamd://127.0.0.1:{other.getsockname()[1]}"
        other.close()
        found = scanner.watch()
    assert found.word is Word.AWAY
    settings.SMMODS_ANTIVIRUS = "clamd:///" + "x" * 300
    assert scanner.watch().word is Word.AWAY


@pytest.mark.clamd
def test_a_submission_waits_and_says_why_until_the_limits_hold(daemon: Daemon, trials: Trials) -> None:
    """From end to end: lax, mended, scanned."""
    trials.lax = (Lax("MaxFileSize", "of a large member", "stream: OK", "Raise MaxFileSize."),)
    scanner.watch()
    ada = factories.make_user("modder")
    submission = send(ada)
    outbox.drain()
    submission.refresh_from_db()
    assert submission.state == State.UPLOADED
    entry = AuditEntry.objects.filter(action="validation.returned").latest("sequence")
    assert "MaxFileSize" in entry.reason
    page = factories.signed_in(ada).get(submission.get_absolute_url())
    assert "MaxFileSize" in page.content.decode()
    trials.lax = ()
    scanner.watch(timezone.now() + timedelta(minutes=6))
    OutboxRow.objects.filter(done_at=None).update(due_at=timezone.now())
    outbox.drain()
    submission.refresh_from_db()
    assert submission.state == State.PENDING_REVIEW
    assert submission.current is not None
    assert submission.current.results.get(check_id="antivirus_scan").status == "passed"


@pytest.mark.clamd
def test_stale_signatures_make_it_wait(settings: Any, trials: Trials) -> None:
    with real(age_days=9) as old:
        settings.SMMODS_ANTIVIRUS = old.address
        assert scanner.watch().word is Word.STALE
        submission = send(factories.make_user("modder"))
        outbox.drain()
        assert Submission.objects.get(pk=submission.pk).state == State.UPLOADED
        reason = AuditEntry.objects.filter(action="validation.returned").latest("sequence").reason
        assert "9 days old" in reason
        settings.SMMODS_ANTIVIRUS_MAX_AGE_DAYS = 10
        OutboxRow.objects.filter(done_at=None).update(due_at=timezone.now())
        outbox.drain()
        assert Submission.objects.get(pk=submission.pk).state == State.PENDING_REVIEW


@pytest.mark.usefixtures("configured")
def test_readiness_and_metrics_tell(client: Client) -> None:
    def part() -> dict[str, Any]:
        return next(p for p in client.get("/readyz").json()["parts"] if p["name"] == "scanner")

    assert part() == {
        "name": "scanner",
        "ok": False,
        "reason": "packages wait for the scanner, which is untried",
    }
    row = seen()
    assert part()["ok"]
    text = client.get("/metrics").content.decode()
    assert 'smmods_scanner_state{state="ready"} 1' in text
    assert 'smmods_scanner_state{state="lax"} 0' in text
    assert "smmods_scanner_signature_age_seconds " in text
    assert "smmods_scanner_probe_age_seconds " in text
    row.lax = ["MaxFiles: too low."]
    row.save()
    text = client.get("/metrics").content.decode()
    assert 'smmods_scanner_state{state="lax"} 1' in text


def test_without_a_scanner_the_metrics_say_off(client: Client) -> None:
    text = client.get("/metrics").content.decode()
    assert 'smmods_scanner_state{state="off"} 1' in text
    assert "age_seconds" not in text.partition("smmods_scanner_state")[2]


@pytest.mark.usefixtures("configured")
def test_prepare_says_what_is_wrong_and_goes_on() -> None:
    said = StringIO()
    call_command("prepare", "--no-samples", stdout=StringIO(), stderr=said)
    assert "the scanner is away" in said.getvalue()
    assert "docs/scanner.md" in said.getvalue()


@pytest.mark.usefixtures("configured")
def test_a_worker_of_the_checks_tries_at_its_start_and_the_scheduler_asks() -> None:
    queues = SimpleNamespace(consume_from=("publication",))
    sender = SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=queues)))
    tasks.watch_at_start(sender=sender)
    assert not ScannerSight.objects.exists()
    queues.consume_from = ("checks",)
    tasks.watch_at_start(sender=sender)
    assert ScannerSight.objects.get().trouble
    assert SCHEDULE["watch-scanner"]["task"] == tasks.watch_scanner.name
    ScannerSight.objects.all().delete()
    tasks.watch_scanner()
    assert ScannerSight.objects.get().trouble
