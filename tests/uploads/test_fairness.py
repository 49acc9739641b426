"""Whose turn it is: a flood of one account's packages does not delay another's single one."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import outbox, tasks
from accounts.models import OutboxRow
from tests import factories
from tests.uploads.sending import send
from uploads import fairness, services
from uploads.models import Submission

pytestmark = pytest.mark.django_db
ADA, BOB, EVE = 1, 2, 3


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The accounts whose checks were done, in order; nothing is really checked."""
    taken: list[int] = []
    outbox.register(
        "test.checks",
        "checks",
        lambda payload: taken.append(payload["account"]),
        attempts=3,
        choose=fairness.whose_turn,
    )
    yield taken
    outbox._kinds.pop("test.checks")


def owe(account: int, times: int = 1) -> list[OutboxRow]:
    with transaction.atomic():
        return [outbox.owe("test.checks", {"account": account}) for _ in range(times)]


def work(hints: list[OutboxRow]) -> None:
    """A worker that gets these hints, one after the other."""
    for row in hints:
        assert outbox.run(row.pk)


def test_a_flood_does_not_delay_another_accounts_package(done: list[int]) -> None:
    flood = owe(ADA, 20)
    work(flood[:1])
    single = owe(BOB)
    work(flood[1:3])
    assert done == [ADA, BOB, ADA]
    work([*flood[3:], *single])
    assert done == [ADA, BOB, *[ADA] * 19]
    assert not outbox.run(flood[0].pk)


def test_two_floods_take_turns(done: list[int]) -> None:
    rows = owe(ADA, 3) + owe(BOB, 3)
    work(rows)
    assert done == [ADA, BOB, ADA, BOB, ADA, BOB]


def test_who_had_fewer_lately_is_first_and_the_past_is_forgotten(done: list[int]) -> None:
    work(owe(ADA, 2) + owe(BOB))
    done.clear()
    rows = owe(ADA) + owe(BOB) + owe(EVE)
    work(rows[:2])
    assert done == [EVE, BOB]
    OutboxRow.objects.filter(done_at__isnull=False).update(
        done_at=timezone.now() - fairness.WINDOW - timedelta(seconds=1)
    )
    owe(EVE)
    work(rows[2:])
    assert done == [EVE, BOB, ADA]


def test_what_is_under_way_or_was_given_up_counts_too(done: list[int]) -> None:
    held, failed, *_ = owe(ADA), owe(BOB, 2)
    OutboxRow.objects.filter(pk=held[0].pk).update(claimed_until=timezone.now() + timedelta(seconds=30))
    OutboxRow.objects.filter(pk__in=[row.pk for row in failed]).update(failed_at=timezone.now())
    rows = owe(BOB) + owe(ADA) + owe(EVE)
    work(rows)
    assert done == [EVE, ADA, BOB]


def test_an_account_with_two_under_way_waits_and_uses_no_attempt_up(done: list[int]) -> None:
    held = owe(ADA, fairness.AT_ONCE)
    OutboxRow.objects.update(claimed_until=timezone.now() + timedelta(seconds=30))
    (third,) = owe(ADA)
    assert not outbox.run(third.pk)
    work(owe(BOB))
    assert done == [BOB]
    OutboxRow.objects.filter(pk=held[0].pk).update(done_at=timezone.now(), claimed_until=None)
    assert outbox.run(third.pk)
    assert done == [BOB, ADA]


def test_whoever_is_done_hints_at_the_next(done: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks.work, "apply_async", lambda args, **_: sent.append(args[0]))
    first, second = owe(ADA, 2)
    outbox.run(second.pk)
    assert (done, sent) == ([ADA], [second.pk])
    outbox.run(first.pk)
    assert (done, sent) == ([ADA, ADA], [second.pk])


def test_rows_that_are_not_due_wait(done: list[int]) -> None:
    (later,) = owe(BOB)
    OutboxRow.objects.filter(pk=later.pk).update(due_at=timezone.now() + timedelta(seconds=9))
    (row,) = owe(ADA)
    assert outbox.run(later.pk)
    assert done == [ADA]
    assert not outbox.run(row.pk)


def test_who_finds_the_row_taken_chooses_again(done: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = owe(ADA) + owe(BOB)
    real = fairness.whose_turn

    def overtaken(due: Any) -> int | None:
        chosen = real(due)
        if not done:
            OutboxRow.objects.filter(pk=chosen).update(claimed_until=timezone.now() + timedelta(seconds=30))
            done.append(0)
        return chosen

    monkeypatch.setitem(
        outbox._kinds,
        "test.checks",
        outbox.Kind(
            "test.checks", "checks", outbox._kinds["test.checks"].handler, 60, 3, 5, choose=overtaken
        ),
    )
    assert outbox.run(rows[0].pk)
    assert done == [0, BOB]


def test_a_row_that_is_always_taken_is_left_to_the_sweeper(
    done: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = owe(ADA)
    OutboxRow.objects.filter(pk=row.pk).update(claimed_until=timezone.now() + timedelta(seconds=30))
    choose = outbox.Kind("test.checks", "checks", done.append, 60, 3, 5, choose=lambda _: row.pk)
    monkeypatch.setitem(outbox._kinds, "test.checks", choose)
    assert not outbox.run(row.pk)
    assert done == []


def test_choosing_takes_two_queries_whatever_the_length_of_the_queue(done: list[int]) -> None:
    counts = []
    for times in (2, 30):
        for account in (ADA, BOB):
            owe(account, times)
        with CaptureQueriesContext(connection) as queries:
            fairness.whose_turn(OutboxRow.objects.filter(outbox.waiting(timezone.now()), kind="test.checks"))
        counts.append(len(queries))
    assert counts == [2, 2]


def test_the_checks_of_packages_are_chosen_by_author() -> None:
    ada, bob = factories.make_user("modder"), factories.make_user("modder")
    for number in range(4):
        send(ada, version=f"1.{number}.0")
    submission = send(
        bob, data=factories.good_package("bob.mod"), side=factories.sidecar("bob.mod"), via="api"
    )
    hints = list(OutboxRow.objects.filter(kind=services.CHECKS).order_by("pk"))
    assert {row.payload["account"] for row in hints} == {ada.pk, bob.pk}
    outbox.run(hints[0].pk)
    outbox.run(hints[1].pk)
    assert Submission.objects.get(pk=submission.pk).state == "pending_review"
    assert Submission.objects.filter(author=ada, state="pending_review").count() == 1


@pytest.mark.django_db(transaction=True)
def test_four_workers_do_each_row_once_and_take_turns(done: list[int]) -> None:
    rows = owe(ADA, 12) + owe(BOB, 2)

    def worker(number: int) -> None:
        try:
            for row in rows[number::4]:
                outbox.run(row.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outbox.drain()
    assert sorted(done) == [ADA] * 12 + [BOB] * 2
    assert set(done[:8]) == {ADA, BOB}
    assert set(OutboxRow.objects.values_list("attempts", flat=True)) == {1}
