"""Finding accounts, for those who may: the roles page and the API read the same list.

Rules
- The portal's own account is not among them.
- Newest first; a cursor names the last row that was read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import permissions
from accounts.models import User
from accounts.problems import cursor_for, read_number

MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Person:
    """An account as those see it who give roles."""

    account_id: str
    email: str
    display_name: str
    roles: tuple[str, ...]
    second_factor: bool
    suspended_until: datetime | None
    created_at: datetime
    active: bool

    @property
    def role(self) -> str:
        return self.roles[-1]

    @property
    def name(self) -> str:
        return self.display_name or self.email.partition("@")[0]

    def as_document(self) -> dict[str, Any]:
        """The account as plain JSON values."""
        until = self.suspended_until
        return {
            "accountId": self.account_id,
            "email": self.email,
            "displayName": self.display_name,
            "roles": list(self.roles),
            "secondFactor": self.second_factor,
            "suspendedUntil": until.isoformat() if until else None,
            "createdAt": self.created_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class People:
    """One page of the list, and the cursor of the next one, if there is one."""

    items: tuple[Person, ...]
    next: str | None


def _person(user: Any) -> Person:
    return Person(
        user.account_id,
        user.email,
        user.display_name,
        user.roles,
        user.second_factor,
        user.suspended_until,
        user.created_at,
        user.is_active,
    )


def _visible() -> QuerySet[Any]:
    factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    return User.objects.people().annotate(second_factor=Exists(factors))


def search(actor: User, *, q: str = "", role: str = "", limit: int = 50, cursor: str = "") -> People:
    """Accounts whose address, name or id holds `q`, with `role` if one is named.

    Raises RefusedError: 403 role_required, 400 bad_cursor.
    """
    permissions.ensure(actor, "account.list")
    rows = _visible().order_by("-pk")
    if text := q.replace("\0", "").strip():
        rows = rows.filter(
            Q(email__icontains=text) | Q(display_name__icontains=text) | Q(account_id__iexact=text)
        )
    if role:
        rows = rows.filter(role=role)
    if cursor:
        rows = rows.filter(pk__lt=read_number(cursor))
    size = max(1, min(limit, MAX_LIMIT))
    found = list(rows[: size + 1])
    following = cursor_for(found[size - 1].pk) if len(found) > size else None
    return People(tuple(_person(user) for user in found[:size]), following)


def find(actor: User, account_id: str) -> Person | None:
    """One account, or None. Raises RefusedError (403)."""
    permissions.ensure(actor, "account.list")
    user = _visible().filter(account_id=account_id).first()
    return _person(user) if user else None
