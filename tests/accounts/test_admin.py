"""The admin of this room: its door, what can be seen, the little that can be done."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.audit import Action
from accounts.models import ApiKey, AuditEntry, OutboxRow, User
from tests.accounts.people import code_in, mails_sent
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> User:
    user = make_user("admin", email="root@example.com")
    client.force_login(user)
    return user


def test_it_signs_in_through_the_portals_own_door(client: Client) -> None:
    services.register("root@example.com", verified=True)
    User.objects.filter(email="root@example.com").update(role="admin")
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/account/login/?next=%2Fadmin%2F"
    client.post("/account/login/?next=/admin/", {"email": "root@example.com"})
    message = mails_sent()[0]
    answer = client.post("/account/login/code/confirm/?next=/admin/", {"code": code_in(message)})
    assert answer.headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/login/").headers["Location"] == "/admin/"
    assert client.get("/admin/password_change/").headers["Location"] == "/account/password/change/"
    assert client.post("/admin/logout/").status_code == 302
    assert AuditEntry.objects.filter(action=Action.ACCOUNT_SIGNED_OUT).exists()
    assert client.post("/admin/login/", {"username": "root@example.com", "password": "x"}).status_code == 405


@pytest.mark.parametrize("role", ["player", "modder", "moderator"])
def test_it_is_for_admins(client: Client, role: str) -> None:
    client.force_login(make_user(role))
    for path in ("/admin/", "/admin/accounts/user/", "/admin/accounts/auditentry/"):
        answer = client.get(path, follow=True)
        assert answer.status_code == 403
    assert client.get("/admin/login/?next=https://evil.example/").status_code == 403


MODELS = ("user", "apikey", "auditentry", "auditorigin", "outboxrow")


@pytest.mark.parametrize("model", MODELS)
def test_every_list_is_searched_and_filtered_and_its_rows_are_read(
    client: Client, admin: User, model: str
) -> None:
    issued = services.issue_key(admin, "CI", ["downloads:read"])
    page = client.get(f"/admin/accounts/{model}/", {"q": "x"})
    assert page.status_code == 200
    page = client.get(f"/admin/accounts/{model}/")
    assert "changelist-filter" in page.content.decode()
    assert "searchbar" in page.content.decode()
    rows: dict[str, Any] = {
        "user": admin.pk,
        "apikey": ApiKey.objects.get().pk,
        "auditentry": 1,
        "auditorigin": 1,
        "outboxrow": OutboxRow.objects.get().pk,
    }
    change = f"/admin/accounts/{model}/{rows[model]}/change/"
    text = client.get(change).content.decode()
    key = ApiKey.objects.get()
    assert key.secret_sha256 not in text
    assert issued.token not in text
    assert client.get(f"/admin/accounts/{model}/add/").status_code == 403
    assert client.post(f"/admin/accounts/{model}/{rows[model]}/delete/", {"post": "yes"}).status_code == 403
    if model != "user":
        assert client.post(change, {"reason": "x", "name": "x"}).status_code == 403
    else:
        assert 'name="email"' not in text
        assert User.objects.system().email not in page.content.decode()


def test_extra_fields_change_nothing(client: Client, admin: User) -> None:
    user = make_user()
    fields = {
        "new_role": "player",
        "reason": "x",
        "role": "admin",
        "email": "eve@example.com",
        "is_active": "",
    }
    assert client.post(f"/admin/accounts/user/{user.pk}/change/", fields).status_code == 302
    stored = User.objects.get(pk=user.pk)
    assert (stored.role, stored.email, stored.is_active) == ("player", user.email, True)
    assert not AuditEntry.objects.exists()
    assert client.post(f"/admin/accounts/user/{user.pk}/change/", {"new_role": "king"}).status_code == 200


def test_keys_are_revoked_there(client: Client, admin: User) -> None:
    issued = services.issue_key(make_user(), "CI", ["downloads:read"])
    key = ApiKey.objects.get(prefix=issued.prefix)
    fields = {"action": "revoke_selected", "_selected_action": [key.pk]}
    for _ in range(2):
        assert client.post("/admin/accounts/apikey/", fields).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None
    entry = AuditEntry.objects.get(action=Action.ACCOUNT_KEY_REVOKED)
    assert (entry.actor, entry.reason, entry.origin.door) == (admin, "revoked in the admin", "admin")


def test_failed_work_is_tried_again(client: Client, admin: User) -> None:
    failed = OutboxRow.objects.create(kind="mail.send", payload={}, failed_at=timezone.now(), attempts=8)
    done = OutboxRow.objects.create(kind="mail.send", payload={}, done_at=timezone.now(), attempts=1)
    client.post(
        "/admin/accounts/outboxrow/", {"action": "retry_selected", "_selected_action": [failed.pk, done.pk]}
    )
    failed.refresh_from_db()
    done.refresh_from_db()
    assert (failed.failed_at, failed.attempts, done.attempts) == (None, 0, 1)
