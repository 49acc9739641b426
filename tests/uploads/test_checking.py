"""The worker's part: one verdict on the bytes that were received, whatever happens on the way."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from accounts import outbox
from accounts.models import AuditEntry, OutboxRow, User
from tests import factories
from tests.uploads.sending import MOD, send
from uploads import checking, queueing, services
from uploads.checks import CHECKS, RULES_VERSION, Phase, ScannerUnavailableError
from uploads.models import QueueReason, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db
INTAKE = [check.id for check in CHECKS if check.phase is Phase.INTAKE]


@pytest.fixture
def ada() -> User:
    return factories.make_user("modder")


def run(submission: Submission) -> Submission:
    """Do the owed checks of the submission, as a worker would."""
    outbox.drain()
    return Submission.objects.get(pk=submission.pk)


def results(submission: Submission) -> dict[str, str]:
    return dict(services.current(submission).results.values_list("check_id", "status"))


def actions(submission: Submission) -> list[str]:
    entries = AuditEntry.objects.filter(target_id=submission.submission_id).order_by("sequence")
    return list(entries.values_list("action", flat=True))


def test_a_good_package_goes_to_review(ada: User) -> None:
    submission = run(send(ada))
    revision = services.current(submission)
    assert submission.state == State.PENDING_REVIEW
    assert set(results(submission)) == set(INTAKE)
    assert "failed" not in results(submission).values()
    assert revision.rules_version == RULES_VERSION
    assert revision.manifest is not None
    assert revision.manifest["id"] == MOD
    assert [file.path for file in revision.files.all()] == ["Content/init.lua", "manifest.json"]
    assert all(len(file.sha256) == 64 for file in revision.files.all())
    assert submission.queued_at is not None
    assert submission.reasons.get().kind == QueueReason.Kind.FIRST_RELEASE
    assert actions(submission) == ["upload.submitted", "validation.started", "validation.finished"]
    assert mail.outbox == []


def test_the_audit_trail_holds_what_the_publisher_asks_for(ada: User) -> None:
    submission = run(send(ada))
    entry = AuditEntry.objects.get(action="validation.finished")
    assert (entry.actor.is_system, entry.target_type, entry.target_id) == (
        True,
        "submission",
        submission.submission_id,
    )
    assert entry.after == {
        "state": "pending_review",
        "revision": 1,
        "sha256": services.current(submission).sha256,
        "rulesVersion": RULES_VERSION,
        "checks": results(submission),
        "blocking": [],
    }


def test_a_bad_package_fails_with_what_and_how_to_mend_by_mail(ada: User) -> None:
    data = factories.package(factories.manifest(MOD, entrypoints=[{"type": "lua", "path": "gone.lua"}]))
    submission = run(send(ada, data=data))
    assert submission.state == State.VALIDATION_FAILED
    result = services.current(submission).results.get(check_id="entrypoint_presence")
    assert (result.status, bool(result.code), bool(result.message), bool(result.hint)) == (
        "failed",
        True,
        True,
        True,
    )
    assert submission.queued_at is None
    assert not submission.reasons.exists()
    [sent] = mail.outbox
    assert sent.to == [ada.email]
    assert "A mod 1.0.0" in sent.subject
    assert result.message in sent.body
    assert submission.submission_id in sent.body


@pytest.mark.parametrize(
    ("check_id", "data", "side"),
    [
        ("zip_path_safety", b"not a zip at all", None),
        ("zip_path_safety", factories.good_package(MOD)[:-10], None),
        ("manifest_schema", factories.package(None), None),
        ("manifest_schema", factories.package(b"{"), None),
        ("manifest_identity", factories.good_package("else.mod"), None),
        ("target_game_build", factories.good_package(MOD, targetGameBuild="7.7"), {"targetGameBuild": "7.7"}),
        ("sidecar_schema", factories.good_package(MOD), {"categories": ["nowhere"]}),
        (
            "dependency_contract",
            factories.good_package(
                MOD, dependencies=[{"id": "not.there", "version": "^1.0.0", "optional": False}]
            ),
            {"dependencies": [{"id": "not.there", "version": "^1.0.0", "optional": False}]},
        ),
        ("zip_path_safety", factories.package(factories.manifest(MOD), {"../evil.lua": b"1"}), None),
    ],
)
def test_what_is_wrong_inside_ends_in_validation_failed(
    ada: User, check_id: str, data: bytes, side: dict[str, Any] | None
) -> None:
    submission = run(send(ada, data=data, side=factories.sidecar(MOD, **(side or {}))))
    assert submission.state == State.VALIDATION_FAILED
    result = services.current(submission).results.get(check_id=check_id)
    assert result.status == "failed"
    assert all(problem["code"] and problem["message"] for problem in result.problems)


def test_a_version_taken_meanwhile_fails(ada: User) -> None:
    submission = send(ada)
    factories.make_release(ada, MOD)
    submission = run(submission)
    assert results(submission)["semantic_version"] == "failed"


def test_a_dependency_that_is_published_is_found(ada: User) -> None:
    factories.make_release(ada, "base.library", "1.2.0")
    wish = [{"id": "base.library", "version": "^1.0.0", "optional": False}]
    data = factories.good_package(MOD, dependencies=wish)
    submission = run(send(ada, data=data, side=factories.sidecar(MOD, dependencies=wish)))
    assert submission.state == State.PENDING_REVIEW
    # What was taken back is not there any more.
    factories.make_release(ada, "base.old", "1.0.0", taken_back_at=timezone.now())
    wish = [{"id": "base.old", "version": "^1.0.0", "optional": False}]
    data = factories.good_package(MOD, "2.0.0", dependencies=wish)
    submission = run(send(ada, data=data, side=factories.sidecar(MOD, "2.0.0", dependencies=wish)))
    assert submission.state == State.VALIDATION_FAILED


def test_an_update_is_queued_as_one(ada: User) -> None:
    factories.make_release(ada, MOD, "0.9.0")
    assert run(send(ada)).reasons.get().kind == QueueReason.Kind.UPDATE


def test_a_revision_keeps_its_place(ada: User) -> None:
    submission = factories.make_submission(ada, "changes_requested", MOD)
    came = timezone.now() - timedelta(days=30)
    Submission.objects.filter(pk=submission.pk).update(queued_at=came)
    submission.refresh_from_db()
    services.replace(ada, submission, chunks=[factories.good_package(MOD)], content_type="application/zip")
    submission = run(submission)
    assert submission.queued_at == came
    reason = submission.reasons.get()
    assert reason.due_at == queueing.due_time(reason.kind, came)


def swap(submission: Submission, data: bytes) -> None:
    """Put other bytes where the package lies."""
    name = services.current(submission).staging_name
    storages["staging"].delete(name)
    storages["staging"].save(name, ContentFile(data))


@pytest.mark.parametrize("change", [lambda data: data[:-1] + b"x", lambda data: data + b"x", lambda _: b"x"])
def test_other_bytes_than_were_received_are_not_judged(ada: User, change: Callable[[bytes], bytes]) -> None:
    submission = send(ada)
    swap(submission, change(factories.good_package(MOD)))
    submission = run(submission)
    assert submission.state == State.VALIDATION_FAILED
    result = services.current(submission).results.get()
    assert (result.check_id, result.code) == ("validation", "staged_bytes_changed")
    assert AuditEntry.objects.get(action="validation.finished").after["checks"] == {"validation": "failed"}


def test_missing_bytes_are_told_alike(ada: User) -> None:
    submission = send(ada)
    storages["staging"].delete(services.current(submission).staging_name)
    assert services.current(run(submission)).results.get().code == "staged_bytes_changed"


def test_a_scanner_that_is_away_is_no_verdict(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(subject: object) -> None:
        raise ScannerUnavailableError("antivirus_scan", "scanner_error", "The scanner does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(checking, "run_intake", away)
        submission = run(send(ada))
    assert submission.state == State.UPLOADED
    assert actions(submission)[-1] == "validation.returned"
    row = OutboxRow.objects.get(kind="checks.run")
    assert (row.attempts, row.done_at, "does not answer" in row.last_error) == (0, None, True)
    assert row.due_at > timezone.now()
    OutboxRow.objects.update(due_at=timezone.now())
    assert run(submission).state == State.PENDING_REVIEW


def test_at_most_two_packages_of_one_account_are_checked_at_once(ada: User) -> None:
    for version in ("3.0.0", "4.0.0"):
        factories.make_submission(ada, "validating", MOD, version)
    submission = run(send(ada))
    assert submission.state == State.UPLOADED
    assert actions(submission) == ["upload.submitted"]
    Submission.objects.filter(version="3.0.0").update(state="cancelled")
    OutboxRow.objects.update(due_at=timezone.now())
    assert run(submission).state == State.PENDING_REVIEW


def test_work_that_is_no_longer_asked_for_is_left_alone(ada: User) -> None:
    submission = send(ada)
    services.withdraw(ada, submission)
    assert run(submission).state == State.CANCELLED
    checking.check("sub_NONE", 1)
    checking.check(submission.submission_id, 2)
    checking.give_up({"submission": submission.submission_id, "revision": 1}, "lost")
    assert actions(submission) == ["upload.submitted", "upload.withdrawn"]


def test_a_row_that_a_killed_worker_left_is_taken_up_again(ada: User) -> None:
    submission = send(ada)
    Submission.objects.filter(pk=submission.pk).update(state="validating")
    assert run(submission).state == State.PENDING_REVIEW


def test_a_second_worker_does_no_harm(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both took the submission up; the other comes to its verdict first."""
    submission = send(ada)
    once: list[int] = []

    def overtaken(subject: Any) -> Any:
        if not once:
            once.append(1)
            checking.check(submission.submission_id, 1)
        return real(subject)

    real = checking.run_intake
    monkeypatch.setattr(checking, "run_intake", overtaken)
    checking.check(submission.submission_id, 1)
    assert actions(submission).count("validation.finished") == 1
    assert submission.reasons.count() == 1
    assert services.current(submission).results.count() == len(INTAKE)


