"""What becomes of an author's appeal against a rejection.

Rules
- An author's words in `rejected` are an appeal: they wait in the queue (see `uploads.thread`).
- It is answered by somebody else than who rejected, by reopening (`decide`) or by a reply here.
"""

from django.db import transaction

from accounts.models import User
from uploads import queueing, services
from uploads.models import Message, Submission
from uploads.states import State


def first_decider(submission: Submission) -> int | None:
    """The account (its key) that rejected the submission last; None where nobody did."""
    rejection = submission.decisions.filter(action="reject").order_by("-id").first()
    return rejection.decider_id if rejection is not None else None


def reply(actor: User, submission: Submission, text: str) -> Message:
    """Write to the author as the moderation team; an appeal is answered with it, but by another person only.

    Raises RefusedError as `uploads.services.post_message` does.
    """
    with transaction.atomic():
        message = services.post_message(actor, submission, text)
        if submission.state == State.REJECTED and first_decider(submission) != actor.pk:
            queueing.close_reasons(submission, "appeal answered")
    return message
