"""The JSON API of accounts, and who may call it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, RequestFactory

from accounts import api_auth, services
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

ROLES_URL = "/api/v1/accounts/{}/roles"


def as_person(user: User | None, **more: Any) -> Client:
    client = Client(**more)
    if user is not None:
        client.force_login(user)
    return client


def put(client: Client, account_id: str, body: Any, **headers: str) -> Any:
    return client.put(
        ROLES_URL.format(account_id), json.dumps(body), content_type="application/json", headers=headers
    )


def key_of(user: User, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {services.issue_key(user, 'x', scopes).token}"}


def test_admins_list_and_search_accounts() -> None:
    admin = make_user("admin", email="root@example.com")
    ada = make_user("modder", email="ada@example.com", display_name="Ada Lovelace")
    client = as_person(admin)
    body = client.get("/api/v1/accounts").json()
    assert [item["email"] for item in body["items"]] == ["ada@example.com", "root@example.com"]
    assert body["next"] is None
    assert body["items"][0] == {
        "accountId": ada.account_id,
        "email": "ada@example.com",
        "displayName": "Ada Lovelace",
        "roles": ["player", "modder"],
        "secondFactor": False,
        "suspendedUntil": None,
        "createdAt": body["items"][0]["createdAt"],
    }
    for q in ("LOVE", "ada@", ada.account_id.lower(), "a\0da@"):
        assert [i["email"] for i in client.get("/api/v1/accounts", {"q": q}).json()["items"]] == [
            "ada@example.com"
        ]
    assert client.get("/api/v1/accounts", {"q": "nobody"}).json() == {"items": [], "next": None}


def test_the_list_has_pages() -> None:
    client = as_person(make_user("admin"))
    for _ in range(4):
        make_user()
    seen, cursor = [], ""
    for _ in range(3):
        body = client.get("/api/v1/accounts", {"limit": 2, "cursor": cursor}).json()
        seen += [item["accountId"] for item in body["items"]]
        cursor = body["next"]
    assert cursor is None
    assert len(set(seen)) == 5
    assert client.get("/api/v1/accounts", {"cursor": "!"}).status_code == 400
    for limit in ("0", "101", "x"):
        assert client.get("/api/v1/accounts", {"limit": limit}).status_code == 422


def test_a_second_factor_and_a_suspension_are_shown() -> None:
    from allauth.mfa.models import Authenticator
    from django.utils import timezone

    user = make_user(suspended_until=timezone.now())
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.create(user=make_user(), type=Authenticator.Type.RECOVERY_CODES, data={})
    items = as_person(make_user("admin")).get("/api/v1/accounts").json()["items"]
    assert [item["secondFactor"] for item in items] == [False, False, True]
    assert items[2]["suspendedUntil"] is not None


def test_an_admin_changes_roles() -> None:
    admin, user = make_user("admin"), make_user()
    answer = put(as_person(admin), user.account_id, {"roles": ["player", "modder"], "reason": "asked for it"})
    assert answer.status_code == 200
    assert answer.json()["roles"] == ["player", "modder"]
    entry = AuditEntry.objects.get(action=Action.ACCOUNT_ROLES_ASSIGNED)
    assert (entry.actor, entry.reason, entry.origin.door) == (admin, "asked for it", "api")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"roles": ["modder"]}, 422, "reason_required"),
        ({"roles": ["modder"], "reason": " "}, 422, "reason_required"),
        ({"roles": [], "reason": "x"}, 422, "bad_role"),
        ({"roles": ["king"], "reason": "x"}, 422, "bad_role"),
        ({"roles": "modder", "reason": "x"}, 422, "bad_input"),
        ({"reason": "x"}, 422, "bad_input"),
    ],
)
def test_bad_changes_are_refused(body: Any, status: int, code: str) -> None:
    user = make_user()
    answer = put(as_person(make_user("admin")), user.account_id, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert User.objects.get(pk=user.pk).role == "player"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "json_syntax"),
        (b'{"roles": ["admin"], "roles": ["player"], "reason": "x"}', 400, "json_duplicate_key"),
        (b'{"roles": ["player"], "reason": "\\u0000"}', 400, "json_nul"),
        (b'{"roles": ["player"], "reason": NaN}', 400, "json_not_finite"),
        (b" " * 300_000, 413, "json_too_large"),
        (b"[]", 422, "bad_input"),
        (b"", 422, "bad_input"),
    ],
)
def test_bodies_are_read_strictly(body: bytes, status: int, code: str) -> None:
    client = as_person(make_user("admin"))
    answer = client.put(ROLES_URL.format("acc_x"), body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_nobody_has_that_id() -> None:
    client = as_person(make_user("admin"))
    assert put(client, "acc_NOBODY", {"roles": ["modder"], "reason": "x"}).status_code == 404


CALLS = (
    ("GET", "/api/v1/accounts", "admin"),
    ("PUT", ROLES_URL.format("acc_x"), "admin"),
    ("GET", "/api/v1/audit", "moderator"),
)


@pytest.mark.parametrize(("method", "path", "lowest"), CALLS)
def test_who_may_call(method: str, path: str, lowest: str) -> None:
    body = json.dumps({"roles": ["modder"], "reason": "x"})
    order = ["player", "modder", "moderator", "admin"]
    anonymous = Client().generic(method, path, body, content_type="application/json")
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "not_signed_in")
    for role in order:
        answer = as_person(make_user(role)).generic(method, path, body, content_type="application/json")
        if order.index(role) < order.index(lowest):
            assert (answer.status_code, answer.json()["code"]) == (403, "role_required")
        else:
            assert answer.status_code in (200, 404)


@pytest.mark.parametrize(("method", "path", "lowest"), CALLS)
def test_a_key_is_no_session(method: str, path: str, lowest: str) -> None:
    admin = make_user("admin")
    headers = key_of(admin, *services.SCOPES)
    answer = as_person(admin).generic(method, path, "{}", content_type="application/json", headers=headers)
    assert answer.status_code == 401


def test_a_forged_form_changes_nothing() -> None:
    user = make_user()
    client = as_person(make_user("admin"), enforce_csrf_checks=True)
    body = {"roles": ["admin"], "reason": "x"}
    answer = put(client, user.account_id, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    client.get("/account/")
    token = client.get("/account/profile/").cookies["csrftoken"].value
    assert put(client, user.account_id, body, **{"X-CSRFToken": token}).status_code == 200
    # Nobody signed in hears that, whatever the token.
    assert put(Client(enforce_csrf_checks=True), user.account_id, body).status_code == 401


def test_the_audit_trail_over_the_api() -> None:
    moderator, ada = make_user("moderator"), services.register("ada@example.com", verified=True)
    client = as_person(moderator)
    body = client.get("/api/v1/audit", {"limit": 1}).json()
    (item,) = body["items"]
    assert item["action"] == Action.ACCOUNT_VERIFIED
    assert (item["actor"], item["targetId"], item["actorRole"]) == (ada.account_id, ada.account_id, "player")
    assert set(item) == {
        "sequence",
        "at",
        "actor",
        "actorName",
        "actorRole",
        "action",
        "targetType",
        "targetId",
        "before",
        "after",
        "reason",
        "hash",
    }
    body = client.get("/api/v1/audit", {"limit": 1, "cursor": body["next"]}).json()
    assert (body["items"][0]["action"], body["next"]) == (Action.ACCOUNT_REGISTERED, None)
    found = client.get(
        "/api/v1/audit", {"actor": "ada@example.com", "action": "account", "target": ada.account_id}
    )
    assert len(found.json()["items"]) == 2
    assert client.get("/api/v1/audit", {"since": "2999-01-01"}).json()["items"] == []
    assert client.get("/api/v1/audit", {"until": "x"}).json()["code"] == "bad_time"
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)("/api/v1/audit").status_code == 405


class TestAuthentication:
    """What `session` and `session_or_key` let through."""

    @pytest.fixture
    def user(self) -> Iterator[User]:
        yield make_user("modder")

    def ask(self, header: str | None, method: str = "GET", scope: str = "uploads:read") -> Any:
        from django.contrib.auth.models import AnonymousUser

        headers = {} if header is None else {"Authorization": header}
        request: Any = RequestFactory().generic(method, "/api/v1/uploads", headers=headers)
        request.user = AnonymousUser()
        for auth in api_auth.session_or_key(scope):
            found = auth(request)
            if found is not None:
                return found, getattr(request, "api_key", None)
        return None

    def test_a_key_with_the_scope(self, user: User) -> None:
        found, key = self.ask(key_of(user, "uploads:read")["Authorization"])
        assert found == user
        assert key.scopes == ["uploads:read"]
        found, _ = self.ask(key_of(user, "uploads:write")["Authorization"], "POST", "uploads:write")
        assert found == user

    def test_no_header_asks_the_session(self, user: User) -> None:
        assert self.ask(None) is None

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "Token x", "smm_x_y"])
    def test_a_header_that_is_no_key_is_never_a_session(self, user: User, header: str) -> None:
        with pytest.raises(RefusedError) as caught:
            self.ask(header)
        assert (caught.value.code, caught.value.status) == ("bad_key", 401)

    def test_a_download_key_uploads_nothing(self, user: User) -> None:
        with pytest.raises(RefusedError) as caught:
            self.ask(key_of(user, "downloads:read")["Authorization"], "POST", "uploads:write")
        assert (caught.value.code, caught.value.status) == ("scope_missing", 403)

    def test_reads_by_key_are_counted_by_key(
        self, user: User, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("django_ratelimit.core.time.time", lambda: 1_800_000_000.0)
        settings.SMMODS_LIMITS = {"key_read": 2}
        header = key_of(user, "uploads:read")["Authorization"]
        self.ask(header)
        self.ask(header)
        with pytest.raises(RefusedError) as caught:
            self.ask(header)
        assert caught.value.status == 429
        self.ask(key_of(user, "uploads:read")["Authorization"])

    def test_scopes_are_real(self) -> None:
        with pytest.raises(ValueError, match="not a scope"):
            api_auth.session_or_key("everything")
