"""The queue: order, views, search, cursors, figures, and a constant number of queries."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import RefusedError
from accounts.models import User
from moderation import leases, queue
from moderation.actions import decide
from moderation.queue_filters import Filters
from tests.factories import make_file, make_reason, make_submission, make_user
from uploads.models import QueueReason, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db


def waits(hours: float, risk: int = 0, kind: str = "update", **more: Any) -> Submission:
    """An item that is due in so many hours."""
    submission = make_submission(**more)
    submission.reasons.all().delete()
    make_reason(submission, kind, due_at=timezone.now() + timedelta(hours=hours), detail="Two files changed")
    assert submission.current is not None
    submission.current.risk = risk
    submission.current.save()
    return submission


def ids(page: queue.Page) -> list[int]:
    return [item.submission.pk for item in page.items]


def test_the_earliest_due_comes_first_then_the_higher_risk(moderator: User) -> None:
    late, low, soon = waits(30), waits(20, 1), waits(-1)
    high = waits(20, 4)
    due = QueueReason.objects.get(submission=low).due_at
    QueueReason.objects.filter(submission=high).update(due_at=due)
    make_reason(late, "report", due_at=timezone.now() + timedelta(hours=1), detail="Crashes")
    page = queue.page(moderator)
    assert ids(page) == [soon.pk, late.pk, high.pk, low.pk]
    assert [item.overdue for item in page.items] == [True, False, False, False]
    assert page.items[1].soon
    assert page.items[1].know == "Crashes; Two files changed"
    assert [item.risk_word for item in page.items] == ["None", "None", "High", "Low"]
    assert (page.figures.waiting, page.figures.overdue) == (4, 1)


def test_only_open_reasons_keep_an_item_in_the_queue(moderator: User) -> None:
    submission = waits(1)
    QueueReason.objects.update(closed_at=timezone.now())
    make_submission(state=State.CHANGES_REQUESTED)
    assert queue.page(moderator).items == ()
    make_reason(submission)
    assert len(queue.page(moderator).items) == 1


def test_pages_follow_one_another_without_gap_or_double(moderator: User) -> None:
    wanted = [waits(5 + place // 3, place % 2).pk for place in range(12)]
    found: list[int] = []
    cursor = ""
    for _ in range(10):
        page = queue.page(moderator, cursor=cursor, limit=5)
        found += ids(page)
        if page.next is None:
            break
        cursor = page.next
    assert sorted(found) == sorted(wanted)
    assert found == ids(queue.page(moderator, limit=100))


def test_a_search_finds_mods_authors_and_hashes(moderator: User) -> None:
    author = make_user("modder", "halden@example.com", display_name="Halden")
    submission = waits(1, author=author, mod_id="assay.overlay")
    waits(2)
    assert submission.current is not None
    for q in (
        "ASSAY",
        "halden",
        submission.current.sha256,
        submission.current.sha256[:10],
        submission.submission_id,
    ):
        assert ids(queue.page(moderator, Filters(q=q))) == [submission.pk], q
    assert queue.page(moderator, Filters(q="nothing")).items == ()
    assert queue.page(moderator, Filters(q=submission.current.sha256[:7])).items == ()


def test_views_and_kinds(moderator: User, second: User) -> None:
    mine, theirs, free = waits(1), waits(2), waits(3, kind="first_release")
    leases.take(moderator, mine.submission_id)
    leases.take(second, theirs.submission_id)
    assert ids(queue.page(moderator, Filters(view="mine"))) == [mine.pk]
    assert ids(queue.page(moderator, Filters(view="free"))) == [free.pk]
    assert ids(queue.page(moderator, Filters(kind="first_release"))) == [free.pk]
    file = make_file(free, "Binaries/Win64/ore.dll", b"MZ", "pe")
    file.executable = True
    file.save()
    for submission, action, more in ((free, "approve", {}), (mine, "escalate", {"question": "Why?"})):
        assert submission.current is not None
        decide(
            moderator,
            submission.submission_id,
            action=action,
            revision=1,
            sha256=submission.current.sha256,
            **more,
        )
    assert ids(queue.page(moderator, Filters(view="second"))) == [free.pk]
    assert ids(queue.page(moderator, Filters(view="escalated"))) == [mine.pk]
    assert queue.page(moderator).figures.views == {
        "all": 3,
        "free": 2,
        "mine": 0,
        "new": 1,
        "updates": 2,
        "findings": 0,
        "reports": 0,
        "appeals": 0,
        "stuck": 2,
        "author": 0,
        "second": 1,
        "escalated": 1,
    }
    asked, done = make_submission(state=State.CHANGES_REQUESTED), make_submission(state=State.PUBLISHED)
    assert ids(queue.page(moderator, Filters(view="author"))) == [asked.pk]
    assert ids(queue.page(moderator, Filters(view="decided"))) == [done.pk]
    held = queue.page(moderator).items[1].held
    assert held is not None
    assert (held.holder, held.mine) == (second, False)


def test_what_was_decided_is_paged_the_newest_first(moderator: User) -> None:
    rows = [make_submission(state=State.PUBLISHED).pk for _ in range(5)]
    page = queue.page(moderator, Filters(view="decided"), limit=3)
    assert page.next is not None
    assert (
        ids(page) + ids(queue.page(moderator, Filters(view="decided"), limit=3, cursor=page.next))
        == rows[::-1]
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"view": "all of it"}, "unknown_view"),
        ({"kind": "boredom"}, "unknown_kind"),
        ({"risk": "9"}, "unknown_filter"),
        ({"age": "soon"}, "unknown_filter"),
        ({"due": "never"}, "unknown_filter"),
        ({"of": "people"}, "unknown_filter"),
        ({"sort": "name"}, "unknown_filter"),
        ({"cursor": "x"}, "bad_cursor"),
        ({"cursor": "eHx5fHo"}, "bad_cursor"),
    ],
)
def test_what_the_queue_refuses(client: Client, moderator: User, given: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        queue.page(moderator, Filters.read(given), cursor=given.get("cursor", ""))
    assert refused.value.code == code
    client.force_login(moderator)
    assert client.get("/api/v1/moderation/queue", given).json()["code"] == code
    assert client.get("/moderation/queue/", given).status_code == refused.value.status


@pytest.mark.parametrize(
    ("role", "status"), [("", 401), ("player", 403), ("modder", 403), ("moderator", 200)]
)
def test_the_api_is_for_moderators(client: Client, role: str, status: int) -> None:
    waits(1)
    if role:
        client.force_login(make_user(role))
    answer = client.get("/api/v1/moderation/queue")
    assert answer.status_code == status
    if status == 200:
        (item,) = answer.json()["items"]
        assert item["reasons"][0]["kind"] == "update"
        assert item["packageSha256"]
        assert answer.json()["next"] is None


def test_waits_are_measured_on_what_was_decided(moderator: User) -> None:
    for hours in (1, 2, 3, 4, 10):
        submission = waits(1)
        QueueReason.objects.filter(submission=submission).update(
            opened_at=timezone.now() - timedelta(hours=hours)
        )
        assert submission.current is not None
        decide(
            moderator,
            submission.submission_id,
            action="approve",
            revision=1,
            sha256=submission.current.sha256,
        )
    figures = queue.page(moderator).figures
    assert figures.median == pytest.approx(3 * 3600, rel=0.01)
    assert figures.p90 is not None
    assert 4 * 3600 < figures.p90 <= 10 * 3600 + 60
    assert figures.decided_this_week == 5
    document = queue.waits_document()
    assert document is not None
    assert document["measured"] == 5


def test_the_number_of_queries_is_constant(client: Client, moderator: User) -> None:
    client.force_login(moderator)
    counts = []
    for more in (3, 30):
        for place in range(more):
            submission = waits(place, place % 5)
            if place % 3 == 0:
                leases.take(moderator, submission.submission_id)
        for view in ("all", "decided", "mine", "second", "findings", "stuck", "reports"):
            client.get("/moderation/queue/", {"view": view})  # the list that was looked at last is kept
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get("/moderation/queue/", {"view": view}).status_code == 200
            counts.append(len(queries))
            assert len(queries) <= 14, [query["sql"][:90] for query in queries]
        with CaptureQueriesContext(connection) as queries:
            client.get("/api/v1/moderation/queue")
        assert len(queries) <= 14
    assert counts[:7] == counts[7:]


def test_the_next_free_item_passes_over_what_others_must_do(
    moderator: User, second: User, admin: User
) -> None:
    own = waits(1, author=moderator, mod_id="own.mod")
    escalated, first = waits(2), waits(3, mod_id="ore.lamp")
    file = make_file(first, "Binaries/Win64/ore.dll", b"MZ", "pe")
    file.executable = True
    file.save()
    for submission, action, more in ((escalated, "escalate", {"question": "Why?"}), (first, "approve", {})):
        assert submission.current is not None
        decide(
            moderator,
            submission.submission_id,
            action=action,
            revision=1,
            sha256=submission.current.sha256,
            **more,
        )
    assert queue.next_free(moderator) is None
    assert queue.next_free(second) == own
    leases.take(second, own.submission_id)
    assert queue.next_free(second) == first
    assert queue.next_free(admin) == escalated
