"""The thread between an author and the moderation team.

Rules
- Whoever stands to the submission as author or maintainer writes as author, whatever their role.
- An author's words in `changes_requested` are the answer: the submission comes back to review, and the
  deadline is over. In review they are a reason to look again; after a rejection they are an appeal.
- The team's words reach the author by mail too, without a name. Where the checks could not be finished they
  are the answer that the item waited for.
"""

from django.db import transaction

from accounts import audit, permissions
from accounts.audit import Action
from accounts.errors import Problem, RefusedError
from accounts.models import User
from accounts.roles import Relation
from uploads import mails, queueing
from uploads.models import Message, QueueReason, Submission
from uploads.states import Mover, State
from uploads.transitions import move

MAX_MESSAGE = 5000


def post_message(actor: User, submission: Submission, text: str) -> Message:
    """Write in the thread. An author's answer to requested changes brings the submission back to review.

    Moderators write as the moderation team; their own submissions are theirs as authors. Raises RefusedError:
    `message_empty` or `message_too_long` (422), `not_found` (404).
    """
    relation = submission.relation(actor)
    permissions.ensure(actor, "submission.message", relation)
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise _bad_message("message_empty", "There is nothing in the message.", "Write a few words.")
    if len(words) > MAX_MESSAGE:
        raise _bad_message(
            "message_too_long",
            f"A message has at most {MAX_MESSAGE:,} characters; this has {len(words):,}.",
            "Shorten it, or write two.",
        )
    before = submission.state
    from_staff = relation is Relation.OTHER
    with transaction.atomic():
        message = Message.objects.create(
            submission=submission,
            writer=actor,
            from_staff=from_staff,
            text=words,
            revision_number=submission.current.number if submission.current else 1,
        )
        if from_staff:
            mails.tell_author(submission, "upload_message", {"text": words})
            if submission.state == State.VALIDATION_FAILED:
                queueing.close_reasons(submission, "answered")
        else:
            _answered(actor, submission)
            mails.tell_followers(submission, words, writer=actor)
        audit.record(
            actor,
            Action.UPLOAD_MESSAGE_POSTED,
            "submission",
            submission.submission_id,
            before={"state": before},
            after={"state": submission.state, "message": message.pk},
        )
    return message


def _answered(actor: User, submission: Submission) -> None:
    """What an author's words bring about, beside being read."""
    if submission.state == State.CHANGES_REQUESTED and permissions.can(
        actor, "submission.replace", submission.relation(actor)
    ):
        move(submission, State.PENDING_REVIEW, actor=actor, mover=Mover.MODDER)
        Submission.objects.filter(pk=submission.pk).update(answer_due_at=None)
        submission.answer_due_at = None
    if submission.state == State.PENDING_REVIEW:
        queueing.open_reason(submission, QueueReason.Kind.AUTHOR_REPLIED)
    if submission.state == State.REJECTED:
        queueing.open_reason(submission, QueueReason.Kind.APPEAL)


def _bad_message(code: str, message: str, hint: str) -> RefusedError:
    return RefusedError(code, message, hint, problems=[Problem(code, message, hint, "/text")])
