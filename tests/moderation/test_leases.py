"""Holding an item: 15 minutes, renewed, taken over with a reason, given up."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, Notification, User
from moderation import leases
from moderation.models import Lease
from tests.factories import make_submission, make_user

pytestmark = pytest.mark.django_db


def entries(action: Action) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("sequence"))


def test_a_lease_lasts_fifteen_minutes_and_is_audited_once(moderator: User) -> None:
    submission = make_submission()
    held = leases.take(moderator, submission.submission_id)
    assert held.mine
    assert timedelta(minutes=14) < held.until - timezone.now() <= timedelta(minutes=15)
    again = leases.take(moderator, submission.submission_id)
    assert (again.taken_at, again.until >= held.until) == (held.taken_at, True)
    (entry,) = entries(Action.MODERATION_LEASED)
    assert entry.target_id == submission.submission_id
    assert entry.after is not None
    assert entry.after["holder"] == moderator.account_id


def test_a_heartbeat_pushes_it_on_until_it_is_lost(moderator: User) -> None:
    submission = make_submission()
    leases.take(moderator, submission.submission_id)
    Lease.objects.update(until=timezone.now() + timedelta(minutes=1))
    assert leases.renew(moderator, submission.submission_id).until > timezone.now() + timedelta(minutes=14)
    assert len(entries(Action.MODERATION_LEASED)) == 1
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(RefusedError) as refused:
        leases.renew(moderator, submission.submission_id)
    assert (refused.value.code, refused.value.status) == ("lease_lost", 409)


def test_somebody_elses_is_taken_over_with_a_reason(moderator: User, second: User) -> None:
    submission = make_submission()
    leases.take(second, submission.submission_id)
    for reason, code in ((None, "lease_held"), ("  ", "text_required"), ("x" * 301, "too_long")):
        with pytest.raises(RefusedError) as refused:
            leases.take(moderator, submission.submission_id, reason=reason)
        assert refused.value.code == code
    held = leases.take(moderator, submission.submission_id, reason="He asked me to.")
    assert held.holder == moderator
    entry = entries(Action.MODERATION_LEASED)[-1]
    assert entry.reason == "He asked me to."
    assert entry.before == {"holder": second.account_id}
    told = Notification.objects.get()
    assert (told.user, told.url) == (second, f"/moderation/review/{submission.submission_id}/")
    assert "He asked me to." in told.text


def test_one_that_ran_out_is_nobodys(moderator: User, second: User) -> None:
    submission = make_submission()
    leases.take(second, submission.submission_id)
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert leases.holder_of(submission, moderator) is None
    assert leases.take(moderator, submission.submission_id).mine


def test_letting_go_is_audited_and_only_ones_own(moderator: User, second: User) -> None:
    submission = make_submission()
    leases.take(moderator, submission.submission_id)
    assert not leases.release(second, submission.submission_id)
    assert leases.release(moderator, submission.submission_id)
    assert len(entries(Action.MODERATION_RELEASED)) == 1
    assert not Lease.objects.exists()


def test_who_may_hold(moderator: User) -> None:
    submission = make_submission(moderator, mod_id="own.mod")
    for actor, item, code in (
        (moderator, submission.submission_id, "own_work"),
        (make_user("modder"), submission.submission_id, "role_required"),
        (moderator, "sub_NOSUCH", "not_found"),
    ):
        with pytest.raises(RefusedError) as refused:
            leases.take(actor, item)
        assert refused.value.code == code
    assert not Lease.objects.exists()
