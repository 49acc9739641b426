"""The pages of a development installation, and that nobody else has them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.filebased import EmailBackend
from django.test import Client

from accounts import services
from accounts.audit import Action
from accounts.models import AuditEntry, User
from accounts.views_fresh import is_fresh
from smmods.dev_mail import sent_mails
from tests.accounts.people import who
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def test_the_sample_people_are_listed_with_a_button_each(client: Client) -> None:
    make_user("modder", email="modder@example.com")
    text = client.get("/dev/").content.decode()
    assert text.count('action="/dev/sign-in"') == 1
    assert 'value="modder@example.com"' in text
    assert text.count("manage.py demo") == 5


def test_the_button_signs_in_as_freshly_as_can_be(client: Client) -> None:
    user = make_user("admin", email="admin@example.com")
    answer = client.post("/dev/sign-in", {"email": "Admin@example.com", "next": "/account/"})
    assert answer.headers["Location"] == "/account/"
    assert who(client) == user.email
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.after) == (
        Action.ACCOUNT_SIGNED_IN,
        user,
        {"methods": ["code", "mfa"]},
    )
    assert UserSession.objects.get(user=user).session_key == client.session.session_key
    request: Any = client.get("/account/export/").wsgi_request
    assert is_fresh(request)


def test_one_browser_goes_from_one_person_to_another(client: Client) -> None:
    make_user(email="player@example.com")
    make_user("modder", email="modder@example.com")
    for email in ("player@example.com", "modder@example.com"):
        assert (
            client.post("/dev/sign-in", {"email": email, "next": "https://evil.example/"}).headers["Location"]
            == "/"
        )
        assert who(client) == email


def test_it_is_exempt_from_the_limit_but_not_from_the_token(client: Client) -> None:
    make_user(email="player@example.com")
    statuses = {client.post("/dev/sign-in", {"email": "player@example.com"}).status_code for _ in range(35)}
    assert statuses == {302}
    assert (
        Client(enforce_csrf_checks=True).post("/dev/sign-in", {"email": "player@example.com"}).status_code
        == 403
    )
    assert client.get("/dev/sign-in").status_code == 405


@pytest.mark.parametrize("email", ["", "nobody@example.com", "system@smmods.invalid", "closed@example.com"])
def test_nobody_else_can_be_signed_in(client: Client, email: str) -> None:
    make_user(email="closed@example.com", is_active=False)
    assert client.post("/dev/sign-in", {"email": email}).status_code == 404
    assert User.objects.system().email == "system@smmods.invalid"


def test_the_mails_are_read_back_from_their_files(client: Client, settings: Any, tmp_path: Path) -> None:
    assert "Mails are not kept here" in client.get("/dev/mail/").content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    assert "No mail yet" in client.get("/dev/mail/").content.decode()
    services.register("ada@example.com", verified=True)
    Client().post("/account/signup/", {"email": "eve@example.com"})
    backend = EmailBackend(file_path=str(tmp_path / "mail"))
    second = EmailMultiAlternatives(
        "Größe & mehr", "Zeile\nhttps://smmods.example/x", "a@b.example", ["b@example.com"]
    )
    second.attach_alternative("<p>Zeile</p>", "text/html")
    backend.send_messages([second, second])
    mails = sent_mails(tmp_path / "mail")
    assert sorted(mail.to for mail in mails) == ["b@example.com", "b@example.com", "eve@example.com"]
    text = client.get("/dev/mail/").content.decode()
    assert "Größe &amp; mehr" in text
    assert 'href="https://smmods.example/x"' in text
    assert "/account/confirm-email/?code=" in text


def test_a_mail_without_a_date_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(b"To: a@example.com\nDate: whenever\n\nText\n")
    (mail,) = sent_mails(tmp_path)
    assert (mail.to, mail.text, mail.at.year) == ("a@example.com", "Text", 1970)


@pytest.mark.parametrize(
    ("environment", "there"), [("development", True), ("staging", False), ("production", False)]
)
def test_they_are_absent_elsewhere(environment: str, there: bool, tmp_path: Path) -> None:
    """In a process of its own: the addresses are decided when the portal starts."""
    code = (
        "import django; django.setup()\n"
        "from django.urls import Resolver404, resolve\n"
        "for path in ('/dev/', '/dev/sign-in', '/dev/mail/'):\n"
        "    try: print(resolve(path).view_name.startswith('dev'))\n"
        "    except Resolver404: print(False)\n"
    )
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SMMODS_", "CELERY_"))},
        "DJANGO_SETTINGS_MODULE": "smmods.settings",
        "SMMODS_ENVIRONMENT": environment,
        "VAR": str(tmp_path),
        "SMMODS_ENV_FILE": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == [str(there)] * 3
