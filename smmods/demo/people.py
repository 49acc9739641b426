"""The sample people, one a role and a second one where two are needed.

They have no password: `/dev/` signs in as any of them. The addresses are those of `example.com`, which nobody
can own.
"""

from dataclasses import dataclass

from accounts import agreement, services
from accounts.models import User
from accounts.roles import Role

REASON = "One of the sample people of this development installation."


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the samples."""

    email: str
    name: str
    role: Role


PLAYER = Person("player@example.com", "Noor Haddad", Role.PLAYER)
MODDER = Person("modder@example.com", "Tomas Reyes", Role.MODDER)
SECOND_MODDER = Person("second.modder@example.com", "Ida Kowalska", Role.MODDER)
NEW_MODDER = Person("new.modder@example.com", "FreeModsHub", Role.MODDER)
MODERATOR = Person("moderator@example.com", "Mei Tanaka", Role.MODERATOR)
SECOND_MODERATOR = Person("second.moderator@example.com", "Jonas Weber", Role.MODERATOR)
ADMIN = Person("admin@example.com", "Ada Okafor", Role.ADMIN)
EVERYBODY = (PLAYER, MODDER, SECOND_MODDER, NEW_MODDER, MODERATOR, SECOND_MODERATOR, ADMIN)


def account_of(person: Person) -> User:
    """The person's account. Raises User.DoesNotExist before `settle`."""
    return User.objects.get(email=person.email)


def settle(person: Person) -> User:
    """The person's account, made where it is missing: registered, agreed to what modders agree to, given its role.

    A role that was changed since is left as it is.
    """
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = services.register(person.email, person.name, verified=True)
    if person.role != Role.PLAYER and not user.modder_agreement_version:
        user = services.accept_agreement(user, agreement.VERSION)
        if person.role != Role.MODDER:
            services.assign_roles(User.objects.system(), user.account_id, [person.role], REASON)
            user.refresh_from_db()
    return user
