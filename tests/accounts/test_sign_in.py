"""Signing in, staying fresh, changing what one signs in with."""

import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client

from accounts import services
from accounts.audit import Action
from accounts.models import AuditEntry, OutboxRow, User
from tests.accounts.people import code_in, link_in, mails_sent, sign_in, sign_up, who

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def ada() -> User:
    return services.register("ada@example.com", "Ada", verified=True)


def recorded() -> list[str]:
    return list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))


def test_a_code_by_mail_signs_in_once(client: Client, ada: User) -> None:
    client.post("/account/login/", {"email": "Ada@Example.com"})
    (message,) = mails_sent()
    for _ in range(5):
        assert client.head(link_in(message)).status_code == 200
        assert client.get(link_in(message)).status_code == 200
    assert who(client) == ""
    assert Client().get(link_in(message)).status_code == 410
    assert client.post(link_in(message), {"code": code_in(message).lower()}).status_code == 302
    assert who(client) == ada.email
    client.post("/account/logout/")
    assert client.post(link_in(message), {"code": code_in(message)}).status_code == 410
    assert recorded()[-2:] == [Action.ACCOUNT_SIGNED_IN, Action.ACCOUNT_SIGNED_OUT]


def test_the_code_is_wiped_from_the_owed_mail_once_it_left(client: Client, ada: User) -> None:
    client.post("/account/login/", {"email": ada.email})
    code = code_in(mails_sent()[0])
    row = OutboxRow.objects.get()
    assert code not in str(row.payload)
    assert row.done_at is not None


