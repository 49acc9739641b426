"""Owed work: written with what owes it, done by one worker at a time, never forgotten."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts import outbox, tasks
from accounts.models import OutboxRow

pytestmark = pytest.mark.django_db


class Work:
    """A kind of work that remembers what it was asked and fails on demand."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.gave_up: list[tuple[Any, str]] = []
        self.error: Exception | None = None

    def __call__(self, payload: outbox.Payload) -> None:
        self.done.append(payload)
        if self.error is not None:
            raise self.error

    def exhausted(self, payload: outbox.Payload, why: str) -> None:
        self.gave_up.append((payload, why))


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    outbox.register(
        "test.work", "checks", made, lease=60, attempts=3, retry_after=5, exhausted=made.exhausted
    )
    yield made
    outbox._kinds.pop("test.work")


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    sent: list[tuple[int, str]] = []
    monkeypatch.setattr(tasks.work, "apply_async", lambda args, queue, **_: sent.append((args[0], queue)))
    return sent


def owe(**more: Any) -> OutboxRow:
    with transaction.atomic():
        return outbox.owe("test.work", {"n": 1}, **more)


def later(row: OutboxRow, **fields: Any) -> None:
    OutboxRow.objects.filter(pk=row.pk).update(**fields)


def test_work_is_owed_in_the_transaction_of_what_owes_it(work: Work) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.owe("test.work", {})
        _ = 1 / 0
    assert OutboxRow.objects.count() == 0
    with pytest.raises(KeyError):
        outbox.owe("nobody.does", {})


@pytest.mark.django_db(transaction=True)
def test_work_is_not_owed_outside_of_a_transaction(work: Work) -> None:
    with pytest.raises(RuntimeError):
        outbox.owe("test.work", {})


def test_the_broker_is_told_after_the_commit(
    work: Work, hints: list[tuple[int, str]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = owe(key="k")
        assert hints == []
    assert hints == [(row.pk, "checks")]
    assert str(row) == "test.work k"
    with django_capture_on_commit_callbacks(execute=True):
        owe(delay=10)
    assert len(hints) == 1


def test_a_broker_that_is_away_costs_only_time(
    work: Work, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(**_: Any) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(tasks.work, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        owe()
    assert outbox.drain() == 1
    assert work.done == [{"n": 1}]


def test_done_is_done(work: Work) -> None:
    row = owe()
    tasks.work(row.pk)
    assert not outbox.run(row.pk)
    row.refresh_from_db()
    assert (work.done, row.attempts, row.done_at is not None, row.claimed_by) == ([{"n": 1}], 1, True, "")


def test_unknown_rows_and_kinds_are_left_alone(work: Work) -> None:
    assert not outbox.run(4711)
    row = owe()
    outbox._kinds.pop("test.work")
    assert not outbox.run(row.pk)
    assert outbox.sweep() == 1
    outbox.register("test.work", "checks", work)
    assert outbox.kinds()["test.work"].queue == "checks"


def test_a_claim_keeps_others_away_until_its_lease_ends(work: Work) -> None:
    row = owe()
    later(row, claimed_by="somebody", claimed_until=timezone.now() + timedelta(seconds=30), attempts=1)
    assert not outbox.run(row.pk)
    later(row, claimed_until=timezone.now() - timedelta(seconds=1))
    assert outbox.run(row.pk)
    assert OutboxRow.objects.get().attempts == 2


def test_a_claim_that_was_lost_does_not_undo_what_another_wrote(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = owe()

    def slow(payload: outbox.Payload) -> None:
        later(row, claimed_by="another")

    outbox.register("test.work", "checks", slow)
    outbox.run(row.pk)
    assert OutboxRow.objects.get().done_at is None


def test_a_failure_is_counted_and_tried_again_ever_later(work: Work) -> None:
    row = owe()
    work.error = ValueError("broken")
    waits = []
    for _ in range(2):
        later(row, due_at=timezone.now())
        outbox.run(row.pk)
        row.refresh_from_db()
        waits.append((row.due_at - timezone.now()).total_seconds())
    assert row.last_error == "ValueError: broken"
    assert [round(wait) for wait in waits] == [5, 10]
    assert row.failed_at is None
    later(row, due_at=timezone.now())
    outbox.run(row.pk)
    row.refresh_from_db()
    assert row.failed_at is not None
    assert work.gave_up == [({"n": 1}, "ValueError: broken")]
    assert not outbox.run(row.pk)
    assert len(work.gave_up) == 1


def test_a_worker_that_dies_every_time_uses_its_attempts_up(work: Work) -> None:
    row = owe()
    later(row, attempts=3, claimed_by="dead", claimed_until=timezone.now() - timedelta(seconds=1))
    assert outbox.run(row.pk)
    assert work.done == []
    assert work.gave_up == [({"n": 1}, "the worker was lost")]


def test_the_last_attempt_is_not_given_up_while_it_runs(work: Work) -> None:
    row = owe()
    later(row, attempts=3, claimed_by="alive", claimed_until=timezone.now() + timedelta(seconds=30))
    assert not outbox.run(row.pk)
    assert work.gave_up == []


def test_waiting_is_no_attempt(work: Work) -> None:
    row = owe()
    work.error = outbox.LaterError(30, "the scanner is away")
    assert outbox.run(row.pk)
    row.refresh_from_db()
    assert (row.attempts, row.last_error, row.claimed_by) == (0, "the scanner is away", "")
    assert 25 < (row.due_at - timezone.now()).total_seconds() <= 30


def test_the_sweeper_finds_what_is_due_and_unheld(work: Work, hints: list[tuple[int, str]]) -> None:
    due, held, done, failed = owe(), owe(), owe(), owe()
    owe(delay=60)
    later(held, claimed_until=timezone.now() + timedelta(seconds=30))
    later(done, done_at=timezone.now())
    later(failed, failed_at=timezone.now())
    tasks.sweep()
    assert hints == [(due.pk, "checks")]


def test_a_sweep_that_cannot_read_is_no_crash(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(OutboxRow.objects, "filter", broken)
    assert outbox.sweep() == 0


def test_draining_does_what_work_makes_due_too(work: Work) -> None:
    def chain(payload: outbox.Payload) -> None:
        if payload["n"] < 3:
            with transaction.atomic():
                outbox.owe("test.work", {"n": payload["n"] + 1})

    outbox.register("test.work", "checks", chain)
    owe()
    assert outbox.drain() == 3
    assert outbox.drain() == 0
