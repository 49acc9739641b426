"""`decide()`: the one way in to a moderator's decision; the table of actions stands in `moderation.table`.

Rules
- One transaction: the state, the bytes and the permission are looked at, then the move, the decision, the
  audit entry, the mail and the due publication are written together, or nothing is.
- A decision is bound to the revision and SHA-256 that the moderator saw.
- Nobody decides on their own work; an escalated item is answered by an admin; a reopening is not made by
  who rejected.
- Where two people are needed the first decision changes no state and is kept (`second_person`).
- An approval waits for `SMMODS_UNDO_MINUTES` and can be undone until then (`undo_until`).
- Only a failed check, bytes that were once taken back, a blocking finding that nobody judged and a dependency that
  is not published block an approval; signals inform.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import permissions
from accounts.audit import Action, record
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from accounts.roles import Relation
from catalog.models import Release
from moderation import (
    appeals,
    assignments,
    conflicts,
    consequences,
    drafts,
    given,
    leases,
    second_person,
    table,
    typed,
)
from moderation.given import Words
from moderation.models import Decision
from moderation.relation import relation_of
from moderation.table import ACTIONS, Rule
from uploads.models import Revision, Submission
from uploads.states import FREE, Mover, State
from uploads.transitions import move

__all__ = ["ACTIONS", "Outcome", "Rehearsal", "Rule", "decide", "rehearse"]

SECOND_PERSON = "second_person"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision came to: the submission as it is now, the stored decision, and what it still needs."""

    submission: Submission
    decision: Decision
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a decision would come to: the submission, its row, the words, and why two people are needed.

    `second_done` tells that this would be the second of two.
    """

    submission: Submission
    rule: Rule
    words: Words
    why_second: str
    second_done: bool


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
    `illegal_move`, `lease_held`, `version_exists` with what is true now, `blocking_finding` and
    `dependency_not_published` with what must come first, 422 for what is missing or wrong
    (`reason_required`, `successor_not_published`, `approval_blocked` among others).
    """
    with transaction.atomic():
        submission, current, rule, words = _admitted(
            actor, submission_id, action, revision, sha256, reasons, note, successor, level, question
        )
        return _carry_out(actor, submission, current, rule, words)


def rehearse(
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
) -> Rehearsal:
    """Everything that `decide` would look at, and nothing written. Raises what `decide` raises."""
    with transaction.atomic():
        submission, _, rule, words = _admitted(
            actor, submission_id, action, revision, sha256, reasons, note, successor, level, question
        )
        first = second_person.waiting(submission)
        second_done = first is not None and first.action == rule.name
        why = "" if second_done else second_person.why(submission, rule.name)
    return Rehearsal(submission, rule, words, why, second_done)


def _admitted(
    actor: User,
    submission_id: str,
    action: str,
    revision: int,
    sha256: str,
    reasons: Sequence[Mapping[str, Any]],
    note: str,
    successor: str,
    level: str,
    question: str,
) -> tuple[Submission, Revision, Rule, Words]:
    permissions.ensure(actor, "decision.make", Relation.OTHER)
    rule = ACTIONS.get(action)
    if rule is None:
        raise typed.refused(
            "unknown_action",
            f"There is no action {action!r}.",
            f"Choose among: {', '.join(ACTIONS)}.",
            "/action",
        )
    submission = _locked(submission_id)
    permissions.ensure(actor, rule.permission, relation_of(actor, submission))
    current = conflicts.ensure_current(actor, submission, rule, revision, sha256, successor.strip())
    _ensure_right_person(actor, submission, rule)
    words = given.check(
        submission, rule, reasons=reasons, note=note, successor=successor, level=level, question=question
    )
    return submission, current, rule, words


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
    if rule.another_person and appeals.first_decider(submission) == actor.pk:
        raise RefusedError(
            "another_person",
            "You rejected it; an appeal goes to somebody else.",
            "Leave it to another moderator.",
            status=403,
        )


def _carry_out(actor: User, submission: Submission, current: Revision, rule: Rule, words: Words) -> Outcome:
    before = submission.state
    first = second_person.waiting(submission)
    first = first if first is not None and first.action == rule.name else None
    why = "" if first is not None else second_person.why(submission, rule.name)
    if not why:
        _make_move(actor, submission, rule)
    now = timezone.now()
    decision = Decision.objects.create(
        submission=submission,
        revision=current,
        sha256=current.sha256,
        action=rule.name,
        decider=actor,
        reasons=[reason.as_dict() for reason in words.reasons],
        note=words.note,
        successor=words.successor,
        level=words.level,
        needs_second=why,
        undo_until=now + table.undo_window()
        if rule.name == "approve" and not why and table.undo_window()
        else None,
        at=now,
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
            "reasons": [reason.policy for reason in words.reasons],
        }
        | ({"level": words.level} if rule.level else {})
        | ({"successor": words.successor} if rule.successor else {}),
        reason="\n\n".join([*(reason.text for reason in words.reasons), words.note]).strip(),
    )
    leases.clear(submission)
    drafts.clear(actor, submission)
    if not why and rule.name != "escalate":
        assignments.clear(submission)
    if why:
        consequences.ask_second(submission, why)
    else:
        consequences.follow(actor, submission, rule, decision, words.reasons)
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
