"""A person's own data: all of it as one document, and the end of an account.

Rules
- The export holds everything that the portal keeps about the person, and nothing about anybody else. Rooms
  above add their part by `add_part`, once, when they are made ready.
- Secrets are not in it: a key is listed by its prefix.
- Closing keeps what others rely on: published mods stay, audit entries stay. The address and the name are
  wiped, sessions and keys end, and the account can't be opened again.
- The last admin can't leave.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone

from accounts import audit, keys, notices, notifications
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import ApiKey, AuditEntry, Notification, User
from accounts.roles import Role
from accounts.sessions import end_sessions

SCHEMA = "smmods.own-data.v1"
FORMER_MEMBER = "former member"
Part = Callable[[User], Any]

_parts: dict[str, Part] = {}


def add_part(name: str, part: Part) -> None:
    """Let the export hold, under `name`, what `part` returns for an account (plain JSON values)."""
    _parts[name] = part


def export(actor: User) -> dict[str, Any]:
    """Everything about `actor` as plain JSON values. The export is itself recorded."""
    with transaction.atomic():
        audit.record(actor, Action.ACCOUNT_EXPORTED, "account", actor.account_id)
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "generatedAt": timezone.now().isoformat(),
        "account": _account(actor),
        "emailAddresses": [
            {"email": address.email, "verified": address.verified, "primary": address.primary}
            for address in EmailAddress.objects.filter(user=actor).order_by("pk")
        ],
        "signInMethods": [
            {
                "type": method.type,
                "createdAt": _time(method.created_at),
                "lastUsedAt": _time(method.last_used_at),
            }
            for method in Authenticator.objects.filter(user=actor).order_by("pk")
        ],
        "sessions": [
            {
                "address": session.ip,
                "agent": session.user_agent,
                "since": _time(session.created_at),
                "lastSeenAt": _time(session.last_seen_at),
            }
            for session in UserSession.objects.filter(user=actor).order_by("pk")
        ],
        "apiKeys": [_key(key) for key in ApiKey.objects.filter(user=actor)],
        "notices": notices.export(actor),
        "actions": [_entry(entry) for entry in _entries(actor)],
    }
    return document | {name: part(actor) for name, part in sorted(_parts.items())}


def _time(value: Any) -> str | None:
    return value.isoformat() if value is not None else None


def _account(user: User) -> dict[str, Any]:
    return {
        "accountId": user.account_id,
        "email": user.email,
        "displayName": user.display_name,
        "roles": list(user.roles),
        "createdAt": _time(user.created_at),
        "lastSignInAt": _time(user.last_login),
        "suspendedUntil": _time(user.suspended_until),
        "modderAgreement": {
            "version": user.modder_agreement_version,
            "acceptedAt": _time(user.modder_agreement_at),
        },
    }


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "createdAt": _time(key.created_at),
        "expiresAt": _time(key.expires_at),
        "lastUsedAt": _time(key.last_used_at),
        "lastUsedAddress": key.last_used_address,
        "revokedAt": _time(key.revoked_at),
    }


def _entries(user: User) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(actor=user).select_related("origin").order_by("sequence"))


def _entry(entry: AuditEntry) -> dict[str, Any]:
    came = getattr(entry, "origin", None)
    return {
        "at": _time(entry.at),
        "action": entry.action,
        "target": f"{entry.target_type} {entry.target_id}",
        "reason": entry.reason,
        "address": came.address if came else None,
        "agent": came.agent if came else None,
    }


def close_account(actor: User, *, confirm: str) -> None:
    """Close the account of `actor`; `confirm` is its mail address, typed again.

    Raises RefusedError: 422 not_confirmed, 409 last_admin, 403 system_account.
    """
    if actor.is_system:
        raise RefusedError("system_account", "The portal's own account can't be closed.", status=403)
    if confirm.strip().lower() != actor.email:
        raise RefusedError(
            "not_confirmed",
            "This is not the account's mail address.",
            "Type the address to close the account.",
        )
    with transaction.atomic():
        admins = list(User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk"))
        if [admin.pk for admin in admins] == [actor.pk]:
            raise RefusedError(
                "last_admin", "This is the last admin.", "Make somebody else an admin first.", status=409
            )
        user = User.objects.select_for_update().get(pk=actor.pk)
        audit.record(user, Action.ACCOUNT_CLOSED, "account", user.account_id, before={"role": user.role})
        notifications.notify_address(user.email, "account_closed", {"name": user.name})
        for key in keys.live_keys(user):
            keys.revoke(user, key, reason="the account was closed")
        end_sessions(user)
        EmailAddress.objects.filter(user=user).delete()
        Authenticator.objects.filter(user=user).delete()
        Notification.objects.filter(user=user).delete()
        user.email = f"{user.account_id.lower()}@closed.invalid"
        user.display_name, user.role, user.is_active = FORMER_MEMBER, Role.PLAYER, False
        user.set_unusable_password()
        user.save(update_fields=["email", "display_name", "role", "is_active", "password"])
