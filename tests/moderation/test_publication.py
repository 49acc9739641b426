"""Driving the publisher: submissions move with what was switched; what is refused goes back to review."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import audit, outbox
from accounts.errors import RefusedError
from accounts.models import AuditEntry, OutboxRow, User
from catalog import contract
from catalog.client import ClientError
from catalog.models import Publication, Release, ServiceStatus
from catalog.publisher import Refresh, public_tree, publish
from catalog.publisher.lease import Lease
from moderation import publication
from moderation.models import Decision
from tests import factories
from tests.catalog.publisher.world import Case, StoppedError, case
from uploads.checks import CHECKS, Problem
from uploads.models import CheckResult, QueueReason, Submission

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def real_publisher(owed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the publisher does its work."""
    kind = replace(outbox.kinds()[publication.RUN], handler=publication.run)
    monkeypatch.setitem(outbox._kinds, publication.RUN, kind)


def decide(made: Case, action: str, state: str, **more: Any) -> None:
    """The decision as a row and the state that it leaves, written plainly."""
    current = made.submission.current
    assert current is not None
    Decision.objects.create(
        submission=made.submission,
        revision=current,
        sha256=current.sha256,
        action=action,
        decider=made.moderator,
        **more,
    )
    Submission.objects.filter(pk=made.submission.pk).update(state=state)
    made.submission.refresh_from_db()


def owe(op: str, made: Case | None = None, **more: Any) -> OutboxRow:
    payload = {
        "op": op,
        "submission": made.submission.submission_id if made else "",
        "level": "",
        "reason": "",
        "successor": "",
        "actor": made.moderator.account_id if made else "",
    }
    with transaction.atomic():
        return outbox.owe(publication.RUN, payload | more)


def approved(mod_id: str = "", version: str = "1.0.0", author: User | None = None, **more: Any) -> Case:
    made = case(mod_id, version, author, **more).told()
    decide(made, "approve", "approved")
    return made


def state(made: Case) -> str:
    return Submission.objects.get(pk=made.submission.pk).state


def listed() -> dict[str, str]:
    catalog = json.loads(public_tree().read("api/v1/catalog.json") or b'{"mods": []}')
    return {mod["id"]: mod["latest"]["version"] for mod in catalog["mods"]}


def test_an_approval_publishes_and_moves_the_submission() -> None:
    made = approved("example.mod")
    row = owe("publish", made)
    assert outbox.run(row.pk)
    row.refresh_from_db()
    assert row.last_error == ""
    assert (state(made), listed()) == ("published", {"example.mod": "1.0.0"})
    release = Release.objects.get()
    assert (release.submission_id, release.uploaded_by) == (made.submission.submission_id, made.author)
    line = Publication.objects.get()
    assert (line.actor, line.plan["portal"]) == (made.moderator, True)
    assert OutboxRow.objects.filter(kind=publication.SMOKE, payload={"revision": 1}).count() == 1


def test_the_publication_checks_are_kept_with_the_revision() -> None:
    made = approved()
    owe("publish", made)
    publication.publish_approved(User.objects.system())
    rows = {row.check_id: row.status for row in CheckResult.objects.filter(revision=made.submission.current)}
    assert {rows[check.id] for check in CHECKS if check.phase == "publication"} == {"passed"}, rows


def test_the_manual_lane_is_no_release_made_in_the_portal() -> None:
    made = approved(via="manual")
    publication.publish_approved(made.moderator)
    assert Publication.objects.get().plan["portal"] is False


def test_one_run_takes_every_approved_submission_and_later_rows_find_nothing_to_do() -> None:
    first, second = approved("one.mod"), approved("two.mod")
    rows = [owe("publish", first), owe("publish", second)]
    for row in rows:
        outbox.run(row.pk)
    assert listed() == {"one.mod": "1.0.0", "two.mod": "1.0.0"}
    assert Publication.objects.count() == 1
    assert all(OutboxRow.objects.get(pk=row.pk).done_at for row in rows)


def test_what_the_gate_refuses_goes_back_to_review_and_the_others_go_on() -> None:
    good, bad = approved("good.mod"), case("bad.mod")
    decide(bad, "approve", "approved")
    publication.publish_approved(User.objects.system())
    assert (state(good), state(bad)) == ("published", "pending_review")
    reason = QueueReason.objects.get(submission=bad.submission, closed_at=None)
    assert reason.kind == "by_hand" and "publisher refused" in reason.detail
    entry = AuditEntry.objects.get(action="publication.refused")
    assert entry.target_id == bad.submission.submission_id
    assert entry.after["code"] == "origin_unknown" and entry.after["state"] == "pending_review"
    assert entry.actor.is_system


