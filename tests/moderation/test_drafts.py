"""Drafts of decisions: kept, given back, one's own, and gone once decided."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.errors import RefusedError
from accounts.models import User
from moderation import drafts, leases
from moderation.actions import decide
from moderation.models import DecisionDraft, Lease
from tests.factories import add_revision, make_submission, make_user
from uploads.models import Submission

pytestmark = pytest.mark.django_db

TYPED = {
    "action": "request_changes",
    "revision": "1",
    "reason": ["quality", "broken"],
    "blank:quality:place": "init.lua:12",
    "note": "Please put the helpers elsewhere.",
}


def address(submission: Submission, place: str = "") -> str:
    return f"/moderation/review/{submission.submission_id}/{place}"


def test_it_comes_back_when_the_item_is_opened_again(client: Client, moderator: User) -> None:
    submission = make_submission()
    client.force_login(moderator)
    answer = client.post(address(submission, "draft/"), TYPED)
    assert answer["Location"] == address(submission, "#decision")
    body = client.get(address(submission)).content.decode()
    assert "Please put the helpers elsewhere." in body
    assert "init.lua:12" in body
    assert "Your draft, kept" in body
    assert 'value="broken" checked' in body
    assert DecisionDraft.objects.get().writer == moderator


def test_the_autosave_is_answered_in_json(client: Client, moderator: User) -> None:
    submission = make_submission()
    client.force_login(moderator)
    headers = {"Accept": "application/json"}
    assert client.post(address(submission, "draft/"), TYPED, headers=headers).json()["at"]
    long = client.post(address(submission, "draft/"), {"note": "x" * 60_001}, headers=headers)
    assert (long.status_code, long.json()["code"]) == (422, "draft_too_long")
    assert "helpers" in str(DecisionDraft.objects.get().typed)


def test_tokens_and_buttons_are_not_kept(client: Client, moderator: User) -> None:
    submission = make_submission()
    client.force_login(moderator)
    client.post(address(submission, "draft/"), TYPED | {"csrfmiddlewaretoken": "secret", "confirmed": "1"})
    assert "secret" not in str(DecisionDraft.objects.get().typed)
    assert "confirmed" not in str(DecisionDraft.objects.get().typed)


def test_it_is_nobody_elses(client: Client, moderator: User, second: User) -> None:
    submission = make_submission()
    drafts.keep(moderator, submission.submission_id, [("note", "Mine alone.")])
    client.force_login(second)
    assert "Mine alone." not in client.get(address(submission)).content.decode()
    assert drafts.of(second, submission) is None


def test_taking_over_leaves_it_to_its_writer(moderator: User, second: User) -> None:
    submission = make_submission()
    leases.take(moderator, submission.submission_id)
    drafts.keep(moderator, submission.submission_id, [("note", "Half a thought.")])
    leases.take(second, submission.submission_id, reason="She went home.")
    drafts.keep(second, submission.submission_id, [("note", "Another.")])
    kept = drafts.of(moderator, submission)
    assert kept is not None
    assert kept.fields == (("note", "Half a thought."),)


def test_deciding_clears_the_deciders_own(moderator: User, second: User) -> None:
    submission = make_submission()
    assert submission.current is not None
    for person in (moderator, second):
        drafts.keep(person, submission.submission_id, [("note", "Words.")])
    decide(
        moderator, submission.submission_id, action="approve", revision=1, sha256=submission.current.sha256
    )
    assert drafts.of(moderator, submission) is None
    assert drafts.of(second, submission) is not None


def test_a_conflict_keeps_the_words_as_a_draft(client: Client, moderator: User, second: User) -> None:
    submission = make_submission()
    assert submission.current is not None
    sha256 = submission.current.sha256
    decide(second, submission.submission_id, action="approve", revision=1, sha256=sha256)
    client.force_login(moderator)
    answer = client.post(address(submission, "decide/"), TYPED | {"sha256": sha256, "confirmed": "1"})
    assert answer.status_code == 409
    assert "Please put the helpers elsewhere." in answer.content.decode()
    kept = drafts.of(moderator, submission)
    assert kept is not None
    assert ("note", "Please put the helpers elsewhere.") in kept.fields


def test_words_that_are_asked_once_more_are_kept(client: Client, moderator: User) -> None:
    submission = make_submission()
    assert submission.current is not None
    client.force_login(moderator)
    client.post(address(submission, "decide/"), TYPED | {"sha256": submission.current.sha256})
    kept = drafts.of(moderator, submission)
    assert kept is not None
    assert kept.revision == 1


def test_a_draft_of_an_earlier_revision_says_so(client: Client, moderator: User) -> None:
    submission = make_submission()
    drafts.keep(moderator, submission.submission_id, [("revision", "1"), ("note", "Old words.")])
    revision = add_revision(submission, data=b"PK other bytes")
    client.force_login(moderator)
    body = client.get(address(submission)).content.decode()
    assert "is of revision 1: read what changed since" in body
    assert "Old words." in body
    assert f'name="sha256" value="{revision.sha256}"' in body


@pytest.mark.parametrize("role", ["player", "modder"])
def test_it_is_for_staff(role: str) -> None:
    with pytest.raises(RefusedError) as refused:
        drafts.keep(make_user(role), make_submission().submission_id, [])
    assert refused.value.status == 403


def test_not_of_ones_own_work_and_not_of_nothing(moderator: User) -> None:
    with pytest.raises(RefusedError) as refused:
        drafts.keep(moderator, make_submission(moderator, mod_id="own.mod").submission_id, [])
    assert refused.value.code == "own_work"
    with pytest.raises(RefusedError) as refused:
        drafts.keep(moderator, "sub_NONE", [])
    assert refused.value.status == 404


def test_a_page_that_goes_away_shortens_the_hold(client: Client, moderator: User, settings: Any) -> None:
    settings.SMMODS_LEASE_MINUTES = 30
    submission = make_submission()
    client.force_login(moderator)
    client.post(address(submission, "lease/"), {"do": "take"})
    assert Lease.objects.get().until > timezone.now() + timedelta(minutes=29)
    assert client.post(address(submission, "lease/"), {"do": "leave"}).status_code == 204
    assert Lease.objects.get().until <= timezone.now() + timedelta(seconds=leases.GRACE)
    assert leases.leave(moderator, submission.submission_id) is False
    again = client.post(address(submission, "lease/"), {"do": "renew"}).json()
    assert again["until"] > (timezone.now() + timedelta(minutes=29)).isoformat()
    assert "data-lease-until" in client.get(address(submission)).content.decode()


def test_a_lost_hold_is_told_to_the_heartbeat(client: Client, moderator: User, second: User) -> None:
    submission = make_submission()
    client.force_login(moderator)
    client.post(address(submission, "lease/"), {"do": "take"})
    leases.take(second, submission.submission_id, reason="Urgent.")
    answer = client.post(address(submission, "lease/"), {"do": "renew"})
    assert (answer.status_code, answer.json()["code"]) == (409, "lease_lost")
