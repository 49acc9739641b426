"""Following: who may, what followers hear, and who no longer does."""

import pytest
from django.core import mail
from django.test import Client

from accounts.errors import RefusedError
from accounts.models import Notification, User
from tests.factories import drain, make_namespace, make_submission, make_user
from uploads import following, thread
from uploads.models import Follow, Submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def submission() -> Submission:
    return make_submission(mod_id="deep.drill")


@pytest.fixture
def mate(submission: Submission) -> User:
    """A co-maintainer of the submission's namespace."""
    person = make_user("modder")
    make_namespace("deep", submission.author, person)
    return person


def heard() -> list[str]:
    """Who got mail, in the alphabet's order."""
    drain()
    return sorted(message.to[0] for message in mail.outbox)


def test_followers_hear_what_the_author_hears(submission: Submission, mate: User) -> None:
    moderator = make_user("moderator")
    following.follow(mate, submission)
    following.follow(mate, submission)
    thread.post_message(moderator, submission, "Which licence is it?")
    assert heard() == sorted([submission.author.email, mate.email])
    to_mate = next(message for message in mail.outbox if message.to == [mate.email])
    assert "because you follow" in to_mate.body and "Which licence is it?" in to_mate.body
    assert moderator.name not in to_mate.body
    assert Notification.objects.get(user=mate).url == submission.get_absolute_url()


def test_staff_who_follow_hear_the_authors_words(submission: Submission) -> None:
    moderator = make_user("moderator")
    following.follow(moderator, submission)
    thread.post_message(submission.author, submission, "It is MIT.")
    assert heard() == [moderator.email]
    assert "The author wrote about" in mail.outbox[0].subject and "It is MIT." in mail.outbox[0].body


def test_nobody_hears_their_own_words(submission: Submission, mate: User) -> None:
    following.follow(mate, submission)
    thread.post_message(mate, submission, "It is MIT.")
    assert heard() == []


def test_a_stranger_may_not_follow_and_who_left_hears_no_more(submission: Submission, mate: User) -> None:
    with pytest.raises(RefusedError) as refused:
        following.follow(make_user("modder"), submission)
    assert refused.value.status == 404
    following.follow(mate, submission)
    mate.maintains.all().delete()
    thread.post_message(make_user("moderator"), submission, "Which licence is it?")
    assert heard() == [submission.author.email]


def test_the_author_hears_once(submission: Submission) -> None:
    following.follow(submission.author, submission)
    assert not Follow.objects.exists()


def test_the_page_has_the_button(submission: Submission, mate: User, client: Client) -> None:
    address = f"{submission.get_absolute_url()}follow/"
    client.force_login(mate)
    assert "Hear what happens to it" in client.get(submission.get_absolute_url()).content.decode()
    assert client.post(address, {"do": "follow"}).status_code == 302
    assert following.follows(mate, submission)
    assert "Hear no more of it" in client.get(submission.get_absolute_url()).content.decode()
    client.post(address, {"do": "unfollow"})
    assert not following.follows(mate, submission)
    client.force_login(make_user("modder"))
    assert client.post(address, {"do": "follow"}).status_code == 404
