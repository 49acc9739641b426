"""The thread: who writes as whom, what an answer brings about, what the author hears."""

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEntry, User
from tests import factories
from tests.uploads.sending import MOD, refused_with
from uploads import services, thread
from uploads.models import QueueReason, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return factories.make_user("modder", display_name="Ada")


def test_an_answer_brings_the_submission_back_to_review(ada: User) -> None:
    submission = factories.make_submission(ada, "changes_requested", MOD)
    Submission.objects.update(answer_due_at=timezone.now())
    submission.refresh_from_db()
    message = services.post_message(ada, submission, "  It is mended.\r\nReally.  ")
    submission.refresh_from_db()
    assert (submission.state, submission.answer_due_at) == (State.PENDING_REVIEW, None)
    assert (message.text, message.from_staff, message.revision_number) == ("It is mended.\nReally.", False, 1)
    assert submission.reasons.get(closed_at=None).kind == QueueReason.Kind.AUTHOR_REPLIED
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.before) == ("upload.message_posted", {"state": "changes_requested"})
    assert entry.after == {"state": "pending_review", "message": message.pk}
    assert "mended" not in str(entry.after)


def test_words_in_review_are_a_reason_to_look_again_once(ada: User) -> None:
    submission = factories.make_submission(ada, "pending_review", MOD)
    services.post_message(ada, submission, "One more thing.")
    services.post_message(ada, submission, "And another.")
    assert sorted(submission.reasons.values_list("kind", flat=True)) == ["author_replied", "first_release"]


def test_words_after_a_rejection_are_an_appeal(ada: User) -> None:
    submission = factories.make_submission(ada, "rejected", MOD)
    services.post_message(ada, submission, "It does what it says.")
    services.post_message(ada, submission, "Please look again.")
    submission.refresh_from_db()
    assert submission.state == State.REJECTED
    assert [reason.kind for reason in submission.reasons.filter(closed_at=None)] == ["appeal"]


@pytest.mark.parametrize("state", ["validation_failed", "published"])
def test_elsewhere_words_change_nothing(ada: User, state: str) -> None:
    submission = factories.make_submission(ada, state, MOD)
    services.post_message(ada, submission, "Hello.")
    submission.refresh_from_db()
    assert (submission.state, submission.reasons.count()) == (state, 0)


def test_an_author_who_may_no_longer_replace_may_still_write(ada: User) -> None:
    submission = factories.make_submission(ada, "changes_requested", MOD)
    ada.role = "player"
    ada.save()
    services.post_message(ada, submission, "I can't mend it any more.")
    submission.refresh_from_db()
    assert submission.state == State.CHANGES_REQUESTED


def test_moderators_write_as_the_team_and_the_author_hears_without_a_name(ada: User) -> None:
    submission = factories.make_submission(ada, "pending_review", MOD)
    moderator = factories.make_user("moderator", display_name="Grace Hopper")
    message = services.post_message(moderator, submission, "Please say <where> the sounds come from.")
    assert message.from_staff
    factories.drain()
    [sent] = mail.outbox
    html = str(sent.alternatives[0][0])
    assert sent.to == [ada.email]
    assert "Please say <where> the sounds come from." in sent.body
    assert "&lt;where&gt;" in html
    assert "Moderation team" in sent.body
    for text in (sent.subject, sent.body, html):
        assert "Grace" not in text
        assert moderator.email not in text


def test_a_moderator_is_the_author_of_their_own_work() -> None:
    moderator = factories.make_user("moderator")
    submission = factories.make_submission(moderator, "changes_requested", MOD)
    assert not services.post_message(moderator, submission, "Mended.").from_staff
    assert submission.state == State.PENDING_REVIEW


def test_a_maintainer_answers_too(ada: User) -> None:
    submission = factories.make_submission(None, "changes_requested", MOD)
    factories.make_namespace("space", ada)
    assert not services.post_message(ada, submission, "Mended.").from_staff
    assert submission.state == State.PENDING_REVIEW


@pytest.mark.parametrize(
    ("code", "text"), [("message_empty", " \n "), ("message_too_long", "x" * (thread.MAX_MESSAGE + 1))]
)
def test_a_message_that_is_none(ada: User, code: str, text: str) -> None:
    submission = factories.make_submission(ada, "pending_review", MOD)
    refused = refused_with(code, lambda: services.post_message(ada, submission, text))
    assert refused.problems[0].pointer == "/text"
    assert submission.messages.count() == 0


def test_others_do_not_write(ada: User) -> None:
    submission = factories.make_submission(None, "pending_review", MOD)
    refused_with("not_found", lambda: services.post_message(ada, submission, "Hello."))
