"""The table of actions: what a moderator can do, from where, with what, and what follows.

The page's form, the API, the documentation and the tests read `ACTIONS`; `moderation.actions.decide` carries an
action out and is the one way in.

Rules
- An action makes a moderator's move (`target`), or asks the system for one (`publication`), or neither.
- `needs` of an action are checked by `decide`; what an action does not take is refused, not dropped.
"""

from dataclasses import dataclass
from typing import Any

from uploads.states import STATES, State

#: Days that an author has to answer requested changes, and how many before the end a warning is sent.
ANSWER_DAYS, WARNING_DAYS = 14, 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One action.

    `target` is the state that the decision itself leads to (None where it stays, or where a publication moves
    it); `publication` is the operation that is owed to the publisher; `danger` marks acts that take something
    away. `done` is the word for "somebody has …".
    """

    name: str
    label: str
    button: str
    done: str
    sources: tuple[State, ...]
    target: State | None
    follows: str
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
            "It is published within seconds, and the author hears of it.",
            publication="publish",
            mail="decision_approve",
        ),
        Rule(
            "request_changes",
            "Request changes",
            "Ask for this change",
            "Sent back with changes requested",
            (_S.PENDING_REVIEW,),
            _S.CHANGES_REQUESTED,
            f"The author gets the list by mail and has {ANSWER_DAYS} days; any answer stops the clock.",
            reason=True,
            mail="decision_request_changes",
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
        ),
    )
}


def possible(state: str) -> list[Rule]:
    """The actions that the table has for a submission in `state`."""
    return [rule for rule in ACTIONS.values() if state in rule.sources]


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