def test_an_undone_approval_publishes_nothing_whatever_the_state_says() -> None:
    """The gate reads the trail: its latest decision is no approval, though the submission still says approved."""
    made = approved("example.mod")
    current = made.submission.current
    assert current is not None
    audit.record(
        made.moderator,
        audit.Action.MODERATION_DECIDED,
        "submission",
        made.submission.submission_id,
        before={"state": "approved"},
        after={
            "action": "undo",
            "state": "pending_review",
            "revision": 1,
            "sha256": current.sha256,
            "needs": "",
        },
    )
    publication.publish_approved(User.objects.system())
    assert (state(made), listed()) == ("pending_review", {})
    assert not Release.objects.exists()
    assert AuditEntry.objects.get(action="publication.refused").after["code"] == "not_decided"


def test_an_approval_that_can_still_be_undone_is_not_taken_along() -> None:
    waits, goes = approved("waits.mod"), approved("goes.mod")
    mine = Decision.objects.filter(submission=waits.submission)
    mine.update(undo_until=timezone.now() + timedelta(minutes=5))
    owe("publish", goes)
    publication.publish_due(User.objects.system())
    assert (state(waits), state(goes)) == ("approved", "published")
    mine.update(undo_until=timezone.now() - timedelta(minutes=5))
    publication.publish_due(User.objects.system())
    assert listed() == {"waits.mod": "1.0.0", "goes.mod": "1.0.0"}


def test_a_check_that_fails_over_the_planned_tree_stops_the_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    made = approved("example.mod")
    monkeypatch.setattr("moderation.publication_checks.html_of", lambda _: "")
    assert publication.publish_approved(User.objects.system()) is None
    assert (state(made), listed()) == ("pending_review", {})
    assert not Release.objects.exists()
    assert AuditEntry.objects.get(action="publication.refused").after["code"] == "publication_check_failed"


def test_one_bad_page_does_not_hold_the_others_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from catalog.views_read import html_of

    good, bad = approved("good.mod"), approved("bad.broken")
    monkeypatch.setattr(
        "moderation.publication_checks.html_of", lambda path: "" if "broken" in path else html_of(path)
    )
    assert publication.publish_approved(User.objects.system()) is not None
    assert (state(good), state(bad)) == ("published", "pending_review")


def test_a_catalog_that_no_manager_reads_is_never_switched(monkeypatch: pytest.MonkeyPatch) -> None:
    made = approved("example.mod")

    def unreadable(_: bytes) -> None:
        raise ClientError("bad_document", "Broken.", (Problem("wrong_form", "Broken.", pointer="/mods/0"),))

    monkeypatch.setattr("uploads.checks.manager_catalog_parse.read_catalog", unreadable)
    publication.publish_approved(User.objects.system())
    assert (state(made), listed()) == ("pending_review", {})


def test_a_newer_version_supersedes_the_submission_of_the_one_before() -> None:
    first = approved("example.mod", "1.0.0")
    publication.publish_approved(User.objects.system())
    second = approved("example.mod", "1.1.0", first.author)
    publication.publish_approved(User.objects.system())
    assert (state(first), state(second)) == ("superseded", "published")


def test_hide_and_restore_follow_the_decision() -> None:
    made = approved("example.mod")
    publication.publish_approved(User.objects.system())
    decide(made, "hide", "hidden", level="hard")
    outbox.run(owe("hide", made, level="hard", reason="It deletes saves.").pk)
    release = Release.objects.get()
    assert (release.taken_back_level, release.taken_back_reason) == ("hard", "It deletes saves.")
    assert (listed(), state(made)) == ({}, "hidden")
    decide(made, "restore", "published")
    outbox.run(owe("restore", made).pk)
    assert (listed(), state(made)) == ({"example.mod": "1.0.0"}, "published")


def test_a_hide_that_comes_after_the_restore_does_no_harm() -> None:
    made = approved("example.mod")
    publication.publish_approved(User.objects.system())
    late = owe("hide", made)
    assert outbox.run(late.pk)
    assert listed() == {"example.mod": "1.0.0"}
    assert OutboxRow.objects.get(pk=late.pk).done_at is not None


def test_superseding_by_hand_is_the_systems_move() -> None:
    first = approved("example.mod", "1.0.0")
    publication.publish_approved(User.objects.system())
    approved("example.mod", "0.9.0", first.author)
    publication.publish_approved(User.objects.system())
    outbox.run(owe("supersede", first, successor="0.9.0").pk)
    assert state(first) == "superseded"
    assert listed() == {"example.mod": "0.9.0"}
    assert outbox.run(owe("supersede", first, successor="0.9.0").pk)


