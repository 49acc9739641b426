"""Assigning many, and taking back all of one author's: previewed, audited, refusals listed; never an approval."""

from typing import Any

import pytest
from django.test import Client

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, Notification, User
from moderation import assignments, hide_all, leases, queue
from moderation.actions import decide
from moderation.models import Assignment, Decision, Lease
from moderation.queue_filters import Filters
from tests.factories import make_file, make_namespace, make_reason, make_submission, make_user
from tests.moderation.test_queue import waits
from uploads.models import Submission
from uploads.states import State

pytestmark = pytest.mark.django_db


def test_items_are_assigned_and_taken_back_each_with_its_entry(moderator: User, second: User) -> None:
    one, two = waits(1), waits(2)
    both = [one.submission_id, two.submission_id]
    done = assignments.assign(moderator, both, second.account_id)
    assert [row.pk for row in done.done] == [one.pk, two.pk]
    entry = AuditEntry.objects.filter(action=Action.MODERATION_ASSIGNED).latest("sequence")
    assert (entry.target_id, entry.before, entry.after) == (
        two.submission_id,
        {"person": None},
        {"person": second.account_id},
    )
    assert assignments.assign(moderator, both, second.account_id).done == ()
    assert len(assignments.assign(moderator, both, "").done) == 2
    assert not Assignment.objects.exists()
    assert AuditEntry.objects.filter(action=Action.MODERATION_ASSIGNED).count() == 4


def test_who_is_asked_is_told_and_a_decision_ends_it(moderator: User, second: User) -> None:
    item, first = waits(1), waits(2, mod_id="ore.lamp")
    make_file(first, "Binaries/Win64/version.dll", b"MZ", "pe")
    assignments.assign(moderator, [item.submission_id, first.submission_id], second.account_id)
    assignments.assign(second, [item.submission_id], second.account_id)
    told = Notification.objects.get()
    assert (told.user, told.url) == (second, "/moderation/queue/?view=mine")
    assert "2 items" in told.text
    for submission in (item, first):
        assert submission.current is not None
        decide(
            moderator,
            submission.submission_id,
            action="approve",
            revision=1,
            sha256=submission.current.sha256,
        )
    assert [row.submission for row in Assignment.objects.all()] == [first]


def test_what_can_not_be_assigned_is_listed_with_why(moderator: User, second: User) -> None:
    own = waits(1, author=second, mod_id="own.mod")
    maintained = waits(1, mod_id="kept.mod")
    make_namespace("kept", maintained.author, second)
    done = make_submission(state=State.PUBLISHED)
    free = waits(2)
    rows = [own, maintained, done, free]
    outcome = assignments.assign(moderator, [row.submission_id for row in rows], second.account_id)
    assert [row.pk for row in outcome.done] == [free.pk]
    assert {row.pk: why for row, why in outcome.refused} == {
        own.pk: "It is their own work.",
        maintained.pk: "It is their own work.",
        done.pk: "It does not wait any more.",
    }


