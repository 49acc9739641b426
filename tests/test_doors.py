"""One function, many doors: each action through each of its doors has one effect, or one refusal.

An action lists its doors; a door is a function that does the action as somebody and returns the code of the
refusal, or nothing. What is compared afterwards is what the service left behind.
"""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts.audit import Action
from accounts.models import AuditEntry, OutboxRow, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

Door = Callable[[User, User, str, str], bool]


def signed_in(actor: User) -> Client:
    client = Client()
    client.force_login(actor)
    return client


def by_page(actor: User, person: User, role: str, reason: str) -> bool:
    answer = signed_in(actor).post(f"/account/roles/{person.account_id}/", {"role": role, "reason": reason})
    return answer.status_code == 302


def by_api(actor: User, person: User, role: str, reason: str) -> bool:
    answer = signed_in(actor).put(
        f"/api/v1/accounts/{person.account_id}/roles",
        json.dumps({"roles": [role], "reason": reason}),
        content_type="application/json",
    )
    return answer.status_code == 200


def by_admin(actor: User, person: User, role: str, reason: str) -> bool:
    answer = signed_in(actor).post(
        f"/admin/accounts/user/{person.pk}/change/", {"new_role": role, "reason": reason}
    )
    return answer.status_code == 302 and answer.headers["Location"] == "/admin/accounts/user/"


def by_command(actor: User, person: User, role: str, reason: str) -> bool:
    try:
        call_command(
            "assign_role", person.email, role, "--reason", reason, stdout=io.StringIO(), stderr=io.StringIO()
        )
    except (CommandError, SystemExit) as ended:
        return isinstance(ended, SystemExit) and not ended.code
    return True


ROLE_DOORS: dict[str, Door] = {"page": by_page, "api": by_api, "admin": by_admin, "command": by_command}


def left_behind(person: User) -> dict[str, Any]:
    """What a change of role leaves: the role, the entry without its actor, the owed mail."""
    entries = AuditEntry.objects.filter(action=Action.ACCOUNT_ROLES_ASSIGNED)
    return {
        "role": User.objects.get(pk=person.pk).role,
        "entries": [(entry.before, entry.after, entry.reason, entry.target_id) for entry in entries],
        "mails": [
            (row.payload["template"], row.payload["to"], row.payload["context"])
            for row in OutboxRow.objects.filter(kind="mail.send")
        ],
    }


@pytest.mark.parametrize("door", list(ROLE_DOORS))
def test_a_role_given_through_any_door_leaves_the_same(door: str) -> None:
    admin, person = make_user("admin"), make_user()
    assert ROLE_DOORS[door](admin, person, "moderator", "trusted for long")
    change = {"before": "player", "after": "moderator", "reason": "trusted for long"}
    assert left_behind(person) == {
        "role": "moderator",
        "entries": [({"role": "player"}, {"role": "moderator"}, "trusted for long", person.account_id)],
        "mails": [("roles_assigned", person.account_id, change)],
    }
    entry = AuditEntry.objects.get(action=Action.ACCOUNT_ROLES_ASSIGNED)
    assert entry.origin.door == door
    assert entry.actor == (User.objects.system() if door == "command" else admin)


@pytest.mark.parametrize("door", list(ROLE_DOORS))
def test_no_door_gives_a_role_without_a_reason(door: str) -> None:
    admin, person = make_user("admin"), make_user()
    assert not ROLE_DOORS[door](admin, person, "moderator", " ")
    assert left_behind(person) == {"role": "player", "entries": [], "mails": []}


@pytest.mark.parametrize("door", list(ROLE_DOORS))
def test_no_door_takes_the_last_admin_away(door: str) -> None:
    admin = make_user("admin")
    assert not ROLE_DOORS[door](admin, admin, "player", "tired")
    assert left_behind(admin) == {"role": "admin", "entries": [], "mails": []}


@pytest.mark.parametrize("door", ["page", "api", "admin"])
@pytest.mark.parametrize("role", ["player", "modder", "moderator"])
def test_no_door_opens_to_others_than_admins(door: str, role: str) -> None:
    make_user("admin")
    actor = make_user(role)
    assert not ROLE_DOORS[door](actor, actor, "admin", "why not me")
    assert left_behind(actor) == {"role": role, "entries": [], "mails": []}


@pytest.mark.parametrize("door", ["page", "api", "admin"])
def test_no_door_touches_the_portals_own_account(door: str) -> None:
    system = User.objects.system()
    assert not ROLE_DOORS[door](make_user("admin"), system, "player", "hm")
    assert User.objects.get(pk=system.pk).role == "system"
