"""The states of a submission and the table of moves: data only.

Source: SMMODS's publishing contract (twelve states, eleven moves); moves and actors beyond it are marked
`extension` and published as such in `workflow.json`.

Rules
- A state changes only by a move in `MOVES`, made by an actor whom the move names.
- `moderator` includes admins; `modder` is the author or a maintainer, whatever their role.
- Every state has a way on, or leaves the version free for a new submission.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a submission stands."""

    DRAFT = "draft"
    UPLOADED = "uploaded"
    VALIDATING = "validating"
    VALIDATION_FAILED = "validation_failed"
    CANCELLED = "cancelled"
    PENDING_REVIEW = "pending_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    PUBLISHED = "published"
    REJECTED = "rejected"
    HIDDEN = "hidden"
    SUPERSEDED = "superseded"


class Mover(StrEnum):
    """Who makes a move."""

    MODDER = "modder"
    MODERATOR = "moderator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class StateFacts:
    """What a state means to the public, in the contract's words."""

    label: str
    catalog_visible: bool = False
    download_enabled: bool = False


STATES: dict[State, StateFacts] = {
    State.DRAFT: StateFacts("Draft"),
    State.UPLOADED: StateFacts("Uploaded"),
    State.VALIDATING: StateFacts("Validating"),
    State.VALIDATION_FAILED: StateFacts("Validation failed"),
    State.CANCELLED: StateFacts("Cancelled"),
    State.PENDING_REVIEW: StateFacts("Pending review"),
    State.CHANGES_REQUESTED: StateFacts("Changes requested"),
    State.APPROVED: StateFacts("Approved"),
    State.PUBLISHED: StateFacts("Published", catalog_visible=True, download_enabled=True),
    State.REJECTED: StateFacts("Rejected"),
    State.HIDDEN: StateFacts("Hidden"),
    State.SUPERSEDED: StateFacts("Superseded", catalog_visible=True, download_enabled=True),
}


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed change of state. `why` names the act that makes it."""

    source: State
    target: State
    actor: Mover
    why: str
    extension: bool = True


S, M = State, Mover
MOVES: tuple[Move, ...] = (
    Move(S.DRAFT, S.UPLOADED, M.MODDER, "submit", extension=False),
    Move(S.UPLOADED, S.VALIDATING, M.SYSTEM, "start checks", extension=False),
    Move(S.VALIDATING, S.VALIDATION_FAILED, M.SYSTEM, "checks failed", extension=False),
    Move(S.VALIDATION_FAILED, S.CANCELLED, M.MODDER, "withdraw", extension=False),
    Move(S.VALIDATING, S.PENDING_REVIEW, M.SYSTEM, "checks passed", extension=False),
    Move(S.PENDING_REVIEW, S.CHANGES_REQUESTED, M.MODERATOR, "request changes", extension=False),
    Move(S.PENDING_REVIEW, S.REJECTED, M.MODERATOR, "reject", extension=False),
    Move(S.PENDING_REVIEW, S.APPROVED, M.MODERATOR, "approve", extension=False),
    Move(S.APPROVED, S.PUBLISHED, M.SYSTEM, "publish", extension=False),
    Move(S.PUBLISHED, S.HIDDEN, M.MODERATOR, "hide", extension=False),
    Move(S.PUBLISHED, S.SUPERSEDED, M.SYSTEM, "supersede", extension=False),
    Move(S.VALIDATION_FAILED, S.UPLOADED, M.MODDER, "replace the package"),
    Move(S.CHANGES_REQUESTED, S.UPLOADED, M.MODDER, "replace the package"),
    Move(S.CHANGES_REQUESTED, S.PENDING_REVIEW, M.MODDER, "answer"),
    Move(S.DRAFT, S.CANCELLED, M.MODDER, "withdraw"),
    Move(S.UPLOADED, S.CANCELLED, M.MODDER, "withdraw"),
    Move(S.PENDING_REVIEW, S.CANCELLED, M.MODDER, "withdraw"),
    Move(S.CHANGES_REQUESTED, S.CANCELLED, M.MODDER, "withdraw"),
    Move(S.DRAFT, S.CANCELLED, M.SYSTEM, "deadline passed"),
    Move(S.CHANGES_REQUESTED, S.CANCELLED, M.SYSTEM, "deadline passed"),
    Move(S.VALIDATING, S.UPLOADED, M.SYSTEM, "check again"),
    Move(S.APPROVED, S.PENDING_REVIEW, M.SYSTEM, "publisher refused"),
    Move(S.HIDDEN, S.PUBLISHED, M.MODERATOR, "restore"),
    Move(S.HIDDEN, S.SUPERSEDED, M.MODERATOR, "restore"),
    Move(S.SUPERSEDED, S.HIDDEN, M.MODERATOR, "hide"),
    Move(S.REJECTED, S.PENDING_REVIEW, M.MODERATOR, "reopen"),
    Move(S.APPROVED, S.PENDING_REVIEW, M.MODERATOR, "undo"),
)

#: States in which the (mod, version) is free for somebody to submit again.
FREE = frozenset({S.REJECTED, S.CANCELLED})
#: States of a submission that is still on its way; at most so many an account.
OPEN = frozenset(
    {
        S.DRAFT,
        S.UPLOADED,
        S.VALIDATING,
        S.VALIDATION_FAILED,
        S.PENDING_REVIEW,
        S.CHANGES_REQUESTED,
        S.APPROVED,
    }
)
#: States in which the modder may replace the package.
REPLACEABLE = frozenset({S.VALIDATION_FAILED, S.CHANGES_REQUESTED})
#: States from which the modder may withdraw.
WITHDRAWABLE = frozenset(m.source for m in MOVES if m.target is S.CANCELLED and m.actor is M.MODDER)


def find(source: State, target: State, actor: Mover) -> Move | None:
    """The move in the table, or None where there is none."""
    for move in MOVES:
        if (move.source, move.target, move.actor) == (source, target, actor):
            return move
    return None


def states_document() -> list[dict[str, object]]:
    """The states as `workflow.json` lists them."""
    return [
        {
            "id": state.value,
            "label": facts.label,
            "publicCatalogVisible": facts.catalog_visible,
            "downloadEnabled": facts.download_enabled,
        }
        for state, facts in STATES.items()
    ]


def transitions_document() -> list[dict[str, object]]:
    """The moves as `workflow.json` lists them; extensions say so, the contract's own keep its very keys."""
    return [
        {"from": m.source.value, "to": m.target.value, "actor": m.actor.value}
        | ({"extension": True} if m.extension else {})
        for m in MOVES
    ]


def diagram() -> str:
    """The same table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> draft"]
    lines += [f"    {m.source.value} --> {m.target.value}: {m.why} ({m.actor.value})" for m in MOVES]
    return "\n".join(lines) + "\n"
