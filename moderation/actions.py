"""`decide()`: the one way in to a moderator's decision; the table of actions stands in `moderation.table`.

Rules
- One transaction: the state, the bytes and the permission are looked at, then the move, the decision, the
  audit entry, the mail and the due publication are written together, or nothing is.
- A decision is bound to the revision and SHA-256 that the moderator saw.
- Nobody decides on their own work; an escalated item is answered by an admin; a reopening is not made by
  who rejected.
- Where two people are needed the first decision changes no state and is kept (`second_person`).
- Only a failed check or bytes that were once taken back block an approval; signals inform.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from accounts import permissions
from accounts.audit import Action, record
from accounts.errors import Problem, RefusedError
from accounts.models import AuditEntry, User
from accounts.roles import Relation
from catalog.models import Release
from moderation import conflicts, consequences, leases, policies, second_person, typed
from moderation.ground import DANGERS
from moderation.models import Decision
from moderation.policies import Reason
from moderation.relation import relation_of
from moderation.table import ACTIONS, Rule
from uploads.models import Revision, Submission
from uploads.states import FREE, Mover, State
from uploads.transitions import move

__all__ = ["ACTIONS", "Outcome", "Rule", "Words", "blocks", "decide"]

SECOND_PERSON = "second_person"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision came to: the submission as it is now, the stored decision, and what it still needs."""

    submission: Submission
    decision: Decision
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What was given with an action, checked against its row of the table."""

    reasons: tuple[Reason, ...] = ()
    note: str = ""
    successor: str = ""
    level: str = ""


def decide(
    actor: User,
    submission_id: str,
    *,
    action: str,
    revision: int,
    sha256: str,
    reasons: Sequence[Mapping[str, Any]] = (),
    note: str = "",
    successor: str = "",
    level: str = "",
    question: str = "",
) -> Outcome:
    """Carry out `action` on the bytes (`revision`, `sha256`) that `actor` saw.

    `reasons` is a list of `{"policy": code, "values": {blank: text}}`; `level` (soft or hard) goes with hide,
    `successor` with supersede, `question` with escalate. Raises RefusedError: 401 and 403 by permission
    (`own_work`, `role_required`, `another_person`), 404, 409 `stale_revision`, `already_decided`,
    `illegal_move`, `lease_held`, `version_exists` with what is true now, 422 for what is missing or wrong
    (`reason_required`, `successor_not_published`, `approval_blocked` among others).
    """
    permissions.ensure(actor, "decision.make", Relation.OTHER)
    rule = ACTIONS.get(action)
    if rule is None:
        raise typed.refused(
            "unknown_action",
            f"There is no action {action!r}.",
            f"Choose among: {', '.join(ACTIONS)}.",
            "/action",
        )
    with transaction.atomic():
        submission = _locked(submission_id)
        permissions.ensure(actor, rule.permission, relation_of(actor, submission))
        current = conflicts.ensure_current(actor, submission, rule, revision, sha256, successor.strip())
        _ensure_right_person(actor, submission, rule)
        given = check(
            submission, rule, reasons=reasons, note=note, successor=successor, level=level, question=question
        )
        return _carry_out(actor, submission, current, rule, given)


def _locked(submission_id: str) -> Submission:
    submission = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("current", "author")
        .filter(submission_id=submission_id)
        .first()
    )
    if submission is None:
        raise RefusedError("not_found", "There is no such submission.", "Check the address.", status=404)
    return submission


def _ensure_right_person(actor: User, submission: Submission, rule: Rule) -> None:
    if submission.escalated_at is not None and rule.name != "escalate" and submission.state in rule.sources:
        permissions.ensure(actor, "escalation.answer", Relation.OTHER)
    if rule.another_person:
        first = submission.decisions.filter(action="reject").order_by("-id").first()
        if first is not None and first.decider_id == actor.pk:
            raise RefusedError(
                "another_person",
                "You rejected it; an appeal goes to somebody else.",
                "Leave it to another moderator.",
                status=403,
            )


def check(
    submission: Submission,
    rule: Rule,
    *,
    reasons: Sequence[Mapping[str, Any]] = (),
    note: str = "",
    successor: str = "",
    level: str = "",
    question: str = "",
) -> Words:
    """What was given, in the form that is kept. Raises RefusedError (422) for what is missing or wrong."""
    for name, value, taken in (
        ("successor", successor, rule.successor),
        ("level", level, rule.level),
        ("question", question, rule.question),
    ):
        if value and not taken:
            raise typed.refused(
                "not_for_this_action", f"{rule.label} takes no {name}.", "Leave it out.", f"/{name}"
            )
    rendered = policies.render(reasons)
    if rule.reason and not rendered:
        raise typed.refused(
            "reason_required",
            f"{rule.label} needs at least one reason.",
            "Choose from the list of policies.",
            "/reasons",
        )
    words = typed.text(note, "/note")
    if rule.question:
        words = typed.text(question or note, "/question", needed="Ask what an admin has to answer.")
    if rule.name == "approve":
        blocked = blocks(submission)
        if blocked:
            raise RefusedError(
                "approval_blocked", blocked[0].message, blocked[0].hint, status=422, problems=blocked
            )
    return Words(
        rendered,
        words,
        _successor(submission, successor.strip()) if rule.successor else "",
        _level(level, rendered) if rule.level else "",
    )


def _successor(submission: Submission, version: str) -> str:
    found = (
        Release.objects.public()
        .filter(mod__mod_id=submission.mod_id, version=version, superseded_at__isnull=True)
        .exclude(version=submission.version)
    )
    if not version or not found.exists():
        raise typed.refused(
            "successor_not_published",
            "The successor must be another published version of the same mod.",
            "Choose one that is listed and not itself superseded.",
            "/successor",
        )
    return version


def _level(level: str, reasons: Sequence[Reason]) -> str:
    if not level:
        danger = any(reason.policy in DANGERS for reason in reasons)
        return Release.Level.HARD if danger else Release.Level.SOFT
    if level not in Release.Level.values:
        raise typed.refused(
            "bad_level",
            f"{level!r} is not a level.",
            "soft warns players, hard disables the release.",
            "/level",
        )
    return level


def blocks(submission: Submission) -> list[Problem]:
    """What keeps these bytes from being approved, each with how to unblock it; empty where nothing does."""
    current = submission.current
    if current is None:
        return []
    found = [
        Problem(
            result.code or "check_failed",
            f"The check {result.check_id} failed: {result.message}",
            "Ask for changes: the author can replace the package.",
            path=result.path,
        )
        for result in current.results.filter(status="failed")
    ]
    if Release.objects.taken_back().filter(sha256=current.sha256).exists():
        found.append(
            Problem(
                "bytes_taken_back",
                "These very bytes were published once and taken back.",
                "Restore that release instead, or reject this one.",
            )
        )
    return found


def _carry_out(actor: User, submission: Submission, current: Revision, rule: Rule, given: Words) -> Outcome:
    before = submission.state
    first = second_person.waiting(submission)
    first = first if first is not None and first.action == rule.name else None
    why = "" if first is not None else second_person.why(submission, rule.name)
    if not why:
        _make_move(actor, submission, rule)
    decision = Decision.objects.create(
        submission=submission,
        revision=current,
        sha256=current.sha256,
        action=rule.name,
        decider=actor,
        reasons=[reason.as_dict() for reason in given.reasons],
        note=given.note,
        successor=given.successor,
        level=given.level,
        needs_second=why,
    )
    first_sequence = _second(actor, submission, first, decision) if first is not None else None
    record(
        actor,
        Action.MODERATION_DECIDED,
        "submission",
        submission.submission_id,
        before={"state": before},
        after={
            "action": rule.name,
            "state": submission.state,
            "revision": decision.revision.number,
            "sha256": decision.sha256,
            "needs": SECOND_PERSON if why else "",
            "firstSequence": first_sequence,
            "reasons": [reason.policy for reason in given.reasons],
        }
        | ({"level": given.level} if rule.level else {})
        | ({"successor": given.successor} if rule.successor else {}),
        reason="\n\n".join([*(reason.text for reason in given.reasons), given.note]).strip(),
    )
    leases.clear(submission)
    if why:
        consequences.ask_second(submission, why)
    else:
        consequences.follow(actor, submission, rule, decision, given.reasons)
    return Outcome(submission, decision, SECOND_PERSON if why else "")


def _make_move(actor: User, submission: Submission, rule: Rule) -> None:
    target = rule.target
    if target is None:
        return
    if rule.name == "restore" and _was_superseded(submission):
        target = State.SUPERSEDED
    try:
        with transaction.atomic():
            move(submission, target, actor=actor, mover=Mover.MODERATOR)
    except IntegrityError as error:
        raise _version_taken(submission) from error


def _was_superseded(submission: Submission) -> bool:
    return Release.objects.filter(
        mod__mod_id=submission.mod_id, version=submission.version, superseded_at__isnull=False
    ).exists()


def _version_taken(submission: Submission) -> RefusedError:
    other = (
        Submission.objects.filter(mod_id=submission.mod_id, version=submission.version)
        .exclude(state__in=[state.value for state in FREE])
        .first()
    )
    return RefusedError(
        "version_exists",
        f"Version {submission.version} has been submitted again since.",
        "Review that submission instead.",
        status=409,
        extra=conflicts.true_now(submission) | {"other": other.submission_id if other else ""},
    )


def _second(actor: User, submission: Submission, first: Decision, second: Decision) -> int | None:
    """Close the first person's decision and say so; returns the number of its audit entry."""
    Decision.objects.filter(pk=first.pk).update(seconded_at=second.at)
    sequence = (
        AuditEntry.objects.filter(
            action=Action.MODERATION_DECIDED,
            target_type="submission",
            target_id=submission.submission_id,
            actor_id=first.decider_id,
            after__needs=SECOND_PERSON,
            after__sha256=first.sha256,
        )
        .order_by("-sequence")
        .values_list("sequence", flat=True)
        .first()
    )
    record(
        actor,
        Action.MODERATION_SECONDED,
        "submission",
        submission.submission_id,
        after={
            "action": second.action,
            "revision": second.revision.number,
            "sha256": second.sha256,
            "firstSequence": sequence,
        },
    )
    return sequence
