"""Two who start at once, a decision in the middle of a look, two workers with the same row: one of each."""

import pytest

from accounts import outbox
from accounts.models import AuditEntry, OutboxRow
from moderation import actions
from tests import factories
from tests.uploads.test_races import at_once
from tests.uploads.test_rescans import waits
from uploads import rescan_work, rescans
from uploads.models import Rescan, Submission

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_many_who_start_at_once_one_does() -> None:
    waits("one.mod")
    people = [factories.make_user("moderator") for _ in range(5)]

    def start(number: int) -> str:
        return rescans.start(people[number], scope="waiting", reason="x").scope

    answers = at_once(5, start)
    assert answers == {"waiting": 1, "409 rescan_running": 4}
    assert (Rescan.objects.count(), OutboxRow.objects.filter(kind=rescans.KIND).count()) == (1, 1)
    assert AuditEntry.objects.filter(action="rescan.started").count() == 1


def test_two_workers_with_the_same_row_write_one_result() -> None:
    waits("one.mod")
    waits("two.mod")
    rescan = rescans.start_automatic()
    assert rescan is not None
    payload = OutboxRow.objects.get(kind=rescans.KIND).payload

    def work(number: int) -> str:
        rescan_work.work(payload)
        return "done"

    assert at_once(2, work) == {"done": 2}
    assert rescan.results.exclude(outcome="").count() == 1
    # The row that both worked on, and the one that is owed next.
    assert OutboxRow.objects.filter(kind=rescans.KIND).count() == 2
    entries = AuditEntry.objects.filter(action="validation.finished", after__rescan=rescan.pk)
    assert entries.count() == 1


def test_a_decision_and_a_rescan_at_once_both_hold_or_one_gives_way() -> None:
    """Whoever takes the submission first: nothing of the other's is lost, and the state is the decision's."""
    submission = waits("one.mod", old=False)
    revision = submission.current
    assert revision is not None
    moderator, admin = factories.make_user("moderator"), factories.make_user("admin")
    rescan = rescans.start(moderator, scope="waiting", reason="x")
    outbox.drain()
    rescan = rescans.start(admin, scope="waiting", reason="x", dry_run=False)
    payload = OutboxRow.objects.get(kind=rescans.KIND, done_at=None).payload

    def act(number: int) -> str:
        if number:
            rescan_work.work(payload)
            return "looked"
        actions.decide(
            moderator,
            submission.submission_id,
            action="reject",
            revision=1,
            sha256=revision.sha256,
            reasons=[{"policy": "quality", "values": {}}],
        )
        return "decided"

    assert at_once(2, act) == {"looked": 1, "decided": 1}
    assert Submission.objects.get(pk=submission.pk).state == "rejected"
    outcome = rescan.results.get().outcome
    applied = AuditEntry.objects.filter(action="validation.finished", after__rescan=rescan.pk).exists()
    assert applied == (outcome == "same")
    assert outcome in ("same", "gone")
