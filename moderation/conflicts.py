"""Whether somebody or something was first: the 409s of a decision, each with what is true now.

Rules
- `stale_revision`: the bytes that were seen are not the current ones.
- `already_decided`: somebody has decided the same question on these bytes.
- `illegal_move`: the state that holds now does not allow the action.
- `lease_held`: somebody else holds the item (`leases`).
- `undo_over`: the approval waits no longer; it is being published.
- `bytes_gone`: the keeping time of a rejected package is over (`uploads.keeping`).
- `blocking_finding`, `dependency_not_published`: something must come first (`approvals`).
- The words say "somebody else" or "you", never a name.
"""

from django.utils import timezone

from accounts.errors import RefusedError
from accounts.models import User
from moderation import approvals, leases, second_person
from moderation.models import Decision
from moderation.table import ACTIONS, Rule
from moderation.words import moments_ago
from uploads.models import Revision, Submission

RELOAD = "Reload the page to see what is true now."


def ensure_current(
    actor: User, submission: Submission, rule: Rule, revision: int, sha256: str, successor: str
) -> Revision:
    """The revision that was seen. Raises RefusedError (409) unless `rule` can be carried out on it now."""
    current = submission.current
    if current is None or (current.number, current.sha256) != (revision, sha256.lower()):
        number = current.number if current is not None else 0
        raise RefusedError(
            "stale_revision",
            f"You saw revision {revision}, but these are not the bytes under review any more: "
            f"revision {number} came {moments_ago(submission.updated_at)}."
            if number != revision
            else f"These are not the bytes of revision {revision}.",
            "Read the difference again before you decide.",
            status=409,
            extra=true_now(submission),
        )
    newest = submission.decisions.order_by("-id").first()
    words_alone = submission.kind == Submission.Kind.LISTING and not rule.listing
    if submission.state not in rule.sources or words_alone:
        if newest is not None and newest.revision_id == current.pk and _same_question(newest, rule):
            raise already(actor, submission, newest)
        raise RefusedError(
            "illegal_move",
            f"This submission is {submission.get_state_display().lower()} now, so it can't be: {rule.label.lower()}.",
            RELOAD,
            status=409,
            extra=true_now(submission),
        )
    _ensure_not_repeated(actor, submission, rule, newest, successor)
    if rule.name == "undo":
        _ensure_in_time(submission, newest)
    held = leases.holder_of(submission, actor)
    if rule.held_by_lease and held is not None and not held.mine:
        refused = leases.held_by_another(held)
        refused.extra |= true_now(submission)
        raise refused
    if rule.name == "reopen" and current.bytes_gone_at is not None:
        raise RefusedError(
            "bytes_gone",
            "Its package is no longer kept, so there is nothing to review.",
            "Ask the author to submit the version anew: it is free again.",
            status=409,
            extra=true_now(submission),
        )
    if rule.name == "approve":
        approvals.ensure_ready(submission, current)
    return current


def _ensure_in_time(submission: Submission, newest: Decision | None) -> None:
    """An approval is undone while it waits; afterwards the publisher has it."""
    until = newest.undo_until if newest is not None and newest.action == "approve" else None
    if until is not None and until > timezone.now():
        return
    raise RefusedError(
        "undo_over",
        "The approval can't be undone any more: the release is being published.",
        "Take the release back once it is published.",
        status=409,
        extra=true_now(submission),
    )


def _same_question(newest: Decision, rule: Rule) -> bool:
    return bool(set(ACTIONS[newest.action].sources) & set(rule.sources))


def _ensure_not_repeated(
    actor: User, submission: Submission, rule: Rule, newest: Decision | None, successor: str
) -> None:
    """Decisions that change no state by themselves are not made twice either."""
    first = second_person.waiting(submission)
    if first is not None and first.action == rule.name and first.decider_id == actor.pk:
        raise RefusedError(
            "already_decided",
            f"You said so {moments_ago(first.at)}; somebody else must be the second.",
            "Nothing more is needed from you.",
            status=409,
            extra=true_now(submission) | {"needs": "second_person"},
        )
    if rule.name == "escalate" and submission.escalated_at is not None:
        raise RefusedError(
            "already_decided",
            f"It was handed to an admin {moments_ago(submission.escalated_at)}.",
            RELOAD,
            status=409,
            extra=true_now(submission),
        )
    repeated = newest is not None and (newest.action, newest.successor) == ("supersede", successor)
    if rule.name == "supersede" and newest is not None and repeated:
        raise already(actor, submission, newest)


def already(actor: User, submission: Submission, newest: Decision) -> RefusedError:
    """The refusal of a second decision: what was decided, by somebody else or oneself, and when."""
    who = "you" if newest.decider_id == actor.pk else "somebody else"
    return RefusedError(
        "already_decided",
        f"{ACTIONS[newest.action].done} by {who} {moments_ago(newest.at)}.",
        RELOAD,
        status=409,
        extra=true_now(submission)
        | {"decided": newest.action, "decidedAt": newest.at.isoformat(timespec="seconds")},
    )


def true_now(submission: Submission) -> dict[str, object]:
    """State, revision and hash as they are, for the problem document."""
    current = submission.current
    return {
        "state": submission.state,
        "revision": current.number if current is not None else None,
        "sha256": current.sha256 if current is not None else None,
    }
