"""What can be done with an account, and who may."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts import agreement, services
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, OutboxRow, User
from accounts.roles import PERMISSIONS, Permission, Role
from tests.accounts.people import mails_sent, sign_in, who
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def refused(call: Any, *args: Any, **kwargs: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        call(*args, **kwargs)
    return caught.value


def last() -> AuditEntry:
    entry = AuditEntry.objects.order_by("sequence").last()
    assert entry is not None
    return entry


def test_registering_writes_account_address_and_entry() -> None:
    user = services.register("  Ada@Example.com ", " Ada   Lovelace ", verified=True)
    assert (user.email, user.display_name, user.role) == ("ada@example.com", "Ada Lovelace", Role.PLAYER)
    assert not user.has_usable_password()
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.primary, address.verified) == ("ada@example.com", True, True)
    actions = list(AuditEntry.objects.order_by("sequence").values_list("action", "actor__email"))
    assert actions == [
        (Action.ACCOUNT_REGISTERED, "ada@example.com"),
        (Action.ACCOUNT_VERIFIED, "ada@example.com"),
    ]


@pytest.mark.parametrize("email", ["", "ada", "ada@", "ada@exa mple.com", "a" * 300 + "@example.com"])
def test_no_account_without_an_address(email: str) -> None:
    assert refused(services.register, email).code == "bad_email"
    assert User.objects.people().count() == 0


def test_an_address_belongs_to_one_account() -> None:
    services.register("ada@example.com")
    assert refused(services.register, "ADA@example.com").code == "email_taken"
    other = make_user()
    EmailAddress.objects.create(user=other, email="second@example.com", verified=True)
    assert refused(services.register, "second@example.com").status == 409


def test_two_at_the_same_moment_are_told_apart_by_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    make_user(email="ada@example.com")
    monkeypatch.setattr("django.db.models.query.QuerySet.exists", lambda _: False)
    assert refused(services.register, "ada@example.com").code == "email_taken"


@pytest.mark.parametrize("name", ["x" * 61, "a\u202eb", "bell\x07", "Moderation  Team", "SMMODS"])
def test_names_are_short_and_printable(name: str) -> None:
    user = make_user()
    assert refused(services.change_profile, user, name).code == "bad_name"


def test_changing_the_name_is_recorded_without_the_name() -> None:
    user = make_user()
    assert services.change_profile(user, "Ada").name == "Ada"
    assert last().action == Action.ACCOUNT_PROFILE_CHANGED
    assert "Ada" not in str(last().after)
    count = AuditEntry.objects.count()
    services.change_profile(user, "Ada")
    assert AuditEntry.objects.count() == count


def test_a_player_becomes_a_modder_by_accepting_the_current_agreement() -> None:
    user = make_user()
    accepted = services.accept_agreement(user, agreement.VERSION)
    stored = User.objects.get(pk=user.pk)
    assert accepted.role == stored.role == Role.MODDER
    assert stored.modder_agreement_version == agreement.VERSION
    assert stored.modder_agreement_at is not None
    assert last().action == Action.ACCOUNT_AGREEMENT_ACCEPTED
    assert last().after == {"role": "modder", "agreement": agreement.VERSION}
    count = AuditEntry.objects.count()
    services.accept_agreement(stored, agreement.VERSION)
    assert AuditEntry.objects.count() == count


def test_another_version_than_the_current_one_is_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    refusal = refused(services.accept_agreement, user, "0")
    assert (refusal.code, refusal.status) == ("agreement_changed", 409)
    assert User.objects.get(pk=user.pk).role == Role.PLAYER
    services.accept_agreement(user, agreement.VERSION)
    monkeypatch.setattr(agreement, "VERSION", "2")
    assert services.accept_agreement(user, "2").modder_agreement_version == "2"


def test_a_moderator_who_accepts_stays_a_moderator() -> None:
    user = make_user("moderator", modder_agreement_version="")
    assert services.accept_agreement(user, agreement.VERSION).role == Role.MODERATOR


def test_an_admin_gives_a_role_with_a_reason() -> None:
    admin, user = make_user("admin"), make_user()
    done = services.assign_roles(admin, user.account_id, ["player", "moderator", "modder"], "  trusted  ")
    assert (done.before, done.after, done.changed) == ("player", "moderator", True)
    assert User.objects.get(pk=user.pk).role == Role.MODERATOR
    entry = last()
    assert (entry.action, entry.actor, entry.target_id) == (
        Action.ACCOUNT_ROLES_ASSIGNED,
        admin,
        user.account_id,
    )
    assert (entry.before, entry.after, entry.reason) == ({"role": "player"}, {"role": "moderator"}, "trusted")
    assert "moderator" in str(mails_sent()[-1].body)
    assert "trusted" in str(mails_sent()[-1].body)


def test_giving_the_same_role_changes_nothing() -> None:
    admin, user = make_user("admin"), make_user()
    assert not services.assign_roles(admin, user.account_id, ["player"], "as it is").changed
    assert AuditEntry.objects.count() == OutboxRow.objects.count() == 0


@pytest.mark.parametrize("role", ["player", "modder", "moderator"])
def test_only_admins_give_roles(role: str) -> None:
    actor, user = make_user(role), make_user()
    refusal = refused(services.assign_roles, actor, user.account_id, ["admin"], "why not")
    assert (refusal.code, refusal.status) == ("role_required", 403)
    assert refused(services.assign_roles, actor, actor.account_id, ["admin"], "me").status == 403
    assert User.objects.get(pk=user.pk).role == Role.PLAYER


@pytest.mark.parametrize(
    ("roles", "code"), [([], "bad_role"), (["king"], "bad_role"), (["system"], "bad_role")]
)
def test_only_real_roles_are_given(roles: list[str], code: str) -> None:
    admin, user = make_user("admin"), make_user()
    refusal = refused(services.assign_roles, admin, user.account_id, roles, "because")
    assert (refusal.code, refusal.status, refusal.problems[0].pointer) == (code, 422, "roles")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_a_role_needs_a_reason(reason: str) -> None:
    admin, user = make_user("admin"), make_user()
    refusal = refused(services.assign_roles, admin, user.account_id, ["modder"], reason)
    assert (refusal.code, refusal.status) == ("reason_required", 422)
    assert User.objects.get(pk=user.pk).role == Role.PLAYER


def test_the_last_admin_stays() -> None:
    admin = make_user("admin")
    make_user("admin", is_active=False)
    refusal = refused(services.assign_roles, admin, admin.account_id, ["player"], "tired")
    assert (refusal.code, refusal.status) == ("last_admin", 409)
    system = User.objects.system()
    assert refused(services.assign_roles, system, admin.account_id, ["player"], "out").code == "last_admin"
    second = make_user("admin")
    services.assign_roles(admin, admin.account_id, ["player"], "tired")
    assert User.objects.get(pk=admin.pk).role == Role.PLAYER
    assert (
        refused(services.assign_roles, second, second.account_id, ["player"], "me too").code == "last_admin"
    )


def test_somebody_who_is_no_admin_any_more_gives_no_roles() -> None:
    admin, second, user = make_user("admin"), make_user("admin"), make_user()
    services.assign_roles(second, admin.account_id, ["player"], "demoted in the meantime")
    # `admin` is still what was loaded before.
    assert refused(services.assign_roles, admin, user.account_id, ["admin"], "quick").code == "role_required"
    assert refused(services.assign_roles, admin, admin.account_id, ["admin"], "quick").status == 403


def test_nobody_raises_themselves_even_if_they_could_give_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {**PERMISSIONS, "role.assign": Permission("role.assign", Role.MODERATOR, "give roles")}
    monkeypatch.setattr("accounts.permissions.PERMISSIONS", table)
    moderator = make_user("moderator")
    make_user("admin")
    refusal = refused(services.assign_roles, moderator, moderator.account_id, ["admin"], "I would be good")
    assert (refusal.code, refusal.status) == ("own_role", 403)
    services.assign_roles(moderator, moderator.account_id, ["player"], "going down is allowed")


def test_the_portals_own_account_is_untouchable() -> None:
    admin, system = make_user("admin"), User.objects.system()
    refusal = refused(services.assign_roles, admin, system.account_id, ["player"], "hm")
    assert (refusal.code, refusal.status) == ("system_account", 403)
    assert refused(services.close_account, system, confirm=system.email).code == "system_account"


def test_the_portal_makes_the_first_admin() -> None:
    user = make_user()
    services.assign_roles(User.objects.system(), user.account_id, ["admin"], "first admin")
    assert User.objects.get(pk=user.pk).is_staff
    assert last().actor.is_system


def test_nobody_is_found_by_a_wrong_id() -> None:
    assert refused(services.assign_roles, make_user("admin"), "acc_NOBODY", ["player"], "x").status == 404


def test_a_change_of_role_ends_the_sessions(client: Any) -> None:
    user = services.register("ada@example.com", verified=True)
    sign_in(client, user.email)
    assert who(client) == user.email
    services.assign_roles(make_user("admin"), user.account_id, ["moderator"], "promoted")
    assert who(client) == ""


def test_a_suspended_admin_gives_no_roles() -> None:
    from datetime import timedelta

    from django.utils import timezone

    admin = make_user("admin", suspended_until=timezone.now() + timedelta(days=1))
    refusal = refused(services.assign_roles, admin, make_user().account_id, ["modder"], "x")
    assert refusal.code == "account_suspended"
