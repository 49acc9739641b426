"""API keys: shown once, stored as a hash, good for their scopes until they end."""

import hashlib
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from accounts import keys, services
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import ApiKey, AuditEntry, User
from tests.accounts.people import mails_sent, sign_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def refused(call: Any, *args: Any, **kwargs: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        call(*args, **kwargs)
    return caught.value


def test_a_key_has_256_bits_a_prefix_and_a_hash() -> None:
    user = make_user("modder")
    issued = services.issue_key(user, " CI ", ["uploads:write", "uploads:read", "uploads:read"])
    match = keys.TOKEN.fullmatch(issued.token)
    assert match is not None
    prefix, secret = match.groups()
    assert len(set(keys.BASE62)) ** len(secret) >= 2**256
    row = ApiKey.objects.get()
    assert (row.prefix, row.name, row.scopes) == (prefix, "CI", ["uploads:read", "uploads:write"])
    assert row.secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert services.issue_key(user, "CI", ["uploads:read"]).token != issued.token
    assert str(row) == f"smm_{prefix}_…"


def everything_stored() -> str:
    """Every value of every row of every table, as one text."""
    return "\n".join(
        str(list(model._base_manager.values_list())) for model in apps.get_models() if model._meta.managed
    )


def test_the_secret_is_nowhere_in_the_database_or_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    services.register("ada@example.com", verified=True)
    sign_in(client, "ada@example.com")
    answer = client.post("/account/keys/", {"name": "CI", "scopes": ["downloads:read"], "days": "90"})
    token = answer.context["issued"].token
    secret = token.rpartition("_")[2]
    assert token in answer.content.decode()
    client.get("/api/v1/uploads", headers={"Authorization": f"Bearer {token}"})
    client.get("/api/v1/uploads", headers={"Authorization": f"Bearer {token}x"})
    mails = "".join(str(message.message()) for message in mails_sent())
    assert "API key" in mails
    for place in (everything_stored(), caplog.text, mails, client.get("/account/keys/").content.decode()):
        assert secret not in place
    entry = AuditEntry.objects.get(action=Action.ACCOUNT_KEY_ISSUED)
    assert entry.target_id == ApiKey.objects.get().prefix
    sent = next(message for message in mails_sent() if "API key" in message.subject)
    assert ApiKey.objects.get().prefix in str(sent.body)


def test_a_good_key_is_its_owner_and_its_use_is_noted() -> None:
    user = make_user()
    issued = services.issue_key(user, "x", ["downloads:read"])
    key = services.authenticate_key(issued.token, "downloads:read", "1.2.3.4")
    assert key.user == user
    row = ApiKey.objects.get()
    assert (row.last_used_address, row.last_used_at is not None) == ("1.2.3.4", True)
    services.authenticate_key(issued.token, "downloads:read", "5.6.7.8")
    assert ApiKey.objects.get().last_used_address == "1.2.3.4"
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    services.authenticate_key(issued.token)
    assert ApiKey.objects.get().last_used_address is None


def other_secret(token: str) -> str:
    return token[:-1] + ("A" if token[-1] != "A" else "B")


@pytest.mark.parametrize(
    "spoil",
    [
        other_secret,
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token.replace("smm_", "key_"),
        lambda token: "smm_" + "0" * 8 + token[12:],
        lambda _: "",
        lambda _: "smm_\0_x",
    ],
)
def test_a_wrong_key_is_refused_in_one_way(spoil: Any) -> None:
    issued = services.issue_key(make_user(), "x", ["downloads:read"])
    refusal = refused(services.authenticate_key, spoil(issued.token), "downloads:read")
    assert (refusal.code, refusal.status, refusal.message) == ("bad_key", 401, keys.bad_key().message)


@pytest.mark.parametrize("end", ["revoked", "expired", "closed"])
def test_a_key_that_ended_is_refused_like_a_wrong_one(end: str) -> None:
    user = make_user()
    issued = services.issue_key(user, "x", ["downloads:read"], timezone.now() + timedelta(days=1))
    services.authenticate_key(issued.token)
    if end == "revoked":
        services.revoke_key(user, issued.prefix)
    elif end == "expired":
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert refused(services.authenticate_key, issued.token).code == "bad_key"


def test_a_key_may_what_its_scopes_say() -> None:
    issued = services.issue_key(make_user(), "x", ["downloads:read"])
    refusal = refused(services.authenticate_key, issued.token, "uploads:read")
    assert (refusal.code, refusal.status) == ("scope_missing", 403)


@pytest.mark.parametrize(
    ("role", "scope", "allowed"),
    [
        ("player", "downloads:read", True),
        ("player", "uploads:read", True),
        ("player", "uploads:write", False),
        ("modder", "uploads:write", True),
        ("modder", "catalog:publish", False),
        ("moderator", "catalog:publish", False),
        ("admin", "catalog:publish", True),
    ],
)
def test_scopes_that_change_something_need_the_role(role: str, scope: str, allowed: bool) -> None:
    user = make_user(role)
    if allowed:
        assert services.issue_key(user, "x", [scope]).scopes == (scope,)
    else:
        assert refused(services.issue_key, user, "x", [scope]).code == "role_required"
        assert ApiKey.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "scopes", "days", "code"),
    [
        ("", ["downloads:read"], None, "bad_name"),
        ("x" * 61, ["downloads:read"], None, "bad_name"),
        ("x", [], None, "bad_scope"),
        ("x", ["everything"], None, "bad_scope"),
        ("x", ["downloads:read"], 0, "bad_expiry"),
        ("x", ["downloads:read"], -1, "bad_expiry"),
        ("x", ["downloads:read"], 367, "bad_expiry"),
    ],
)
def test_bad_input_makes_no_key(name: str, scopes: list[str], days: int | None, code: str) -> None:
    ends = None if days is None else timezone.now() + timedelta(days=days)
    refusal = refused(services.issue_key, make_user(), name, scopes, ends)
    assert (refusal.status, refusal.problems[0].code) == (422, code)
    assert ApiKey.objects.count() == 0


