"""The deadline of requested changes: a warning, the end, and a clock that any answer stops."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.audit import Action
from accounts.models import AuditEntry, OutboxRow, User
from moderation.actions import decide
from moderation.consequences import DEADLINE
from moderation.table import ACTIONS
from tests.factories import drain, good_package, make_submission
from uploads import services
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


def test_the_days_are_settings(moderator: User, settings: Any) -> None:
    settings.SMMODS_ANSWER_DAYS, settings.SMMODS_WARNING_DAYS = 30, 10
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
    submission.refresh_from_db()
    assert submission.answer_due_at is not None
    assert round((submission.answer_due_at - timezone.now()) / timedelta(days=1)) == 30
    now = timezone.now()
    rows = OutboxRow.objects.filter(kind=DEADLINE).order_by("due_at")
    assert [round((row.due_at - now) / timedelta(days=1)) for row in rows] == [20, 30]
    assert "has 30 days" in ACTIONS["request_changes"].follows


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


def test_a_replaced_package_stops_the_clock(moderator: User) -> None:
    submission = asked(moderator)
    submission.refresh_from_db()
    package = good_package(submission.mod_id or "", submission.version or "")
    services.replace(submission.author, submission, chunks=[package], content_type="application/zip")
    mail.outbox.clear()
    for step in ("warn", "end"):
        due(step)
    submission.refresh_from_db()
    assert submission.state not in ("changes_requested", "cancelled")
    assert not any("due" in sent.subject or "withdrawn" in sent.subject for sent in mail.outbox)


def test_a_second_request_has_its_own_deadline(moderator: User) -> None:
    submission = asked(moderator)
    submission.refresh_from_db()
    post_message(submission.author, submission, "It is mended.")
    first = OutboxRow.objects.get(kind=DEADLINE, payload__step="end")
    assert submission.current is not None
    decide(
        moderator,
        submission.submission_id,
        action="request_changes",
        revision=1,
        sha256=submission.current.sha256,
        reasons=[{"policy": "quality"}],
    )
    OutboxRow.objects.filter(pk=first.pk).update(due_at=timezone.now())
    drain()
    submission.refresh_from_db()
    assert submission.state == "changes_requested"
    assert submission.answer_due_at is not None
