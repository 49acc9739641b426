"""Reports: who may say what, how they fold, join the queue and are answered."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from catalog.models import Mod, Release
from moderation import reports
from moderation.actions import decide
from moderation.models import Report
from tests.factories import drain, make_release, make_submission, make_user
from uploads.models import QueueReason, Submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def release() -> Release:
    """A published release with the submission that it came from."""
    submission = make_submission(state="published", mod_id="deep.drill", version="1.0.0")
    return make_release(submission.author, "deep.drill", "1.0.0", submission_id=submission.submission_id)


def said(release: Release, **more: str) -> reports.Filed:
    """A report on the release as a stranger makes it."""
    given = {"version": "", "reason": "broken", "text": "It eats saved games.", "email": ""} | more
    return reports.file(slug=release.mod.slug, **given)


def waiting(release: Release) -> QueueReason:
    return QueueReason.objects.get(
        submission__submission_id=release.submission_id, kind=reports.KIND, closed_at=None
    )


def test_a_report_joins_the_queue_and_the_audit_trail(release: Release) -> None:
    filed = said(release)
    row = waiting(release)
    assert not filed.folded
    assert row.detail == "It doesn’t work: 1 report"
    assert row.due_at > timezone.now() + timedelta(days=2)
    entry = AuditEntry.objects.get(action=Action.REPORT_FILED)
    assert entry.actor == User.objects.system()
    assert entry.after["modId"] == "deep.drill"


def test_a_security_report_is_due_in_hours_and_brings_the_time_forward(release: Release) -> None:
    said(release)
    said(release, reason="malware", text="")
    assert waiting(release).due_at < timezone.now() + timedelta(hours=5)
    said(release, reason="misleading")
    assert waiting(release).due_at < timezone.now() + timedelta(hours=5)


def test_the_same_again_folds_into_the_first(release: Release) -> None:
    first = said(release)
    again = said(release, text="Mine too.")
    other = said(release, reason="rules")
    assert again.folded and not other.folded
    assert Report.objects.get(report_id=again.report_id).folded_into == Report.objects.get(
        report_id=first.report_id
    )
    assert [row.report_id for row in reports.listed()] == [other.report_id, first.report_id]
    assert reports.listed(q=first.report_id).get().report_id == first.report_id


def test_a_flood_is_only_taken_note_of(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MOST_FOLDED", 2)
    for _ in range(6):
        said(release)
    assert Report.objects.count() == 3


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"reason": ""}, "unknown_reason"),
        ({"reason": "absent"}, "unknown_reason"),
        ({"reason": "other", "text": " "}, "text_required"),
        ({"text": "x" * 2001}, "too_long"),
        ({"text": "a\x00b"}, "control_characters"),
        ({"email": "no address"}, "bad_address"),
        ({"version": "9.9.9"}, "not_found"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(release: Release, given: dict[str, str], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        said(release, **given)
    assert refused.value.code == code
    assert not Report.objects.exists()


def test_what_was_taken_back_or_never_there_can_not_be_reported(release: Release) -> None:
    Release.objects.update(taken_back_at=timezone.now())
    Mod.objects.update(latest=None)
    with pytest.raises(RefusedError, match="no such mod"):
        said(release)


def test_a_suspended_account_may_not_report(release: Release) -> None:
    person = make_user(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(RefusedError) as refused:
        reports.file(slug=release.mod.slug, version="", reason="rules", text="", reporter=person)
    assert refused.value.code == "account_suspended"


def test_closing_tells_everybody_once_and_forgets_the_addresses(release: Release, moderator: User) -> None:
    person = make_user(email="player.one@example.com")
    first = said(release, email="ada@example.com")
    said(release, email="ADA@example.com")
    reports.file(slug=release.mod.slug, version="", reason="broken", text="Same here.", reporter=person)
    reports.close(moderator, first.report_id, upheld=True, outcome="A fixed version is out.")
    drain()
    assert sorted(message.to[0] for message in mail.outbox) == ["ada@example.com", "player.one@example.com"]
    for message in mail.outbox:
        assert "A fixed version is out." in message.body and "You were right" in message.body
        assert moderator.name not in message.body
    assert set(Report.objects.values_list("status", "email")) == {("upheld", "")}
    assert not QueueReason.objects.filter(kind=reports.KIND, closed_at=None).exists()
    entry = AuditEntry.objects.get(action=Action.REPORT_CLOSED)
    assert (entry.after["status"], entry.after["reports"]) == ("upheld", 3)


def test_a_folded_report_is_answered_with_the_first(release: Release, moderator: User) -> None:
    said(release)
    folded = said(release)
    assert reports.close(moderator, folded.report_id, upheld=False, outcome="It works.").status == "dismissed"
    assert set(Report.objects.values_list("status", flat=True)) == {"dismissed"}


def test_the_item_waits_while_another_report_is_open(release: Release, moderator: User) -> None:
    first = said(release)
    said(release, reason="rules")
    reports.close(moderator, first.report_id, upheld=False, outcome="It works.")
    assert waiting(release).closed_at is None
    assert reports.standing(waiting(release).submission)[0].reason == "rules"


def test_a_report_is_answered_once_with_words_and_not_on_own_work(release: Release, moderator: User) -> None:
    first = said(release)
    author = release.uploaded_by
    author.role = "moderator"
    author.save(update_fields=["role"])
    for actor, outcome, code in (
        (moderator, " ", "text_required"),
        (author, "Nothing.", "own_work"),
        (make_user("modder"), "Nothing.", "role_required"),
    ):
        with pytest.raises(RefusedError) as refused:
            reports.close(actor, first.report_id, upheld=False, outcome=outcome)
        assert refused.value.code == code
    reports.close(moderator, first.report_id, upheld=False, outcome="Nothing.")
    with pytest.raises(RefusedError) as refused:
        reports.close(moderator, first.report_id, upheld=True, outcome="It is.")
    assert refused.value.code == "report_closed"
    with pytest.raises(RefusedError, match="no such report"):
        reports.close(moderator, "absent", upheld=True, outcome="It is.")


def test_taking_the_release_back_upholds_its_reports(release: Release, moderator: User) -> None:
    said(release, email="ada@example.com")
    submission = Submission.objects.get(submission_id=release.submission_id)
    assert submission.current is not None
    decide(
        moderator,
        submission.submission_id,
        action="hide",
        revision=1,
        sha256=submission.current.sha256,
        reasons=[{"policy": "broken"}],
    )
    drain()
    assert Report.objects.get().status == "upheld"
    assert "ada@example.com" in [message.to[0] for message in mail.outbox]


def test_the_form_takes_a_report_and_keeps_what_was_typed(release: Release, client: Client) -> None:
    address = f"{release.mod.get_absolute_url()}report/"
    page = client.get(address + "?version=1.0.0").content.decode()
    assert 'value="1.0.0" selected' in page and "Your mail address" in page
    refused = client.post(address, {"reason": "other", "text": "", "email": "ada@example.com"})
    assert refused.status_code == 422
    assert "Say what is wrong" in refused.content.decode() and "ada@example.com" in refused.content.decode()
    done = client.post(address, {"reason": "rules", "text": "", "email": ""})
    assert done.status_code == 200 and "You left no address" in done.content.decode()
    assert Report.objects.get().reason == "rules"


def test_an_account_needs_no_address(release: Release, client: Client) -> None:
    person = make_user()
    client.force_login(person)
    address = f"{release.mod.get_absolute_url()}report/"
    assert "Your mail address" not in client.get(address).content.decode()
    client.post(address, {"reason": "rules", "email": "somebody.else@example.com"})
    report = Report.objects.get()
    assert (report.reporter, report.email) == (person, "")


def test_the_form_is_limited_by_address(release: Release, client: Client, settings: Any) -> None:
    settings.SMMODS_LIMITS = {"report": 2}
    address = f"{release.mod.get_absolute_url()}report/"
    answers = [client.post(address, {"reason": "rules"}).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    assert client.get(address).status_code == 200


def test_staff_list_search_and_answer(release: Release, client: Client, moderator: User) -> None:
    first = said(release, text="<b>It eats</b> saved games.")
    folded = said(release)
    client.force_login(moderator)
    listed = client.get("/moderation/reports/?q=eats").content.decode()
    assert "&lt;b&gt;It eats" in listed and "deep.drill" in listed
    assert "No report fits" in client.get("/moderation/reports/?q=absent").content.decode()
    led = client.get(f"/moderation/reports/{folded.report_id}/")
    assert led["Location"] == f"/moderation/reports/{first.report_id}/"
    address = f"/moderation/reports/{first.report_id}/"
    assert "1 more time" in client.get(address).content.decode()
    refused = client.post(address, {"outcome": "Kept words."})
    assert refused.status_code == 422 and "Kept words." in refused.content.decode()
    assert client.post(address, {"upheld": "no", "outcome": "It works."}).status_code == 302
    late = client.post(address, {"upheld": "no", "outcome": "It works."})
    assert late.status_code == 409 and "has been closed" in late.content.decode()
    assert "Dismissed" in client.get("/moderation/reports/?view=closed").content.decode()
    assert client.get("/moderation/reports/absent/").status_code == 404
    assert client.get("/moderation/reports/?cursor=nonsense").status_code == 400


def test_the_list_is_paged(release: Release, client: Client, moderator: User) -> None:
    submission = Submission.objects.get(submission_id=release.submission_id)
    for number in range(27):
        Report.objects.create(
            submission=submission, mod_id="deep.drill", version=f"1.0.{number}", reason="rules"
        )
    client.force_login(moderator)
    first = client.get("/moderation/reports/")
    assert len(first.context["reports"]) == 25
    second = client.get("/moderation/reports/" + first.context["next_href"])
    assert len(second.context["reports"]) == 2 and not second.context["next_href"]
