"""What must hold before an approval: blocking findings judged, dependencies in the catalog."""

from typing import Any

import pytest
from django.db import transaction

from accounts.audit import Action, record
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from moderation.actions import Outcome, decide
from moderation.models import Decision
from tests import factories
from tests.factories import make_namespace, make_release, make_submission, make_user
from uploads.models import Signal, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db
FINDING = "a" * 32


def approve(actor: User, submission: Submission) -> Outcome:
    """`decide` on the current bytes."""
    current = submission.current
    assert current is not None
    return decide(
        actor,
        submission.submission_id,
        action="approve",
        revision=current.number,
        sha256=current.sha256,
    )


def refused(actor: User, submission: Submission) -> RefusedError:
    """The refusal of an approval; nothing may be left of it."""
    before = (Decision.objects.count(), AuditEntry.objects.count())
    with pytest.raises(RefusedError) as raised:
        approve(actor, submission)
    assert (Decision.objects.count(), AuditEntry.objects.count()) == before
    assert Submission.objects.get(pk=submission.pk).state == State.PENDING_REVIEW
    assert raised.value.status == 409
    assert all(problem.hint for problem in raised.value.problems)
    return raised.value


def blocked(mod_id: str = "ore.lamp", version: str = "1.0.0", **finding: Any) -> Submission:
    """A submission in review with one finding, which blocks unless `finding` says otherwise."""
    submission = make_submission(None, State.PENDING_REVIEW, mod_id, version)
    values: dict[str, Any] = {
        "code": "yara_match",
        "message": "It looks like a dropper.",
        "fingerprint": FINDING,
    }
    values |= {"path": "Scripts/a.lua", "weight": 3, "blocking": True, "position": 0}
    Signal.objects.create(**(values | {"revision": submission.current} | finding))
    return submission


def judged(actor: User, submission: Submission, verdict: str = "false_alarm", **more: Any) -> None:
    """A verdict as the audit trail keeps it."""
    said = {
        "fingerprint": FINDING,
        "code": "yara_match",
        "verdict": verdict,
        "scope": "release",
        "modId": submission.mod_id,
        "needs": "",
    }
    with transaction.atomic():
        record(
            actor,
            Action.MODERATION_FINDING_JUDGED,
            "submission",
            submission.submission_id,
            after=said | more,
        )


def test_a_blocking_finding_stops_the_approval_until_it_is_judged(moderator: User, second: User) -> None:
    submission = blocked()
    refusal = refused(moderator, submission)
    assert (refusal.code, refusal.extra["findings"]) == ("blocking_finding", [FINDING])
    (problem,) = refusal.problems
    assert (problem.code, problem.path, problem.message) == (
        "yara_match",
        "Scripts/a.lua",
        "It looks like a dropper.",
    )
    judged(second, submission, "true")
    assert refused(moderator, submission).code == "blocking_finding"
    judged(second, submission, "accepted_risk")
    assert approve(moderator, submission).submission.state == State.APPROVED


def test_a_finding_judged_true_never_clears(moderator: User, second: User) -> None:
    submission = blocked()
    judged(second, submission, "true", scope="mod")
    judged(second, submission, "false_alarm")
    assert refused(moderator, submission).code == "blocking_finding"


def test_the_verdicts_of_people_with_a_stake_count_nothing(moderator: User) -> None:
    submission = blocked()
    author = submission.author
    author.role = "moderator"
    author.save()
    judged(author, submission)
    maintainer = make_user("moderator")
    make_namespace("ore", author, maintainer)
    judged(maintainer, submission)
    uploader = make_user("moderator")
    assert submission.current is not None
    submission.current.uploader = uploader
    submission.current.save()
    judged(uploader, submission)
    assert refused(moderator, submission).code == "blocking_finding"


def test_other_findings_block_nothing(moderator: User) -> None:
    assert approve(moderator, blocked(blocking=False)).submission.state == State.APPROVED


def test_only_the_current_revision_counts(moderator: User) -> None:
    submission = blocked()
    factories.add_revision(submission, data=b"mended", document={}, side={})
    assert approve(moderator, submission).submission.state == State.APPROVED


def test_other_actions_ask_nothing_of_it(moderator: User) -> None:
    submission = blocked()
    assert submission.current is not None
    outcome = decide(
        moderator,
        submission.submission_id,
        action="reject",
        revision=1,
        sha256=submission.current.sha256,
        reasons=[{"policy": "malware", "values": {}}],
    )
    assert outcome.submission.state == State.REJECTED


def needing(wanted: str = "^1.0.0", **more: Any) -> Submission:
    """A submission that needs `base.library`."""
    wish = [{"id": "base.library", "version": wanted} | more]
    return make_submission(mod_id="ore.lamp", manifest_more={"dependencies": wish})


def test_what_it_needs_must_be_published_first(moderator: User) -> None:
    submission = needing()
    refusal = refused(moderator, submission)
    assert refusal.code == "dependency_not_published"
    assert "base.library ^1.0.0" in refusal.message
    assert refusal.extra["approveFirst"] == []
    make_release(mod_id="base.library", version="2.0.0")
    assert refused(moderator, submission).code == "dependency_not_published"
    make_release(mod_id="base.library", version="1.4.0")
    assert approve(moderator, submission).submission.state == State.APPROVED


def test_what_comes_in_the_same_batch_is_named(moderator: User) -> None:
    submission = needing()
    make_submission(make_user("modder"), mod_id="base.library", version="1.0.0")
    assert refused(moderator, submission).extra["approveFirst"] == []
    first = make_submission(submission.author, mod_id="base.library", version="1.1.0")
    refusal = refused(moderator, submission)
    assert refusal.extra["approveFirst"] == [first.submission_id]
    assert f"Approve base.library 1.1.0 first ({first.submission_id})." == refusal.hint


def test_what_is_optional_may_come_later(moderator: User) -> None:
    assert approve(moderator, needing(optional=True)).submission.state == State.APPROVED
