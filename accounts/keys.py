"""API keys for scripts and the desktop manager.

Rules
- A key reads `smm_<prefix>_<secret>`. The secret has 256 random bits, is shown once and kept only as SHA-256.
- A key has at least one scope, and a scope that changes something asks for the permission behind it.
- A key that is wrong, revoked, expired or somebody's who is gone is refused in one and the same way.
- Comparison takes the same time whether the prefix exists or not.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit, notifications, permissions
from accounts.audit import Action
from accounts.errors import Problem, RefusedError
from accounts.models import ApiKey, User

BASE62 = string.digits + string.ascii_letters
PREFIX_LENGTH = 8
#: 43 characters of base 62 hold a little over 256 bits.
SECRET_LENGTH = 43
TOKEN = re.compile(rf"smm_([0-9A-Za-z]{{{PREFIX_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}})")
MAX_DAYS = 366
MAX_LIVE_KEYS = 50
#: `last_used_at` is written at most this often, so that reads stay reads.
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a key may: its name, a sentence for people, and the permission that its owner must have."""

    name: str
    says: str
    permission: str = ""


SCOPES: dict[str, Scope] = {
    scope.name: scope
    for scope in (
        Scope("downloads:read", "download mods in the fast lane"),
        Scope("uploads:read", "read your submissions and what the checks say"),
        Scope("uploads:write", "upload releases, replace and withdraw them", "upload.create"),
        Scope("catalog:publish", "publish the catalog by hand", "catalog.publish"),
    )
}


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, with the token that nobody can show again."""

    token: str
    prefix: str
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


def bad_key() -> RefusedError:
    """The one answer for every key that opens nothing."""
    return RefusedError(
        "bad_key",
        "This API key is not valid.",
        "It may be mistyped, revoked or expired. Make a new one on your account page.",
        status=401,
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(BASE62) for _ in range(length))


def _check(actor: User, name: str, scopes: tuple[str, ...], expires_at: datetime | None) -> None:
    problems = []
    if not 1 <= len(name) <= 60:
        problems.append(
            Problem("bad_name", "A key's name has 1 to 60 characters.", "Name what uses it.", "name")
        )
    unknown = sorted(set(scopes) - set(SCOPES))
    if not scopes or unknown:
        known = ", ".join(SCOPES)
        what = f"There is no scope {unknown[0]}." if unknown else "A key needs at least one scope."
        problems.append(Problem("bad_scope", what, f"Scopes are {known}.", "scopes"))
    now = timezone.now()
    if expires_at is not None and not now < expires_at <= now + timedelta(days=MAX_DAYS):
        problems.append(
            Problem(
                "bad_expiry",
                "A key runs out between now and a year from now.",
                "Choose a date in between.",
                "expires_at",
            )
        )
    if problems:
        raise RefusedError("bad_input", problems[0].message, problems[0].hint, problems=problems)
    for scope in scopes:
        if SCOPES[scope].permission:
            permissions.ensure(actor, SCOPES[scope].permission)


def issue_key(actor: User, name: str, scopes: Iterable[str], expires_at: datetime | None = None) -> IssuedKey:
    """Make a key for `actor` itself; None for `expires_at` means that it does not run out.

    Raises RefusedError: 422 bad_input (name, scope, expiry), too_many_keys; 403 where the role is missing.
    The owner is told by mail.
    """
    permissions.ensure(actor, "api_key.issue")
    name, wanted = name.strip(), tuple(sorted(set(scopes)))
    _check(actor, name, wanted, expires_at)
    prefix, secret = _random(PREFIX_LENGTH), _random(SECRET_LENGTH)
    with transaction.atomic():
        if live_keys(actor).count() >= MAX_LIVE_KEYS:
            raise RefusedError(
                "too_many_keys",
                f"You already have {MAX_LIVE_KEYS} keys.",
                "Revoke one that is not used any more.",
            )
        ApiKey.objects.create(
            user=actor,
            name=name,
            prefix=prefix,
            secret_sha256=_digest(secret),
            scopes=list(wanted),
            expires_at=expires_at,
        )
        facts = {
            "name": name,
            "scopes": list(wanted),
            "expiresAt": expires_at.isoformat() if expires_at else None,
        }
        audit.record(actor, Action.ACCOUNT_KEY_ISSUED, "key", prefix, after=facts)
        notifications.notify(actor, "key_issued", {"name": name, "prefix": prefix, "scopes": list(wanted)})
    return IssuedKey(f"smm_{prefix}_{secret}", prefix, name, wanted, expires_at)


def live_keys(user: User) -> QuerySet[ApiKey]:
    """The keys of `user` that still open something."""
    now = timezone.now()
    return ApiKey.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True, user=user
    )


def revoke_key(actor: User, prefix: str) -> None:
    """Revoke one's own key; revoking it twice is no error. Raises RefusedError (404) for any other key."""
    permissions.ensure(actor, "api_key.issue")
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().filter(user=actor, prefix=prefix).first()
        if key is None:
            raise RefusedError(
                "not_found", "You have no such key.", "Look at the list of your keys.", status=404
            )
        if key.revoked_at is None:
            revoke(actor, key)


def revoke_as_admin(actor: User, prefix: str, reason: str) -> None:
    """Revoke anybody's key; for admins. Raises RefusedError: 403 role_required, 404 not_found."""
    permissions.ensure(actor, "api_key.revoke_any")
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().filter(prefix=prefix).first()
        if key is None:
            raise RefusedError("not_found", "There is no such key.", "Look at the list of keys.", status=404)
        if key.revoked_at is None:
            revoke(actor, key, reason)


def revoke(actor: User, key: ApiKey, reason: str = "") -> None:
    """Revoke `key`, in the caller's transaction; for owners by `revoke_key`, for closing an account, for admins."""
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    audit.record(
        actor, Action.ACCOUNT_KEY_REVOKED, "key", key.prefix, before={"name": key.name}, reason=reason
    )


def authenticate_key(token: str, scope: str = "", address: str = "") -> ApiKey:
    """The key that `token` is, with its owner loaded, after noting its use from `address`.

    Raises RefusedError: 401 bad_key, 403 scope_missing where it does not have `scope`.
    """
    match = TOKEN.fullmatch(token)
    prefix, secret = match.groups() if match else ("", "")
    key = ApiKey.objects.select_related("user").filter(prefix=prefix).first() if prefix else None
    expected = key.secret_sha256 if key else _digest("")
    matches = hmac.compare_digest(_digest(secret), expected)
    now = timezone.now()
    if key is None or not matches or not key.live(now) or not key.user.is_active:
        raise bad_key()
    if scope and scope not in key.scopes:
        raise RefusedError(
            "scope_missing",
            f"This key may not {SCOPES[scope].says}.",
            f"Use a key with the scope {scope}.",
            status=403,
        )
    ApiKey.objects.filter(
        Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_NOTED_EVERY), pk=key.pk
    ).update(last_used_at=now, last_used_address=address or None)
    return key
