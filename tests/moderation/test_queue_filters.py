"""Every tab, filter and order of the queue, over the service, the page and the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from moderation import assignments, leases, queue
from moderation.queue_filters import VIEWS, Filters
from moderation.words import due_words, working_days
from tests.factories import make_reason, make_result, make_submission, make_user
from tests.moderation.test_queue import ids, waits
from uploads.models import QueueReason, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db


def found(reader: User, **asked: str) -> list[int]:
    return ids(queue.page(reader, Filters(**asked)))


def test_each_tab_holds_what_its_name_says(moderator: User) -> None:
    first, update = waits(1, kind="first_release"), waits(2, kind="update")
    hit, risky = waits(3, kind="scanner_hit"), waits(4, risk=2)
    reported = make_submission(state=State.PUBLISHED)
    make_reason(reported, "report", due_at=timezone.now() + timedelta(hours=5))
    appealed = make_submission(state=State.REJECTED)
    make_reason(appealed, "appeal", due_at=timezone.now() + timedelta(hours=6))
    assert found(moderator, view="new") == [first.pk]
    assert found(moderator, view="updates") == [update.pk, risky.pk]
    assert found(moderator, view="findings") == [hit.pk, risky.pk]
    assert found(moderator, view="reports") == [reported.pk]
    assert found(moderator, view="appeals") == [appealed.pk]
    counted = queue.page(moderator).figures.views
    assert (counted["findings"], counted["new"], counted["updates"], counted["reports"]) == (2, 1, 2, 1)


def test_mine_is_what_i_hold_and_what_is_assigned_to_me(moderator: User, second: User) -> None:
    held, asked, theirs = waits(1), waits(2), waits(3)
    leases.take(moderator, held.submission_id)
    assignments.assign(second, [asked.submission_id], moderator.account_id)
    assignments.assign(second, [theirs.submission_id], second.account_id)
    assert found(moderator, view="mine") == [held.pk, asked.pk]
    page = queue.page(moderator, Filters(view="mine"))
    assert page.figures.views["mine"] == 2
    assert [item.assigned for item in page.items] == [None, moderator]


def test_stuck_is_what_the_next_reviewer_can_not_move_on(moderator: User, settings: Any) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    made = {
        state: make_submission(state=state) for state in (State.APPROVED, State.UPLOADED, State.VALIDATING)
    }
    made[State.VALIDATION_FAILED] = make_submission(state=State.VALIDATION_FAILED)
    make_result(made[State.VALIDATION_FAILED], "validation", "failed", code="validation_crashed")
    make_submission(state=State.VALIDATION_FAILED)
    escalated = waits(1)
    assert found(moderator, view="stuck") == [made[State.VALIDATION_FAILED].pk]
    Submission.objects.filter(pk=escalated.pk).update(escalated_at=long_ago)
    for submission in made.values():
        assert submission.current is not None
        submission.current.received_at = long_ago
        submission.current.save()
    Submission.objects.filter(pk__in=[row.pk for row in made.values()]).update(updated_at=long_ago)
    page = queue.page(moderator, Filters(view="stuck"))
    assert set(ids(page)) == {escalated.pk, *(row.pk for row in made.values())}
    assert page.figures.views["stuck"] == 5
    words = {item.submission.state: item.stuck for item in page.items}
    assert words == {
        "approved": "Approved, but not published",
        "uploaded": "Still waits for its checks",
        "validating": "Still being checked",
        "validation_failed": "The checks gave up",
        "pending_review": "",
    }
    settings.SMMODS_UNDO_MINUTES = 240
    assert made[State.APPROVED].pk not in found(moderator, view="stuck")


def test_filters_narrow_and_add_up(moderator: User) -> None:
    halden = make_user("modder", "halden@example.com", display_name="Halden")
    calm = waits(30, 0, author=halden)
    risky = waits(-1, 4, author=halden, manifest_more={"targetGameBuild": "0.9.1"})
    old = waits(2, 2)
    QueueReason.objects.filter(submission=old).update(opened_at=timezone.now() - timedelta(days=8))
    Submission.objects.filter(pk=old.pk).update(queued_at=timezone.now() - timedelta(days=8), kind="listing")
    assert found(moderator, author="halden") == [risky.pk, calm.pk]
    assert found(moderator, author="halden@example.com") == [risky.pk, calm.pk]
    assert found(moderator, author=halden.account_id) == [risky.pk, calm.pk]
    assert found(moderator, author="halden", risk="4") == [risky.pk]
    assert found(moderator, risk="1") == [risky.pk, old.pk]
    assert found(moderator, build="0.9.1") == [risky.pk]
    assert found(moderator, age="7") == [old.pk]
    assert found(moderator, due="overdue") == [risky.pk]
    assert set(found(moderator, due="today") + found(moderator, due="later")) == {calm.pk, old.pk}
    assert found(moderator, of="listing") == [old.pk]
    assert found(moderator, of="package", risk="5") == []
    assert found(moderator, sort="risk") == [risky.pk, old.pk, calm.pk]
    assert found(moderator, sort="age")[0] == old.pk
    assert found(moderator, view="decided", author="halden") == []


@pytest.mark.parametrize("sort", ["due", "risk", "age"])
def test_each_order_pages_without_gap_or_double(moderator: User, sort: str) -> None:
    for place in range(11):
        waits(5 + place // 3, place % 3)
    whole = ids(queue.page(moderator, Filters(sort=sort), limit=100))
    paged: list[int] = []
    cursor = ""
    for _ in range(6):
        page = queue.page(moderator, Filters(sort=sort), cursor=cursor, limit=3)
        paged += ids(page)
        if page.next is None:
            break
        cursor = page.next
    assert paged == whole
    assert len(paged) == 11


def test_a_cursor_belongs_to_its_order(client: Client, moderator: User) -> None:
    for _ in range(3):
        waits(1)
    cursor = queue.page(moderator, limit=2).next
    client.force_login(moderator)
    answer = client.get("/api/v1/moderation/queue", {"sort": "risk", "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def test_the_wait_of_a_reported_release_begins_with_the_report(moderator: User) -> None:
    reported = make_submission(state=State.PUBLISHED)
    Submission.objects.filter(pk=reported.pk).update(queued_at=timezone.now() - timedelta(days=90))
    make_reason(reported, "report", due_at=timezone.now() + timedelta(hours=4))
    (item,) = queue.page(moderator).items
    assert item.waited < timedelta(minutes=1)
    assert found(moderator, age="1") == []


def test_page_and_api_take_the_same_list(client: Client, moderator: User) -> None:
    risky, calm = waits(3, 4), waits(2, 0)
    client.force_login(moderator)
    asked = {"view": "updates", "risk": "1", "sort": "risk"}
    items = client.get("/api/v1/moderation/queue", asked).json()["items"]
    assert [item["submissionId"] for item in items] == [risky.submission_id]
    body = client.get("/moderation/queue/", asked).content.decode()
    assert risky.submission_id in body
    assert calm.submission_id not in body
    assert 'href="?view=reports&amp;risk=1&amp;sort=risk"' in body
    mine = client.get("/api/v1/moderation/queue", {"mine": "true"}).json()
    assert mine["items"] == []
    assert set(mine["views"]) == set(VIEWS) - {"decided"}


@pytest.mark.parametrize("view", VIEWS)
def test_every_tab_has_its_page(client: Client, moderator: User, view: str) -> None:
    client.force_login(moderator)
    body = client.get("/moderation/queue/", {"view": view}).content.decode()
    assert f'aria-current="page">{VIEWS[view]}' in body
    assert client.get("/api/v1/moderation/queue", {"view": view}).status_code == 200


def test_an_address_is_short_and_leads_to_the_same_list() -> None:
    filters = Filters(view="new", risk="2", q="ore & lamp")
    assert filters.query() == "?view=new&q=ore+%26+lamp&risk=2"
    assert filters.query(view="all") == "?q=ore+%26+lamp&risk=2"
    assert Filters().query() == "?view=all"
    assert filters.narrowed
    assert not Filters(view="new", sort="risk").narrowed


FRIDAY = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (FRIDAY - timedelta(hours=3, minutes=10), "3 h 10 min overdue"),
        (FRIDAY - timedelta(seconds=5), "1 min overdue"),
        (FRIDAY + timedelta(hours=1, minutes=20), "in 1 h 20 min"),
        (FRIDAY + timedelta(hours=9), "in 9 hours"),
        (FRIDAY + timedelta(days=3), "in 1 working day"),
        (FRIDAY + timedelta(days=5), "in 3 working days"),
        (datetime(2026, 11, 26, tzinfo=UTC), "in 3 working days"),
        (FRIDAY + timedelta(days=2), "in 48 hours"),
    ],
)
def test_due_times_are_told_in_hours_or_working_days(due: datetime, words: str) -> None:
    assert due_words(due, FRIDAY) == words


def test_working_days_leave_the_weekend_out() -> None:
    assert working_days(FRIDAY, FRIDAY + timedelta(days=14)) == 10
    assert working_days(FRIDAY, FRIDAY - timedelta(days=1)) == 0
