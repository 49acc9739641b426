"""`move()`: the only writer of a submission's state.

Rules
- A move is in the table (`states.MOVES`) for this actor, or it is refused (`illegal_move`, 409).
- It is a conditional update on the state that it leaves; no row means somebody was first (409 with what is
  true now).
- The acting account is checked here again: the system's moves by the system alone, a moderator's by somebody
  who has nothing to do with the work, a modder's by its author or a maintainer.
- The caller holds the transaction and writes the audit entry of what it does in it.
"""

from django.db import connection
from django.utils import timezone

from accounts import permissions
from accounts.errors import RefusedError
from accounts.models import User
from uploads.models import Submission
from uploads.states import Mover, State, find

_NEEDS = {
    Mover.MODDER: "submission.replace",
    Mover.MODERATOR: "decision.make",
    Mover.SYSTEM: "system.move",
}


def move(submission: Submission, target: State, *, actor: User, mover: Mover) -> None:
    """Bring `submission` to `target`; its `state` and `updated_at` are up to date afterwards.

    Raises RefusedError: `illegal_move` (409) where the table has no such move from the state that holds now,
    or what the permission says. Raises RuntimeError outside of a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a move is made in the transaction of what causes it")
    source = State(submission.state)
    if find(source, target, mover) is None:
        raise illegal(submission, target)
    permission = _NEEDS[mover]
    if permission == "submission.replace" and target is State.CANCELLED:
        permission = "submission.cancel"
    relation = None if mover is Mover.SYSTEM else submission.relation(actor)
    permissions.ensure(actor, permission, relation)
    now = timezone.now()
    moved = Submission.objects.filter(pk=submission.pk, state=source.value).update(
        state=target.value, updated_at=now
    )
    if not moved:
        submission.refresh_from_db(fields=["state", "updated_at"])
        raise illegal(submission, target)
    submission.state = target.value
    submission.updated_at = now


def illegal(submission: Submission, target: State) -> RefusedError:
    """The refusal of a move that can't be made from the state that holds now."""
    return RefusedError(
        "illegal_move",
        f"This submission is {submission.get_state_display().lower()} now and can't become {target.value}.",
        "Reload the page to see what is true now.",
        status=409,
        extra={"state": submission.state},
    )
