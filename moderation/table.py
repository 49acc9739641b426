"""The table of actions: what a moderator can do, from where, with what, and what follows.

The page's form, the API, the documentation and the tests read `ACTIONS`; `moderation.actions.decide` carries an
action out and is the one way in.

Rules
- An action makes a moderator's move (`target`), or asks the system for one (`publication`), or neither.
- `needs` of an action are checked by `decide`; what an action does not take is refused, not dropped.
- An approval can be undone for `SMMODS_UNDO_MINUTES`; with 0 it is published at once and there is no `undo`.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from uploads.states import STATES, State

#: By how much the clocks of two machines may differ: an approval is published so long after its time to undo.
CLOCKS = timedelta(seconds=5)


def answer_days() -> int:
    """Days that an author has to answer requested changes."""
    return int(settings.SMMODS_ANSWER_DAYS)


def warning_days() -> int:
    """How many days before the end of that time a warning is sent."""
    return int(settings.SMMODS_WARNING_DAYS)


def undo_window() -> timedelta:
    """For how long an approval waits to be published, and can be undone; zero where it can't."""
    return timedelta(minutes=settings.SMMODS_UNDO_MINUTES)


def _soon() -> str:
    minutes = settings.SMMODS_UNDO_MINUTES
    if not minutes:
        return "within seconds"
    return f"in {minutes} minute{'' if minutes == 1 else 's'}, until when it can be undone"


@dataclass(frozen=True, slots=True)
class Rule:
    """One action.

    `target` is the state that the decision itself leads to (None where it stays, or where a publication moves
    it); `publication` is the operation that is owed to the publisher; `danger` marks acts that take something
    away. `done` is the word for "somebody has …". `effect` is what follows, with `{days}` for the author's time
    to answer and `{soon}` for when an approval is published.
    """

    name: str
    label: str
    button: str
    done: str
    sources: tuple[State, ...]
    target: State | None
    effect: str
    permission: str = "decision.make"
    reason: bool = False
    successor: bool = False
    question: bool = False
    level: bool = False
    publication: str = ""
    mail: str = ""
    danger: bool = False
    #: Whether somebody else's lease holds this action up.
    held_by_lease: bool = True
    #: Whether the person who made the decision that this one undoes may make it.
    another_person: bool = False
    #: Whether it can be decided on an edit of a listing, which has no artifact to take back.
    listing: bool = False
    #: Whether it takes a note that the author reads.
    note: bool = True

    @property
    def follows(self) -> str:
        """What follows, by the settings in force."""
        return self.effect.format(days=answer_days(), soon=_soon())

    @property
    def needs(self) -> tuple[str, ...]:
        """What must be given with it: reason, successor, question."""
        return tuple(
            name
            for name, asked in (
                ("reason", self.reason),
                ("successor", self.successor),
                ("question", self.question),
            )
            if asked
        )

    @property
    def needs_words(self) -> str:
        """The same in words, for tables that people read."""
        words = {"reason": "at least one reason", "successor": "a successor", "question": "a question"}
        return ", ".join(words[name] for name in self.needs) or "nothing more"

    @property
    def from_words(self) -> str:
        """The states that it leaves, in words."""
        return ", ".join(STATES[state].label.lower() for state in self.sources)


_S = State
ACTIONS: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "approve",
            "Approve",
            "Approve these bytes",
            "Approved",
            (_S.PENDING_REVIEW,),
            _S.APPROVED,
            "It is published {soon}, and the author hears of it.",
            publication="publish",
            mail="decision_approve",
            listing=True,
        ),
        Rule(
            "request_changes",
            "Request changes",
            "Ask for this change",
            "Sent back with changes requested",
            (_S.PENDING_REVIEW,),
            _S.CHANGES_REQUESTED,
            "The author gets the list by mail and has {days} days; any answer stops the clock.",
            reason=True,
            mail="decision_request_changes",
            listing=True,
        ),
        Rule(
            "reject",
            "Reject",
            "Reject this submission",
            "Rejected",
            (_S.PENDING_REVIEW,),
            _S.REJECTED,
            "The author hears why and how to appeal; the version is free again.",
            reason=True,
            mail="decision_reject",
            danger=True,
            listing=True,
        ),
        Rule(
            "escalate",
            "Escalate",
            "Hand it to an admin",
            "Handed to an admin",
            (_S.PENDING_REVIEW,),
            None,
            "It stays in the queue until an admin has answered; the author hears nothing of it.",
            question=True,
            note=False,
            listing=True,
        ),
        Rule(
            "hide",
            "Hide",
            "Take this release back",
            "Taken back",
            (_S.PUBLISHED, _S.SUPERSEDED),
            _S.HIDDEN,
            "It leaves the catalog at once, its artifact answers 410, and the blocklist names it.",
            reason=True,
            level=True,
            publication="hide",
            mail="decision_hide",
            danger=True,
            held_by_lease=False,
        ),
        Rule(
            "restore",
            "Restore",
            "Put this release back",
            "Put back",
            (_S.HIDDEN,),
            _S.PUBLISHED,
            "It is back in the catalog within seconds, as what it was before.",
            reason=True,
            publication="restore",
            mail="decision_restore",
        ),
        Rule(
            "supersede",
            "Supersede",
            "Name this successor",
            "Superseded",
            (_S.PUBLISHED,),
            None,
            "It stays listed and downloadable, marked as superseded by its successor.",
            successor=True,
            publication="supersede",
            mail="decision_supersede",
        ),
        Rule(
            "reopen",
            "Reopen",
            "Put it back into review",
            "Reopened",
            (_S.REJECTED,),
            _S.PENDING_REVIEW,
            "It is back in the queue as an appeal, and the author hears of it.",
            mail="decision_reopen",
            another_person=True,
            listing=True,
        ),
        Rule(
            "undo",
            "Undo the approval",
            "Undo this approval",
            "Approval undone",
            (_S.APPROVED,),
            _S.PENDING_REVIEW,
            "It is not published and waits in the queue again; the author hears nothing of it.",
            held_by_lease=False,
            note=False,
            listing=True,
        ),
    )
}


def possible(state: str, *, listing: bool = False) -> list[Rule]:
    """The actions that the table has for a submission in `state`; undoing only where the settings allow it.

    For an edit of a `listing` those that can be decided on words alone.
    """
    rules = [rule for rule in ACTIONS.values() if state in rule.sources and (rule.listing or not listing)]
    return [rule for rule in rules if rule.name != "undo" or undo_window()]


def document() -> list[dict[str, Any]]:
    """The table as plain JSON, for the published contract and the documentation."""
    return [
        {
            "id": rule.name,
            "label": rule.label,
            "from": [state.value for state in rule.sources],
            "to": rule.target.value if rule.target else None,
            "needs": list(rule.needs),
            "permission": rule.permission,
            "actor": "moderator",
            "follows": rule.follows,
        }
        for rule in ACTIONS.values()
    ]
