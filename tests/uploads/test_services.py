"""Submitting a draft, replacing, withdrawing, finding."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from accounts.errors import RefusedError
from accounts.models import AuditEntry, OutboxRow, User
from tests import factories
from tests.uploads.sending import MOD, refused_with, send, staged
from uploads import identity, services
from uploads.models import Revision, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return factories.make_user("modder")


def test_in_the_browser_the_draft_knows_its_manifest(ada: User) -> None:
    submission = send(ada, via="web", side=b"")
    assert (submission.state, submission.mod_id, submission.version) == (State.DRAFT, MOD, "1.0.0")
    manifest = services.current(submission).manifest
    assert manifest is not None
    assert manifest["id"] == MOD
    assert AuditEntry.objects.get().action == "upload.received"
    assert not OutboxRow.objects.filter(kind="checks.run").exists()
    assert services.as_document(submission, ada)["actions"] == ["submit", "cancel", "message"]


def test_a_draft_is_submitted_with_the_sidecar_that_the_form_wrote(ada: User) -> None:
    submission = send(ada, via="web", side=b"")
    services.submit(ada, submission, factories.sidecar(MOD, summary="From the form."))
    revision = Revision.objects.get()
    assert submission.state == State.UPLOADED
    assert revision.sidecar["summary"] == "From the form."
    assert revision.file_name == "space.mod-v1.0.0.zip"
    assert staged() == [f"uploads/staging/{submission.submission_id}/space.mod-v1.0.0.zip"]
    assert OutboxRow.objects.filter(kind="checks.run").count() == 1


def test_a_draft_whose_manifest_is_no_manifest_gets_its_identity_from_the_form(ada: User) -> None:
    submission = send(ada, via="web", side=b"", data=b"not a zip")
    assert submission.mod_id is None
    assert staged() == [f"uploads/staging/{submission.submission_id}/draft.zip"]
    services.submit(ada, submission, factories.sidecar(MOD))
    assert submission.mod_id == MOD
    assert staged() == [f"uploads/staging/{submission.submission_id}/space.mod-v1.0.0.zip"]


@pytest.mark.parametrize(
    ("code", "metadata"),
    [
        ("sidecar_invalid", {}),
        ("namespace_taken", factories.sidecar("theirs.mod")),
        ("version_exists", factories.sidecar("mine.published")),
        ("sidecar_disagrees", factories.sidecar(MOD, package={"sizeBytes": 1})),
    ],
)
def test_a_form_that_is_refused_leaves_the_draft(ada: User, code: str, metadata: dict[str, Any]) -> None:
    factories.make_namespace("theirs", factories.make_user("modder"))
    factories.make_release(ada, "mine.published")
    submission = send(ada, via="web", side=b"", data=b"not a zip")
    refused_with(code, lambda: services.submit(ada, submission, metadata))
    submission.refresh_from_db()
    assert (submission.state, submission.mod_id) == (State.DRAFT, None)


def test_a_race_for_a_version_between_forms_leaves_the_draft(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.make_submission(ada, "uploaded", MOD)
    draft = send(ada, via="web", side=b"", data=b"not a zip")
    monkeypatch.setattr(identity, "ensure_version_free", lambda *_, **__: None)
    refused_with("version_exists", lambda: services.submit(ada, draft, factories.sidecar(MOD)))


def test_a_form_that_fails_while_it_is_written_leaves_the_draft_as_it_was(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = send(ada, via="web", side=b"", data=b"not a zip")
    before = staged()

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(services, "hand_over", broken)
    with pytest.raises(OSError, match="disk full"):
        services.submit(ada, draft, factories.sidecar(MOD))
    assert staged() == before
    assert Submission.objects.get().mod_id is None


def test_a_draft_is_submitted_once_and_by_its_author(ada: User) -> None:
    submission = send(ada, via="web", side=b"")
    refused_with("not_found", lambda: services.submit(factories.make_user("admin"), submission, {}))
    services.submit(ada, submission, factories.sidecar(MOD))
    refused_with("illegal_move", lambda: services.submit(ada, submission, factories.sidecar(MOD)))


def test_a_draft_that_nobody_submits_is_withdrawn_by_the_portal(ada: User) -> None:
    submission = send(ada, via="web", side=b"")
    row = OutboxRow.objects.get(kind="uploads.expire")
    assert (row.due_at - timezone.now()).days >= 13
    services.expire(row.payload)
    submission.refresh_from_db()
    assert submission.state == State.CANCELLED
    assert AuditEntry.objects.get(action="upload.withdrawn").actor.is_system
    services.expire(row.payload)
    assert AuditEntry.objects.filter(action="upload.withdrawn").count() == 1


@pytest.mark.parametrize("state", ["validation_failed", "changes_requested"])
def test_a_new_package_is_the_next_revision_and_keeps_its_place(ada: User, state: str) -> None:
    submission = factories.make_submission(ada, state, MOD)
    queued_at = submission.queued_at
    submission.answer_due_at = timezone.now()
    submission.save()
    before = services.current(submission)
    services.replace(ada, submission, chunks=[factories.good_package(MOD)], content_type="application/zip")
    submission.refresh_from_db()
    revision = services.current(submission)
    assert (submission.state, revision.number, submission.queued_at) == (State.UPLOADED, 2, queued_at)
    assert submission.answer_due_at is None
    assert revision.staging_name == f"uploads/staging/{submission.submission_id}/r2-space.mod-v1.0.0.zip"
    assert revision.sidecar == before.sidecar
    assert OutboxRow.objects.get(kind="checks.run").payload["revision"] == 2
    entry = AuditEntry.objects.get(action="upload.replaced")
    assert entry.before == {"state": state, "sha256": before.sha256}
    assert before.staging_name in staged()


def test_what_a_sidecar_said_of_the_old_bytes_is_not_said_of_the_new(ada: User) -> None:
    submission = factories.make_submission(
        ada, "validation_failed", MOD, sidecar_more={"package": {"sizeBytes": 1}}
    )
    services.replace(ada, submission, chunks=[b"new"], content_type="application/zip")
    sidecar = services.current(submission).sidecar
    assert sidecar is not None
    assert "package" not in sidecar


def test_a_maintainer_may_replace_too(ada: User) -> None:
    submission = factories.make_submission(factories.make_user("modder"), "validation_failed", MOD)
    factories.make_namespace("space", ada)
    raw = json.dumps(factories.sidecar(MOD, summary="New.")).encode()
    services.replace(ada, submission, chunks=[b"new"], content_type="application/zip", sidecar_raw=raw)
    revision = services.current(submission)
    assert (revision.uploader, revision.sidecar and revision.sidecar["summary"]) == (ada, "New.")


@pytest.mark.parametrize(
    ("code", "state", "more"),
    [
        ("illegal_move", "pending_review", {}),
        ("unsupported_content_type", "validation_failed", {"content_type": "image/png"}),
        ("package_empty", "validation_failed", {"chunks": []}),
        (
            "identity_changed",
            "validation_failed",
            {"sidecar_raw": json.dumps(factories.sidecar(MOD, "9.0.0")).encode()},
        ),
        (
            "sidecar_disagrees",
            "validation_failed",
            {"sidecar_raw": json.dumps(factories.sidecar(MOD, package={"sizeBytes": 1})).encode()},
        ),
    ],
)
def test_a_replacement_that_is_refused_changes_nothing(
    ada: User, code: str, state: str, more: dict[str, Any]
) -> None:
    submission = factories.make_submission(ada, state, MOD)
    given = {"chunks": [b"new"], "content_type": "application/zip"} | more
    refused_with(code, lambda: services.replace(ada, submission, **given))
    submission.refresh_from_db()
    assert (submission.state, services.current(submission).number) == (state, 1)


def test_the_second_of_two_replacements_is_told_what_is_true_now(ada: User) -> None:
    submission = factories.make_submission(ada, "validation_failed", MOD)
    stale = Submission.objects.get(pk=submission.pk)
    services.replace(ada, submission, chunks=[b"one"], content_type="application/zip")
    before = staged()
    with pytest.raises(RefusedError) as refused:
        services.replace(ada, stale, chunks=[b"two"], content_type="application/zip")
    assert refused.value.status == 409
    assert staged() == before
    storages["staging"].delete(services.current(submission).staging_name)
    with pytest.raises(RefusedError) as refused:
        services.replace(ada, stale, chunks=[b"two"], content_type="application/zip")
    assert refused.value.code == "illegal_move"


def test_withdrawing_frees_the_version_and_closes_the_reasons(ada: User) -> None:
    submission = factories.make_submission(ada, "pending_review", MOD)
    services.withdraw(ada, submission)
    assert submission.state == State.CANCELLED
    assert submission.reasons.get().closed_by == "withdrawn"
    assert AuditEntry.objects.get().before == {"state": "pending_review"}
    with pytest.raises(RefusedError) as refused:
        services.withdraw(ada, submission)
    assert refused.value.code == "illegal_move"


def test_nobody_withdraws_or_sees_somebody_elses(ada: User) -> None:
    submission = factories.make_submission(factories.make_user("modder"), "pending_review", MOD)
    refused_with("not_found", lambda: services.withdraw(ada, submission))
    refused_with("not_found", lambda: services.find(ada, submission.submission_id))
    refused_with("not_found", lambda: services.find(ada, "sub_NONE"))
    refused_with("not_found", lambda: services.find(ada, "sub\0"))
    assert services.find(factories.make_user("moderator"), submission.submission_id) == submission
    factories.make_namespace("space", ada)
    assert services.find(ada, submission.submission_id) == submission
    ada.suspended_until = timezone.now() + timedelta(days=1)
    refused_with("account_suspended", lambda: services.find(ada, submission.submission_id))


def test_a_submission_without_a_package_is_a_mistake_of_ours(ada: User) -> None:
    with pytest.raises(LookupError):
        services.current(Submission(author=ada))
