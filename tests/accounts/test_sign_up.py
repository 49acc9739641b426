"""Signing up: the mail leaves now or there is no account, and nobody learns who has one."""

import re
import smtplib
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from accounts.audit import Action
from accounts.models import AuditEntry, OutboxRow, User
from tests.accounts.people import code_in, link_in, mails_sent, sign_in, sign_up, who

pytestmark = pytest.mark.django_db


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))


def test_a_code_by_mail_makes_an_account_that_is_signed_in(client: Client) -> None:
    sign_up(client, "Ada@Example.com", display_name="Ada")
    user = User.objects.get(email="ada@example.com")
    assert (user.display_name, user.role, user.has_usable_password()) == ("Ada", "player", False)
    assert EmailAddress.objects.get(user=user).verified
    assert who(client) == "ada@example.com"
    assert actions() == [Action.ACCOUNT_REGISTERED, Action.ACCOUNT_VERIFIED, Action.ACCOUNT_SIGNED_IN]
    assert AuditEntry.objects.first().origin.door == "page"


def test_the_sign_up_mail_leaves_inside_the_request_with_a_link_and_a_code(client: Client) -> None:
    client.post("/account/signup/", {"email": "ada@example.com"})
    assert OutboxRow.objects.count() == 0
    (message,) = mail.outbox
    assert message.to == ["ada@example.com"]
    assert link_in(message) == f"/account/confirm-email/?code={code_in(message)}"
    html = message.alternatives[0].content
    assert code_in(message) in html


def test_get_and_head_consume_nothing_then_the_button_works_once(client: Client) -> None:
    client.post("/account/signup/", {"email": "ada@example.com"})
    message = mail.outbox[0]
    link = link_in(message)
    for _ in range(5):
        assert client.head(link).status_code == 200
        page = client.get(link)
        assert f'value="{code_in(message)}"' in page.content.decode()
    assert not EmailAddress.objects.get().verified
    assert client.post(link, {"code": code_in(message)}).status_code == 302
    assert EmailAddress.objects.get().verified
    client.post("/account/logout/")
    assert client.post(link, {"code": code_in(message)}).status_code == 410
    assert who(client) == ""


def test_a_scanner_or_another_browser_can_do_nothing_with_the_link(client: Client) -> None:
    client.post("/account/signup/", {"email": "ada@example.com"})
    message = mail.outbox[0]
    other = Client()
    assert other.get(link_in(message)).status_code == 410
    assert other.post(link_in(message), {"code": code_in(message)}).status_code == 410
    assert not EmailAddress.objects.get().verified
    assert client.post(link_in(message), {"code": code_in(message)}).status_code == 302


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError("no mail server"), smtplib.SMTPRecipientsRefused({}), TimeoutError()]
)
def test_without_mail_there_is_no_account_and_nothing_remains(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object) -> int:
        raise error

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    answer = client.post(
        "/account/signup/", {"email": "ada@example.com", "password1": "correct horse battery"}
    )
    assert answer.status_code == 503
    assert "email_delivery_unavailable" in answer.content.decode()
    assert answer["Retry-After"] == "300"
    assert User.objects.people().count() == 0
    for model in (EmailAddress, AuditEntry, OutboxRow, Session):
        assert model.objects.count() == 0
    # Nothing waits in the browser either: the page to enter a code is not open.
    assert client.get("/account/confirm-email/").status_code == 410


def test_without_mail_a_known_address_gets_the_same_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(Client(), "ada@example.com")

    def refuse(*_: object) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    known = client.post("/account/signup/", {"email": "ada@example.com"})
    unknown = Client().post("/account/signup/", {"email": "new@example.com"})
    assert known.status_code == unknown.status_code == 503


def plain(answer: Any, *addresses: str) -> str:
    """A page without what differs by chance: tokens, request ids, and the address that was entered."""
    text = answer.content.decode()
    for address in addresses:
        text = text.replace(address, "ADDRESS")
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
    return re.sub(r"<code>[0-9a-f]{32}</code>", "", text)


