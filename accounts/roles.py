"""The four roles and what each may do: one table.

Rules
- Roles add up: a moderator may all that a modder may, and so on (`Role.includes`).
- A permission names an action and, for actions on somebody's object, the relation that it needs.
- The system is an account of its own with its own permissions; nobody else has them.
- Staff (moderators, admins) may never act on their own work where `RELATION_NOT_OWN` is asked.

The documentation's role × permission table, the API's description and the tests read `PERMISSIONS`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A person's role; `SYSTEM` is the portal itself and can't be assigned."""

    PLAYER = "player"
    MODDER = "modder"
    MODERATOR = "moderator"
    ADMIN = "admin"
    SYSTEM = "system"


#: Ascending: each role may all that those before it may.
LADDER = (Role.PLAYER, Role.MODDER, Role.MODERATOR, Role.ADMIN)


def roles_up_to(role: str) -> tuple[str, ...]:
    """The roles that `role` adds up to, itself last; empty for the system."""
    if role == Role.SYSTEM:
        return ()
    return tuple(r.value for r in LADDER[: LADDER.index(Role(role)) + 1])


class Relation(StrEnum):
    """How a person stands to an object."""

    AUTHOR = "author"
    MAINTAINER = "maintainer"
    OTHER = "other"


#: What a permission asks of the relation between actor and object.
ANY = frozenset(Relation)
OWN = frozenset({Relation.AUTHOR, Relation.MAINTAINER})
NOT_OWN = frozenset({Relation.OTHER})


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that may be done: from which role on, and in which relation to its object."""

    name: str
    role: Role
    says: str
    relations: frozenset[Relation] = ANY
    #: A role from which on the relation doesn't matter (moderators see every submission).
    any_relation_from: Role | None = None


PERMISSIONS: dict[str, Permission] = {
    p.name: p
    for p in (
        Permission("report", Role.PLAYER, "report a mod or a release"),
        Permission("api_key.issue", Role.PLAYER, "make and revoke one's own API keys"),
        Permission("agreement.accept", Role.PLAYER, "accept the modder agreement and become a modder"),
        Permission("upload.create", Role.MODDER, "upload a release in a namespace that is free or one's own"),
        Permission("submission.view", Role.PLAYER, "see a submission", OWN, any_relation_from=Role.MODERATOR),
        Permission("submission.replace", Role.MODDER, "replace a submission's package", OWN),
        Permission("submission.cancel", Role.MODDER, "withdraw a submission", OWN),
        Permission(
            "submission.message",
            Role.PLAYER,
            "write in a submission's thread",
            OWN,
            any_relation_from=Role.MODERATOR,
        ),
        Permission("listing.edit", Role.MODDER, "propose new words for the listing of one's own mod", OWN),
        Permission("queue.view", Role.MODERATOR, "see the moderation queue"),
        Permission("queue.assign", Role.MODERATOR, "ask somebody on staff to look at waiting items"),
        Permission("decision.make", Role.MODERATOR, "decide on somebody else's submission", NOT_OWN),
        Permission("staff_note.write", Role.MODERATOR, "write a note that only staff see"),
        Permission("audit.view", Role.MODERATOR, "read the audit trail"),
        Permission(
            "rescan.start", Role.MODERATOR, "look again, by the rules in force, without changing anything"
        ),
        Permission("rescan.apply", Role.ADMIN, "apply what a rescan found"),
        Permission("account.list", Role.ADMIN, "list and search accounts"),
        Permission("role.assign", Role.ADMIN, "give and take roles, with a reason"),
        Permission("namespace.assign", Role.ADMIN, "hand out a reserved namespace"),
        Permission("catalog.publish", Role.ADMIN, "publish the catalog by hand"),
        Permission(
            "catalog.settings", Role.ADMIN, "edit platform releases, game builds, categories, policies"
        ),
        Permission("escalation.answer", Role.ADMIN, "decide on an escalated item", NOT_OWN),
        Permission("api_key.revoke_any", Role.ADMIN, "revoke anybody's API key"),
        Permission("role.assign_by_operator", Role.SYSTEM, "give roles on the installation's command line"),
        Permission("rescan.automatic", Role.SYSTEM, "look again at what waits when the rules change"),
        Permission("system.move", Role.SYSTEM, "make the moves that only the portal makes"),
    )
}
