"""Smokes of a running portal over HTTP: does it answer as it should, asked as a stranger asks?

Rules
- `public` reads what everybody may: pages, documents, and the artifact of each mod's latest release, hashed.
- `backend-health` looks whether the backend answers and refuses: probes, the API's description, a problem document
  for what is absent, no answer to an upload without a session or key.
- Neither changes anything. Each step says what it fetched and how long it took; one that fails fails the smoke.
- The report is `smmods.post-publish-smoke.v1`, kept as `reports/{kind}-smoke-{commit}.json`.
"""

import http.client
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from catalog import documents
from catalog import smoke as documents_smoke
from catalog.client import ClientError, HttpSource, read_catalog

KINDS = ("public", "backend-health")
#: Pages that every installation has for everybody.
PAGES = (
    "/", "/mods/", "/players/", "/modders/", "/support/", "/download/", "/upload/", "/account/", "/moderation/",
    "/attribution/", "/wiki/getting-started/",
)  # fmt: skip
#: So many of the mods' detail pages and artifacts are fetched, those updated last.
MODS = 20
TIMEOUT = 20
Json = dict[str, Any]


class StepFailedError(Exception):
    """A step found something wrong; the message says what."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answered."""

    status: int
    content_type: str
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises StepFailedError."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise StepFailedError(f"This is not JSON: {error}") from error


@dataclass(slots=True)
class Smoke:
    """Steps against one base address."""

    base_url: str
    steps: list[Json] = field(default_factory=list)

    def step(self, step_id: str, title: str, address: str, act: Callable[[], str]) -> None:
        """Do one step and note how it ended."""
        began = time.perf_counter()
        try:
            status, message = "passed", act()
        except (StepFailedError, ClientError, OSError, http.client.HTTPException) as error:
            status, message = "failed", str(error) or type(error).__name__
        self.steps.append(
            {
                "id": step_id[:80],
                "title": title,
                "status": status,
                "url": address,
                "message": message,
                "milliseconds": round((time.perf_counter() - began) * 1000, 1),
            }
        )

    def ask(self, address: str, method: str = "GET") -> Answer:
        """One request, redirects left alone."""
        parts = urlsplit(self.base_url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
        try:
            connection.request(
                method, parts.path.rstrip("/") + address, headers={"User-Agent": "smmods-smoke/1"}
            )
            response = connection.getresponse()
            return Answer(response.status, response.getheader("Content-Type") or "", response.read())
        finally:
            connection.close()

    def expect(self, address: str, status: int, content_type: str, method: str = "GET") -> Answer:
        """The answer, if it has that status and kind. Raises StepFailedError."""
        answer = self.ask(address, method)
        if answer.status != status:
            raise StepFailedError(f"It answers {answer.status}, not {status}.")
        if not answer.content_type.startswith(content_type):
            raise StepFailedError(f"It is {answer.content_type or 'of no kind'}, not {content_type}.")
        return answer


def run(kind: str, base_url: str, commit: str) -> Json:
    """Run the smoke of that kind; returns its report. Raises KeyError for a kind that is none."""
    smoke = Smoke(base_url.rstrip("/"))
    revision = {"public": public, "backend-health": backend_health}[kind](smoke)
    passed = all(step["status"] == "passed" for step in smoke.steps)
    return {
        "schema": documents_smoke.SCHEMA,
        "generatedAt": documents.timestamp(timezone.now()),
        "revision": revision,
        "baseUrl": base_url,
        "kind": kind,
        "status": "passed" if passed else "failed",
        "commit": commit,
        "steps": smoke.steps,
    }


def keep(report: Json, folder: Path) -> Path:
    """Write the report down; returns where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report['kind']}-smoke-{report['commit']}.json"
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def public(smoke: Smoke) -> int:
    """What everybody may read; returns the catalog's revision."""
    for address in PAGES:
        smoke.step(f"page {address}", "Page", address, partial(_page, smoke, address))
    source = HttpSource(smoke.base_url, timeout=TIMEOUT)
    try:
        catalog = read_catalog(source.read(f"/{documents.CATALOG}"))
    except ClientError:
        found = documents_smoke.run(source, smoke.base_url, 0)
        smoke.steps += found["steps"]
        return 0
    mods = list(catalog.mods.values())[:MODS]
    expected = [documents_smoke.Expected(mod.mod_id, mod.version, mod.sha256, mod.size_bytes) for mod in mods]
    found = documents_smoke.run(source, smoke.base_url, catalog.revision, expected)
    smoke.steps += found["steps"]
    for mod in mods:
        smoke.step(
            f"page of {mod.mod_id}", "Detail page", mod.detail_url, partial(_page, smoke, mod.detail_url)
        )
    return catalog.revision


def _page(smoke: Smoke, address: str) -> str:
    answer = smoke.expect(address, 200, "text/html")
    if b"</html>" not in answer.body:
        raise StepFailedError("It is cut off.")
    return f"{len(answer.body):,} bytes."


def backend_health(smoke: Smoke) -> int:
    """Whether the backend answers, and refuses; returns 0, since no revision is looked at."""
    smoke.step("healthz", "Alive", "/healthz", lambda: f"{smoke.expect('/healthz', 200, '').status}")
    smoke.step("readyz", "Ready", "/readyz", lambda: _ready(smoke))
    smoke.step("openapi", "API's description", "/api/v1/openapi.json", lambda: _description(smoke))
    for step_id, title, address, method, status in (
        ("absent", "Absent things", "/api/v1/there-is-nothing-here", "GET", 404),
        ("uploads", "Uploads are not read by strangers", "/api/v1/uploads", "GET", 401),
        ("queue", "The queue is not read by strangers", "/api/v1/moderation/queue", "GET", 401),
        ("audit", "The audit trail is not read by strangers", "/api/v1/audit", "GET", 401),
        ("accounts", "Accounts are not read by strangers", "/api/v1/accounts", "GET", 401),
        ("upload", "Nobody uploads without an account", "/api/v1/uploads", "POST", 401),
    ):
        smoke.step(step_id, title, address, partial(_refused, smoke, address, method, status))
    return 0


def _ready(smoke: Smoke) -> str:
    answer = smoke.ask("/readyz")
    if answer.status != 200:
        raise StepFailedError(f"It answers {answer.status}: {answer.body[:300].decode(errors='replace')}")
    return "Every part answers."


def _description(smoke: Smoke) -> str:
    document = smoke.expect("/api/v1/openapi.json", 200, "application/json").json()
    return f"OpenAPI {document['openapi']}, {len(document['paths'])} addresses."


def _refused(smoke: Smoke, address: str, method: str, status: int) -> str:
    problem = smoke.expect(address, status, "application/problem+json", method).json()
    return f"{problem['status']} {problem['code']}"


def failed(report: Json) -> Iterable[str]:
    """The steps that failed, in words."""
    return (
        f"{step['id']} ({step['url']}): {step['message']}"
        for step in report["steps"]
        if step["status"] == "failed"
    )
