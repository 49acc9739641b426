"""smoke: a running portal, asked over HTTP as a stranger asks."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from catalog import schema_registry, service_status
from catalog.client import ClientError, HttpSource
from catalog.client.sources import Stream
from catalog.models import Mod
from moderation import publication
from smmods import demo, smoke
from tests.factories import services_live
from tests.smmods.running import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def portal(live_server: Any) -> str:
    """A portal with the samples, as if its workers had just answered."""
    demo.tell(lambda _: None)
    services_live()
    for queue in ("checks", "publication"):
        service_status.report_worker(queue)
    publication.run({"op": "refresh"})
    return str(live_server.url)


def steps(report: dict[str, Any]) -> dict[str, str]:
    return {step["id"]: step["status"] for step in report["steps"]}


def test_the_public_smoke_reads_pages_documents_and_artifacts(portal: str, tmp_path: Path) -> None:
    done = run("smoke", "--kind", "public", "--base-url", portal, "--reports", str(tmp_path), "--json")
    assert done.status == 0, done.err
    report = done.json
    assert schema_registry.problems("smmods.post-publish-smoke.v1", report) == []
    assert (report["kind"], report["status"]) == ("public", "passed")
    found = steps(report)
    for address in smoke.PAGES:
        assert found[f"page {address}"] == "passed"
    assert found["example.hello-lua@0.1.3"] == found["page of example.hello-lua"] == "passed"
    kept = tmp_path / f"public-smoke-{report['commit']}.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == report


def test_the_backends_health(portal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMMODS_BACKEND_SMOKE_BASE_URL", portal)
    done = run("smoke", "--kind", "backend-health", "--reports", str(tmp_path))
    assert done.status == 0, done.err
    assert "steps passed" in done.out
    (kept,) = tmp_path.glob("backend-health-*.json")
    assert steps(json.loads(kept.read_text(encoding="utf-8")))["upload"] == "passed"
    service_status.report("validation_worker", False, missing="Nobody answers.")
    sick = run("smoke", "--kind", "backend-health", "--reports", str(tmp_path))
    assert (sick.status, "readyz" in sick.err) == (1, True)


def test_it_changes_nothing(portal: str, tmp_path: Path) -> None:
    from accounts.models import AuditEntry

    before = AuditEntry.objects.count()
    for kind in smoke.KINDS:
        run("smoke", "--kind", kind, "--base-url", portal, "--reports", str(tmp_path))
    assert AuditEntry.objects.count() == before


@pytest.fixture
def stub() -> Iterator[tuple[str, dict[str, tuple[int, str, bytes]]]]:
    """A site of which a test says what each address answers; everything else is an empty page."""
    answers: dict[str, tuple[int, str, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            status, kind, body = answers.get(self.path, (200, "text/html", b"<html>"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    server.server_close()


def test_each_way_of_being_wrong_is_told(
    stub: tuple[str, dict[str, tuple[int, str, bytes]]], tmp_path: Path
) -> None:
    url, answers = stub
    answers["/mods/"] = (500, "text/html", b"")
    answers["/players/"] = (200, "text/plain", b"</html>")
    done = run("smoke", "--kind", "public", "--base-url", url, "--reports", str(tmp_path))
    assert done.status == 1
    for words in (
        "page /mods/ (/mods/): It answers 500, not 200.",
        "page /players/ (/players/): It is text/plain, not text/html.",
        "page / (/): It is cut off.",
        "catalog",
    ):
        assert words in done.err
    answers["/api/v1/openapi.json"] = (200, "application/json", b"{")
    health = run("smoke", "--kind", "backend-health", "--base-url", url, "--reports", str(tmp_path))
    assert health.status == 1
    assert "This is not JSON" in health.err


def test_nobody_there(tmp_path: Path) -> None:
    done = run(
        "smoke", "--kind", "backend-health", "--base-url", "http://127.0.0.1:1", "--reports", str(tmp_path)
    )
    assert done.status == 1
    done = run(
        "smoke", "--kind", "backend-health", "--base-url", "https://127.0.0.1:1", "--reports", str(tmp_path)
    )
    assert done.status == 1


def test_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMMODS_BACKEND_SMOKE_BASE_URL", raising=False)
    assert run("smoke", "--kind", "public").status == 2
    assert run("smoke", "--kind", "everything", "--base-url", "http://127.0.0.1:1").status == 2
    assert run("smoke").status == 2


def test_a_site_is_validated_over_http_with_its_detail_pages(
    portal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run("validate_site", portal, "--json")
    assert done.status == 0, done.err
    assert done.json["detailPages"] == Mod.objects.public().count()
    read = HttpSource.read

    def without_pages(source: HttpSource, address: str) -> bytes:
        if address.startswith("/mods/"):
            raise ClientError("not_found", f"{address} is not there.")
        return read(source, address)

    stream = HttpSource.stream

    def broken_downloads(source: HttpSource, address: str, offset: int = 0) -> Stream:
        if "turbo-drill" in address:
            raise ClientError("unavailable", f"{address} answers 500.")
        return stream(source, address, offset)

    monkeypatch.setattr(HttpSource, "read", without_pages)
    monkeypatch.setattr(HttpSource, "stream", broken_downloads)
    spoilt = run("validate_site", portal, "--json")
    assert spoilt.status == 1
    missing = {finding["address"] for finding in spoilt.json["findings"] if finding["code"] == "missing"}
    assert "/mods/hello-lua/" in missing
    assert any("turbo-drill" in address for address in missing)
