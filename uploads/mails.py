"""Mails about submissions: who hears, and what the templates may say.

Rules
- A mail is owed in the transaction of what it tells.
- It speaks for the moderation team; no template gets the name of a moderator.
- Followers get what the author gets, and besides the author's own words.
"""

from typing import Any

from accounts import notifications
from accounts.models import User
from uploads import following
from uploads.models import Submission


def tell_author(submission: Submission, template: str, context: dict[str, Any] | None = None) -> None:
    """Owe the author and the followers the mail `template`; the submission's own facts stand beside `context`."""
    values = facts(submission) | (context or {})
    notifications.notify(submission.author, template, values)
    for user in following.followers(submission):
        notifications.notify(user, template, values | {"following": True})


def tell_followers(submission: Submission, text: str, *, writer: User) -> None:
    """Owe the followers what the author's side wrote, its writer left out."""
    for user in following.followers(submission):
        if user.pk != writer.pk:
            values = facts(submission) | {"text": text, "following": True}
            notifications.notify(user, "submission_answered", values)


def facts(submission: Submission) -> dict[str, Any]:
    """What every mail may say of a submission."""
    return {
        "submission_id": submission.submission_id,
        "name": submission.name or submission.mod_id or submission.submission_id,
        "mod_id": submission.mod_id or "",
        "version": submission.version or "",
        "revision": submission.current.number if submission.current else 1,
        "page_path": submission.get_absolute_url(),
    }