def test_giving_back_what_somebody_else_judged_leaves_the_verdict(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = send(ada)

    def away(subject: object) -> None:
        Submission.objects.filter(pk=submission.pk).update(state="pending_review")
        raise ScannerUnavailableError("antivirus_scan", "scanner_error", "Away.")

    monkeypatch.setattr(checking, "run_intake", away)
    assert run(submission).state == State.PENDING_REVIEW
    assert "validation.returned" not in actions(submission)


def test_a_submission_withdrawn_while_it_is_taken_up_stays_withdrawn(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = send(ada)
    stale = Submission.objects.select_related("current", "author").get(pk=submission.pk)
    services.withdraw(ada, submission)
    monkeypatch.setattr(checking, "_asked_for", lambda *_: stale)
    checking.check(submission.submission_id, 1)
    assert Submission.objects.get().state == State.CANCELLED


@pytest.mark.parametrize("state", ["uploaded", "validating"])
def test_used_up_attempts_end_in_validation_crashed_for_a_human(
    ada: User, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    submission = send(ada)
    Submission.objects.filter(pk=submission.pk).update(state=state)
    OutboxRow.objects.filter(kind="checks.run").update(attempts=3)
    with caplog.at_level(logging.ERROR):
        submission = run(submission)
    assert submission.state == State.VALIDATION_FAILED
    assert services.current(submission).results.get().code == "validation_crashed"
    reason = submission.reasons.get()
    assert (reason.kind, reason.closed_at) == (QueueReason.Kind.BY_HAND, None)
    assert "without a verdict" in reason.detail
    assert "given up" in caplog.text
    assert len(mail.outbox) == 1
    assert services.as_document(submission, ada)["actions"] == ["replace", "cancel", "message"]


def test_a_crash_of_the_worker_costs_an_attempt(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(subject: object) -> None:
        raise MemoryError

    monkeypatch.setattr(checking, "run_intake", crash)
    submission = run(send(ada))
    row = OutboxRow.objects.get(kind="checks.run")
    assert (submission.state, row.attempts) == (State.VALIDATING, 1)
    for _ in range(2):
        OutboxRow.objects.update(due_at=timezone.now())
        submission = run(submission)
    assert submission.state == State.VALIDATION_FAILED
