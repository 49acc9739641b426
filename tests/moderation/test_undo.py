"""An approval that can be undone: for how long, by whom, and against the publisher."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, OutboxRow, User
from moderation import consequences, publication, queue
from moderation.actions import decide
from moderation.models import Decision
from moderation.table import ACTIONS, CLOCKS, possible
from tests.factories import drain, make_submission
from uploads.models import Message, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db

WINDOW = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def window(settings: Any) -> None:
    """Ten minutes to undo."""
    settings.SMMODS_UNDO_MINUTES = 10


def act(actor: User, submission: Submission, action: str, **more: Any) -> Decision:
    assert submission.current is not None
    done = decide(
        actor,
        submission.submission_id,
        action=action,
        revision=submission.current.number,
        sha256=submission.current.sha256,
        **more,
    )
    submission.refresh_from_db()
    return done.decision


def passed() -> None:
    """The time to undo is over."""
    Decision.objects.filter(undo_until__isnull=False).update(undo_until=timezone.now() - CLOCKS * 2)
    OutboxRow.objects.filter(done_at__isnull=True).update(due_at=timezone.now())


def test_an_approval_waits_to_be_told_and_published(moderator: User, owed: list[dict[str, Any]]) -> None:
    submission = make_submission()
    decision = act(moderator, submission, "approve", note="Well made.")
    assert submission.state == State.APPROVED
    assert decision.undo_until == decision.at + WINDOW
    assert "in 10 minutes" in ACTIONS["approve"].follows
    drain()
    assert (owed, mail.outbox, Message.objects.count()) == ([], [], 0)
    assert publication._approved() == []
    passed()
    assert publication._approved() == [submission]
    drain()
    assert [row["op"] for row in owed] == ["publish"]
    assert len(mail.outbox) == 1
    assert Message.objects.get().text.endswith("Well made.")
    drain()
    assert len(mail.outbox) == 1


def test_undone_it_waits_again_at_its_old_place(
    moderator: User, second: User, owed: list[dict[str, Any]]
) -> None:
    submission = make_submission()
    came = timezone.now() - timedelta(days=2)
    Submission.objects.filter(pk=submission.pk).update(queued_at=came)
    act(moderator, submission, "approve")
    assert queue.page(second).items == ()
    act(second, submission, "undo")
    assert submission.state == State.PENDING_REVIEW
    (item,) = queue.page(moderator).items
    assert item.know == consequences.UNDONE
    assert item.due is not None
    assert item.due < timezone.now() + timedelta(days=3)
    entry = AuditEntry.objects.filter(action=Action.MODERATION_DECIDED).latest("sequence")
    assert (entry.actor, entry.after["action"], entry.after["state"]) == (second, "undo", "pending_review")
    passed()
    drain()
    assert (mail.outbox, Message.objects.count()) == ([], 0)
    assert publication._approved() == []


def test_a_new_approval_after_an_undo_has_its_own_time(moderator: User, second: User) -> None:
    submission = make_submission()
    act(moderator, submission, "approve")
    act(moderator, submission, "undo")
    act(second, submission, "approve")
    assert publication._approved() == []
    passed()
    assert publication._approved() == [submission]
    drain()
    assert len(mail.outbox) == 1


def test_too_late_it_is_refused(moderator: User, second: User) -> None:
    submission = make_submission()
    act(moderator, submission, "approve")
    passed()
    with pytest.raises(RefusedError) as refused:
        act(second, submission, "undo")
    assert (refused.value.status, refused.value.code) == (409, "undo_over")
    assert submission.state == State.APPROVED


def test_twice_it_is_refused_by_what_is_true_now(moderator: User, second: User) -> None:
    submission = make_submission()
    act(moderator, submission, "approve")
    act(second, submission, "undo")
    with pytest.raises(RefusedError) as refused:
        act(moderator, submission, "undo")
    assert refused.value.code == "already_decided"
    assert "undone by somebody else" in refused.value.message


def test_without_a_window_there_is_nothing_to_undo(moderator: User, second: User, settings: Any) -> None:
    settings.SMMODS_UNDO_MINUTES = 0
    submission = make_submission()
    assert act(moderator, submission, "approve").undo_until is None
    assert possible(State.APPROVED) == []
    assert "within seconds" in ACTIONS["approve"].follows
    assert publication._approved() == [submission]
    with pytest.raises(RefusedError) as refused:
        act(second, submission, "undo")
    assert refused.value.code == "undo_over"


def test_an_undo_takes_no_note_that_the_author_would_read(moderator: User) -> None:
    submission = make_submission()
    act(moderator, submission, "approve")
    with pytest.raises(RefusedError) as refused:
        act(moderator, submission, "undo", note="Sorry.")
    assert refused.value.code == "not_for_this_action"


def test_the_second_of_two_people_can_undo_and_then_two_are_needed_again(
    moderator: User, second: User
) -> None:
    submission = make_submission(mod_id="ore.lamp")
    assert submission.current is not None
    submission.current.files.create(
        path="Binaries/Win64/ore.dll", size_bytes=2, crc32=0, sha256="0" * 64, kind="pe", executable=True
    )
    assert act(moderator, submission, "approve").undo_until is None
    assert act(second, submission, "approve").undo_until is not None
    act(second, submission, "undo")
    assert act(second, submission, "approve").needs_second


def test_the_queue_offers_ones_own_approvals_to_be_undone(
    client: Client, moderator: User, second: User
) -> None:
    submission = make_submission()
    decision = act(moderator, submission, "approve")
    client.force_login(second)
    assert "can undo it" not in client.get("/moderation/queue/").content.decode()
    client.force_login(moderator)
    body = client.get("/moderation/queue/").content.decode()
    assert "Until then nobody is told, and you can undo it." in body
    address = f"/moderation/review/{submission.submission_id}/"
    assert "Undo the approval" in client.get(address).content.decode()
    fields = {"action": "undo", "revision": 1, "sha256": decision.sha256, "confirmed": "1"}
    assert client.post(f"{address}decide/", fields)["Location"] == address
    submission.refresh_from_db()
    assert submission.state == State.PENDING_REVIEW
    assert "can undo it" not in client.get("/moderation/queue/").content.decode()


def test_the_author_reads_nothing_of_an_approval_that_may_be_undone(client: Client, moderator: User) -> None:
    submission = make_submission()
    act(moderator, submission, "approve", note="Well made.")
    client.force_login(submission.author)
    assert "Well made." not in client.get(f"/upload/{submission.submission_id}/").content.decode()


def test_the_window_costs_one_query_of_the_queue(client: Client, moderator: User) -> None:
    for _ in range(3):
        act(moderator, make_submission(), "approve")
    client.force_login(moderator)
    client.get("/moderation/queue/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/moderation/queue/")
    assert len(queries) <= 15
