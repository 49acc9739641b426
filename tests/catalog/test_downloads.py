"""The fast lane's counting: once an account, release and day; nothing of the person is kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import User
from catalog import downloads
from catalog.models import DownloadDay, DownloadSeen, Mod, Release
from tests import factories

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/downloads/example.mod/1.0.0"


@pytest.fixture
def release() -> Release:
    return factories.make_release(mod_id="example.mod", version="1.0.0")


@pytest.fixture
def player() -> User:
    return factories.make_user("player")


@pytest.fixture
def key(player: User) -> dict[str, str]:
    """The header of the player's key."""
    return {"authorization": f"Bearer {services.issue_key(player, 'test', ['downloads:read']).token}"}


def counted() -> int:
    return Mod.objects.get().downloads


def test_an_account_counts_once_a_day(
    release: Release, player: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [downloads.count(player, release) for _ in range(3)] == [True, False, False]
    assert downloads.count(factories.make_user(), release)
    assert (counted(), DownloadDay.objects.get().count) == (2, 2)
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    assert downloads.count(player, release)
    assert (counted(), DownloadDay.objects.count()) == (3, 2)


def test_what_is_kept_names_nobody_and_goes_with_the_day(release: Release, player: User) -> None:
    downloads.count(player, release)
    (seen,) = DownloadSeen.objects.all()
    assert len(seen.client) == 64
    assert player.account_id not in seen.client and player.email not in seen.client
    assert downloads.forget() == 0
    assert downloads.forget(timezone.now().date() + timedelta(days=1)) == 1
    assert counted() == 1


@pytest.mark.parametrize(
    ("ranges", "first"),
    [("", True), ("bytes=0-", True), (" bytes = 0-99", True), ("bytes=5-", False), ("bytes=-5", False)],
)
def test_a_resumed_download_is_no_other_one(ranges: str, first: bool) -> None:
    assert downloads.from_the_start(ranges) is first


def test_the_door_counts_what_begins(release: Release, client: Client, key: dict[str, str]) -> None:
    assert client.head(ADDRESS, headers=key).status_code == 302
    assert client.get(ADDRESS, headers=key | {"range": "bytes=7-"}).status_code == 302
    assert counted() == 0
    assert client.get(ADDRESS, headers=key).status_code == 302
    client.get(ADDRESS.replace("1.0.0", "latest"), headers=key)
    assert counted() == 1


def test_a_refused_download_is_not_counted(release: Release, client: Client, key: dict[str, str]) -> None:
    assert client.get(ADDRESS).status_code == 401
    Release.objects.update(taken_back_at=timezone.now())
    assert client.get(ADDRESS, headers=key).status_code == 410
    assert counted() == 0


def test_nginx_is_handed_the_file(
    release: Release, client: Client, key: dict[str, str], settings: Any
) -> None:
    settings.SMMODS_HAND_OVER = "/fast-downloads"
    answer = client.get(ADDRESS, headers=key)
    assert answer.status_code == 200
    assert answer["X-Accel-Redirect"] == "/fast-downloads/mods/example.mod/1.0.0/example.mod-v1.0.0.zip"
    assert answer["Content-Disposition"] == 'attachment; filename="example.mod-v1.0.0.zip"'
    assert answer["Cache-Control"] == "no-store"


def test_every_day_is_there(release: Release, player: User) -> None:
    downloads.count(player, release)
    days = downloads.by_day(release.mod, 7)
    assert [count for _, count in days] == [0, 0, 0, 0, 0, 0, 1]
    assert days[-1][0] == timezone.now().date()
