"""A real clamd of the test's own, with the shipped clamd.conf: reloaded, restarted, stale, lax, killed.

Whatever happens to it, EICAR is never "clean".
"""

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.packages import Part, mod, with_parts
from tests.uploads.scanners.daemons import Daemon, real, session
from uploads.package.rules import DEFAULT, Profile
from uploads.scanners import clamd_samples as samples
from uploads.scanners.clamd import scan
from uploads.scanners.clamd_probe import QUICK, TRIALS, identity, overlooked, probe
from uploads.scanners.clamd_samples import EICAR
from uploads.scanners.verdict import Outcome, Verdict

pytestmark = [pytest.mark.clamd, pytest.mark.once]
MEBIBYTE = 1024 * 1024
#: The profile's numbers made small, and limits just above them, so that each trial takes milliseconds.
SMALL = replace(
    DEFAULT,
    max_package=2 * MEBIBYTE,
    max_members=40,
    max_member=2 * MEBIBYTE,
    max_unpacked=8 * MEBIBYTE,
)
ABOVE = {"StreamMaxLength": "3M", "MaxFileSize": "3M", "MaxScanSize": "13M", "MaxFiles": "60"}
INFECTED = with_parts(Part("Content/a.txt", EICAR))


@pytest.fixture(scope="module")
def shipped() -> Iterator[Daemon]:
    with real() as daemon:
        yield daemon


def judged(daemon: Daemon, data: bytes, timeout: float = 30) -> Verdict:
    return scan(io.BytesIO(data), daemon.address, timeout=timeout)


@pytest.mark.parametrize(
    "data",
    [
        EICAR,
        INFECTED,
        with_parts(Part("Content/a.txt", EICAR, method=0)),
        b"".join(samples.pieces(samples.many_members(b"n", 500))),
    ],
    ids=["plain", "deflated", "stored", "the last of many"],
)
def test_eicar_is_found_wherever_it_is(shipped: Daemon, data: bytes) -> None:
    answer = judged(shipped, data)
    assert (answer.outcome, "EICAR" in answer.detail) == (Outcome.FLAGGED, True)


def test_a_mod_is_clean_and_the_engine_says_how_old_its_signatures_are(shipped: Daemon) -> None:
    answer = judged(shipped, mod().package)
    assert answer.outcome is Outcome.CLEAN
    assert answer.engine.startswith("ClamAV ")
    assert answer.engine.count("/") == 2


def test_the_shipped_configuration_passes_every_trial_at_the_profile_s_own_numbers(shipped: Daemon) -> None:
    found = probe(shipped.address)
    assert found.lax == ()
    assert shipped.process is not None
    assert found.process == str(shipped.process.pid)
    assert found.process in identity(found.engine, found.process)


@pytest.mark.parametrize(
    ("setting", "value", "also"),
    [
        ("MaxFiles", "39", set()),
        ("StreamMaxLength", "1M", {"MaxScanSize"}),
        ("MaxFileSize", "1M", {"StreamMaxLength", "MaxScanSize"}),
        ("MaxScanSize", "9M", set()),
        ("AlertEncrypted", "no", set()),
        ("AlertExceedsMax", "no", set()),
        (
            "ScanArchive",
            "no",
            {trial.setting for trial in TRIALS},
        ),
    ],
)
def test_each_laxer_setting_is_named_with_its_remedy(setting: str, value: str, also: set[str]) -> None:
    with real(**(ABOVE | {setting: value})) as daemon:
        found = probe(daemon.address, SMALL)
        named = {lax.setting for lax in found.lax}
        assert setting in named
        assert named <= {setting} | also
        told = next(lax for lax in found.lax if lax.setting == setting)
        assert setting in told.sentence
        assert "deploy/clamd.conf" in told.sentence
        # And whichever it is, the test virus within the profile's numbers is not clean. One setting is left out:
        # of a member over MaxFileSize clamd says nothing, so there the trials are all that stands between.
        for trial in TRIALS:
            if trial.setting in ("AlertEncrypted", "AlertExceedsMax") or setting == "MaxFileSize":
                continue
            data = b"".join(samples.pieces(trial.make(b"never sent before", SMALL)))
            assert judged(daemon, data).outcome in (Outcome.FLAGGED, Outcome.ERROR)


def test_a_configuration_just_above_passes() -> None:
    with real(**ABOVE) as daemon:
        assert probe(daemon.address, SMALL).lax == ()


def test_over_its_limit_is_an_error_and_never_clean() -> None:
    with real(**ABOVE) as daemon:
        bomb = b"".join(samples.pieces(samples.much_inside(b"n", 40 * MEBIBYTE, 2 * MEBIBYTE, MEBIBYTE)))
        answer = judged(daemon, bomb)
        assert (answer.outcome, "Limits.Exceeded" in answer.detail) == (Outcome.ERROR, True)
        too_large = b"".join(samples.pieces(samples.of_size(b"n", 5 * MEBIBYTE)))
        answer = judged(daemon, too_large)
        assert (answer.outcome, "size limit exceeded" in answer.detail) == (Outcome.ERROR, True)


def test_stale_signatures_are_an_error_until_new_ones_are_loaded() -> None:
    with real(age_days=9) as daemon:
        answer = judged(daemon, INFECTED)
        assert (answer.outcome, "9 days old" in answer.detail) == (Outcome.ERROR, True)
        assert judged(daemon, mod().package).outcome is Outcome.ERROR
        daemon.load(0)
        assert daemon.tell("RELOAD") == "RELOADING"
        until = time.monotonic() + 20
        while judged(daemon, INFECTED).outcome is not Outcome.FLAGGED:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert judged(daemon, mod().package).outcome is Outcome.CLEAN


