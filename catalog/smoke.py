"""The public smoke: what a stranger fetches after a publication, and whether it is right.

Rules
- It reads as the mod manager does, through the independent reader, from an address or from a folder.
- Every standing document is fetched and kept to its schema; of the releases that were published, the lists,
  the artifact's bytes and their SHA-256; of those taken back, that they can't be had any more.
- Each step says what it fetched and how long that took; the report fails where one step does.
- The report is `smmods.post-publish-smoke.v1`.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.utils import timezone

from catalog import contract_documents, documents, platform_documents, schema_registry
from catalog.client import ClientError, Source, parse_catalog, read_blocklist, read_catalog, read_versions

#: The address that tells whether anything answers at all.
ALIVE = f"/{documents.CATALOG}"
SCHEMA = "smmods.post-publish-smoke.v1"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """A release that must be there, or, where it was taken back, must not."""

    mod_id: str
    version: str
    sha256: str
    size_bytes: int
    taken_back: bool = False


class FailedError(Exception):
    """A step found something wrong; the message says what."""


@dataclass(slots=True)
class _Smoke:
    source: Source
    live: bool
    steps: list[Json] = field(default_factory=list)

    def step(self, step_id: str, title: str, url: str, act: Callable[[], str]) -> None:
        """Do one step and note how it ended."""
        began = time.perf_counter()
        try:
            status, message = "passed", act()
        except (ClientError, FailedError) as error:
            status, message = "failed", str(error)
        spent = round((time.perf_counter() - began) * 1000, 1)
        self.steps.append(
            {
                "id": step_id,
                "title": title,
                "status": status,
                "url": url,
                "message": message,
                "milliseconds": spent,
            }
        )

    def read(self, path: str, schema: str) -> Json:
        """A document, kept to its schema. Raises ClientError, FailedError."""
        raw = self.source.read(f"/{path}")
        try:
            value = json.loads(raw)
        except ValueError as error:
            raise FailedError(f"This is not JSON: {error}") from error
        problems = schema_registry.problems(schema, value)
        if problems:
            raise FailedError(f"{problems[0].pointer or '/'}: {problems[0].message}")
        body: Json = value
        return body


#: Documents that are always there, with their schemas.
STANDING = {
    documents.MODS_INDEX: "smmods.mods-index.v1",
    **{path: f"smmods.{kind.value}.v1" for kind, path in platform_documents.PATHS.items()},
    contract_documents.WORKFLOW: "smmods.publishing-workflow.v1",
    contract_documents.BACKEND: "smmods.publishing-backend-contract.v1",
    contract_documents.VALIDATION: "smmods.starminer-publishing-validation.v1",
}


def run(source: Source, base_url: str, revision: int, releases: Sequence[Expected] = ()) -> Json:
    """Fetch and look; returns the report. `revision` is the least that the catalog must have reached."""
    smoke = _Smoke(source, base_url.startswith(("http://", "https://")))
    smoke.step("catalog", "Catalog", f"/{documents.CATALOG}", partial(_catalog, smoke, revision))
    smoke.step("blocklist", "Blocklist", f"/{documents.BLOCKLIST}", partial(_blocklist, smoke, releases))
    for path, schema in STANDING.items():
        name = path.removeprefix("api/v1/")
        smoke.step(name, "Document", f"/{path}", partial(_standing, smoke, path, schema))
    for release in releases:
        url = "/" + documents.artifact_path(release.mod_id, release.version)
        look = _taken_back if release.taken_back else _there
        smoke.step(f"{release.mod_id}@{release.version}"[:80], "Release", url, partial(look, smoke, release))
    passed = all(step["status"] == "passed" for step in smoke.steps)
    return {
        "schema": SCHEMA,
        "generatedAt": documents.timestamp(timezone.now()),
        "revision": revision,
        "baseUrl": base_url,
        "kind": "public",
        "status": "passed" if passed else "failed",
        "steps": smoke.steps,
    }


def _catalog(smoke: _Smoke, revision: int) -> str:
    body = smoke.read(documents.CATALOG, "smmods.catalog.v1")
    problems = parse_catalog(smoke.source.read(f"/{documents.CATALOG}"))
    if problems:
        raise FailedError(f"A manager can't read it: {problems[0].pointer}: {problems[0].message}")
    if body["revision"] < revision:
        raise FailedError(f"It has revision {body['revision']}; {revision} was published.")
    return f"Revision {body['revision']}, {len(body['mods'])} mods."


def _blocklist(smoke: _Smoke, releases: Sequence[Expected]) -> str:
    smoke.read(documents.BLOCKLIST, "smmods.blocklist.v1")
    rows = read_blocklist(smoke.source.read(f"/{documents.BLOCKLIST}"))
    listed = {(row.mod_id, row.version) for row in rows}
    for release in releases:
        if release.taken_back != ((release.mod_id, release.version) in listed):
            raise FailedError(f"It is wrong about {release.mod_id} {release.version}.")
    return f"{len(rows)} releases were taken back."


def _standing(smoke: _Smoke, path: str, schema: str) -> str:
    smoke.read(path, schema)
    return "It keeps its schema."


def _there(smoke: _Smoke, release: Expected) -> str:
    """The lists name the release, the artifact is the bytes that they say, and the catalog has its mod."""
    smoke.read(documents.mod_path(release.mod_id), "smmods.mod.v1")
    path = documents.versions_path(release.mod_id)
    smoke.read(path, "smmods.mod-versions.v1")
    rows = {row.version: row for row in read_versions(smoke.source.read(f"/{path}"), release.mod_id)}
    row = rows.get(release.version)
    if row is None:
        raise FailedError(f"/{path} does not list it.")
    if (row.sha256, row.size_bytes) != (release.sha256, release.size_bytes):
        raise FailedError(f"/{path} says other bytes than were published.")
    digest, size = hashlib.sha256(), 0
    for piece in smoke.source.stream(row.artifact_url).pieces:
        digest.update(piece)
        size += len(piece)
    if (digest.hexdigest(), size) != (row.sha256, row.size_bytes):
        raise FailedError(f"The artifact has {size:,} bytes with SHA-256 {digest.hexdigest()}.")
    if release.mod_id not in read_catalog(smoke.source.read(f"/{documents.CATALOG}")).mods:
        raise FailedError("The catalog does not have its mod.")
    return f"{size:,} bytes with the SHA-256 that the documents say."


def _taken_back(smoke: _Smoke, release: Expected) -> str:
    address = "/" + documents.artifact_path(release.mod_id, release.version)
    try:
        for _ in smoke.source.stream(address).pieces:
            raise FailedError("It was taken back and is still there.")
    except ClientError as error:
        # Over the web it says that it was taken back; a folder merely lacks it.
        if error.code != ("taken_back" if smoke.live else "not_found"):
            raise
    return "It can't be had any more."
