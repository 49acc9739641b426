"""The deadline of requested changes: a warning, the end, and a clock that any answer stops."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.audit import Action
from accounts.models import AuditEntry, OutboxRow, User
from moderation.actions import decide
from moderation.consequences import DEADLINE
from tests.factories import drain, make_submission
from uploads.models import Submission
from uploads.services import post_message

pytestmark = pytest.mark.django_db


def asked(moderator: User) -> Submission:
    """A submission whose author is asked for changes; the mail about it is sent."""
    submission = make_submission()
    assert submission.current is not None
    decide(
        moderator,
        submission.submission_id,
        action="request_changes",
        revision=1,
        sha256=submission.current.sha256,
        reasons=[{"policy": "quality"}],
    )
    drain()
    mail.outbox.clear()
    return submission


def due(step: str) -> None:
    """The step's time has come."""
    OutboxRow.objects.filter(kind=DEADLINE, payload__step=step).update(due_at=timezone.now())
    drain()


def test_the_author_is_warned_three_days_before_the_end(moderator: User) -> None:
    submission = asked(moderator)
    rows = OutboxRow.objects.filter(kind=DEADLINE).order_by("due_at")
    now = timezone.now()
    assert [round((row.due_at - now) / timedelta(days=1)) for row in rows] == [11, 14]
    due("warn")
    assert "your answer is due" in mail.outbox[0].subject
    submission.refresh_from_db()
    assert submission.state == "changes_requested"


def test_after_the_end_the_system_withdraws(moderator: User) -> None:
    submission = asked(moderator)
    due("end")
    submission.refresh_from_db()
    assert submission.state == "cancelled"
    entry = AuditEntry.objects.get(action=Action.UPLOAD_WITHDRAWN)
    assert entry.actor == User.objects.system()
    assert entry.reason
    assert "was withdrawn" in mail.outbox[0].subject


def test_an_answer_stops_the_clock(moderator: User) -> None:
    submission = asked(moderator)
    submission.refresh_from_db()
    post_message(submission.author, submission, "It is mended.")
    for step in ("warn", "end"):
        due(step)
    submission.refresh_from_db()
    assert submission.state == "pending_review"
    assert not any("due" in sent.subject or "withdrawn" in sent.subject for sent in mail.outbox)
