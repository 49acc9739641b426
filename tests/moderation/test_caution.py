"""Caution after a change: what is sent soon after needs two people, by the decision and by the gate itself."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import audit, outbox
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import User
from catalog import sharing
from catalog.models import Namespace
from catalog.publisher import Publish
from moderation import caution, publication
from moderation.actions import decide
from tests.catalog.publisher.world import Case, case, put
from tests.factories import drain, make_namespace, make_submission, make_user
from uploads.models import Submission

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def real_publisher(owed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the publisher does its work."""
    kind = replace(outbox.kinds()[publication.RUN], handler=publication.run)
    monkeypatch.setitem(outbox._kinds, publication.RUN, kind)


def changed(user: User, hours: float, what: str = "second factor") -> None:
    """The account was changed so long before now."""
    user.changed_at, user.changed_what = timezone.now() - timedelta(hours=hours), what
    user.save(update_fields=["changed_at", "changed_what"])


def approve(actor: User, submission: Submission) -> str:
    """Approve and return what it still needs."""
    submission.refresh_from_db()
    assert submission.current is not None
    return decide(
        actor,
        submission.submission_id,
        action="approve",
        revision=submission.current.number,
        sha256=submission.current.sha256,
    ).needs


@pytest.mark.parametrize(("hours", "needs"), [(1, "second_person"), (23, "second_person"), (25, "")])
def test_a_change_less_than_a_day_before_asks_for_two(hours: float, needs: str, moderator: User) -> None:
    submission = make_submission()
    changed(submission.author, hours)
    assert approve(moderator, submission) == needs


def test_a_change_after_it_was_sent_asks_for_two_as_well(moderator: User) -> None:
    submission = make_submission()
    changed(submission.author, -1)
    assert caution.changes(submission) == [f"second factor of {submission.author.name}"]
    assert approve(moderator, submission) == "second_person"


def test_who_uploaded_counts_and_so_do_new_maintainers(moderator: User) -> None:
    submission = make_submission(mod_id="deep.drill")
    assert submission.current is not None
    mate = make_user("modder")
    submission.current.uploader = mate
    submission.current.save(update_fields=["uploader"])
    changed(mate, 2, "mail address")
    make_namespace("deep", submission.author)
    Namespace.objects.update(maintainers_changed_at=timezone.now())
    submission.refresh_from_db()
    assert caution.changes(submission) == [f"mail address of {mate.name}", "maintainers"]


def test_the_second_person_publishes(moderator: User, second: User) -> None:
    submission = make_submission()
    changed(submission.author, 1)
    assert approve(moderator, submission) == "second_person"
    assert approve(second, submission) == ""


def trail(user: User, action: Action, **after: Any) -> None:
    """An entry about an account."""
    with transaction.atomic():
        audit.record(user, action, "account", user.account_id, after=after or None)


@pytest.mark.parametrize(
    ("action", "after", "refused"),
    [
        (Action.ACCOUNT_EMAIL_CHANGED, {}, True),
        (Action.ACCOUNT_FACTOR_CHANGED, {"type": "totp", "change": True}, True),
        (Action.ACCOUNT_FACTOR_CHANGED, {"type": "totp", "change": False}, False),
        (Action.ACCOUNT_PROFILE_CHANGED, {}, False),
    ],
)
def test_the_gate_sees_it_in_the_trail(action: Action, after: dict[str, Any], refused: bool) -> None:
    made = case("deep.drill")
    trail(made.author, action, **after)
    made.told()
    if refused:
        with pytest.raises(RefusedError) as error:
            put(Publish(made.release()))
        assert error.value.code == "second_missing"
    else:
        assert put(Publish(made.release())) is not None


def test_the_gate_lets_two_people_pass() -> None:
    made = case("deep.drill")
    trail(made.author, Action.ACCOUNT_EMAIL_CHANGED)
    made.received()
    made.checked()
    first = made.decided(state="pending_review", needs="second_person")
    made.decided(make_user("moderator"), firstSequence=first.sequence)
    assert put(Publish(made.release())) is not None


def test_an_old_change_and_one_of_somebody_else_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    made = case("deep.drill")
    trail(make_user("modder"), Action.ACCOUNT_EMAIL_CHANGED)
    before = timezone.now() - timedelta(hours=25)
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: before)
        trail(made.author, Action.ACCOUNT_EMAIL_CHANGED)
    made.told()
    assert put(Publish(made.release())) is not None


def test_new_maintainers_are_seen_by_the_gate() -> None:
    published = case("deep.drill").told()
    assert put(Publish(published.release())) is not None
    mate = make_user("modder")
    invitation = sharing.invite(published.author, "deep", mate.email)
    sharing.answer(mate, invitation.pk, accept=True)
    drain()
    update = Case(
        make_submission(mate, "approved", "deep.drill", "1.1.0"), mate, make_user("moderator")
    ).told()
    with pytest.raises(RefusedError) as refused:
        put(Publish(update.release()))
    assert refused.value.code == "second_missing"
