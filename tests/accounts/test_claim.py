"""A claim is renewed while the work goes on, for as long as its kind allows, and by its holder alone."""

import time
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts import claim
from accounts.claim import CLAIM_SECONDS, Claim
from accounts.models import OutboxRow

pytestmark = pytest.mark.django_db


def row(holder: str = "me") -> OutboxRow:
    until = timezone.now() + timedelta(seconds=1)
    return OutboxRow.objects.create(kind="test.work", claimed_by=holder, claimed_until=until)


def test_a_renewal_pushes_the_end_forward() -> None:
    held = row()
    Claim(held.pk, "me", 60).renew_once()
    held.refresh_from_db()
    assert held.claimed_until is not None
    assert held.claimed_until > timezone.now() + timedelta(seconds=CLAIM_SECONDS - 5)


def test_nobody_renews_what_somebody_else_took_over() -> None:
    held = row("another")
    before = held.claimed_until
    Claim(held.pk, "me", 60).renew_once()
    held.refresh_from_db()
    assert held.claimed_until == before


def test_it_is_renewed_while_the_block_runs_and_not_after(monkeypatch: pytest.MonkeyPatch) -> None:
    renewed: list[float] = []
    monkeypatch.setattr(claim, "CLAIM_SECONDS", 0.03)
    monkeypatch.setattr(Claim, "renew_once", lambda _: renewed.append(time.monotonic()))
    with Claim(1, "me", 60):
        while len(renewed) < 3:
            time.sleep(0.005)
    count = len(renewed)
    time.sleep(0.05)
    assert len(renewed) == count


def test_work_that_hangs_loses_its_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    renewed: list[float] = []
    monkeypatch.setattr(claim, "CLAIM_SECONDS", 0.03)
    monkeypatch.setattr(Claim, "renew_once", lambda _: renewed.append(time.monotonic()))
    with Claim(1, "me", 0.05) as held:
        held._thread.join(timeout=5)
        assert not held._thread.is_alive()
    assert len(renewed) <= 5


def test_a_database_that_is_away_for_a_moment_is_no_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(OutboxRow.objects, "filter", away)
    Claim(1, "me", 60).renew_once()
    assert "claim not renewed" in caplog.text
