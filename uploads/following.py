"""Following a submission: hearing of what its author hears of, without having submitted it.

Rules
- Whoever may see a submission may follow it; its author hears anyway.
- Who may no longer see it hears nothing more.
- An author's words reach the followers too, since they are what staff wait for.
"""

from django.db import transaction

from accounts import permissions
from accounts.models import User
from uploads.models import Follow, Submission


def follow(actor: User, submission: Submission) -> None:
    """Begin to follow. Raises RefusedError: 401, 404 where the submission may not be seen."""
    permissions.ensure(actor, "submission.view", submission.relation(actor))
    if actor.pk != submission.author_id:
        with transaction.atomic():
            Follow.objects.get_or_create(submission=submission, user=actor)


def unfollow(actor: User, submission: Submission) -> None:
    """Hear no more of it; nothing happens where nobody followed."""
    Follow.objects.filter(submission=submission, user=actor).delete()


def follows(actor: User, submission: Submission) -> bool:
    """Whether the account follows the submission."""
    return Follow.objects.filter(submission=submission, user=actor).exists()


def followers(submission: Submission) -> list[User]:
    """Those who follow it and may still see it, its author left out."""
    rows = User.objects.filter(pk__in=submission.follows.values("user")).exclude(pk=submission.author_id)
    return [
        user for user in rows if permissions.can(user, "submission.view", submission.relation(user)).allowed
    ]
