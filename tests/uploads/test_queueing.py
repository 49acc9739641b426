"""The queue: why something waits, until when, in which order, how long it takes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import factories
from tests.uploads.sending import MOD
from uploads import queueing
from uploads.models import QueueReason, Submission
from uploads.queueing import Kind, due_time, place, waits, working_days_after
from uploads.states import State


def at(day: int, hour: int = 15) -> datetime:
    """A time in November 2026, whose second day is a Monday."""
    return datetime(2026, 11, day, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (at(2), 3, at(5)),
        (at(5), 3, at(10)),
        (at(6), 1, at(9)),
        (at(7), 1, datetime(2026, 11, 10, tzinfo=UTC)),
        (at(8), 3, datetime(2026, 11, 12, tzinfo=UTC)),
        (at(2), 0, at(2)),
    ],
)
def test_working_days_leave_weekends_out(start: datetime, days: int, due: datetime) -> None:
    assert working_days_after(start, days) == due


def test_due_times_are_settings(settings: Any) -> None:
    assert due_time(Kind.FIRST_RELEASE, at(2)) == at(5)
    assert due_time(Kind.AUTHOR_REPLIED, at(2)) == at(4)
    assert due_time(Kind.REPORT, at(7)) == at(7, 19)
    settings.SMMODS_REVIEW_DAYS, settings.SMMODS_REPLY_DAYS, settings.SMMODS_REPORT_HOURS = 1, 1, 1
    assert due_time(Kind.UPDATE, at(2)) == due_time(Kind.AUTHOR_REPLIED, at(2)) == at(3)
    assert due_time(Kind.REPORT, at(2)) == at(2, 16)


@pytest.mark.django_db
def test_a_reason_is_open_once_a_kind_and_closed_by_an_act() -> None:
    submission = factories.make_submission(state="draft")
    first = queueing.open_reason(submission, Kind.BY_HAND, "look at this" * 100)
    assert queueing.open_reason(submission, Kind.BY_HAND, "again") == first
    assert len(first.detail) == 300
    queueing.open_reason(submission, Kind.REPORT, due=at(2))
    assert queueing.close_reasons(submission, "approve") == 2
    assert queueing.close_reasons(submission, "approve") == 0
    assert set(QueueReason.objects.values_list("closed_by", flat=True)) == {"approve"}
    assert queueing.open_reason(submission, Kind.BY_HAND) != first


def waiting(due: datetime, *, risk: int = 0, came: datetime | None = None) -> Submission:
    """A submission in review with one reason."""
    submission = factories.make_submission(state="draft")
    Submission.objects.filter(pk=submission.pk).update(state="pending_review", queued_at=came or at(2))
    assert submission.current is not None
    submission.current.risk = risk
    submission.current.save()
    factories.make_reason(submission, due_at=due)
    submission.refresh_from_db()
    return submission


@pytest.mark.django_db
def test_the_order_is_due_then_risk_then_who_came_first() -> None:
    late = waiting(at(10))
    plain = waiting(at(5), came=at(2))
    earlier = waiting(at(5), came=at(1))
    risky = waiting(at(5), risk=3)
    soon = waiting(at(4))
    twin = waiting(at(10))
    factories.make_reason(soon, due_at=at(20), kind="report")
    closed = waiting(at(1))
    queueing.close_reasons(closed, "reject")
    order = [soon, risky, earlier, plain, late, twin]
    assert list(queueing.waiting()) == order
    for number, submission in enumerate(order, 1):
        found = place(submission)
        assert found is not None
        assert (found.position, found.length) == (number, 6)
    assert place(closed) is None


@pytest.mark.django_db
def test_a_place_is_kept_while_a_package_is_mended() -> None:
    first, mine = waiting(at(4)), factories.make_submission(state="validation_failed", mod_id=MOD)
    assert place(mine) is None
    mine.queued_at = at(2)
    kept = place(mine)
    assert kept is not None
    assert (kept.position, kept.length, kept.due) == (2, 2, at(5))
    mine.state = State.PUBLISHED
    assert place(mine) is None
    assert place(first) is not None


@pytest.mark.django_db
def test_waits_are_measured_on_what_was_reviewed() -> None:
    submission = factories.make_submission(state="draft")
    assert waits() is None

    def closed(hours: float, by: str = "approve", kind: str = "update") -> None:
        now = timezone.now()
        factories.make_reason(
            submission, kind, opened_at=now - timedelta(hours=hours), closed_at=now, closed_by=by
        )

    closed(1)
    one = waits()
    assert one is not None
    assert (round(one.median), round(one.ninetieth), one.measured) == (3600, 3600, 1)
    for hours in range(2, 12):
        closed(hours)
    closed(1000, "withdrawn")
    closed(1000, "replaced")
    closed(1000, kind="report")
    found = waits()
    assert found is not None
    assert (round(found.median / 3600), round(found.ninetieth / 3600), found.measured) == (6, 10, 11)
