"""Requested changes that nobody answers: a warning before the deadline, then the system withdraws.

Rules
- Any activity of the author moves the submission on, or sets another deadline: then the owed step does
  nothing, which is how the clock stops.
- The version is free again afterwards, so nothing is lost by waiting too long but time.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.audit import Action, record_as_system
from accounts.models import User
from catalog import words
from uploads import mails
from uploads.models import Submission
from uploads.states import Mover, State
from uploads.transitions import move

NO_ANSWER = "No answer by the deadline of the requested changes."


def run(payload: dict[str, Any]) -> None:
    """The handler of owed deadline steps: `{"submission", "due", "step": "warn" | "end"}`."""
    with transaction.atomic():
        submission = (
            Submission.objects.select_for_update(of=("self",))
            .select_related("author")
            .filter(submission_id=payload["submission"], state=State.CHANGES_REQUESTED)
            .first()
        )
        due = datetime.fromisoformat(payload["due"])
        if submission is None or submission.answer_due_at != due:
            return
        if payload["step"] == "warn":
            mails.tell_author(submission, "deadline_warning", _context(submission, due))
            return
        before = submission.state
        move(submission, State.CANCELLED, actor=User.objects.system(), mover=Mover.SYSTEM)
        record_as_system(
            Action.UPLOAD_WITHDRAWN,
            "submission",
            submission.submission_id,
            before={"state": before},
            after={"state": submission.state},
            reason=NO_ANSWER,
        )
        mails.tell_author(submission, "deadline_passed", _context(submission, due))


def _context(submission: Submission, due: datetime) -> dict[str, Any]:
    return {
        "mod": submission.name or submission.mod_id or submission.submission_id,
        "version": submission.version or "",
        "due": words.day(due),
        "page": f"{settings.SMMODS_SITE_URL}{submission.get_absolute_url()}",
    }