@pytest.mark.parametrize(
    ("chosen", "code"), [([], "nothing_chosen"), ([f"sub_{n}" for n in range(101)], "too_many")]
)
def test_what_is_refused_whole(moderator: User, chosen: list[str], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        assignments.assign(moderator, chosen, "")
    assert refused.value.code == code


def test_only_staff_assign_and_are_assigned(moderator: User) -> None:
    item = waits(1)
    with pytest.raises(RefusedError) as refused:
        assignments.assign(moderator, [item.submission_id], make_user("modder").account_id)
    assert refused.value.code == "not_on_staff"
    with pytest.raises(RefusedError) as refused:
        assignments.assign(make_user("modder"), [item.submission_id], "")
    assert refused.value.status == 403
    assert moderator in assignments.staff()


def test_next_leaves_it_to_who_is_asked(moderator: User, second: User) -> None:
    item = waits(1)
    assignments.assign(moderator, [item.submission_id], second.account_id)
    assert queue.next_free(moderator) is None
    assert queue.next_free(second) == item
    assert leases.take(moderator, item.submission_id).mine


def test_next_goes_on_in_its_list(client: Client, moderator: User) -> None:
    waits(1, 0)
    risky, other = waits(2, 4), waits(3, 5, kind="first_release")
    assert queue.next_free(moderator, Filters(view="findings")) == risky
    assert queue.next_free(moderator, Filters(view="new")) == other
    assert queue.next_free(moderator, Filters(risk="5", view="decided")) is not None
    client.force_login(moderator)
    client.get("/moderation/queue/", {"view": "new"})
    assert client.post("/moderation/queue/next/")["Location"].endswith(f"{other.submission_id}/")
    assert Lease.objects.get().submission == other
    given = client.post("/moderation/queue/next/", {"view": "findings"})
    assert given["Location"].endswith(f"{risky.submission_id}/")
    assert client.post("/moderation/queue/next/")["Location"] == "/moderation/queue/?view=new"


def test_next_passes_over_the_first_deciders_appeals(moderator: User, second: User) -> None:
    submission = make_submission()
    assert submission.current is not None
    decide(
        moderator,
        submission.submission_id,
        action="reject",
        revision=1,
        sha256=submission.current.sha256,
        reasons=[{"policy": "quality"}],
    )
    make_reason(submission, "appeal")
    assert queue.next_free(moderator) is None
    assert queue.next_free(second) == submission


def test_the_page_assigns_what_is_ticked(client: Client, moderator: User, second: User) -> None:
    one, two = waits(1), waits(2, author=second, mod_id="own.mod")
    client.force_login(moderator)
    client.get("/moderation/queue/", {"view": "updates"})
    given: dict[str, Any] = {
        "do": "assign",
        "person": second.account_id,
        "item": [one.submission_id, two.submission_id],
    }
    answer = client.post("/moderation/queue/bulk/", given, follow=True)
    assert answer.redirect_chain == [("/moderation/queue/?view=updates", 302)]
    body = answer.content.decode()
    assert f"1 item assigned to {second.name}." in body
    assert "It is their own work." in body
    assert f"for {second.name}" in body
    assert "Tick the items" in client.post("/moderation/queue/bulk/", {}, follow=True).content.decode()
    assert (
        "nobody any more"
        in client.post("/moderation/queue/bulk/", given | {"person": ""}, follow=True).content.decode()
    )


def test_nothing_is_approved_in_bulk(client: Client, moderator: User) -> None:
    item = waits(1)
    client.force_login(moderator)
    client.post("/moderation/queue/bulk/", {"do": "approve", "item": [item.submission_id]})
    assert not Decision.objects.exists()


def published(author: User, *mods: str) -> list[Submission]:
    return [make_submission(author, State.PUBLISHED, mod) for mod in mods]


def test_hiding_all_of_an_author_is_previewed_and_decided_one_by_one(
    client: Client, moderator: User, owed: list[dict[str, Any]]
) -> None:
    author = make_user("modder", display_name="Bad Penny")
    rows = published(author, "bad.one", "bad.two")
    kept = make_submission(author, State.REJECTED, "bad.three")
    waiting = waits(1, author=author, mod_id="bad.four")
    client.force_login(moderator)
    answer = client.post("/moderation/queue/bulk/", {"do": "hide", "item": [waiting.submission_id]})
    address = f"/moderation/authors/{author.account_id}/hide/"
    assert answer["Location"] == address
    body = client.get(address).content.decode()
    assert "2 published releases" in body
    assert kept.submission_id not in body
    assert not Decision.objects.exists()
    keys = [plan.key for plan in hide_all.preview(moderator, author.account_id).planned]
    missing = client.post(address, {"item": keys, "action": "hide"})
    assert missing.status_code == 422
    assert "needs at least one reason" in missing.content.decode()
    assert not Decision.objects.exists()
    done = client.post(
        address, {"item": keys, "action": "hide", "reason": "malware", "level": "hard", "note": "All of it."}
    )
    assert "2 releases taken back" in done.content.decode()
    assert {row.action for row in Decision.objects.all()} == {"hide"}
    assert {row.level for row in Decision.objects.all()} == {"hard"}
    assert AuditEntry.objects.filter(action=Action.MODERATION_DECIDED).count() == 2
    for row in rows:
        row.refresh_from_db()
        assert row.state == State.HIDDEN
    assert "Nothing is published" in client.get(address).content.decode()


def test_one_refusal_holds_no_other_up(moderator: User) -> None:
    author = make_user("modder")
    good, stale = published(author, "bad.one", "bad.two")
    maintained = published(author, "kept.mod")[0]
    make_namespace("kept", author, moderator)
    plans = {plan.submission.pk: plan for plan in hide_all.preview(moderator, author.account_id).planned}
    assert plans[maintained.pk].why_not == hide_all.OWN
    keys = [
        plans[good.pk].key,
        plans[stale.pk].key.replace(plans[stale.pk].sha256, "0" * 64),
        plans[maintained.pk].key,
        "sub_OTHER:1:abc",
    ]
    done = hide_all.hide(moderator, author.account_id, keys, reasons=[{"policy": "malware"}])
    assert [row.pk for row in done.hidden] == [good.pk]
    assert len(done.refused) == 3
    assert "not the bytes of revision 1" in done.refused[0][1]


def test_hiding_all_is_refused_to_others_and_for_nobody(client: Client, moderator: User) -> None:
    author = make_user("modder")
    with pytest.raises(RefusedError) as refused:
        hide_all.preview(make_user("player"), author.account_id)
    assert refused.value.status == 403
    with pytest.raises(RefusedError) as refused:
        hide_all.preview(moderator, "acc_NONE")
    assert refused.value.status == 404
    with pytest.raises(RefusedError) as refused:
        hide_all.hide(moderator, author.account_id, [], reasons=[{"policy": "malware"}])
    assert refused.value.code == "nothing_chosen"
    client.force_login(moderator)
    two = [waits(1).submission_id, waits(1).submission_id]
    answer = client.post("/moderation/queue/bulk/", {"do": "hide", "item": two}, follow=True)
    assert "one author at a time" in answer.content.decode()
