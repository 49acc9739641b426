"""Probes: alive, ready, and metrics for those who may see them."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from catalog import service_status
from smmods import health

pytestmark = pytest.mark.django_db


@pytest.fixture
def all_up() -> None:
    for _, service in health.HEARTBEATS:
        service_status.report(service, live=True, evidence="answered")


def test_alive_names_version_and_commit(client: Client, settings: Any) -> None:
    settings.SMMODS_COMMIT = "c" * 40
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": settings.SMMODS_VERSION, "commit": "c" * 40}
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_ready(client: Client, all_up: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == "ready"
    assert [part["name"] for part in answer.json()["parts"]] == [name for name, _ in health.PARTS]


def test_not_ready_without_workers(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert {part["name"] for part in answer.json()["parts"] if not part["ok"]} == {"worker", "publisher"}


def test_not_ready_without_the_published_tree(client: Client, all_up: None, own_files: Path) -> None:
    (own_files / "public").rmdir()
    parts = {part["name"]: part for part in client.get("/readyz").json()["parts"]}
    assert parts["published_tree"] == {
        "name": "published_tree",
        "ok": False,
        "reason": "the published tree is not there",
    }


def test_a_cache_that_forgets_is_not_ready(client: Client, all_up: None, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    parts = {part["name"]: part for part in client.get("/readyz").json()["parts"]}
    assert not parts["cache"]["ok"]


@pytest.mark.parametrize("part", [name for name, _ in health.PARTS])
def test_whatever_breaks_is_never_a_500(
    client: Client, all_up: None, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def breaks() -> str:
        raise RuntimeError("postgres://smmods:secret@db/ is away")

    found = tuple((name, breaks if name == part else ask) for name, ask in health.PARTS)
    monkeypatch.setattr(health, "PARTS", found)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert b"secret" not in answer.content
    assert {entry["name"] for entry in answer.json()["parts"] if not entry["ok"]} == {part}


def test_metrics_for_the_addresses_that_may(client: Client, settings: Any) -> None:
    settings.SMMODS_METRICS_ADDRESSES = ["127.0.0.1/32", "10.1.0.0/16"]
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert b"django_http_requests_total" in answer.content
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 200


@pytest.mark.parametrize("address", ["10.2.0.1", "::1", "", "nobody"])
def test_metrics_are_not_there_for_others(client: Client, settings: Any, address: str) -> None:
    settings.SMMODS_METRICS_ADDRESSES = ["127.0.0.1/32", "10.1.0.0/16"]
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 404


def test_a_forged_address_sees_no_metrics(client: Client, settings: Any) -> None:
    settings.SMMODS_METRICS_ADDRESSES = ["127.0.0.1/32"]
    settings.SMMODS_TRUSTED_PROXIES = 1
    forged = client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1, 203.0.113.9"})
    assert forged.status_code == 404
