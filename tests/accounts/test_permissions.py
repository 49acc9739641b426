"""Who may do what: every permission, role and relation, from the one table."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import permissions, roles
from accounts.errors import RefusedError
from accounts.models import User
from accounts.permissions import Answer, at_least, can, ensure, standing
from accounts.roles import ANY, LADDER, PERMISSIONS, Relation, Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db

#: For each permission: the lowest role, in the relations of author, maintainer and other; "-" is nobody.
EXPECTED = {
    "report": "player player player",
    "api_key.issue": "player player player",
    "agreement.accept": "player player player",
    "upload.create": "modder modder modder",
    "submission.view": "player player moderator",
    "submission.replace": "modder modder -",
    "submission.cancel": "modder modder -",
    "submission.message": "player player moderator",
    "listing.edit": "modder modder -",
    "queue.view": "moderator moderator moderator",
    "queue.assign": "moderator moderator moderator",
    "decision.make": "- - moderator",
    "staff_note.write": "moderator moderator moderator",
    "audit.view": "moderator moderator moderator",
    "rescan.start": "moderator moderator moderator",
    "rescan.apply": "admin admin admin",
    "rescan.automatic": "- - -",
    "account.list": "admin admin admin",
    "role.assign": "admin admin admin",
    "namespace.assign": "admin admin admin",
    "catalog.publish": "admin admin admin",
    "catalog.settings": "admin admin admin",
    "escalation.answer": "- - admin",
    "api_key.revoke_any": "admin admin admin",
    "role.assign_by_operator": "- - -",
    "system.move": "- - -",
}


def test_the_expectations_cover_the_table() -> None:
    assert set(EXPECTED) == set(PERMISSIONS)


@pytest.mark.parametrize("name", list(EXPECTED))
def test_every_role_and_relation(name: str) -> None:
    people = {role: make_user(role) for role in LADDER}
    for relation, lowest in zip(Relation, EXPECTED[name].split(), strict=True):
        for role, user in people.items():
            answer = can(user, name, relation)
            expected = lowest != "-" and LADDER.index(role) >= LADDER.index(Role(lowest))
            assert bool(answer) is expected, (name, role, relation, answer)
            if not answer:
                assert answer.code
                assert answer.message
                assert answer.status in (403, 404)
    system = User.objects.system()
    own = PERMISSIONS[name].role == Role.SYSTEM
    assert bool(can(system, name, Relation.OTHER)) is own


def test_the_ways_of_saying_no() -> None:
    player, moderator = make_user(), make_user("moderator")
    assert can(player, "submission.view", Relation.OTHER).status == 404
    assert can(player, "upload.create").code == "role_required"
    assert can(moderator, "decision.make", Relation.AUTHOR).code == "own_work"
    assert can(player, "system.move").code == "system_only"
    assert can(None, "report") == Answer(
        False, "not_signed_in", "You are not signed in.", "Sign in and try again.", 401
    )


def test_an_account_that_is_closed_or_suspended_may_nothing() -> None:
    closed = make_user("admin", is_active=False)
    suspended = make_user("admin", suspended_until=timezone.now() + timedelta(hours=1))
    over = make_user("admin", suspended_until=timezone.now() - timedelta(seconds=1))
    for name in EXPECTED:
        assert can(closed, name, Relation.OTHER).code == "account_closed"
        assert can(suspended, name, Relation.OTHER).code == "account_suspended"
    assert standing(over)
    assert can(over, "role.assign")


def test_mistakes_of_the_caller_are_errors() -> None:
    with pytest.raises(KeyError):
        can(make_user(), "no.such.thing")
    with pytest.raises(ValueError, match="needs a relation"):
        can(make_user("modder"), "submission.replace")


def test_ensure_raises_what_can_answers() -> None:
    with pytest.raises(RefusedError) as caught:
        ensure(make_user(), "role.assign")
    answer = can(make_user(), "role.assign")
    assert (caught.value.code, caught.value.message, caught.value.hint, caught.value.status) == (
        answer.code,
        answer.message,
        answer.hint,
        answer.status,
    )
    ensure(make_user("admin"), "role.assign")


def test_roles_add_up() -> None:
    assert roles.roles_up_to("moderator") == ("player", "modder", "moderator")
    assert roles.roles_up_to("system") == ()
    admin, system = make_user("admin"), User.objects.system()
    assert [at_least(admin, role) for role in LADDER] == [True] * 4
    assert not at_least(system, Role.PLAYER)
    assert not at_least(None, Role.PLAYER)
    assert (admin.is_staff, admin.is_superuser, admin.is_moderator, admin.is_modder) == (True,) * 4
    assert admin.has_perm("anything")
    assert admin.has_module_perms("accounts")
    assert not make_user("moderator").has_perm("anything")
    assert not make_user("admin", is_active=False).is_staff
    assert system.is_system
    assert not system.is_staff


def test_there_is_one_system() -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("system")


def test_an_address_is_unique_whatever_its_case() -> None:
    from django.db import IntegrityError, transaction

    make_user(email="ada@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        User(email="ADA@example.com").save()
    assert User.objects.get_by_natural_key("ADA@Example.com").email == "ada@example.com"


def test_names() -> None:
    user = make_user(email="ada@example.com")
    assert (user.name, user.get_full_name(), user.get_short_name(), str(user)) == (
        "ada",
        "ada",
        "ada",
        user.email,
    )
    user.display_name = "Ada"
    assert user.name == "Ada"
    assert user.roles == ("player",)


def test_every_permission_says_what_it_is() -> None:
    for name, permission in PERMISSIONS.items():
        assert permission.name == name
        assert permission.says
        assert permission.relations <= ANY
    assert permissions.ALLOWED
