"""Taking one's data along, and leaving."""

import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts import own_data, services
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import ApiKey, AuditEntry, User
from tests.accounts.people import mails_sent, sign_in, who
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return services.register("ada@example.com", "Ada", verified=True)


def test_the_export_holds_what_is_kept_and_no_secret(client: Client, ada: User) -> None:
    sign_in(client, ada.email)
    issued = services.issue_key(ada, "CI", ["downloads:read"])
    Authenticator.objects.create(user=ada, type=Authenticator.Type.TOTP, data={"secret": "hidden"})
    services.issue_key(make_user(email="eve@example.com"), "theirs", ["downloads:read"])
    assert "Export my data" in client.get("/account/export/").content.decode()
    answer = client.post("/account/export/")
    assert answer["Content-Disposition"] == f'attachment; filename="smmods-{ada.account_id}.json"'
    text = answer.content.decode()
    document = json.loads(text)
    assert document["schema"] == own_data.SCHEMA
    assert document["account"]["email"] == "ada@example.com"
    assert document["account"]["modderAgreement"] == {"version": "", "acceptedAt": None}
    assert document["emailAddresses"] == [{"email": "ada@example.com", "verified": True, "primary": True}]
    assert [method["type"] for method in document["signInMethods"]] == ["totp"]
    assert len(document["sessions"]) == 1
    assert [key["prefix"] for key in document["apiKeys"]] == [issued.prefix]
    assert [entry["action"] for entry in document["actions"]][-1] == Action.ACCOUNT_EXPORTED
    assert document["actions"][-1]["address"] == "127.0.0.1"
    for hidden in (
        issued.token,
        ApiKey.objects.get(prefix=issued.prefix).secret_sha256,
        "hidden",
        "eve",
        "theirs",
    ):
        assert hidden not in text


def test_an_erased_origin_leaves_the_action(ada: User) -> None:
    entry = AuditEntry.objects.first()
    assert entry is not None
    entry.origin.delete()
    assert services.export(ada)["actions"][0]["address"] is None


def test_rooms_above_add_their_part(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "_parts", {})
    own_data.add_part("mods", lambda user: [user.account_id])
    assert services.export(ada)["mods"] == [ada.account_id]


def test_closing_wipes_the_person_and_keeps_what_others_rely_on(client: Client, ada: User) -> None:
    sign_in(client, ada.email)
    issued = services.issue_key(ada, "CI", ["downloads:read"])
    Authenticator.objects.create(user=ada, type=Authenticator.Type.TOTP, data={})
    assert client.get("/account/close/").status_code == 200
    answer = client.post("/account/close/", {"confirm": " ADA@example.com"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    user = User.objects.get(pk=ada.pk)
    assert (user.name, user.is_active, user.role) == ("former member", False, "player")
    assert user.email == f"{user.account_id.lower()}@closed.invalid"
    assert not user.has_usable_password()
    for model in (EmailAddress, Authenticator, UserSession):
        assert not model.objects.filter(user=user).exists()
    with pytest.raises(RefusedError):
        services.authenticate_key(issued.token)
    assert who(client) == ""
    assert AuditEntry.objects.filter(actor=user).count() > 3
    assert AuditEntry.objects.filter(action=Action.ACCOUNT_CLOSED).count() == 1
    assert AuditEntry.objects.get(action=Action.ACCOUNT_KEY_REVOKED).reason == "the account was closed"
    assert mails_sent()[-1].to == ["ada@example.com"]
    # The address is free again, for a new account that has nothing to do with the old one.
    assert services.register("ada@example.com").account_id != user.account_id


@pytest.mark.parametrize("confirm", ["", "eve@example.com", "not an address"])
def test_closing_needs_the_address_typed_again(client: Client, ada: User, confirm: str) -> None:
    sign_in(client, ada.email)
    assert client.post("/account/close/", {"confirm": confirm}).status_code == 422
    assert User.objects.get(pk=ada.pk).is_active
    with pytest.raises(RefusedError) as caught:
        services.close_account(ada, confirm=confirm)
    assert caught.value.code == "not_confirmed"


def test_the_last_admin_cannot_leave() -> None:
    admin = make_user("admin", email="root@example.com")
    with pytest.raises(RefusedError) as caught:
        services.close_account(admin, confirm="root@example.com")
    assert (caught.value.code, caught.value.status) == ("last_admin", 409)
    make_user("admin")
    services.close_account(admin, confirm="root@example.com")
    assert not User.objects.get(pk=admin.pk).is_active


def test_nobody_gets_a_mail_after_closing(ada: User) -> None:
    from django.db import transaction

    from accounts import notifications

    with transaction.atomic():
        notifications.notify(ada, "key_issued", {"name": "x", "prefix": "y", "scopes": []})
    services.close_account(ada, confirm=ada.email)
    assert ["closed" in str(message.subject) for message in mails_sent()] == [True]


def test_the_agreement_page_makes_a_modder(client: Client, ada: User) -> None:
    assert "Sign in to accept" in client.get("/account/agreement/").content.decode()
    assert client.post("/account/agreement/", {"accepted": "on", "version": "1"}).status_code == 401
    sign_in(client, ada.email)
    answer = client.post("/account/agreement/", {"version": "1"})
    assert answer.status_code == 422
    assert "Tick the box" in answer.content.decode()
    stale = client.post("/account/agreement/", {"accepted": "on", "version": "0"}, follow=True)
    assert "newer version" in stale.content.decode()
    before = client.cookies["sessionid"].value
    answer = client.post("/account/agreement/?next=/upload/", {"accepted": "on", "version": "1"})
    assert answer.headers["Location"] == "/upload/"
    assert client.cookies["sessionid"].value != before
    assert User.objects.get(pk=ada.pk).role == "modder"
    assert who(client) == ada.email
    page = client.get("/account/agreement/").content.decode()
    assert "You accepted this version" in page
    old = Client()
    old.cookies["sessionid"] = before
    assert who(old) == ""


def test_a_suspended_person_accepts_nothing(client: Client, ada: User) -> None:
    from datetime import timedelta

    from django.utils import timezone

    sign_in(client, ada.email)
    User.objects.filter(pk=ada.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    answer: Any = client.post("/account/agreement/", {"accepted": "on", "version": "1"})
    assert answer.status_code == 403
    assert "suspended until" in answer.content.decode()
