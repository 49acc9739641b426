"""The public smoke: over a folder and over HTTP, and what it finds when something is wrong."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application

from catalog import schema_registry, smoke
from catalog.client import ClientError, FolderSource, HttpSource
from catalog.models import Release
from catalog.publisher import Hide, Refresh, public_tree
from tests.catalog.publisher.world import published, put

pytestmark = pytest.mark.django_db


class QuietHandler(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The published tree served by the portal itself, which asks no database for it."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def expected(release: Release) -> smoke.Expected:
    return smoke.Expected(
        release.mod.mod_id,
        release.version,
        release.sha256,
        release.size_bytes,
        release.taken_back_at is not None,
    )


def run(source: Any = None, base_url: str = "folder", revision: int = 1) -> dict[str, Any]:
    releases = [expected(release) for release in Release.objects.select_related("mod")]
    report = smoke.run(source or FolderSource(public_tree().root), base_url, revision, releases)
    assert schema_registry.problems(smoke.SCHEMA, report) == []
    return report


def failed(report: dict[str, Any]) -> dict[str, str]:
    return {step["id"]: step["message"] for step in report["steps"] if step["status"] == "failed"}


def replace(path: str, body: bytes) -> None:
    file: Path = public_tree().root / path
    file.unlink()
    file.write_bytes(body)


def test_an_empty_catalog_passes() -> None:
    put(Refresh())
    report = run()
    assert (report["status"], report["revision"], failed(report)) == ("passed", 1, {})


def test_a_release_and_one_taken_back_pass_over_http(site: str) -> None:
    first = published("example.mod", "1.0.0")
    published("example.mod", "1.1.0", first.author)
    put(Hide("example.mod", "1.1.0", "Broken."))
    report = run(HttpSource(site), site, revision=3)
    assert (report["status"], failed(report)) == ("passed", {})
    assert {"example.mod@1.0.0", "example.mod@1.1.0"} <= {step["id"] for step in report["steps"]}


def test_bytes_that_are_not_those_published_fail() -> None:
    published("example.mod")
    replace("downloads/mods/example.mod/1.0.0/example.mod-v1.0.0.zip", b"other")
    report = run()
    assert report["status"] == "failed"
    assert "SHA-256" in failed(report)["example.mod@1.0.0"]


def test_an_artifact_that_is_gone_fails() -> None:
    published("example.mod")
    (public_tree().root / "downloads/mods/example.mod/1.0.0/example.mod-v1.0.0.zip").unlink()
    assert "not there" in failed(run())["example.mod@1.0.0"]


def test_a_release_that_was_taken_back_and_is_there_fails() -> None:
    published("example.mod")
    Release.objects.update(taken_back_at="2026-01-01T00:00:00Z")
    report = failed(run())
    assert report["example.mod@1.0.0"] == "It was taken back and is still there."
    assert "wrong about" in report["blocklist"]


def test_over_http_what_was_taken_back_must_say_so(site: str) -> None:
    published("example.mod")
    put(Hide("example.mod", "1.0.0", "Broken."))
    public_tree().unbury("downloads/mods/example.mod/1.0.0/example.mod-v1.0.0.zip")
    assert "not there" in failed(run(HttpSource(site), site))["example.mod@1.0.0"]


def test_an_older_catalog_than_was_published_fails() -> None:
    put(Refresh())
    assert "2 was published" in failed(run(revision=2))["catalog"]


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("api/v1/catalog.json", "catalog"),
        ("api/v1/blocklist.json", "blocklist"),
        ("api/v1/mods/index.json", "mods/index.json"),
        ("api/v1/publishing/workflow.json", "publishing/workflow.json"),
    ],
)
@pytest.mark.parametrize("body", [b"{", b"{}", b'{"schema":"other"}'])
def test_a_broken_document_fails(path: str, step: str, body: bytes) -> None:
    put(Refresh())
    replace(path, body)
    assert step in failed(run())


def test_a_catalog_that_no_manager_reads_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts.errors import Problem

    put(Refresh())
    monkeypatch.setattr(smoke, "parse_catalog", lambda _: [Problem("x", "Broken.", pointer="/mods")])
    assert "manager" in failed(run())["catalog"]


def changed(path: str, change: Any) -> None:
    body = json.loads(public_tree().read(path) or b"")
    change(body)
    replace(path, json.dumps(body).encode())


def test_lists_that_disagree_fail() -> None:
    published("example.mod")
    path = "api/v1/mods/example.mod/versions.json"
    whole = public_tree().read(path) or b""
    changed(path, lambda body: body["versions"][0].update(sizeBytes=1))
    assert "other bytes" in failed(run())["example.mod@1.0.0"]
    changed(path, lambda body: body["versions"].clear())
    assert "does not list" in failed(run())["example.mod@1.0.0"]
    replace(path, whole)
    changed("api/v1/catalog.json", lambda body: body["mods"].clear())
    assert "catalog does not have" in failed(run())["example.mod@1.0.0"]


def test_a_site_that_does_not_answer_fails_every_step() -> None:
    report = run(HttpSource("http://127.0.0.1:9", timeout=1), "http://127.0.0.1:9")
    assert len(failed(report)) == len(report["steps"])


def test_another_fault_than_absence_is_no_absence() -> None:
    published("example.mod")
    put(Hide("example.mod", "1.0.0", "Broken."))

    class Down(FolderSource):
        def stream(self, address: str, offset: int = 0) -> Any:
            raise ClientError("unavailable", "500")

    assert failed(run(Down(public_tree().root)))["example.mod@1.0.0"] == "500"
