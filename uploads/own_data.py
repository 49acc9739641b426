"""What a person's own data holds of this room: what they sent, and what was written about it between them and us.

Rules
- Moderators have no name here: a line of theirs says that the moderation team wrote it. Staff's own notes are
  not part of it.
"""

from typing import Any

from accounts.models import User
from uploads.models import Submission


def submissions(user: User) -> list[dict[str, Any]]:
    """The submissions of `user` with their revisions and threads, oldest first, as plain JSON values."""
    rows = Submission.objects.filter(author=user).order_by("pk").prefetch_related("revisions", "messages")
    return [
        {
            "submissionId": row.submission_id,
            "modId": row.mod_id,
            "version": row.version,
            "state": row.state,
            "createdAt": row.created_at.isoformat(),
            "revisions": [
                {"revision": revision.number, "sha256": revision.sha256, "sizeBytes": revision.size_bytes}
                for revision in row.revisions.all()
            ],
            "messages": [
                {
                    "from": "you" if message.writer_id == user.pk else _other(message.from_staff),
                    "at": message.at.isoformat(),
                    "text": message.text,
                }
                for message in row.messages.all()
            ],
        }
        for row in rows
    ]


def _other(from_staff: bool) -> str:
    return "moderation team" if from_staff else "maintainer"
