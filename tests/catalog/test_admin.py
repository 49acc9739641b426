"""The admin's pages of the catalog: lists that search, forms that ask the service, nothing else to change."""

from typing import Any

import pytest
from django.contrib import admin as site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.audit import Action
from accounts.models import AuditEntry, AuditOrigin, User
from catalog.models import Category, GameBuild, Namespace, PlatformRelease
from tests.factories import make_release, make_user

pytestmark = pytest.mark.django_db
EDITABLE = {"gamebuild", "category", "platformrelease", "namespace"}
MODELS = sorted(
    model._meta.model_name or "" for model in site.site._registry if model._meta.app_label == "catalog"
)


@pytest.fixture
def admin(client: Client) -> User:
    user = make_user("admin")
    client.force_login(user)
    return user


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_listed_and_searched(client: Client, admin: User, name: str) -> None:
    release = make_release(admin, "ore.lamp")
    assert client.get(f"/admin/catalog/{name}/?q=ore").status_code == 200
    assert client.get(f"/admin/catalog/{name}/add/").status_code == (200 if name in EDITABLE else 403)
    if name == "release":
        page = f"/admin/catalog/release/{release.pk}/change/"
        assert client.get(page).status_code == 200
        assert client.post(page, {"version": "9.9.9"}).status_code == 403
        assert client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403


def save(client: Client, name: str, data: dict[str, Any], pk: int | None = None) -> Any:
    """Send an admin form and come back with the answer."""
    return client.post(f"/admin/catalog/{name}/{f'{pk}/change' if pk else 'add'}/", data)


def test_a_build_is_saved_through_the_service(client: Client, admin: User) -> None:
    assert (
        save(client, "gamebuild", {"build": "0.9.1", "status": "accepted", "reason": "Out now."}).status_code
        == 302
    )
    entry = AuditEntry.objects.get(action=Action.CATALOG_BUILD_CHANGED)
    assert (entry.actor, entry.reason) == (admin, "Out now.")
    assert AuditOrigin.objects.get(entry=entry).door == "admin"
    row = GameBuild.objects.get(build="0.9.1")
    page = client.get(f"/admin/catalog/gamebuild/{row.pk}/change/").content.decode()
    assert 'name="build"' not in page
    assert save(client, "gamebuild", {"status": "deprecated"}, row.pk).status_code == 302
    row.refresh_from_db()
    assert row.status == "deprecated"
    refused = save(client, "gamebuild", {"build": "-", "status": "accepted"})
    assert refused.status_code == 200
    assert "A build is letters" in refused.content.decode()
    pinned = GameBuild.objects.get(pinned=True)
    assert (
        "Pin another build" in save(client, "gamebuild", {"status": "accepted"}, pinned.pk).content.decode()
    )


def test_a_category_is_saved_through_the_service(client: Client, admin: User) -> None:
    assert save(client, "category", {"code": "maps", "name": "Maps", "position": "9"}).status_code == 302
    row = Category.objects.get(code="maps")
    data = {"name": "Maps", "position": "9", "retired": "on"}
    assert save(client, "category", data, row.pk).status_code == 302
    assert AuditEntry.objects.filter(action=Action.CATALOG_CATEGORY_CHANGED).count() == 2


def test_a_platform_release_is_saved_through_the_service(client: Client, admin: User) -> None:
    data = {
        "kind": "framework",
        "version": "0.5.8",
        "target_game_build": "0.9.0",
        "current": "on",
        "file": SimpleUploadedFile("f.zip", b"bytes"),
    }
    assert save(client, "platformrelease", data).status_code == 302
    row = PlatformRelease.objects.get()
    assert (row.size_bytes, row.current) == (5, True)
    assert (
        "bytes lie"
        in save(
            client, "platformrelease", {"kind": "manager", "version": "1.0.0", "target_game_build": "0.9.0"}
        ).content.decode()
    )


def test_a_namespace_is_saved_through_the_service(client: Client, admin: User) -> None:
    modder = make_user("modder")
    data = {"name": "starminer", "emails": modder.email, "reason": "The samples' team."}
    assert save(client, "namespace", data).status_code == 302
    row = Namespace.objects.get(name="starminer")
    assert modder.email in client.get(f"/admin/catalog/namespace/{row.pk}/change/").content.decode()
    assert save(client, "namespace", {"emails": modder.email}, row.pk).status_code == 200
    assert (
        save(client, "namespace", {"emails": admin.email, "reason": "Handed on."}, row.pk).status_code == 302
    )
    assert row.maintainers.get().user == admin


def test_a_moderator_does_not_get_in(client: Client) -> None:
    client.force_login(make_user("moderator"))
    assert client.get("/admin/catalog/gamebuild/").status_code in (302, 403)
    assert save(client, "gamebuild", {"build": "1.0", "status": "accepted"}).status_code in (302, 403)
    assert GameBuild.objects.count() == 1
