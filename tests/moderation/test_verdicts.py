"""Verdicts on findings: who may give them, how far they reach, and what stands afterwards."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from catalog.publisher import findings
from moderation import verdicts
from moderation.models import FindingVerdict
from tests.factories import add_revision, make_namespace, make_signal, make_submission, make_user
from uploads.models import Submission
from uploads.signals.found import Signal as Found

pytestmark = pytest.mark.django_db

FINGERPRINT = Found("lua_load_joined", "", subject="load(preload)").fingerprint


def found(mod_id: str = "ore.lamp", version: str = "1.0.0", **more: Any) -> Submission:
    """A submission with one blocking finding."""
    submission = make_submission(mod_id=mod_id, version=version)
    make_signal(submission, blocking=True, fingerprint=FINGERPRINT, **more)
    return submission


def judge(actor: User, submission: Submission, verdict: str = "false_alarm", scope: str = "release") -> Any:
    return verdicts.judge(actor, submission.submission_id, FINGERPRINT, verdict, scope)


def open_ones(submission: Submission) -> int:
    """How many findings still stop it, by the rows; the publisher's reading of the trail must agree."""
    left = verdicts.open_blocking(submission)
    by_trail = findings.uncleared(
        [FINGERPRINT],
        findings.verdicts_on([FINGERPRINT]),
        submission_id=submission.submission_id,
        mod_id=submission.mod_id or "",
        people=set(),
    )
    assert len(by_trail) == len(left)
    return len(left)


def test_a_verdict_is_kept_with_its_entry(moderator: User) -> None:
    submission = found()
    given = verdicts.judge(
        moderator, submission.submission_id, FINGERPRINT, "accepted_risk", "release", " It says so. "
    )
    assert (given.needs, given.verdict.note, given.verdict.judge) == ("", "It says so.", moderator)
    entry = AuditEntry.objects.get(action=Action.MODERATION_FINDING_JUDGED)
    assert (entry.target_id, entry.actor, entry.reason) == (
        submission.submission_id,
        moderator,
        "It says so.",
    )
    assert entry.before is None
    assert entry.after == {
        "fingerprint": FINGERPRINT,
        "code": "lua_load_joined",
        "verdict": "accepted_risk",
        "scope": "release",
        "modId": "ore.lamp",
        "needs": "",
    }


@pytest.mark.parametrize(
    ("verdict", "scope", "here", "later", "other"),
    [
        ("false_alarm", "release", 0, 1, 1),
        ("accepted_risk", "mod", 0, 0, 1),
        ("true", "release", 1, 1, 1),
        ("true", "mod", 1, 1, 1),
        ("false_alarm", "everywhere", 1, 1, 1),
    ],
)
def test_how_far_one_persons_verdict_reaches(
    verdict: str, scope: str, here: int, later: int, other: int, moderator: User
) -> None:
    submission, update, another = found(), found(version="1.1.0"), found("ice.lamp")
    judge(moderator, submission, verdict, scope)
    assert [open_ones(row) for row in (submission, update, another)] == [here, later, other]


def test_everywhere_needs_two_people(moderator: User, second: User) -> None:
    submission, another = found(), found("ice.lamp")
    assert judge(moderator, submission, scope="everywhere").needs == "second_person"
    with pytest.raises(RefusedError) as again:
        judge(moderator, another, scope="everywhere")
    assert (again.value.code, again.value.status) == ("already_judged", 409)
    assert open_ones(submission) == 1
    done = judge(second, another, scope="everywhere")
    assert done.needs == ""
    row = FindingVerdict.objects.get()
    assert (row.judge, row.second) == (moderator, second)
    assert row.in_force_at is not None
    first, last = AuditEntry.objects.filter(action=Action.MODERATION_FINDING_JUDGED).order_by("sequence")
    assert isinstance(first.after, dict)
    assert isinstance(last.after, dict)
    assert (first.after["needs"], last.after["needs"]) == ("second_person", "")
    assert last.after["firstSequence"] == first.sequence
    assert open_ones(submission) == open_ones(another) == open_ones(found("dust.lamp")) == 0


def test_a_second_person_of_another_mind_begins_anew(moderator: User, second: User, admin: User) -> None:
    submission = found()
    judge(moderator, submission, scope="everywhere")
    assert judge(second, submission, "true", "everywhere").needs == "second_person"
    assert FindingVerdict.objects.filter(replaced_at__isnull=True).get().judge == second
    assert judge(admin, submission, "true", "everywhere").needs == ""
    assert open_ones(submission) == 1
    assert judge(moderator, submission, scope="everywhere").needs == "second_person"
    assert judge(second, submission, scope="everywhere").needs == ""
    assert open_ones(submission) == 0
    assert FindingVerdict.objects.filter(replaced_at__isnull=True).count() == 1


def test_a_second_person_does_not_agree_about_their_own_work(moderator: User) -> None:
    author = make_user("moderator")
    own = make_submission(author, mod_id="own.mod")
    make_signal(own, blocking=True, fingerprint=FINGERPRINT)
    judge(moderator, own, scope="everywhere")
    with pytest.raises(RefusedError) as refused:
        judge(author, found("ice.lamp"), scope="everywhere")
    assert refused.value.code == "own_work"


