"""Notices: which mails leave one, where it leads, and that reading is the owner's own act."""

from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from accounts import notices, notifications, own_data
from accounts.models import Notification, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

MAIL: dict[str, Any] = {"mod": "Drill", "version": "1.0.0", "upheld": True, "outcome": "It is gone."}


def told(user: User, template: str = "report_outcome", **context: Any) -> None:
    """Owe the mail as a service would."""
    with transaction.atomic():
        notifications.notify(user, template, MAIL | context)


def test_a_mail_leaves_its_subject_and_leads_to_its_page() -> None:
    user = make_user()
    told(user, page="https://mods.example.org/upload/sub_1/#conversation")
    told(user)
    newest, first = Notification.objects.filter(user=user)
    assert first.text == "Your report on Drill 1.0.0"
    assert (first.url, newest.url) == ("/upload/sub_1/#conversation", "/mods/")


def test_codes_and_links_leave_none() -> None:
    user = make_user()
    told(user, "confirm_sign_in", code="123456", link="https://mods.example.org/x")
    assert not Notification.objects.exists()


def test_every_mail_that_leaves_a_notice_is_there() -> None:
    folder = settings.BASE_DIR / "templates/email"
    assert [name for name in notices.TOLD if not (folder / f"{name}.subject.txt").is_file()] == []
    assert not [name for name in notices.TOLD if "code" in name or "sign_in" in name]


def test_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "KEPT", 3)
    user = make_user()
    for number in range(5):
        told(user, version=f"1.0.{number}")
    assert [row.text[-5:] for row in Notification.objects.filter(user=user)] == ["1.0.4", "1.0.3", "1.0.2"]


def test_the_page_shows_and_marks_only_ones_own(client: Client) -> None:
    user, other = make_user(), make_user()
    told(user, mod="<b>Drill</b>")
    told(user)
    told(other)
    client.force_login(user)
    page = client.get("/account/notices/").content.decode()
    assert page.count("New, ") == 2
    assert "&lt;b&gt;Drill" in page
    assert notices.unread(user) == 2
    foreign = Notification.objects.get(user=other)
    client.post("/account/notices/", {"notice": str(foreign.pk)})
    assert (notices.unread(user), notices.unread(other)) == (2, 1)
    mine = Notification.objects.filter(user=user).first()
    assert mine is not None
    client.post("/account/notices/", {"notice": str(mine.pk)})
    assert notices.unread(user) == 1
    client.post("/account/notices/", {"notice": "all"})
    assert (notices.unread(user), notices.unread(other)) == (0, 1)


def test_the_header_counts_what_is_unread(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    assert "unread notice" not in client.get("/players/").content.decode()
    told(user)
    assert '1<span class="visually-hidden"> unread notice</span>' in client.get("/players/").content.decode()


def test_the_export_has_them_and_closing_the_account_forgets_them() -> None:
    user = make_user(email="ada@example.com")
    told(user)
    assert own_data.export(user)["notices"][0]["text"] == "Your report on Drill 1.0.0"
    own_data.close_account(user, confirm="ada@example.com")
    assert not Notification.objects.exists()