class _Halting(io.BytesIO):
    """A file that stops before a byte until it is told to go on."""

    def __init__(self, data: bytes, halt: int, patience: float = 20) -> None:
        super().__init__(data)
        self.halt, self.patience = halt, patience
        self.here, self.go = threading.Event(), threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= self.halt:
            self.here.set()
            self.go.wait(self.patience)
        return super().read(size)


@pytest.mark.parametrize("concurrent", ["yes", "no"])
def test_a_reload_in_the_middle_of_a_scan_changes_nothing(concurrent: str) -> None:
    big = b"".join(samples.pieces(samples.of_size(b"n", 2 * MEBIBYTE)))
    with real(ConcurrentDatabaseReload=concurrent, IdleTimeout="2", CommandReadTimeout="2") as daemon:
        file, answers = _Halting(big, MEBIBYTE), list[Verdict]()
        scanning = threading.Thread(target=lambda: answers.append(scan(file, daemon.address, timeout=30)))
        scanning.start()
        assert file.here.wait(20)
        assert daemon.tell("RELOAD") == "RELOADING"
        file.go.set()
        scanning.join(30)
        assert [answer.outcome for answer in answers] == [Outcome.FLAGGED]


def test_killed_in_mid_stream_it_is_an_error_then_away_then_itself_again() -> None:
    big = b"".join(samples.pieces(samples.of_size(b"n", 8 * MEBIBYTE)))
    with real() as daemon:
        file, answers = _Halting(big, MEBIBYTE), list[Verdict]()
        scanning = threading.Thread(target=lambda: answers.append(scan(file, daemon.address, timeout=30)))
        scanning.start()
        assert file.here.wait(20)
        daemon.kill()
        file.go.set()
        scanning.join(30)
        assert [answer.outcome for answer in answers] == [Outcome.ERROR]
        assert judged(daemon, big).outcome is Outcome.PENDING
        daemon.start()
        assert judged(daemon, big).outcome is Outcome.FLAGGED


def test_too_slow_is_an_error(shipped: Daemon) -> None:
    big = b"".join(samples.pieces(samples.of_size(b"n", 8 * MEBIBYTE)))
    file = _Halting(big, MEBIBYTE, patience=1)
    answer = scan(file, shipped.address, timeout=0.5)
    assert (answer.outcome, "within 0.5 seconds" in answer.detail) == (Outcome.ERROR, True)


def test_its_own_time_limit_is_an_error() -> None:
    with real(MaxScanTime="1") as daemon:
        answer = judged(daemon, b"".join(samples.pieces(samples.many_members(b"n", 3000))))
        assert answer.outcome is Outcome.ERROR


def test_several_scans_and_commands_at_once_each_get_their_own_answer(shipped: Daemon) -> None:
    files = [INFECTED, mod().package] * 6
    answers: dict[int, Verdict] = {}

    def one(number: int, data: bytes) -> None:
        answers[number] = judged(shipped, data)

    threads = [threading.Thread(target=one, args=item) for item in enumerate(files)]
    for thread in threads:
        thread.start()
        shipped.tell("PING")
        shipped.tell("VERSION")
    for thread in threads:
        thread.join(30)
    wanted = [Outcome.FLAGGED, Outcome.CLEAN] * 6
    assert [answers[number].outcome for number in range(len(files))] == wanted


def test_several_streams_on_one_connection_are_answered_in_their_order(shipped: Daemon) -> None:
    with session(shipped) as talk:
        assert talk.ask("PING") == "PONG"
        for _ in range(3):
            assert talk.stream([EICAR]).endswith("FOUND")
            assert talk.stream([b"a mod"]) == "stream: OK"
        assert overlooked(talk) is None
        assert talk.ask("VERSION").startswith("ClamAV ")


def test_the_quick_trials_are_tiny() -> None:
    sizes = [samples.length(trial.make(b"n" * 32, DEFAULT)) for trial in QUICK]
    assert sum(sizes) < 16_000


def test_the_samples_hold_what_they_say() -> None:
    profile: Profile = SMALL
    import zipfile

    def opened(runs: list[samples.Run]) -> zipfile.ZipFile:
        data = b"".join(samples.pieces(runs))
        assert len(data) == samples.length(runs)
        # Nothing finds the test virus without opening the archive.
        assert EICAR not in data
        archive = zipfile.ZipFile(io.BytesIO(data))
        assert archive.testzip() is None
        return archive

    many = opened(samples.many_members(b"n", profile.max_members))
    assert len(many.namelist()) == profile.max_members
    whole = samples.of_size(b"n", profile.max_package)
    assert samples.length(whole) == profile.max_package
    member = opened(samples.big_member(b"n", profile.max_member))
    assert [info.file_size for info in member.infolist()] == [profile.max_member]
    assert samples.length(samples.big_member(b"n", profile.max_member)) < profile.max_member // 20
    much = opened(samples.much_inside(b"n", profile.max_unpacked, profile.max_member, MEBIBYTE))
    sizes = [info.file_size for info in much.infolist()]
    assert (sum(sizes), max(sizes)) == (profile.max_unpacked, profile.max_member)
    for archive in (many, opened(whole), much):
        assert archive.read(archive.infolist()[-1]) == EICAR
