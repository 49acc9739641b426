"""What can be done with an account; every door calls these.

Rules
- An address of mail belongs to one account, in lower case.
- A player becomes a modder by accepting the current modder agreement; acceptance names its version.
- Roles are given and taken by admins, with a reason; nobody raises themselves; there is always an admin; the
  portal's own account is untouchable. The first admin is made on the installation's command line, where the
  portal acts.
- A change of role ends the person's sessions.
- A closed account keeps its entries and what it published, under the name "former member"; its address,
  sessions and keys are gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import agreement, audit, notifications, permissions
from accounts.audit import Action
from accounts.errors import Problem, RefusedError
from accounts.keys import SCOPES, IssuedKey, authenticate_key, bad_key, issue_key, live_keys, revoke_key
from accounts.models import User
from accounts.own_data import close_account, export
from accounts.roles import LADDER, Role
from accounts.sessions import end_sessions

__all__ = [
    "SCOPES",
    "Assignment",
    "IssuedKey",
    "accept_agreement",
    "assign_roles",
    "authenticate_key",
    "bad_key",
    "change_profile",
    "clean_name",
    "close_account",
    "end_sessions",
    "export",
    "issue_key",
    "live_keys",
    "register",
    "revoke_key",
]

MAX_ADDRESS = 254
MAX_NAME = 60
MAX_REASON = 1000
#: Names that would pass for the portal, its staff or somebody who left.
RESERVED_NAMES = frozenset(
    {
        "smmods",
        "moderation team",
        "moderation",
        "moderator",
        "admin",
        "administrator",
        "staff",
        "support",
        "system",
        "starminer",
        "former member",
    }
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What `assign_roles` did: whose role, what it was and what it is."""

    account_id: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


def register(
    email: str, display_name: str = "", password: str | None = None, *, verified: bool = False
) -> User:
    """Make a player's account for `email`; `verified` says that the address is known to be theirs.

    Without a password, sign-in is by mail. Raises RefusedError: 422 bad_email, bad_name; 409 email_taken,
    which a page never shows, since it would tell who has an account.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
        MaxLengthValidator(MAX_ADDRESS)(address)
    except ValidationError as error:
        raise RefusedError(
            "bad_email", "This is not an address of mail.", "Check it for typing errors."
        ) from error
    name = clean_name(display_name)
    with transaction.atomic():
        user = _new_user(address, name, password)
        EmailAddress.objects.create(user=user, email=address, primary=True, verified=verified)
        audit.record(user, Action.ACCOUNT_REGISTERED, "account", user.account_id, after={"role": user.role})
        if verified:
            audit.record(user, Action.ACCOUNT_VERIFIED, "account", user.account_id)
    return user


def _new_user(address: str, name: str, password: str | None) -> User:
    """The account's row, unless the address has one: also where two come at the same moment."""
    taken = RefusedError(
        "email_taken", "There is an account for this address.", "Sign in instead.", status=409
    )
    if User.objects.filter(email=address).exists() or EmailAddress.objects.filter(email=address).exists():
        raise taken
    try:
        with transaction.atomic():
            return User.objects.create_user(address, name, password)
    except IntegrityError as error:
        raise taken from error


def clean_name(display_name: str) -> str:
    """The name with its white space in order.

    Raises RefusedError (422 bad_name): too long, not printable, or one that speaks for the portal.
    """
    name = " ".join(display_name.split())
    if name.casefold() in RESERVED_NAMES:
        why = "This name speaks for the portal."
        raise RefusedError(
            "bad_name",
            why,
            "Choose another one.",
            problems=[Problem("bad_name", why, pointer="display_name")],
        )
    if len(name) > MAX_NAME or not name.isprintable():
        raise RefusedError(
            "bad_name",
            f"A name has at most {MAX_NAME} printable characters.",
            "Shorten it.",
            problems=[
                Problem("bad_name", f"At most {MAX_NAME} printable characters.", pointer="display_name")
            ],
        )
    return name


def change_profile(actor: User, display_name: str) -> User:
    """Change what others see as the name of `actor`. Raises RefusedError (422 bad_name)."""
    name = clean_name(display_name)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=actor.pk)
        if user.display_name != name:
            User.objects.filter(pk=user.pk).update(display_name=name)
            audit.record(
                user,
                Action.ACCOUNT_PROFILE_CHANGED,
                "account",
                user.account_id,
                after={"changed": ["displayName"]},
            )
    user.display_name = name
    return user


