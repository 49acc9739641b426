"""Mails: their templates, the outbox behind them, and the mail service of an operator."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction

from accounts import mail_backends, notifications, outbox
from accounts.adapter import MAILS
from accounts.models import OutboxRow
from tests.factories import make_user

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "email"
NAMES = sorted(
    {entry.template for entry in MAILS.values()}
    | {"key_issued", "key_leaked", "roles_assigned", "account_closed", "confirm_sign_in"}
)
CONTEXT = {
    "code": "ABCD-EFGH",
    "link": "https://smmods.example/account/?code=ABCD-EFGH&next=%2F",
    "email": "a@b.example",
    "says": "It changed.",
    "name": "A & B",
    "prefix": "x",
    "where": "sub_x",
    "scopes": ["uploads:read"],
    "before": "player",
    "after": "modder",
    "reason": "because <b>",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_mail_has_subject_text_and_html(name: str) -> None:
    message = notifications.render("ada@example.com", name, CONTEXT)
    assert message.subject
    assert "\n" not in message.subject
    text, html = str(message.body), str(message.alternatives[0].content)
    assert "support@" in text
    for part in (text, html, message.subject):
        assert not re.search(r"\{[{%]", part)
    assert "&amp;" not in text
    assert "<b>" not in html.replace("<body", "")
    if "code" in (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8"):
        assert str(CONTEXT["link"]) in text or "link" not in (TEMPLATES / f"{name}.txt").read_text(
            encoding="utf-8"
        )


@pytest.mark.django_db
class TestOwing:
    def test_a_mail_is_owed_with_what_it_tells(self) -> None:
        user = make_user()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            notifications.notify(user, "key_issued", {})
            _ = 1 / 0
        assert OutboxRow.objects.count() == 0

    def test_it_goes_to_the_address_that_is_valid_when_it_leaves(self) -> None:
        user = make_user(email="old@example.com")
        with transaction.atomic():
            notifications.notify(user, "security_notice", {"says": "It changed."})
            notifications.notify_address("other@example.com", "security_notice", {"says": "It changed."})
        user.email = "new@example.com"
        user.save()
        assert outbox.drain() == 2
        assert [message.to for message in mail.outbox] == [["new@example.com"], ["other@example.com"]]

    def test_a_mail_server_that_is_away_is_asked_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with transaction.atomic():
            notifications.notify(make_user(), "security_notice", {"says": "x"})

        def refuse(*_: object) -> int:
            raise ConnectionRefusedError

        with monkeypatch.context() as away:
            away.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
            outbox.drain(rounds=1)
        row = OutboxRow.objects.get()
        assert (row.done_at, row.attempts) == (None, 1)
        outbox.run(row.pk)
        OutboxRow.objects.update(due_at=row.created_at)
        outbox.run(row.pk)
        assert len(mail.outbox) == 1

    def test_what_was_sent_is_not_sent_twice(self) -> None:
        with transaction.atomic():
            notifications.notify(make_user(), "security_notice", {"says": "x"})
        row = OutboxRow.objects.get()
        notifications.send(row.payload)
        row.refresh_from_db()
        assert row.payload["context"] == {}
        # The worker died between the mail server's yes and its own note: the next one finds that it was sent.
        assert outbox.run(row.pk)
        assert len(mail.outbox) == 1


class Answer:
    def __init__(self, status: int) -> None:
        self.status = status

    def read(self) -> bytes:
        return b""


class Service:
    """The operator's mail service, as the backend's connection sees it."""

    def __init__(self, status: int = 202, error: Exception | None = None) -> None:
        self.status, self.error = status, error
        self.requests: list[tuple[str, str, bytes, dict[str, str]]] = []
        self.closed = 0

    def request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
        if self.error is not None:
            raise self.error
        self.requests.append((method, path, body, headers))

    def getresponse(self) -> Answer:
        return Answer(self.status)

    def close(self) -> None:
        self.closed += 1


class TestWebhook:
    @pytest.fixture(autouse=True)
    def webhook(self, settings: Any) -> None:
        settings.EMAIL_WEBHOOK_URL = "https://mail.example:8443/in?box=1"
        settings.EMAIL_WEBHOOK_SECRET = "shared"

    def send(self, service: Service, monkeypatch: pytest.MonkeyPatch, **options: Any) -> int:
        monkeypatch.setattr(
            mail_backends.WebhookEmailBackend,
            "_connect",
            lambda _, host, port: self.reached(service, host, port),
        )
        message = EmailMultiAlternatives("Subject", "Text", "from@example.com", ["to@example.com"])
        message.attach_alternative("<p>Text</p>", "text/html")
        backend = get_connection("accounts.mail_backends.WebhookEmailBackend", **options)
        return backend.send_messages([message]) or 0

    def reached(self, service: Service, host: str, port: int) -> Service:
        assert (host, port) == ("mail.example", 8443)
        return service

    def test_each_mail_is_signed_json(self, monkeypatch: pytest.MonkeyPatch) -> None:
        service = Service()
        assert self.send(service, monkeypatch) == 1
        ((method, path, body, headers),) = service.requests
        assert (method, path) == ("POST", "/in?box=1")
        document = json.loads(body)
        assert {name: document[name] for name in ("from", "to", "subject", "text", "html")} == {
            "from": "from@example.com",
            "to": ["to@example.com"],
            "subject": "Subject",
            "text": "Text",
            "html": "<p>Text</p>",
        }
        assert len(document["id"]) == 32
        stamp = headers["X-SMMODS-Timestamp"]
        assert headers["X-SMMODS-Signature"] == mail_backends.signature(body, stamp, "shared")
        assert mail_backends.signature(body, stamp, "other") != headers["X-SMMODS-Signature"]
        assert mail_backends.signature(body + b" ", stamp, "shared") != headers["X-SMMODS-Signature"]
        assert service.closed == 1

    @pytest.mark.parametrize("status", [301, 400, 500])
    def test_anything_but_success_is_an_error(self, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
        service = Service(status)
        with pytest.raises(OSError, match=str(status)):
            self.send(service, monkeypatch)
        assert service.closed == 1

    def test_a_service_that_is_away_is_an_error_unless_silence_is_asked_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(OSError, match="did not take"):
            self.send(Service(error=TimeoutError("slow")), monkeypatch)
        assert self.send(Service(error=TimeoutError("slow")), monkeypatch, fail_silently=True) == 0

    def test_it_speaks_tls(self) -> None:
        import http.client

        backend = mail_backends.WebhookEmailBackend()
        assert isinstance(backend._connect("mail.example", None), http.client.HTTPSConnection)