def test_there_is_an_end_to_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_LIVE_KEYS", 1)
    user = make_user()
    first = services.issue_key(user, "x", ["downloads:read"])
    assert refused(services.issue_key, user, "y", ["downloads:read"]).code == "too_many_keys"
    services.revoke_key(user, first.prefix)
    services.issue_key(user, "y", ["downloads:read"])


def test_only_ones_own_keys_are_revoked_and_once() -> None:
    user, other = make_user(), make_user()
    issued = services.issue_key(user, "x", ["downloads:read"])
    assert refused(services.revoke_key, other, issued.prefix).status == 404
    services.revoke_key(user, issued.prefix)
    services.revoke_key(user, issued.prefix)
    entries = AuditEntry.objects.filter(action=Action.ACCOUNT_KEY_REVOKED)
    assert [entry.target_id for entry in entries] == [issued.prefix]


def test_an_admin_revokes_anybodys() -> None:
    user, admin = make_user(), make_user("admin")
    issued = services.issue_key(user, "x", ["downloads:read"])
    assert refused(keys.revoke_as_admin, user, issued.prefix, reason="x").status == 403
    keys.revoke_as_admin(admin, issued.prefix, reason="found in a package")
    keys.revoke_as_admin(admin, issued.prefix, reason="found in a package")
    entry = AuditEntry.objects.get(action=Action.ACCOUNT_KEY_REVOKED)
    assert (entry.actor, entry.reason) == (admin, "found in a package")
    assert refused(keys.revoke_as_admin, admin, "NOTHERE0", reason="x").status == 404


class TestPage:
    @pytest.fixture
    def ada(self, client: Client) -> User:
        user = services.register("ada@example.com", verified=True)
        sign_in(client, user.email)
        return user

    def test_a_key_is_shown_once(self, client: Client, ada: User) -> None:
        answer = client.post("/account/keys/", {"name": "CI", "scopes": ["downloads:read"], "days": "0"})
        assert answer.context["issued"].token in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        page = client.get("/account/keys/").content.decode()
        assert "smm_" + ApiKey.objects.get().prefix in page
        assert "Never" in page

    def test_scopes_beyond_the_role_are_neither_offered_nor_taken(self, client: Client, ada: User) -> None:
        assert "uploads:write" not in client.get("/account/keys/").content.decode()
        answer = client.post("/account/keys/", {"name": "CI", "scopes": ["uploads:write"], "days": "90"})
        assert answer.status_code == 422
        assert ApiKey.objects.count() == 0

    def test_a_refusal_of_the_service_stands_above_the_form(
        self, client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keys, "MAX_LIVE_KEYS", 0)
        answer = client.post("/account/keys/", {"name": "CI", "scopes": ["downloads:read"], "days": "90"})
        assert answer.status_code == 422
        assert "Revoke one" in answer.content.decode()

    def test_an_old_session_makes_none(self, client: Client, ada: User) -> None:
        session = client.session
        for record in session["account_authentication_methods"]:
            record["at"] -= 3600
        session.save()
        assert "Confirm that it is you" in client.get("/account/keys/").content.decode()
        answer = client.post("/account/keys/", {"name": "CI", "scopes": ["downloads:read"], "days": "90"})
        assert answer.headers["Location"].startswith("/account/fresh/")
        assert ApiKey.objects.count() == 0

    def test_revoking(self, client: Client, ada: User) -> None:
        issued = services.issue_key(ada, "soon", ["downloads:read"], timezone.now() + timedelta(days=3))
        services.authenticate_key(issued.token, "", "1.2.3.4")
        assert "1.2.3.4" in client.get("/account/keys/").content.decode()
        assert client.post(f"/account/keys/{issued.prefix}/revoke/").status_code == 302
        assert "Revoked" in client.get("/account/keys/").content.decode()
        assert client.post("/account/keys/NOTMINE0/revoke/").status_code == 404
        assert client.get(f"/account/keys/{issued.prefix}/revoke/").status_code == 405

    def test_nobody_is_led_to_sign_in(self, client: Client) -> None:
        assert client.get("/account/keys/").headers["Location"] == "/account/login/?next=%2Faccount%2Fkeys%2F"
        assert client.post("/account/keys/", {}).status_code == 401
