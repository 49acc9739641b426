"""Mails about submissions: who hears, and what the templates may say.

Rules
- A mail is owed in the transaction of what it tells.
- It speaks for the moderation team; no template gets the name of a moderator.
"""

from typing import Any

from accounts import notifications
from uploads.models import Submission


def tell_author(submission: Submission, template: str, context: dict[str, Any] | None = None) -> None:
    """Owe the author the mail `template`; the submission's own facts are there beside `context`."""
    facts = {
        "submission_id": submission.submission_id,
        "name": submission.name or submission.mod_id or submission.submission_id,
        "mod_id": submission.mod_id or "",
        "version": submission.version or "",
        "revision": submission.current.number if submission.current else 1,
        "page_path": submission.get_absolute_url(),
    }
    notifications.notify(submission.author, template, facts | (context or {}))
