"""One publisher at a time: taken, renewed, lost, taken over, given back."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts.errors import RefusedError
from catalog.models import PublisherLease
from catalog.publisher import lease as lease_module
from catalog.publisher.lease import Lease, LeaseLostError

pytestmark = pytest.mark.django_db


def set_lease(holder: str, seconds: float) -> None:
    PublisherLease.objects.update_or_create(
        pk=1, defaults={"holder": holder, "until": timezone.now() + timedelta(seconds=seconds)}
    )


def wait_for(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 5
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


def test_it_is_held_for_ten_seconds_and_given_back() -> None:
    with Lease() as mine:
        row = PublisherLease.objects.get()
        assert row.holder == mine.holder and row.until is not None
        assert 8 < (row.until - timezone.now()).total_seconds() <= 10
        with pytest.raises(RefusedError) as refused, Lease():
            pass
        assert (refused.value.code, refused.value.status) == ("publisher_busy", 503)
        mine.ensure()
    assert PublisherLease.objects.get().holder == ""


def test_one_that_ran_out_is_taken_over() -> None:
    set_lease("gone", -1)
    with Lease() as mine:
        assert PublisherLease.objects.get().holder == mine.holder


def test_waiting_ends_when_it_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    set_lease("other", 60)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            set_lease("", -1)

    monkeypatch.setattr(time, "sleep", pause)
    with Lease(wait=60):
        assert len(pauses) == 3


def test_who_lost_it_stops_before_the_next_step() -> None:
    with Lease() as mine:
        set_lease("other", 60)
        assert not mine.renew()
        with pytest.raises(LeaseLostError):
            mine.confirm()
    assert PublisherLease.objects.get().holder == "other", "nobody gives back what is somebody else's"


def test_who_could_not_renew_in_time_counts_it_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with Lease() as mine:
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 10.5)
        with pytest.raises(LeaseLostError):
            mine.ensure()
        mine.confirm()
        mine.ensure()


def test_the_thread_renews_until_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "RENEWED", 0.01)
    answers = iter([True, None, True, False])
    asked: list[str] = []

    def renew(self: Lease) -> bool:
        asked.append(threading.current_thread().name)
        answer = next(answers)
        if answer is None:
            raise DatabaseError("away")
        return answer

    monkeypatch.setattr(Lease, "renew", renew)
    with Lease() as mine:
        assert wait_for(lambda: len(asked) == 4)
        assert mine._thread is not None
        mine._thread.join(timeout=5)
        assert not mine._thread.is_alive()
    assert set(asked) == {"publisher-lease"}


def test_a_lease_that_can_not_be_given_back_runs_out_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Lease) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(Lease, "release", broken)
    with Lease():
        pass
    assert PublisherLease.objects.get().holder != ""
