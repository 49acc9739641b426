"""assign_role, create_api_key, verify_audit, and what all commands share."""

from pathlib import Path

import pytest
from django.core.management import load_command_class
from django.core.management.base import BaseCommand
from django.db import connection

from accounts import audit, audit_triggers, services
from accounts.models import AuditEntry, User
from smmods.management.portal_command import PortalCommand
from tests.factories import make_user
from tests.smmods.running import run

COMMANDS = sorted(
    path.stem
    for path in (Path(__file__).resolve().parents[2] / "smmods/management/commands").glob("*.py")
    if path.stem != "__init__"
)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example(name: str) -> None:
    done = run(name, "--help")
    assert done.status == 0
    assert "Example: manage.py " + name in " ".join(done.out.split())
    assert isinstance(load_command_class("smmods", name), BaseCommand)


def test_a_command_without_work_says_so() -> None:
    with pytest.raises(NotImplementedError):
        PortalCommand().work()


@pytest.mark.django_db
def test_the_first_admin_comes_by_the_command_line() -> None:
    user = make_user("player", "ada@example.com")
    done = run("assign_role", "Ada@Example.com", "admin", "--reason", "the first one")
    assert (done.status, done.out.strip()) == (0, "ada@example.com: player -> admin")
    user.refresh_from_db()
    assert user.role == "admin"
    entry = AuditEntry.objects.get(action="account.roles_assigned")
    assert (entry.actor, entry.reason, entry.origin.door) == (
        User.objects.system(),
        "the first one",
        "command",
    )
    assert "already" in run("assign_role", "ada@example.com", "admin", "--reason", "again").out


@pytest.mark.django_db
def test_roles_that_are_refused() -> None:
    make_user("admin", "ada@example.com")
    unknown = run("assign_role", "nobody@example.com", "admin", "--reason", "x")
    assert (unknown.status, "[account_unknown]" in unknown.err) == (1, True)
    last = run("assign_role", "ada@example.com", "player", "--reason", "x")
    assert (last.status, "[last_admin]" in last.err) == (1, True)
    empty = run("assign_role", "ada@example.com", "player", "--reason", " ")
    assert (empty.status, "reason: Say why" in empty.err) == (1, True)
    assert run("assign_role", "ada@example.com", "emperor", "--reason", "x").status == 2
    assert run("assign_role", "ada@example.com", "player").status == 2


@pytest.mark.django_db
def test_a_key_is_printed_alone_and_works() -> None:
    user = make_user("modder", "ada@example.com")
    done = run("create_api_key", "ada@example.com", "--scope", "uploads:write", "--scope", "uploads:read")
    assert done.status == 0, done.err
    (line,) = done.out.splitlines()
    assert services.authenticate_key(line).user == user
    key = user.api_keys.get()
    assert (key.scopes, key.expires_at) == (["uploads:read", "uploads:write"], None)
    assert line.startswith(f"smm_{key.prefix}_")
    run("create_api_key", "ada@example.com", "--scope", "downloads:read", "--days", "30", "--name", "CI")
    assert user.api_keys.get(name="CI").expires_at is not None


@pytest.mark.django_db
def test_keys_that_are_refused() -> None:
    make_user("player", "pia@example.com")
    assert run("create_api_key", "pia@example.com").status == 2
    assert run("create_api_key", "pia@example.com", "--scope", "everything").status == 2
    role = run("create_api_key", "pia@example.com", "--scope", "uploads:write")
    assert (role.status, "[role_required]" in role.err, role.out) == (1, True, "")
    late = run("create_api_key", "pia@example.com", "--scope", "downloads:read", "--days", "4000")
    assert (late.status, "expires_at" in late.err) == (1, True)


@pytest.mark.django_db
def test_a_whole_trail_verifies() -> None:
    services.register("ada@example.com", "Ada", verified=True)
    done = run("verify_audit")
    assert (done.status, "2 entries" in done.out) == (0, True)
    document = run("verify_audit", "--json").json
    assert (document["intact"], document["entries"], document["firstBad"]) == (True, 2, None)


@pytest.mark.django_db(transaction=True)
def test_the_first_bad_entry_is_named() -> None:
    for number in range(3):
        services.register(f"ada{number}@example.com", "Ada")
    audit_triggers.drop(connection)
    AuditEntry.objects.filter(sequence=2).update(reason="changed")
    done = run("verify_audit", "--json")
    assert done.status == 1
    assert "broken at entry 2" in done.err
    assert (done.json["intact"], done.json["firstBad"]) == (False, 2)
    assert not audit.verify().intact
