"""`decide()`: what it needs, what it refuses, and what follows."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from catalog.models import Release
from moderation import leases
from moderation.actions import Outcome, decide
from moderation.models import Decision, Lease, StaffNote
from moderation.table import ACTIONS
from tests.factories import (
    add_revision,
    drain,
    make_file,
    make_namespace,
    make_release,
    make_result,
    make_submission,
    make_user,
)
from uploads.models import Message, QueueReason, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db

QUALITY = [{"policy": "quality", "values": {"place": "init.lua:521"}}]


def act(actor: User, submission: Submission, action: str, **given: Any) -> Outcome:
    """`decide` on the current bytes."""
    submission.refresh_from_db()
    current = submission.current
    assert current is not None
    bound: dict[str, Any] = {"revision": current.number, "sha256": current.sha256}
    if ACTIONS[action].reason:
        given.setdefault("reasons", QUALITY)
    return decide(actor, submission.submission_id, action=action, **bound | given)


def refusal(actor: User, submission: Submission, action: str, **given: Any) -> RefusedError:
    """The refusal of an action; nothing may be left of it."""
    submission.refresh_from_db()
    before = (Decision.objects.count(), AuditEntry.objects.count(), submission.state)
    with pytest.raises(RefusedError) as refused:
        act(actor, submission, action, **given)
    submission.refresh_from_db()
    assert (Decision.objects.count(), AuditEntry.objects.count(), submission.state) == before
    return refused.value


def published(author: User | None = None, mod_id: str = "ore.lamp", version: str = "1.0.0") -> Submission:
    """A published submission with its release."""
    submission = make_submission(author, State.PUBLISHED, mod_id, version)
    assert submission.current is not None
    make_release(
        submission.author,
        mod_id,
        version,
        sha256=submission.current.sha256,
        submission_id=submission.submission_id,
    )
    return submission


def decided() -> list[Any]:
    """The audit entries of decisions, the oldest first."""
    return list(AuditEntry.objects.filter(action=Action.MODERATION_DECIDED).order_by("sequence"))


def test_an_approval_moves_records_tells_and_owes(moderator: User, owed: list[dict[str, Any]]) -> None:
    submission = make_submission(mod_id="ore.lamp", sidecar_more={})
    leases.take(moderator, submission.submission_id)
    outcome = act(moderator, submission, "approve", note="Nice work.")
    submission.refresh_from_db()
    assert (outcome.needs, outcome.submission.state, submission.state) == ("", "approved", "approved")
    (entry,) = decided()
    assert submission.current is not None
    assert entry.target_id == submission.submission_id
    assert entry.after == {
        "action": "approve",
        "state": "approved",
        "revision": 1,
        "sha256": submission.current.sha256,
        "needs": "",
        "firstSequence": None,
        "reasons": [],
    }
    assert entry.before == {"state": "pending_review"}
    assert entry.reason == "Nice work."
    assert not QueueReason.objects.filter(closed_at=None).exists()
    assert QueueReason.objects.get().closed_by == "approve"
    assert not Lease.objects.exists()
    assert Message.objects.get().from_staff
    drain()
    assert owed == [
        {
            "op": "publish",
            "submission": submission.submission_id,
            "level": "",
            "reason": "",
            "successor": "",
            "actor": moderator.account_id,
        }
    ]
    (sent,) = mail.outbox
    assert sent.to == [submission.author.email]
    assert "approved" in sent.subject
    assert submission.current.sha256 in sent.body


def test_requested_changes_give_reasons_and_a_deadline(moderator: User) -> None:
    submission = make_submission()
    outcome = act(moderator, submission, "request_changes", note="Please mend it.")
    submission.refresh_from_db()
    assert submission.state == "changes_requested"
    assert submission.answer_due_at is not None
    assert timedelta(days=13, hours=23) < submission.answer_due_at - timezone.now() <= timedelta(days=14)
    assert outcome.decision.reasons == [
        {
            "policy": "quality",
            "version": 1,
            "title": "Needs a change",
            "text": "It works, but something has to change before it can be published.\nWhere: init.lua:521",
        }
    ]
    said = Message.objects.get()
    assert said.from_staff
    assert "init.lua:521" in said.text
    assert "Please mend it." in said.text
    drain()
    (sent,) = mail.outbox
    assert "init.lua:521" in sent.body
    assert "You have until" in sent.body


def test_a_rejection_frees_the_version_and_says_why(moderator: User) -> None:
    submission = make_submission()
    act(moderator, submission, "reject")
    submission.refresh_from_db()
    assert submission.state == "rejected"
    drain()
    assert "appeal" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("reasons", "level", "kept"),
    [
        (QUALITY, "", "soft"),
        ([{"policy": "malware"}], "", "hard"),
        (QUALITY, "hard", "hard"),
    ],
)
def test_a_hide_takes_effect_at_once_and_says_how_bad(
    moderator: User, owed: list[dict[str, Any]], reasons: list[Any], level: str, kept: str
) -> None:
    submission = published()
    outcome = act(moderator, submission, "hide", reasons=reasons, level=level)
    submission.refresh_from_db()
    assert submission.state == "hidden"
    assert outcome.decision.level == kept
    drain()
    assert (owed[0]["op"], owed[0]["level"]) == ("hide", kept)
    assert owed[0]["reason"]
    assert decided()[0].after["level"] == kept


def test_hide_takes_only_the_two_levels(moderator: User) -> None:
    assert refusal(moderator, published(), "hide", level="medium").code == "bad_level"


def test_a_restore_goes_back_to_what_it_was(moderator: User, owed: list[dict[str, Any]]) -> None:
    for version, superseded, state in (("1.0.0", None, "published"), ("0.9.0", timezone.now(), "superseded")):
        submission = published(version=version)
        Release.objects.filter(version=version).update(superseded_at=superseded)
        act(moderator, submission, "hide")
        act(moderator, submission, "restore")
        submission.refresh_from_db()
        assert submission.state == state
    drain()
    assert [item["op"] for item in owed] == ["hide", "restore", "hide", "restore"]


def test_a_supersession_names_a_published_successor_and_leaves_the_move_to_the_system(
    moderator: User, owed: list[dict[str, Any]]
) -> None:
    submission = published()
    published(submission.author, version="1.1.0")
    published(submission.author, version="2.0.0")
    Release.objects.filter(version="2.0.0").update(taken_back_at=timezone.now())
    for version in ("", "1.0.0", "2.0.0", "3.0.0"):
        assert (
            refusal(moderator, submission, "supersede", successor=version).code == "successor_not_published"
        )
    act(moderator, submission, "supersede", successor="1.1.0")
    submission.refresh_from_db()
    assert submission.state == "published"
    assert decided()[0].after["successor"] == "1.1.0"
    assert refusal(moderator, submission, "supersede", successor="1.1.0").code == "already_decided"
    drain()
    assert (owed[0]["op"], owed[0]["successor"]) == ("supersede", "1.1.0")


def test_an_escalated_item_is_an_admins_to_decide(moderator: User, admin: User) -> None:
    submission = make_submission()
    assert refusal(moderator, submission, "escalate").code == "text_required"
    act(moderator, submission, "escalate", question="Is the licence good enough?")
    submission.refresh_from_db()
    assert submission.state == "pending_review"
    assert submission.escalated_at is not None
    assert StaffNote.objects.get().text == "Is the licence good enough?"
    assert not Message.objects.exists()
    drain()
    assert mail.outbox == []
    assert refusal(moderator, submission, "approve").status == 403
    assert refusal(moderator, submission, "escalate", question="Again?").code == "already_decided"
    act(admin, submission, "approve")
    submission.refresh_from_db()
    assert submission.state == "approved"
    assert not Submission.objects.filter(escalated_at__isnull=False).exists()


def test_a_reopening_is_somebody_elses(moderator: User, second: User) -> None:
    submission = make_submission()
    act(moderator, submission, "reject")
    assert refusal(moderator, submission, "reopen").code == "another_person"
    act(second, submission, "reopen", note="The reason did not hold.")
    submission.refresh_from_db()
    assert submission.state == "pending_review"
    assert QueueReason.objects.get(closed_at=None).kind == "appeal"
    act(second, submission, "approve")


def test_a_reopening_waits_for_a_free_version(moderator: User, second: User) -> None:
    submission = make_submission(mod_id="ore.lamp")
    act(moderator, submission, "reject")
    other = make_submission(submission.author, mod_id="ore.lamp", data=b"PK")
    refused = refusal(second, submission, "reopen")
    assert (refused.code, refused.status, refused.extra["other"]) == (
        "version_exists",
        409,
        other.submission_id,
    )


def test_bytes_that_were_not_seen_are_not_decided_on(moderator: User) -> None:
    submission = make_submission()
    assert submission.current is not None
    for given in ({"sha256": "0" * 64}, {"revision": 2}):
        refused = refusal(moderator, submission, "approve", **given)
        assert (refused.code, refused.status) == ("stale_revision", 409)
        assert refused.extra["sha256"] == submission.current.sha256
    seen = submission.current
    add_revision(submission, data=b"PK other bytes")
    refused = refusal(moderator, submission, "approve", revision=1, sha256=seen.sha256)
    assert refused.extra["revision"] == 2
    act(moderator, submission, "approve", sha256=submission.current.sha256.upper())


def test_a_second_decision_hears_of_the_first_without_a_name(moderator: User, second: User) -> None:
    submission = make_submission()
    act(moderator, submission, "reject")
    Decision.objects.update(at=timezone.now() - timedelta(seconds=40))
    refused = refusal(second, submission, "approve")
    assert (refused.code, refused.status) == ("already_decided", 409)
    assert refused.message == "Rejected by somebody else 40 seconds ago."
    assert refused.extra["state"] == "rejected"
    assert refusal(moderator, submission, "approve").message == "Rejected by you 40 seconds ago."


def test_what_the_table_lacks_is_an_illegal_move(moderator: User) -> None:
    refused = refusal(moderator, make_submission(), "hide")
    assert (refused.code, refused.status) == ("illegal_move", 409)
    assert refused.extra["state"] == "pending_review"


@pytest.mark.parametrize("relation", ["author", "maintainer", "uploader"])
@pytest.mark.parametrize("role", ["moderator", "admin"])
def test_nobody_decides_on_their_own_work(role: str, relation: str) -> None:
    actor = make_user(role)
    submission = make_submission(actor if relation == "author" else None, mod_id="ore.lamp")
    if relation == "maintainer":
        make_namespace("ore", submission.author, actor)
    if relation == "uploader":
        add_revision(submission, data=b"PK mine", uploader=actor)
        add_revision(submission, data=b"PK not mine")
    for action in ACTIONS:
        refused = refusal(actor, submission, action, question="")
        assert (refused.code, refused.status) == ("own_work", 403), action


def test_a_live_lease_of_somebody_else_holds_all_but_a_hide(moderator: User, second: User) -> None:
    submission = make_submission()
    leases.take(second, submission.submission_id)
    refused = refusal(moderator, submission, "approve")
    assert (refused.code, refused.status) == ("lease_held", 409)
    assert refused.extra["state"] == "pending_review"
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    act(moderator, submission, "approve")
    hidden = published()
    leases.take(second, hidden.submission_id)
    act(moderator, hidden, "hide")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"reasons": []}, "reason_required"),
        ({"reasons": [{"policy": "no-such"}]}, "unknown_policy"),
        ({"reasons": QUALITY * 2}, "reason_twice"),
        ({"reasons": QUALITY * 9}, "too_many_reasons"),
        ({"reasons": [{"policy": "quality", "values": {"file": "x"}}]}, "unknown_blank"),
        ({"reasons": [{"policy": "quality", "values": {"place": "x" * 501}}]}, "too_long"),
        ({"note": "x" * 5001}, "too_long"),
        ({"note": "bell \x07"}, "control_characters"),
        ({"successor": "1.0.0"}, "not_for_this_action"),
        ({"level": "hard"}, "not_for_this_action"),
        ({"question": "why?"}, "not_for_this_action"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(moderator: User, given: dict[str, Any], code: str) -> None:
    refused = refusal(moderator, make_submission(), "reject", **given)
    assert (refused.code, refused.status) == (code, 422)
    assert refused.problems[0].pointer
    assert refused.hint


def test_an_unknown_action_or_submission_is_refused(moderator: User) -> None:
    submission = make_submission()
    with pytest.raises(RefusedError) as refused:
        decide(moderator, submission.submission_id, action="burn", revision=1, sha256="")
    assert refused.value.code == "unknown_action"
    with pytest.raises(RefusedError) as refused:
        decide(moderator, "sub_NOSUCH", action="approve", revision=1, sha256="")
    assert refused.value.status == 404


def test_a_failed_check_or_bytes_taken_back_block_an_approval(moderator: User) -> None:
    submission = make_submission()
    result = make_result(submission, "antivirus_scan", "failed", code="av.found", message="EICAR")
    refused = refusal(moderator, submission, "approve")
    assert (refused.code, refused.status, refused.problems[0].code) == ("approval_blocked", 422, "av.found")
    result.delete()
    make_result(submission, "signals", "warned")
    assert submission.current is not None
    release = make_release(sha256=submission.current.sha256, taken_back_at=timezone.now())
    assert refusal(moderator, submission, "approve").problems[0].code == "bytes_taken_back"
    release.delete()
    act(moderator, submission, "approve")


class TestTwoPeople:
    """The first decision is kept and changes nothing; the second must be another person's."""

    @staticmethod
    def with_executable(mod_id: str = "ore.lamp", name: str = "ore.dll", **more: Any) -> Submission:
        submission = make_submission(mod_id=mod_id, **more)
        file = make_file(submission, f"Binaries/Win64/{name}", b"MZ", "pe")
        file.executable = True
        file.save()
        return submission

    def test_the_first_executable_needs_two(
        self, moderator: User, second: User, owed: list[dict[str, Any]]
    ) -> None:
        submission = self.with_executable()
        first = act(moderator, submission, "approve")
        submission.refresh_from_db()
        assert (first.needs, submission.state) == ("second_person", "pending_review")
        assert "first executable" in first.decision.needs_second
        drain()
        assert owed == []
        assert mail.outbox == []
        assert QueueReason.objects.filter(closed_at=None, detail__startswith="Second person").exists()
        refused = refusal(moderator, submission, "approve")
        assert (refused.code, refused.extra["needs"]) == ("already_decided", "second_person")
        done = act(second, submission, "approve")
        submission.refresh_from_db()
        assert (done.needs, submission.state) == ("", "approved")
        one, two = decided()
        assert (one.after["needs"], one.after["state"]) == ("second_person", "pending_review")
        assert (two.after["needs"], two.after["firstSequence"]) == ("", one.sequence)
        seconded = AuditEntry.objects.get(action=Action.MODERATION_SECONDED)
        assert seconded.after is not None
        assert seconded.after["firstSequence"] == one.sequence
        first.decision.refresh_from_db()
        assert first.decision.seconded_at is not None
        drain()
        assert len(owed) == len(mail.outbox) == 1

    def test_a_later_executable_needs_one(self, moderator: User, second: User) -> None:
        submission = self.with_executable()
        act(moderator, submission, "approve")
        act(second, submission, "approve")
        later = self.with_executable(version="1.1.0")
        assert act(moderator, later, "approve").needs == ""

    def test_a_dll_named_like_the_games_always_needs_two(self, moderator: User, second: User) -> None:
        for version in ("1.0.0", "1.1.0"):
            submission = self.with_executable(name="DInput8.dll", version=version)
            assert act(moderator, submission, "approve").needs == "second_person"
            assert act(second, submission, "approve").needs == ""

    def test_restoring_a_danger_needs_two(self, moderator: User, second: User) -> None:
        submission = published()
        act(moderator, submission, "hide", level="hard")
        assert act(moderator, submission, "restore").needs == "second_person"
        submission.refresh_from_db()
        assert submission.state == "hidden"
        assert act(second, submission, "restore").needs == ""
        submission.refresh_from_db()
        assert submission.state == "published"

    def test_other_bytes_or_another_decision_make_the_first_void(self, moderator: User, second: User) -> None:
        submission = self.with_executable()
        act(moderator, submission, "approve")
        act(second, submission, "reject")
        third = make_user("moderator")
        act(third, submission, "reopen")
        assert act(third, submission, "approve").needs == "second_person"

    def test_the_first_approval_lets_go(self, moderator: User, second: User) -> None:
        submission = self.with_executable()
        leases.take(moderator, submission.submission_id)
        act(moderator, submission, "approve")
        assert act(second, submission, "approve").needs == ""