def test_a_verdict_can_be_changed(moderator: User, second: User) -> None:
    submission = found()
    judge(moderator, submission, "true")
    judge(second, submission, "false_alarm")
    standing = verdicts.standing(submission, [FINGERPRINT])[FINGERPRINT]
    assert [row.verdict for row in standing.holds] == ["false_alarm"]
    assert FindingVerdict.objects.filter(replaced_at__isnull=False).get().verdict == "true"
    entry = AuditEntry.objects.filter(action=Action.MODERATION_FINDING_JUDGED).latest("sequence")
    assert entry.before == {"verdict": "true", "scope": "release"}
    with pytest.raises(RefusedError) as refused:
        judge(moderator, submission, "false_alarm")
    assert refused.value.code == "already_judged"
    assert "somebody else" in refused.value.message
    assert second.name not in refused.value.message


def test_true_of_one_release_is_not_outvoted_by_the_mods_false_alarm(moderator: User) -> None:
    submission = found()
    judge(moderator, submission, "true")
    judge(moderator, submission, "false_alarm", "mod")
    assert open_ones(submission) == 1
    assert open_ones(found(version="1.1.0")) == 0


def test_what_stands_is_told_with_its_reach(moderator: User, second: User) -> None:
    first, later = found(), found(version="1.1.0")
    judge(moderator, first, "false_alarm", "release")
    known = verdicts.standing(later, [FINGERPRINT, "0" * 32])[FINGERPRINT]
    assert (known.holds, known.verdict, known.settled) == ((), "", False)
    assert [row.submission for row in known.elsewhere] == [first]
    judge(moderator, first, "accepted_risk", "mod")
    known = verdicts.standing(later, [FINGERPRINT])[FINGERPRINT]
    assert known.known_before(later)
    assert not verdicts.standing(first, [FINGERPRINT])[FINGERPRINT].known_before(first)
    judge(second, later, "false_alarm", "everywhere")
    waiting = verdicts.standing(later, [FINGERPRINT])[FINGERPRINT].waiting
    assert waiting is not None
    assert waiting.judge == second
    assert verdicts.standing(found("ice.lamp"), [FINGERPRINT])[FINGERPRINT].holds == ()
    assert verdicts.standing(later, []) == {}


@pytest.mark.parametrize("role", ["player", "modder"])
def test_others_than_staff_judge_nothing(role: str) -> None:
    with pytest.raises(RefusedError) as refused:
        judge(make_user(role), found())
    assert (refused.value.status, refused.value.code) == (403, "role_required")


@pytest.mark.parametrize("role", ["moderator", "admin"])
@pytest.mark.parametrize("relation", ["author", "maintainer", "uploader"])
def test_nobody_judges_their_own_work(role: str, relation: str) -> None:
    actor = make_user(role)
    submission = make_submission(actor if relation == "author" else None, mod_id="ore.lamp")
    if relation == "maintainer":
        make_namespace("ore", actor)
    if relation == "uploader":
        add_revision(submission, data=b"PK", uploader=actor)
    make_signal(submission, fingerprint=FINGERPRINT)
    with pytest.raises(RefusedError) as refused:
        judge(actor, submission)
    assert refused.value.code == "own_work"
    assert not AuditEntry.objects.filter(action=Action.MODERATION_FINDING_JUDGED).exists()


@pytest.mark.parametrize(
    ("given", "code", "status"),
    [
        ({"verdict": "fine"}, "unknown_verdict", 422),
        ({"scope": "galaxy"}, "unknown_scope", 422),
        ({"fingerprint": "0" * 32}, "finding_unknown", 404),
        ({"submission_id": "sub_NOSUCH"}, "not_found", 404),
        ({"note": "x" * 501}, "too_long", 422),
        ({"note": "a\x00"}, "control_characters", 422),
    ],
)
def test_what_can_not_be_is_refused(given: dict[str, str], code: str, status: int, moderator: User) -> None:
    submission = found()
    asked = {
        "submission_id": submission.submission_id,
        "fingerprint": FINGERPRINT,
        "verdict": "true",
        "scope": "release",
    } | given
    with pytest.raises(RefusedError) as refused:
        verdicts.judge(moderator, **asked)
    assert (refused.value.code, refused.value.status) == (code, status)
    assert refused.value.hint
    assert not FindingVerdict.objects.exists()


def test_a_verdict_for_the_mod_needs_a_mod(moderator: User) -> None:
    submission = found()
    Submission.objects.filter(pk=submission.pk).update(mod_id=None, version=None)
    with pytest.raises(RefusedError) as refused:
        judge(moderator, submission, scope="mod")
    assert refused.value.code == "unknown_scope"


def test_an_earlier_revisions_finding_is_not_judged_any_more(moderator: User) -> None:
    submission = found()
    add_revision(submission, data=b"PK mended")
    with pytest.raises(RefusedError) as refused:
        judge(moderator, submission)
    assert refused.value.code == "finding_unknown"


def test_the_database_keeps_one_verdict_a_reach(moderator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = found()
    judge(moderator, submission)
    row = FindingVerdict.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()

    def torn(*_: Any) -> Any:
        raise IntegrityError

    monkeypatch.setattr(verdicts, "_write", torn)
    with pytest.raises(RefusedError) as refused:
        judge(moderator, submission, "true")
    assert refused.value.code == "already_judged"
