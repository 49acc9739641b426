"""Publications, the fast lane and schemas over the API."""

import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts import services
from accounts.models import User
from catalog import schema_registry
from catalog.models import Publication
from catalog.publisher.lease import Lease
from tests import factories

pytestmark = pytest.mark.django_db


def key(user: User, *scopes: str) -> dict[str, str]:
    """The header of a new key."""
    return {"authorization": f"Bearer {services.issue_key(user, 'test', scopes).token}"}


@pytest.fixture
def admin() -> User:
    return factories.make_user("admin")


def test_an_admin_publishes_and_reads_the_record(client: Client, admin: User) -> None:
    client.force_login(admin)
    response = client.post("/api/v1/catalog/publish")
    assert response.status_code == 202
    record = response.json()
    assert (record["revision"], record["status"], record["smoke"]) == (1, "done", None)
    assert client.get("/api/v1/publications/1").json() == record
    assert admin.account_id not in response.content.decode()


def test_nothing_due_answers_with_the_last_record(client: Client, admin: User) -> None:
    client.force_login(admin)
    first, second = (client.post("/api/v1/catalog/publish").json() for _ in range(2))
    assert first == second
    assert Publication.objects.count() == 1


def test_a_key_needs_the_scope_and_the_role(client: Client, admin: User) -> None:
    assert client.post("/api/v1/catalog/publish", headers=key(admin, "downloads:read")).status_code == 403
    assert client.post("/api/v1/catalog/publish", headers=key(admin, "catalog:publish")).status_code == 202
    held = key(admin, "catalog:publish")
    User.objects.filter(pk=admin.pk).update(role="moderator")
    assert client.post("/api/v1/catalog/publish", headers=held).status_code == 403
    assert client.get("/api/v1/publications/1", headers=held).status_code == 403


def test_nobody_is_answered_401(client: Client) -> None:
    for call in (
        client.post("/api/v1/catalog/publish"),
        client.get("/api/v1/publications/1"),
        client.get("/api/v1/downloads/a.b/latest"),
    ):
        assert call.status_code == 401


def test_a_busy_publisher_is_503_with_a_time(
    client: Client, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.api.PUBLISH_WAIT", 0.0)
    monkeypatch.setattr("moderation.publication.WAIT", 0.0)
    client.force_login(admin)
    with Lease():
        response = client.post("/api/v1/catalog/publish")
    assert (response.status_code, response.json()["code"], response["Retry-After"]) == (
        503,
        "publisher_busy",
        "5",
    )


def test_an_unknown_publication_is_404(client: Client, admin: User) -> None:
    client.force_login(admin)
    assert client.get("/api/v1/publications/9").status_code == 404


def test_the_fast_lane_leads_to_the_artifact(client: Client) -> None:
    factories.make_release(mod_id="example.mod", version="1.0.0")
    factories.make_release(factories.make_user("modder"), "example.mod", "1.1.0")
    headers = key(factories.make_user("player"), "downloads:read")
    for version, shown in (("1.0.0", "1.0.0"), ("latest", "1.1.0")):
        response = client.get(f"/api/v1/downloads/example.mod/{version}", headers=headers)
        assert response.status_code == 302
        assert response["Location"] == f"/downloads/mods/example.mod/{shown}/example.mod-v{shown}.zip"
        assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["example.mod/9.9.9", "unknown.mod/latest", "unknown.mod/1.0.0"])
def test_what_is_not_there_is_404(client: Client, path: str) -> None:
    factories.make_release(mod_id="example.mod", version="1.0.0")
    headers = key(factories.make_user("player"), "downloads:read")
    assert client.get(f"/api/v1/downloads/{path}", headers=headers).status_code == 404


def test_what_was_taken_back_is_410_with_why(client: Client) -> None:
    factories.make_release(
        mod_id="example.mod",
        version="1.0.0",
        taken_back_at=datetime(2026, 2, 1, tzinfo=UTC),
        taken_back_reason="It deletes saves.",
        taken_back_level="hard",
    )
    headers = key(factories.make_user("player"), "downloads:read")
    response = client.get("/api/v1/downloads/example.mod/1.0.0", headers=headers)
    assert (response.status_code, response.json()["reason"]) == (410, "It deletes saves.")
    assert client.get("/api/v1/downloads/example.mod/latest", headers=headers).status_code == 404


@pytest.mark.parametrize("schema_id", schema_registry.ids())
def test_every_schema_is_served(client: Client, schema_id: str) -> None:
    response = client.get(f"/api/v1/schemas/{schema_id}.schema.json")
    assert response.status_code == 200 and response["Content-Type"] == "application/schema+json"
    assert json.loads(response.content) == schema_registry.schema(schema_id)


def test_an_unknown_schema_is_404(client: Client) -> None:
    assert client.get("/api/v1/schemas/nothing.schema.json").status_code == 404