def test_a_busy_publisher_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "WAIT", 0.0)
    row = owe("refresh")
    with Lease():
        assert outbox.run(row.pk)
    row.refresh_from_db()
    assert "Another publication" in row.last_error
    assert (row.attempts, row.done_at) == (0, None)
    assert row.due_at > timezone.now()
    approved()
    with Lease(), pytest.raises(RefusedError) as refused:
        publication.publish_approved(User.objects.system(), 0.0)
    assert refused.value.code == "publisher_busy"


def test_what_a_killed_run_left_is_finished_with_its_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    made = approved("example.mod")

    def die(step: str) -> None:
        raise StoppedError(step)

    with monkeypatch.context() as patched:
        patched.setattr("catalog.publisher.run._forward", lambda *_: die("killed"))
        with pytest.raises(StoppedError):
            publication.publish_approved(User.objects.system())
    assert (state(made), listed()) == ("approved", {})
    assert publication.publish_approved(User.objects.system()) is not None
    assert (state(made), listed()) == ("published", {"example.mod": "1.0.0"})
    assert (
        CheckResult.objects.get(revision=made.submission.current, check_id="artifact_hash").status == "passed"
    )


def test_a_package_that_is_gone_from_staging_is_refused(own_files: Any) -> None:
    made = approved("example.mod")
    for file in (own_files / "staging").rglob("*.zip"):
        file.unlink()
    publication.publish_approved(User.objects.system())
    assert state(made) == "pending_review"


def test_a_submission_without_a_package_is_a_mistake_of_the_caller() -> None:
    submission = Submission.objects.create(author=factories.make_user("modder"), via="web")
    with pytest.raises(ValueError, match="no package"):
        publication.new_release(submission)


def test_publishing_by_hand_does_all_that_is_due() -> None:
    made = approved("example.mod")
    owe("publish", made)
    done = publication.publish_due(factories.make_user("admin"))
    assert done is not None and listed() == {"example.mod": "1.0.0"}
    assert publication.publish_due(User.objects.system()) is None


def test_publishing_by_hand_mends_what_was_given_up() -> None:
    first, second = approved("one.mod"), approved("two.mod")
    publication.publish_approved(User.objects.system())
    decide(first, "hide", "hidden", level="hard", reasons=[{"text": "Dangerous."}])
    decide(second, "hide", "hidden", level="soft")
    publication.publish_due(User.objects.system())
    assert listed() == {}
    assert Release.objects.get(mod__mod_id="one.mod").taken_back_reason == "Dangerous."
    assert Release.objects.get(mod__mod_id="two.mod").taken_back_reason == publication.NO_REASON
    decide(first, "restore", "published")
    publication.publish_due(User.objects.system())
    assert listed() == {"one.mod": "1.0.0"}


@pytest.mark.parametrize("role", ["player", "modder", "moderator"])
def test_only_an_admin_or_the_portal_publishes_by_hand(role: str) -> None:
    with pytest.raises(RefusedError) as refused:
        publication.publish_due(factories.make_user(role))
    assert refused.value.code == "role_required"


def test_the_first_publication_is_of_an_empty_catalog() -> None:
    done = contract.value("publish")(User.objects.system())
    assert done is not None and done.revision == 1
    assert json.loads(public_tree().read("api/v1/catalog.json") or b"")["mods"] == []


def test_work_that_is_given_up_is_said_where_readiness_looks() -> None:
    publication.exhausted({"op": "hide"}, "OSError: full")
    assert "OSError" in ServiceStatus.objects.get(service="catalog_publisher").missing


def test_a_refresh_of_mods_follows_a_changed_name() -> None:
    made = approved("example.mod")
    publication.publish_approved(User.objects.system())
    made.author.display_name = "New name"
    made.author.save()
    outbox.run(owe("refresh", mods=["example.mod"]).pk)
    document = json.loads(public_tree().read("api/v1/mods/example.mod/index.json") or b"")
    assert document["maintainers"] == ["New name"]


def test_a_refused_submission_that_was_moved_meanwhile_stays_where_it_is() -> None:
    made = approved("example.mod")
    release = publication.new_release(made.submission)
    Submission.objects.filter(pk=made.submission.pk).update(state="published")
    publication._refused(release, RefusedError("x", "y"))
    assert state(made) == "published"
    assert publish([Refresh()], actor=User.objects.system(), cause="test") is not None
