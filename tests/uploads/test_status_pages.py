"""The page of a submission, its live parts, the thread, replacing, withdrawing, the list and the rehearsal."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts import audit
from accounts.models import User
from tests import factories
from tests.factories import signed_in
from tests.uploads.sending import MOD, send, staged
from uploads import checking, services
from uploads.checks import CHECKS, ScannerUnavailableError
from uploads.models import Submission
from uploads.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _live(settings: Any, db: None) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    factories.services_live()


@pytest.fixture
def ada() -> User:
    return factories.make_user("modder", display_name="Ada Lovelace")


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def steps(answer: Any) -> list[tuple[str, str]]:
    return [(step["status"], step["title"]) for step in answer.context["steps"]]


def zipped(data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("mod.zip", data or factories.good_package(MOD), "application/zip")


LOGS: dict[str, list[str]] = {
    "uploaded": ["done", "current", "todo", "todo", "todo"],
    "validating": ["done", "current", "todo", "todo", "todo"],
    "validation_failed": ["done", "failed", "todo", "todo", "todo"],
    "pending_review": ["done", "done", "current", "todo", "todo"],
    "changes_requested": ["done", "done", "done", "partial", "todo"],
    "approved": ["done", "done", "done", "done", "current"],
    "rejected": ["done", "done", "done", "failed", "todo"],
    "published": ["done", "done", "done", "done", "passed"],
    "superseded": ["done", "done", "done", "done", "passed", "done"],
    "hidden": ["done", "done", "done", "done", "passed", "failed"],
    "cancelled": ["done", "done", "failed"],
}


@pytest.mark.parametrize("state", LOGS)
def test_the_bore_log_of_every_state(ada: User, state: str) -> None:
    submission = factories.make_submission(ada, state, MOD, checks={"zip_path_safety": "passed"})
    if state not in ("uploaded", "validating"):
        services.current(submission).checked_at = timezone.now()
        services.current(submission).save()
    if state == "changes_requested":
        Submission.objects.update(answer_due_at=timezone.now() + timedelta(days=10))
        with transaction.atomic():
            audit.record(
                factories.make_user("moderator"),
                audit.Action.MODERATION_DECIDED,
                "submission",
                submission.submission_id,
            )
    answer = signed_in(ada).get(submission.get_absolute_url())
    assert answer.status_code == 200
    assert [status for status, _ in steps(answer)] == LOGS[state]
    live = state in ("uploaded", "validating", "approved")
    assert (">Look again</a>" in text_of(answer)) is live
    assert ('hx-trigger="every 1s"' in text_of(answer)) is live


def test_checks_that_have_not_begun(ada: User) -> None:
    submission = factories.make_submission(ada, "cancelled", MOD)
    answer = signed_in(ada).get(submission.get_absolute_url())
    assert steps(answer)[1] == ("todo", "Checks")


def test_every_check_with_its_place_and_hint(ada: User) -> None:
    data = factories.package(factories.manifest(MOD, entrypoints=[{"type": "lua", "path": "gone.lua"}]))
    submission = send(ada, data=data)
    factories.drain()
    answer = signed_in(ada).get(submission.get_absolute_url())
    shown = [check["id"] for check in answer.context["checks"] + answer.context["later"]]
    assert sorted(shown) == sorted(check.id for check in CHECKS)
    result = services.current(submission).results.get(check_id="entrypoint_presence")
    for words in (result.message, result.hint, result.code, "1 to fix", "Replace package"):
        assert escape(words) in text_of(answer)


def test_failures_are_counted(ada: User) -> None:
    submission = factories.make_submission(
        ada, "validation_failed", MOD, checks={"zip_path_safety": "failed", "file_signature": "failed"}
    )
    assert "2 to fix" in text_of(signed_in(ada).get(submission.get_absolute_url()))


def test_while_it_is_checked_the_checks_are_going_on(ada: User) -> None:
    submission = factories.make_submission(ada, "validating", MOD)
    answer = signed_in(ada).get(submission.get_absolute_url())
    assert {check["status"] for check in answer.context["checks"]} == {"current"}


def test_a_submission_that_waits_for_the_scanner_says_so(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(subject: object) -> None:
        raise ScannerUnavailableError("antivirus_scan", "scanner_error", "The scanner does not answer.")

    monkeypatch.setattr(checking, "run_intake", away)
    submission = send(ada)
    factories.drain()
    assert "The scanner does not answer." in text_of(signed_in(ada).get(submission.get_absolute_url()))


def test_place_and_usual_wait(ada: User) -> None:
    factories.make_submission()
    submission = send(ada)
    factories.drain()
    done = factories.make_submission(ada, "published", "done.mod")
    now = timezone.now()
    factories.make_reason(done, opened_at=now - timedelta(hours=28), closed_at=now, closed_by="approve")
    answer = signed_in(ada).get(submission.get_absolute_url())
    assert (answer.context["place"].position, answer.context["place"].length) == (2, 2)
    assert "1 d 4 h" in text_of(answer)
    document = services.as_document(Submission.objects.get(pk=submission.pk), ada)
    assert document["queue"] == {"position": 2, "medianWaitSeconds": 28 * 3600}


def test_live_parts_come_when_something_changed(ada: User) -> None:
    submission = send(ada)
    client = signed_in(ada)
    seen = client.get(submission.get_absolute_url()).context["seen"]
    address = f"{submission.get_absolute_url()}progress/"
    assert client.get(address, {"seen": seen}).status_code == 204
    factories.drain()
    answer = client.get(address, {"seen": seen})
    text = text_of(answer)
    assert answer.status_code == 200
    assert text.count('data-hx-swap-oob="true"') == 5
    assert 'id="live-words" data-hx-swap-oob="innerHTML">The checks are done.' in text
    assert "hx-trigger" not in text
    assert "<html" not in text


def test_the_queries_of_the_page_do_not_grow(ada: User, django_assert_max_num_queries: Any) -> None:
    submission = send(ada)
    factories.drain()
    client = signed_in(ada)
    client.get(submission.get_absolute_url())
    with django_assert_max_num_queries(30):
        client.get(submission.get_absolute_url())
    for number in range(8):
        factories.make_message(submission, text=str(number))
        factories.make_submission()
    with django_assert_max_num_queries(30):
        client.get(submission.get_absolute_url())


def test_who_sees_the_page(ada: User, client: Client) -> None:
    submission = factories.make_submission(ada, "pending_review", MOD)
    address = submission.get_absolute_url()
    for path in ("", "progress/", "replace/", "withdraw/", "details/"):
        assert client.get(f"{address}{path}").status_code in (302, 401)
        assert signed_in(factories.make_user("modder")).get(f"{address}{path}").status_code == 404
    moderator = signed_in(factories.make_user("moderator")).get(address)
    assert "uploaded by Ada Lovelace" in text_of(moderator)
    assert "Withdraw" not in text_of(moderator)


# The thread


def test_the_author_writes_and_never_sees_who_decides(ada: User) -> None:
    submission = factories.make_submission(ada, "changes_requested", MOD)
    moderator = factories.make_user("moderator", display_name="Grace Hopper")
    factories.make_message(submission, moderator, "Please mend *this*.")
    client = signed_in(ada)
    answer = client.post(
        f"{submission.get_absolute_url()}message/", {"text": "Mended. <script>alert(1)</script>"}
    )
    assert (answer.status_code, answer["Location"]) == (302, f"{submission.get_absolute_url()}#conversation")
    text = text_of(client.get(submission.get_absolute_url()))
    assert "Please mend <em>this</em>." in text
    assert "Moderation team" in text
    assert "<script>alert" not in text
    assert "Grace" not in text
    assert moderator.email not in text
    submission.refresh_from_db()
    assert submission.state == State.PENDING_REVIEW


@pytest.mark.parametrize("words", ["", "  ", "x" * 5001])
def test_a_message_that_is_none_is_kept_in_its_field(ada: User, words: str) -> None:
    submission = factories.make_submission(ada, "pending_review", MOD)
    answer = signed_in(ada).post(f"{submission.get_absolute_url()}message/", {"text": words})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["text"])
    assert submission.messages.count() == 0
    assert words.strip() in text_of(answer)


# Replacing and withdrawing


def test_a_package_is_replaced(ada: User) -> None:
    submission = factories.make_submission(ada, "validation_failed", MOD)
    client = signed_in(ada)
    address = f"{submission.get_absolute_url()}replace/"
    assert "revision 2" in text_of(client.get(address))
    answer = client.post(address, {"package": zipped()})
    assert (answer.status_code, answer["Location"]) == (302, submission.get_absolute_url())
    assert "Revision 1" in text_of(client.get(submission.get_absolute_url()))
    # Now there is nothing to replace any more.
    assert client.get(address)["Location"] == submission.get_absolute_url()
    again = client.post(address, {"package": zipped()})
    assert (again.status_code, again.context["refused"].code) == (409, "illegal_move")


def test_a_replacement_may_be_refused(ada: User, settings: Any) -> None:
    submission = factories.make_submission(ada, "validation_failed", MOD)
    side = SimpleUploadedFile(
        "a.json", json.dumps(factories.sidecar(MOD, "9.0.0")).encode(), "application/json"
    )
    client = signed_in(ada)
    address = f"{submission.get_absolute_url()}replace/"
    answer = client.post(address, {"package": zipped(), "sidecar": side})
    assert (answer.status_code, answer.context["refused"].code) == (422, "identity_changed")
    settings.SMMODS_LIVE_UPLOADS = False
    answer = client.post(address, {"package": zipped()})
    assert (answer.status_code, len(staged())) == (503, 1)
    assert "not taken at the moment" in text_of(client.get(address))


def test_withdrawing_is_asked_once_more(ada: User) -> None:
    submission = factories.make_submission(ada, "pending_review", MOD)
    client = signed_in(ada)
    address = f"{submission.get_absolute_url()}withdraw/"
    assert "Withdraw this submission?" in text_of(client.get(address))
    submission.refresh_from_db()
    assert submission.state == State.PENDING_REVIEW
    answer = client.post(address, follow=True)
    assert "its version is free again" in text_of(answer).lower() or "Withdrawn." in text_of(answer)
    submission.refresh_from_db()
    assert submission.state == State.CANCELLED
    assert client.get(address)["Location"] == submission.get_absolute_url()
    assert client.post(address).status_code == 409
    draft = factories.make_submission(ada, "draft")
    assert "Throw this draft away?" in text_of(client.get(f"{draft.get_absolute_url()}withdraw/"))


def test_my_submissions(ada: User, client: Client) -> None:
    assert client.get("/upload/mine/").status_code == 302
    mine = signed_in(ada)
    assert "not sent in anything yet" in text_of(mine.get("/upload/mine/"))
    for number in range(22):
        factories.make_submission(ada, "cancelled", MOD, f"1.{number}.0")
    factories.make_namespace("shared", ada)
    factories.make_submission(None, "pending_review", "shared.mod")
    factories.make_submission(None, "pending_review", "other.mod")
    first = mine.get("/upload/mine/")
    assert (first.context["page"].paginator.count, len(first.context["page"])) == (23, 20)
    assert "shared.mod" in text_of(first)
    assert len(mine.get("/upload/mine/?page=2").context["page"]) == 3
    # A moderator's own list is their own, too.
    moderator = signed_in(factories.make_user("moderator"))
    assert moderator.get("/upload/mine/").context["page"].paginator.count == 0


# The rehearsal


def rehearsed(client: Client, **form: Any) -> Any:
    return client.post("/upload/try/", form)


def test_anybody_may_rehearse_and_nothing_is_kept(client: Client, settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = False
    assert client.get("/upload/try/").status_code == 200
    good = rehearsed(client, package=zipped())
    assert "No check failed." in text_of(good)
    said = {row["id"]: row["status"] for row in good.context["report"]["checks"]}
    assert (said["sidecar_schema"], said["manifest_schema"]) == ("not_run", "passed")
    side = SimpleUploadedFile("a.json", json.dumps(factories.sidecar(MOD)).encode(), "application/json")
    good = rehearsed(client, package=zipped(), sidecar=side)
    assert good.context["report"]["accepted"]
    bad = rehearsed(client, package=zipped(b"not a zip"))
    assert not bad.context["report"]["accepted"]
    assert "would refuse this package" in text_of(bad)
    assert (staged(), Submission.objects.count()) == ([], 0)


def test_a_rehearsal_that_is_refused_says_why(client: Client) -> None:
    answer = rehearsed(client)
    assert (answer.status_code, answer.context["refused"].code) == (422, "package_missing")


def test_the_report_is_that_of_the_command(client: Client, settings: Any) -> None:
    side = SimpleUploadedFile("a.json", json.dumps(factories.sidecar(MOD)).encode(), "application/json")
    answer = client.post("/api/v1/validate", {"package": zipped(), "sidecar": side})
    report = answer.json()
    assert answer.status_code == 200
    assert sorted(report) == ["accepted", "checks", "files", "repack", "sha256", "signals", "sizeBytes"]
    assert (report["accepted"], report["files"]) == (True, 2)
    assert [row["id"] for row in report["checks"]] == [check.id for check in CHECKS]
    assert {row["status"] for row in report["checks"]} == {"passed", "not_run"}
    settings.SMMODS_MAX_PACKAGE_BYTES = 100
    assert client.post("/api/v1/validate", {"package": zipped()}).json()["code"] == "package_too_large"
    assert (
        client.post(
            "/api/v1/validate", {"package": SimpleUploadedFile("a.zip", b"", "application/zip")}
        ).json()["code"]
        == "package_empty"
    )


def test_a_rehearsal_says_what_must_wait(client: Client, settings: Any) -> None:
    settings.SMMODS_ANTIVIRUS = "clamd:///nowhere/at/all.sock"
    side = SimpleUploadedFile("a.json", json.dumps(factories.sidecar(MOD)).encode(), "application/json")
    report = client.post("/api/v1/validate", {"package": zipped(), "sidecar": side}).json()
    row = next(row for row in report["checks"] if row["id"] == "antivirus_scan")
    assert row["status"] == "not_run"
    assert row["code"] in {"scanner_pending", "scanner_error"}


def test_the_rate_limit_of_rehearsals(client: Client, settings: Any) -> None:
    settings.SMMODS_LIMITS = {"rehearsal": 1}
    assert client.post("/api/v1/validate", {"package": zipped()}).status_code == 200
    assert client.post("/api/v1/validate", {"package": zipped()}).status_code == 429
    assert rehearsed(client, package=zipped()).status_code == 429