def accept_agreement(actor: User, version: str) -> User:
    """Accept the modder agreement; a player becomes a modder. Returns the account as it is now.

    `version` is the one that the person read: 409 agreement_changed where it is no longer the current one.
    Accepting the same version twice changes nothing.
    """
    permissions.ensure(actor, "agreement.accept")
    if version != agreement.VERSION:
        raise RefusedError(
            "agreement_changed",
            "The modder agreement has a newer version than the one you read.",
            "Read the current one and accept it.",
            status=409,
            extra={"version": agreement.VERSION},
        )
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=actor.pk)
        if user.modder_agreement_version == version:
            return user
        before = {"role": user.role, "agreement": user.modder_agreement_version}
        user.modder_agreement_version, user.modder_agreement_at = version, timezone.now()
        if user.role == Role.PLAYER:
            user.role = Role.MODDER
        user.save(update_fields=["modder_agreement_version", "modder_agreement_at", "role"])
        after = {"role": user.role, "agreement": version}
        audit.record(
            user, Action.ACCOUNT_AGREEMENT_ACCEPTED, "account", user.account_id, before=before, after=after
        )
    return user


def assign_roles(actor: User, account_id: str, roles: Iterable[str], reason: str) -> Assignment:
    """Give `account_id` exactly these roles; since roles add up, the highest of them is what counts.

    Raises RefusedError: 403 role_required, own_role, system_account; 404 not_found; 409 last_admin;
    422 bad_role, reason_required.
    """
    permissions.ensure(actor, "role.assign_by_operator" if actor.is_system else "role.assign")
    wanted, why = _highest(roles), reason.strip()
    if not 1 <= len(why) <= MAX_REASON:
        raise RefusedError(
            "reason_required",
            f"A change of role needs a reason of 1 to {MAX_REASON} characters.",
            "Say why; it is kept in the audit trail.",
            problems=[Problem("reason_required", "Say why the role changes.", pointer="reason")],
        )
    with transaction.atomic():
        user = _assignable(actor, account_id, wanted)
        before = user.role
        if before != wanted:
            User.objects.filter(pk=user.pk).update(role=wanted)
            audit.record(
                actor,
                Action.ACCOUNT_ROLES_ASSIGNED,
                "account",
                account_id,
                before={"role": before},
                after={"role": wanted},
                reason=why,
            )
            end_sessions(user)
            notifications.notify(user, "roles_assigned", {"before": before, "after": wanted, "reason": why})
    return Assignment(account_id, before, wanted)


def _highest(roles: Iterable[str]) -> str:
    wanted = list(roles)
    unknown = sorted(set(wanted) - {role.value for role in LADDER})
    if unknown or not wanted:
        what = f"{unknown[0]} is not a role." if unknown else "No role was named."
        raise RefusedError(
            "bad_role",
            what,
            f"Name one or more of {', '.join(LADDER)}.",
            problems=[Problem("bad_role", what, pointer="roles")],
        )
    return max(wanted, key=[role.value for role in LADDER].index)


def _assignable(actor: User, account_id: str, wanted: str) -> User:
    """The account, locked together with every admin's, if its role may become `wanted`."""
    admins = list(User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk"))
    user = User.objects.select_for_update().filter(account_id=account_id).first()
    if user is None:
        raise RefusedError(
            "not_found", "There is no such account.", "Search for it by mail address.", status=404
        )
    if user.is_system:
        raise RefusedError("system_account", "The portal's own account keeps its role.", status=403)
    if not actor.is_system and actor.pk not in [admin.pk for admin in admins]:
        permissions.ensure(User.objects.get(pk=actor.pk), "role.assign")
    order = [role.value for role in LADDER]
    if user.pk == actor.pk and order.index(wanted) > order.index(user.role):
        raise RefusedError("own_role", "Nobody raises their own role.", "Ask another admin.", status=403)
    if user in admins and wanted != Role.ADMIN and len(admins) == 1:
        raise RefusedError(
            "last_admin", "This is the last admin.", "Make somebody else an admin first.", status=409
        )
    return user
