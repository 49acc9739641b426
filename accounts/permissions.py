"""May this account do that? `can` answers with a reason, `ensure` raises it.

Rules
- Every answer comes from `roles.PERMISSIONS`; there is no flag that skips it.
- An account that is closed, suspended or not verified may nothing.
- The system account has the system's permissions and, in the moves that are its own, nobody else's.
- A person who may not even see an object is told that it is absent (404), so that the two look alike.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.errors import RefusedError
from accounts.roles import LADDER, PERMISSIONS, Relation, Role

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether it is allowed, and if not, why: a code, a sentence, a hint and the status for HTTP."""

    allowed: bool
    code: str = ""
    message: str = ""
    hint: str = ""
    status: int = 403

    def __bool__(self) -> bool:
        return self.allowed


ALLOWED = Answer(True)


def at_least(user: "User | None", role: Role) -> bool:
    """Whether the account's role is `role` or one above it."""
    if user is None or user.role == Role.SYSTEM:
        return False
    return LADDER.index(Role(user.role)) >= LADDER.index(role)


def standing(user: "User | None") -> Answer:
    """Whether the account may do anything at all just now."""
    if user is None:
        return Answer(False, "not_signed_in", "You are not signed in.", "Sign in and try again.", 401)
    if not user.is_active and not user.is_system:
        return Answer(False, "account_closed", "This account is closed.", "Write to support.")
    if user.suspended_until is not None and user.suspended_until > timezone.now():
        return Answer(
            False,
            "account_suspended",
            f"This account is suspended until {user.suspended_until:%Y-%m-%d %H:%M} UTC.",
            "The mail about it says why, and how to appeal.",
        )
    return ALLOWED


def can(user: "User | None", permission: str, relation: Relation | None = None) -> Answer:
    """Whether `user` may do what `permission` names, standing in `relation` to its object.

    Leave `relation` out for permissions without an object. Raises KeyError for an unknown permission and
    ValueError where a relation is needed and none is given, since both are mistakes of the caller.
    """
    rule = PERMISSIONS[permission]
    stands = standing(user)
    if user is None or not stands:
        return stands
    if rule.role == Role.SYSTEM:
        if user.is_system:
            return ALLOWED
        return Answer(False, "system_only", "Only the portal itself does this.", "Nothing needs to be done.")
    if user.is_system or not at_least(user, rule.role):
        return Answer(
            False,
            "role_required",
            f"Your role may not {rule.says}.",
            f"This needs the role {rule.role}.",
        )
    if rule.relations == frozenset(Relation):
        return ALLOWED
    if relation is None:
        raise ValueError(f"{permission} needs a relation")
    if relation in rule.relations:
        return ALLOWED
    if rule.any_relation_from is not None and at_least(user, rule.any_relation_from):
        return ALLOWED
    if relation is Relation.OTHER:
        return Answer(False, "not_found", "There is no such thing here.", "Check the address.", 404)
    return Answer(
        False,
        "own_work",
        "Nobody decides on their own work.",
        "Leave it to somebody who is neither its author nor a maintainer.",
    )


def ensure(user: "User | None", permission: str, relation: Relation | None = None) -> None:
    """Raise RefusedError with the answer of `can`, unless it is allowed."""
    answer = can(user, permission, relation)
    if not answer:
        raise RefusedError(answer.code, answer.message, answer.hint, status=answer.status)