def walk(path: str, email: str, **fields: str) -> tuple[list[object], int]:
    """Enter `email` at `path`, follow, resend, and enter a wrong code: what an observer sees, and mails sent."""
    client, before = Client(), len(mails_sent())
    seen: list[object] = []
    answer = client.post(path, {"email": email, **fields})
    seen += [answer.status_code, answer.headers.get("Location"), sorted(answer.cookies)]
    confirm = answer.headers["Location"]
    page = client.get(confirm)
    seen += [page.status_code, plain(page, email)]
    answer = client.post(confirm, {"action": "resend"})
    seen += [answer.status_code, answer.headers.get("Location")]
    for _ in range(3):
        answer = client.post(confirm, {"code": "AAAA-AAAA"})
        seen += [answer.status_code, answer.headers.get("Location"), plain(answer, email)]
    return seen, len(mails_sent()) - before


@pytest.mark.parametrize("path", ["/account/signup/", "/account/login/", "/account/password/reset/"])
def test_known_and_unknown_addresses_look_alike(path: str) -> None:
    sign_up(Client(), "known@example.com", password1="correct horse battery")
    known, known_mails = walk(path, "known@example.com")
    unknown, unknown_mails = walk(path, "other@example.com")
    assert known == unknown
    assert known_mails == unknown_mails > 0


def test_the_owner_of_a_known_address_hears_of_it(client: Client) -> None:
    sign_up(Client(), "ada@example.com")
    client.post("/account/signup/", {"email": "ADA@example.com"})
    assert "already have an account" in mail.outbox[-1].subject
    assert User.objects.people().count() == 1
    client.post("/account/login/", {"email": "nobody@example.com"})
    assert "no account" in mails_sent()[-1].subject


def test_a_password_is_optional_and_must_be_a_good_one(client: Client) -> None:
    answer = client.post("/account/signup/", {"email": "ada@example.com", "password1": "short"})
    assert answer.status_code == 200
    assert "at least 12 characters" in answer.content.decode()
    assert User.objects.people().count() == 0
    sign_up(client, "ada@example.com", password1="correct horse battery")
    client.post("/account/logout/")
    assert (
        client.post(
            "/account/login/password/", {"login": "ada@example.com", "password": "correct horse battery"}
        ).status_code
        == 302
    )
    assert who(client) == "ada@example.com"


def test_a_password_chosen_by_somebody_else_is_wiped_when_the_owner_comes(client: Client) -> None:
    squatter = Client()
    squatter.post("/account/signup/", {"email": "ada@example.com", "password1": "correct horse battery"})
    sign_in(client, "ada@example.com")
    assert who(client) == "ada@example.com"
    assert not User.objects.get(email="ada@example.com").has_usable_password()
    answer = squatter.post(
        "/account/login/password/", {"login": "ada@example.com", "password": "correct horse battery"}
    )
    assert answer.status_code == 200
    verified = AuditEntry.objects.get(action=Action.ACCOUNT_VERIFIED)
    assert verified.after == {"passwordWiped": True}


def test_a_name_that_is_none_is_refused_at_its_field(client: Client) -> None:
    answer = client.post("/account/signup/", {"email": "ada@example.com", "display_name": "a\u202eb"})
    assert answer.status_code == 200
    assert "printable" in answer.content.decode()


def test_two_sign_ups_at_the_same_moment_make_one_account(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(Client(), "ada@example.com")
    # The form looked before the other one was there.
    monkeypatch.setattr("accounts.forms.SignUpForm.validate_unique_email", lambda _, value: value)
    answer = client.post("/account/signup/", {"email": "ada@example.com"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/confirm-email/")
    assert "already have an account" in mail.outbox[-1].subject


def test_the_way_back_is_kept_and_is_ours_alone(client: Client) -> None:
    client.post("/account/signup/?next=/mods/", {"email": "ada@example.com"})
    code = code_in(mail.outbox[0])
    assert link_in(mail.outbox[0]).endswith("&next=%2Fmods%2F")
    assert client.post("/account/confirm-email/", {"code": code}).headers["Location"] == "/mods/"
    client.post("/account/logout/")
    client.post("/account/login/?next=https://evil.example/", {"email": "ada@example.com"})
    assert "evil" not in str(mails_sent()[-1].body)
