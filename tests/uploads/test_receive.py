"""Receiving a package: what is kept, what the door refuses, retries and races."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import AuditEntry, OutboxRow, User
from catalog import schema_registry
from tests import factories
from tests.uploads.sending import MOD, refused_with, send, staged
from uploads import arrivals, identity, services
from uploads.models import IdempotencyKey, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return factories.make_user("modder")


def test_over_the_api_a_package_is_submitted_at_once(ada: User) -> None:
    submission = send(ada, content_type="application/x-zip-compressed; charset=binary")
    revision = services.current(submission)
    assert submission.state == State.UPLOADED
    assert (submission.mod_id, submission.version, submission.name) == (MOD, "1.0.0", "A mod")
    assert staged() == [f"uploads/staging/{submission.submission_id}/space.mod-v1.0.0.zip"]
    assert revision.file_name == "space.mod-v1.0.0.zip"
    assert OutboxRow.objects.get(kind="checks.run").payload == {
        "submission": submission.submission_id,
        "revision": 1,
        "account": ada.pk,
    }
    entry = AuditEntry.objects.get(target_id=submission.submission_id)
    assert (entry.action, entry.actor, entry.before) == ("upload.submitted", ada, {"state": "draft"})
    assert entry.after["sha256"] == revision.sha256
    assert entry.after["state"] == "uploaded"


def test_a_submission_as_json_keeps_its_schema(ada: User) -> None:
    document = services.as_document(send(ada), ada)
    assert schema_registry.problems("smmods.upload-submission.v1", document) == []
    assert {check["status"] for check in document["checks"]} == {"not_run"}
    assert document["actions"] == ["cancel", "message"]
    assert document["queue"] is None


@pytest.mark.parametrize(
    ("code", "status", "wrong"),
    [
        ("unsupported_content_type", 415, {"content_type": "text/plain"}),
        ("unsupported_content_type", 415, {"content_type": ""}),
        ("package_empty", 422, {"data": b""}),
        ("sidecar_missing", 422, {"side": b""}),
        ("json_syntax", 400, {"side": b"{"}),
        ("json_duplicate_key", 400, {"side": b'{"a": 1, "a": 2}'}),
        ("json_too_large", 413, {"side": b'"' + b"a" * 262144 + b'"'}),
        ("sidecar_invalid", 422, {"side": b"[]"}),
        ("sidecar_invalid", 422, {"side": {"schema": "smmods.mod-release-submission.v1"}}),
        ("sidecar_disagrees", 422, {"side": factories.sidecar(MOD, package={"sha256": "0" * 64})}),
        ("sidecar_disagrees", 422, {"side": factories.sidecar(MOD, package={"sizeBytes": 1})}),
        ("sidecar_disagrees", 422, {"side": factories.sidecar(MOD, package={"fileName": "other.zip"})}),
        ("namespace_reserved", 403, {"side": factories.sidecar("official.mod")}),
        ("namespace_taken", 403, {"side": factories.sidecar("theirs.mod")}),
        ("version_exists", 409, {"side": factories.sidecar("mine.published")}),
        ("version_exists", 409, {"side": factories.sidecar("mine.open")}),
        ("idempotency_key_invalid", 400, {"key": "k" * 101}),
        ("idempotency_key_invalid", 400, {"key": ""}),
        ("idempotency_key_invalid", 400, {"key": "schlüssel"}),
    ],
)
def test_the_door_refuses_and_keeps_nothing(ada: User, code: str, status: int, wrong: dict[str, Any]) -> None:
    factories.make_namespace("theirs", factories.make_user("modder"))
    factories.make_release(ada, "mine.published")
    factories.make_submission(ada, "validation_failed", "mine.open")
    assert refused_with(code, lambda: send(ada, **wrong)).status == status


def test_the_size_limit_is_kept_while_reading(ada: User, settings: Any) -> None:
    settings.SMMODS_MAX_PACKAGE_BYTES = 1024
    assert refused_with("package_too_large", lambda: send(ada, data=b"x" * 1025)).status == 413
    assert send(ada, data=b"x" * 1024).current is not None


@pytest.mark.parametrize("role", ["player", "system"])
def test_only_modders_upload(role: str) -> None:
    actor = User.objects.system() if role == "system" else factories.make_user(role)
    assert refused_with("role_required", lambda: send(actor)).status == 403


def test_a_maintainer_submits_in_a_reserved_namespace_that_was_handed_out(ada: User) -> None:
    factories.make_namespace("starminer", ada)
    assert send(ada, side=factories.sidecar("starminer.mod")).mod_id == "starminer.mod"


def test_the_sidecar_may_say_the_truth_about_the_bytes(ada: User) -> None:
    first = services.current(send(ada))
    claims = {"sha256": first.sha256, "sizeBytes": first.size_bytes, "fileName": "space.mod-v2.0.0.zip"}
    data = factories.good_package(MOD)
    assert send(ada, data=data, side=factories.sidecar(MOD, "2.0.0", package=claims)).version == "2.0.0"


def test_a_rejected_or_withdrawn_version_may_come_again(ada: User) -> None:
    factories.make_submission(ada, "rejected", MOD)
    factories.make_submission(ada, "cancelled", MOD)
    assert send(ada).state == State.UPLOADED


def test_at_most_twenty_open_submissions(ada: User) -> None:
    for number in range(20):
        factories.make_submission(ada, "draft", MOD, f"1.{number}.0")
    factories.make_submission(ada, "published", MOD, "0.1.0")
    refused_with("too_many_open", lambda: send(ada, version="2.0.0"))
    services.withdraw(ada, Submission.objects.filter(state="draft")[0])
    assert send(ada, version="2.0.0").state == State.UPLOADED


def test_the_same_key_and_bytes_answer_with_the_same_submission(ada: User) -> None:
    first = send(ada, key="k1")
    assert send(ada, key="k1") == first
    assert Submission.objects.count() == 1
    assert len(staged()) == 1
    assert AuditEntry.objects.filter(action="upload.submitted").count() == 1
    # Another account's key of the same name is another key.
    other = factories.make_user("modder")
    assert send(other, key="k1", side=factories.sidecar("else.mod")) != first


def test_a_key_sent_with_another_request_is_refused(ada: User) -> None:
    send(ada, key="k1")
    assert refused_with("idempotency_key_reused", lambda: send(ada, key="k1", data=b"other")).status == 409
    again = factories.sidecar(MOD, summary="Says it differently.")
    refused_with("idempotency_key_reused", lambda: send(ada, key="k1", side=again))


def test_a_retry_that_overtakes_its_request_gets_the_same_answer(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request commits between the retry's question and its write."""
    first = send(ada, key="k1")
    answers = iter([None, first])
    monkeypatch.setattr(arrivals, "by_key", lambda *_: next(answers))
    monkeypatch.setattr(identity, "ensure_version_free", lambda *_, **__: None)
    assert send(ada, key="k1") == first
    assert len(staged()) == 1
    assert IdempotencyKey.objects.count() == 1


def test_whoever_is_second_in_the_race_for_a_version_is_told_so(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(ada)
    monkeypatch.setattr(identity, "ensure_version_free", lambda *_, **__: None)
    assert refused_with("version_exists", lambda: send(ada)).status == 409


def test_the_queries_of_an_upload_are_few(ada: User, django_assert_max_num_queries: Any) -> None:
    factories.make_namespace("space", ada)
    with django_assert_max_num_queries(40, connection=connection):
        send(ada, key="k1")
