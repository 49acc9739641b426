"""Notes that only staff see, beside a submission's thread."""

from django.db import transaction

from accounts import permissions
from accounts.audit import Action, record
from accounts.models import User
from moderation import typed
from moderation.models import StaffNote
from moderation.relation import ensure_not_own
from uploads.models import Submission


def write(actor: User, submission: Submission, text: str) -> StaffNote:
    """Keep a note. Raises RefusedError: 403 by role or on one's own work, 422 for an empty or too long one."""
    permissions.ensure(actor, "staff_note.write")
    ensure_not_own(actor, submission)
    words = typed.text(text, "text", needed="There is nothing in the note.")
    with transaction.atomic():
        note = StaffNote.objects.create(submission=submission, writer=actor, text=words)
        record(
            actor,
            Action.MODERATION_NOTE_WRITTEN,
            "submission",
            submission.submission_id,
            after={"note": note.pk},
        )
    return note
