"""An appeal waits in the queue until somebody else than the first decider answers it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.errors import RefusedError
from accounts.models import User
from moderation import appeals, queue
from moderation.actions import decide
from tests.factories import make_submission
from uploads import keeping, services
from uploads.models import Submission
from uploads.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def rejected(moderator: User) -> Submission:
    submission = make_submission(state="pending_review")
    assert submission.current is not None
    decide(
        moderator,
        submission.submission_id,
        action="reject",
        revision=1,
        sha256=submission.current.sha256,
        reasons=[{"policy": "quality", "values": {}}],
    )
    submission.refresh_from_db()
    assert queue.page(moderator).items == ()
    services.post_message(submission.author, submission, "It does what it says.")
    return submission


def kinds(reader: User) -> list[str]:
    return [reason.kind for item in queue.page(reader).items for reason in item.reasons]


def test_an_appeal_is_in_the_queue_with_its_reason(rejected: Submission, second: User) -> None:
    assert kinds(second) == ["appeal"]


def test_the_first_deciders_words_do_not_answer_it(
    rejected: Submission, moderator: User, second: User
) -> None:
    appeals.reply(moderator, rejected, "I still think so.")
    assert kinds(second) == ["appeal"]


def test_somebody_elses_reply_answers_it_and_leaves_the_state(
    rejected: Submission, second: User, client: Client
) -> None:
    client.force_login(second)
    answer = client.post(
        f"/moderation/review/{rejected.submission_id}/write/", {"to": "author", "text": "The rule stands."}
    )
    assert answer.status_code == 302
    assert kinds(second) == []
    rejected.refresh_from_db()
    assert rejected.state == State.REJECTED
    assert rejected.reasons.filter(closed_by="appeal answered").count() == 1


def test_what_is_no_longer_kept_can_not_be_reopened(rejected: Submission, second: User) -> None:
    assert rejected.current is not None
    appeals.reply(second, rejected, "The rule stands.")
    assert keeping.clean(timezone.now() + timedelta(days=31)) > 0
    with pytest.raises(RefusedError) as refused:
        decide(second, rejected.submission_id, action="reopen", revision=1, sha256=rejected.current.sha256)
    assert (refused.value.code, refused.value.status) == ("bytes_gone", 409)
    rejected.refresh_from_db()
    assert rejected.state == State.REJECTED


def test_reopening_answers_it_too(rejected: Submission, second: User) -> None:
    assert rejected.current is not None
    decide(second, rejected.submission_id, action="reopen", revision=1, sha256=rejected.current.sha256)
    rejected.refresh_from_db()
    assert rejected.state == State.PENDING_REVIEW
    assert kinds(second) == ["appeal"]
    assert rejected.reasons.filter(closed_at=None).count() == 1


@pytest.mark.parametrize("door", ["page", "api"])
def test_the_first_decider_can_not_reopen_it_through_any_door(
    rejected: Submission, moderator: User, second: User, client: Client, door: str
) -> None:
    assert rejected.current is not None
    decision = {"action": "reopen", "revision": 1, "sha256": rejected.current.sha256}

    def send(person: User) -> int:
        client.force_login(person)
        if door == "api":
            address = f"/api/v1/submissions/{rejected.submission_id}/decisions"
            return client.post(address, decision, content_type="application/json").status_code
        address = f"/moderation/review/{rejected.submission_id}/decide/"
        return client.post(address, decision | {"confirmed": "1"}).status_code

    assert send(moderator) == 403
    rejected.refresh_from_db()
    assert rejected.state == State.REJECTED
    assert send(second) == {"page": 302, "api": 200}[door]
    rejected.refresh_from_db()
    assert rejected.state == State.PENDING_REVIEW
    assert kinds(moderator) == ["appeal"]