def test_a_code_runs_out_and_three_wrong_ones_end_it(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/account/login/", {"email": ada.email})
    now = time.time()
    monkeypatch.setattr("allauth.account.internal.flows.code_verification.time.time", lambda: now + 16 * 60)
    assert client.post("/account/login/code/confirm/", {"code": code_in(mails_sent()[0])}).status_code == 410
    monkeypatch.undo()
    client.post("/account/login/", {"email": ada.email})
    code = code_in(mails_sent()[-1])
    for wrong in ("", "AAAA-AAAA", "BBBB-BBBB"):
        client.post("/account/login/code/confirm/", {"code": wrong})
    assert client.post("/account/login/code/confirm/", {"code": code}).status_code == 410
    assert who(client) == ""


def test_somebody_elses_code_does_not_fit(client: Client, ada: User) -> None:
    services.register("eve@example.com", verified=True)
    eve = Client()
    eve.post("/account/login/", {"email": "eve@example.com"})
    code = code_in(mails_sent()[-1])
    client.post("/account/login/", {"email": ada.email})
    client.post("/account/login/code/confirm/", {"code": code})
    assert who(client) == ""


def test_starting_again_with_another_address_is_possible(client: Client, ada: User) -> None:
    client.post("/account/login/", {"email": "wrong@example.com"})
    assert client.get("/account/login/").status_code == 200
    sign_in(client, ada.email)
    assert who(client) == ada.email


def test_a_new_code_replaces_the_old_one(client: Client, ada: User) -> None:
    client.post("/account/login/", {"email": ada.email})
    client.post("/account/login/code/confirm/", {"action": "resend"})
    first, second = (code_in(message) for message in mails_sent())
    assert client.post("/account/login/code/confirm/", {"code": first}).status_code == 200
    assert client.post("/account/login/code/confirm/", {"code": second}).status_code == 302


def test_the_session_gets_a_new_key_on_sign_in(client: Client, ada: User) -> None:
    client.post("/account/login/", {"email": ada.email})
    before = client.cookies["sessionid"].value
    client.post("/account/login/code/confirm/", {"code": code_in(mails_sent()[0])})
    after = client.cookies["sessionid"].value
    assert before != after
    old = Client()
    old.cookies["sessionid"] = before
    assert who(old) == ""
    assert UserSession.objects.get(user=ada).session_key == after


def test_wrong_passwords_are_limited_per_account(client: Client, ada: User) -> None:
    for _ in range(10):
        client.post("/account/login/password/", {"login": ada.email, "password": "wrong"})
    answer = client.post("/account/login/password/", {"login": ada.email, "password": "wrong"})
    assert "Too many failed login attempts" in answer.content.decode()


def test_a_closed_account_does_not_open(client: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    client.post("/account/login/", {"email": ada.email})
    assert "no account" in mails_sent()[-1].subject


def test_getting_a_new_password_by_mail_ends_other_sessions(client: Client) -> None:
    sign_up(client, "ada@example.com", password1=PASSWORD)
    lost = Client()
    lost.post("/account/password/reset/", {"email": "ada@example.com"})
    message = mails_sent()[-1]
    for _ in range(3):
        assert lost.get(link_in(message)).status_code == 200
    assert Client().get(link_in(message)).status_code == 410
    lost.post("/account/password/reset/confirm/", {"code": code_in(message)})
    fields = {"password1": "another good one", "password2": "another good one"}
    answer = lost.post("/account/password/reset/complete/", fields)
    assert answer.status_code == 302
    assert lost.get(answer.headers["Location"]).status_code == 200
    assert who(client) == ""
    assert Action.ACCOUNT_PASSWORD_CHANGED in recorded()
    assert "security" in str(mails_sent()[-1].subject) or "change to your account" in mails_sent()[-1].subject
    lost.post("/account/login/password/", {"login": "ada@example.com", "password": "another good one"})
    assert who(lost) == "ada@example.com"


def test_setting_and_changing_a_password(client: Client, ada: User) -> None:
    sign_in(client, ada.email)
    answer = client.post("/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    assert answer.status_code == 302
    assert who(client) == ada.email
    answer = client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": "another good one", "password2": "another good one"},
    )
    assert answer.status_code == 302
    assert who(client) == ada.email
    assert recorded().count(Action.ACCOUNT_PASSWORD_CHANGED) == 2
    assert User.objects.get(pk=ada.pk).check_password("another good one")


def test_changing_the_address_needs_the_new_ones_code_and_tells_the_old_one(
    client: Client, ada: User
) -> None:
    sign_in(client, ada.email)
    assert client.get("/account/email/").status_code == 200
    answer = client.post("/account/email/", {"action_add": "", "email": "ada@new.example"})
    assert answer.status_code == 302
    message = mails_sent()[-1]
    assert message.to == ["ada@new.example"]
    assert User.objects.get(pk=ada.pk).email == "ada@example.com"
    assert client.post("/account/confirm-email/", {"code": code_in(message)}).status_code == 302
    assert User.objects.get(pk=ada.pk).email == "ada@new.example"
    assert list(EmailAddress.objects.filter(user=ada).values_list("email", flat=True)) == ["ada@new.example"]
    notice = mails_sent()[-1]
    assert notice.to == ["ada@example.com"]
    assert "changed to another one" in str(notice.body)
    assert recorded()[-1] == Action.ACCOUNT_EMAIL_CHANGED


@pytest.fixture
def stale(client: Client, ada: User, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A session that signed in long ago."""
    sign_in(client, ada.email)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
    return client


STALE_PAGES = (
    "/account/email/",
    "/account/password/set/",
    "/account/export/",
    "/account/close/",
    "/account/2fa/totp/activate/",
)


@pytest.mark.parametrize("path", STALE_PAGES)
def test_an_old_session_changes_nothing_that_matters(stale: Client, path: str) -> None:
    for answer in (stale.get(path), stale.post(path, {"action_add": "", "email": "eve@example.com"})):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/account/fresh/?next=")
    assert EmailAddress.objects.count() == 1


def test_a_code_by_mail_makes_an_old_session_fresh_once(stale: Client, ada: User) -> None:
    link = "/account/fresh/?next=/account/export/"
    assert "Send me a code" in stale.get(link).content.decode()
    assert stale.post(link, {"action": "send", "next": "/account/export/"}).status_code == 302
    message = mails_sent()[-1]
    assert message.to == [ada.email]
    for _ in range(5):
        assert code_in(message) in stale.get(link_in(message)).content.decode()
    assert stale.post(link, {"code": "AAAA-AAAA", "next": "/account/export/"}).status_code == 200
    answer = stale.post(link, {"code": code_in(message), "next": "/account/export/"})
    assert answer.headers["Location"] == "/account/export/"
    assert stale.get("/account/export/").status_code == 200
    assert stale.get(link).status_code == 302


def test_the_code_for_a_fresh_session_ends_after_three_attempts_and_leads_nowhere_else(stale: Client) -> None:
    stale.post("/account/fresh/", {"action": "send", "next": "https://evil.example/"})
    code = code_in(mails_sent()[-1])
    for _ in range(3):
        stale.post("/account/fresh/", {"code": "AAAA-AAAA"})
    answer = stale.post("/account/fresh/", {"code": code})
    assert "has run out or was used" in answer.content.decode()
    stale.post("/account/fresh/", {"action": "send", "next": "https://evil.example/"})
    answer = stale.post(
        "/account/fresh/", {"code": code_in(mails_sent()[-1]), "next": "https://evil.example/"}
    )
    assert answer.headers["Location"] == "/account/"


def test_whoever_has_a_second_factor_confirms_with_it(stale: Client, ada: User) -> None:
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=ada, type=Authenticator.Type.TOTP, data={"secret": "x"})
    answer = stale.get("/account/fresh/?next=/account/export/")
    assert answer.headers["Location"] == "/account/2fa/reauthenticate/?next=%2Faccount%2Fexport%2F"


def test_an_authenticator_is_recorded_and_mailed(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sign_in(client, ada.email)
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.validate_totp_code", lambda *_, **__: True)
    assert client.get("/account/2fa/totp/activate/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/account/2fa/totp/activate/", {"code": "123456"})
    assert answer.status_code == 302, answer.content
    assert Action.ACCOUNT_FACTOR_CHANGED in recorded()
    assert any("authenticator app was added" in str(message.body) for message in mails_sent())


PAGES: tuple[tuple[str, str], ...] = (
    ("/account/", "Ada"),
    ("/account/profile/", "Profile"),
    ("/account/email/", "Mail address"),
    ("/account/password/set/", "Set a password"),
    ("/account/2fa/", "Two-Factor"),
    ("/account/2fa/totp/activate/", "Authenticator"),
    ("/account/2fa/webauthn/add/", "Security Key"),
    ("/account/sessions/", "Sessions"),
    ("/account/keys/", "API keys"),
    ("/account/agreement/", "Modder agreement"),
    ("/account/export/", "Export my data"),
    ("/account/close/", "Close account"),
    ("/account/logout/", "Sign out?"),
)


@pytest.mark.parametrize(("path", "word"), PAGES)
def test_every_page_shows_itself_without_scripts_of_its_own(
    client: Client, ada: User, path: str, word: str
) -> None:
    sign_in(client, ada.email)
    answer = client.get(path)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert word in text
    assert 'style="' not in text
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "/account/login/",
        "/account/login/password/",
        "/account/signup/",
        "/account/password/reset/",
        "/account/",
    ],
)
def test_the_pages_before_signing_in(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_other_sessions_can_be_signed_out(client: Client, ada: User) -> None:
    other = Client()
    sign_in(other, ada.email)
    sign_in(client, ada.email)
    assert client.post("/account/sessions/").status_code == 302
    assert (who(client), who(other)) == (ada.email, "")


def test_posting_anything_else_to_an_account_page_changes_nothing(client: Client, ada: User) -> None:
    """Every field of the account, sent along with each form."""
    sign_in(client, ada.email)
    fields: dict[str, Any] = {
        "role": "admin",
        "is_active": "",
        "email": "eve@example.com",
        "account_id": "acc_x",
        "password": "x",
        "suspended_until": "2030-01-01",
        "modder_agreement_version": "9",
        "display_name": "Ada L",
    }
    client.post("/account/profile/", fields)
    user = User.objects.get(pk=ada.pk)
    assert user.display_name == "Ada L"
    for name in (
        "role",
        "is_active",
        "email",
        "account_id",
        "password",
        "suspended_until",
        "modder_agreement_version",
    ):
        assert getattr(user, name) == getattr(ada, name)
    assert recorded()[-1] == Action.ACCOUNT_PROFILE_CHANGED
    assert mail.outbox
