"""JSON API of this room: input to plain values, one service, the result rendered."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from accounts import api_auth, audit_log, people, services
from accounts.limits import limited
from accounts.models import User

router = Router(tags=["accounts"])


class Document(Schema):
    """JSON in the portal's spelling: camelCase outside, plain Python inside."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Account(Document):
    """An account, as those see it who give roles."""

    account_id: str
    email: str
    display_name: str
    roles: list[str]
    second_factor: bool
    suspended_until: str | None
    created_at: str


class AccountList(Document):
    """A page of accounts."""

    items: list[Account]
    next: str | None


class RoleChange(Schema):
    """The roles that somebody shall have, and why."""

    roles: list[str] = Field(description="The highest of them counts, since roles add up.")
    reason: str = Field("", description="Required; kept in the audit trail and told to the person.")


class Entry(Document):
    """An entry of the audit trail."""

    sequence: int
    at: str
    actor: str
    actor_name: str
    actor_role: str
    action: str
    target_type: str
    target_id: str
    before: Any
    after: Any
    reason: str
    hash: str


class EntryList(Document):
    """A page of the audit trail, newest first."""

    items: list[Entry]
    next: str | None


class AccountQuery(Schema):
    """Which accounts."""

    q: str = ""
    limit: int = Field(50, ge=1, le=people.MAX_LIMIT)
    cursor: str = ""


class AuditQuery(Schema):
    """Which entries."""

    actor: str = Field("", description="An account's id, mail address or name.")
    action: str = Field("", description="An action by its name, or its field alone, such as account.")
    target: str = Field("", description="A target's id, or its kind: account, submission, mod, release …")
    since: str = Field("", description="A date or time; UTC where it names no zone.")
    until: str = Field("", description="A date (the whole day counts) or a time.")
    limit: int = Field(50, ge=1, le=audit_log.MAX_LIMIT)
    cursor: str = ""


def _user(request: HttpRequest) -> User:
    carried: Any = request
    user: User = carried.auth
    return user


@router.get(
    "/accounts",
    auth=api_auth.session,
    response=AccountList,
    by_alias=True,
    summary="List and search accounts",
)
def list_accounts(request: HttpRequest, asked: Query[AccountQuery]) -> Any:
    """For admins. `q` looks in address, name and id."""
    found = people.search(_user(request), q=asked.q, limit=asked.limit, cursor=asked.cursor)
    return {"items": [person.as_document() for person in found.items], "next": found.next}


@router.put(
    "/accounts/{account_id}/roles",
    auth=api_auth.session,
    response=Account,
    by_alias=True,
    summary="Give roles",
)
@limited("write")
def put_roles(request: HttpRequest, account_id: str, change: RoleChange) -> Any:
    """For admins. Ends the person's sessions and tells them by mail."""
    user = _user(request)
    services.assign_roles(user, account_id, change.roles, change.reason)
    found = people.find(user, account_id)
    return found.as_document() if found else None


@router.get(
    "/audit", auth=api_auth.session, response=EntryList, by_alias=True, summary="Read the audit trail"
)
def list_audit(request: HttpRequest, asked: Query[AuditQuery]) -> Any:
    """For moderators and admins, the newest entry first."""
    filters = audit_log.Filters(asked.actor, asked.action, asked.target, asked.since, asked.until)
    found = audit_log.search(_user(request), filters, limit=asked.limit, cursor=asked.cursor)
    return {"items": [audit_log.as_document(entry) for entry in found.items], "next": found.next}
