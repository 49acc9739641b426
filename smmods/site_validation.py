"""Does a published site hold what it promises? Read as a stranger reads it, from an address or a folder.

Rules
- Every document keeps its schema and is read by the manager's own reader as well.
- Every address in a document leads somewhere; a detail page answers before the catalog names it.
- Every artifact has the size and the SHA-256 that the documents say.
- The catalog, the index, a mod's document and its list of versions agree with one another.
- What was taken back is in no list, and its artifact can't be had any more.

A finding's code is one of `unreadable`, `schema`, `reader`, `missing`, `hash`, `disagrees`, `not_taken_back`;
its path is the address that it is about.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from accounts.errors import Problem
from catalog import schema_registry
from catalog.client import (
    Blocked,
    CatalogMod,
    ClientError,
    Source,
    VersionRow,
    parse_catalog,
    read_blocklist,
    read_catalog,
    read_versions,
)

CATALOG = "/api/v1/catalog.json"
INDEX = "/api/v1/mods/index.json"
BLOCKLIST = "/api/v1/blocklist.json"
PUBLISHING = "/api/v1/publishing"
#: Documents that every site has, and the schema of each.
DOCUMENTS = {
    CATALOG: "smmods.catalog.v1",
    INDEX: "smmods.mods-index.v1",
    BLOCKLIST: "smmods.blocklist.v1",
    "/api/v1/runtime/latest.json": "smmods.runtime.v1",
    "/api/v1/framework/latest.json": "smmods.framework.v1",
    "/api/v1/manager/latest.json": "smmods.manager.v1",
    f"{PUBLISHING}/workflow.json": "smmods.publishing-workflow.v1",
    f"{PUBLISHING}/backend-contract.json": "smmods.publishing-backend-contract.v1",
    f"{PUBLISHING}/starminer-publishing-validation.v1.json": "smmods.starminer-publishing-validation.v1",
}
#: Schemas that every site hands out.
SCHEMAS = (
    f"{PUBLISHING}/mod-release-submission.schema.json",
    f"{PUBLISHING}/upload-submission.schema.json",
    f"{PUBLISHING}/starminer-publishing-validation.schema.json",
)
PLATFORM = ("runtime", "framework", "manager")

DetailPage = Callable[[str], bool]


@dataclass(slots=True)
class SiteReport:
    """What was looked at and what was wrong with it."""

    findings: list[Problem] = field(default_factory=list)
    documents: int = 0
    artifacts: int = 0
    detail_pages: int = 0
    revision: int | None = None

    @property
    def passed(self) -> bool:
        return not self.findings

    def add(self, code: str, address: str, message: str) -> None:
        """Note a finding."""
        self.findings.append(Problem(code, message, path=address))

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "passed": self.passed,
            "revision": self.revision,
            "documents": self.documents,
            "artifacts": self.artifacts,
            "detailPages": self.detail_pages,
            "findings": [
                {"code": one.code, "address": one.path, "message": one.message} for one in self.findings
            ],
        }


def validate(source: Source, detail_page: DetailPage | None = None) -> SiteReport:
    """Look at everything that the site publishes.

    `detail_page` says whether the page at an address is there; without it, it is fetched from the source.
    """
    return _Visit(source, detail_page).report_all()


class _Visit:
    """One walk over a site."""

    def __init__(self, source: Source, detail_page: DetailPage | None) -> None:
        self.source = source
        self.detail_page = detail_page or self._page_answers
        self.report = SiteReport()

    def report_all(self) -> SiteReport:
        known = {address: self._document(address, schema) for address, schema in DOCUMENTS.items()}
        for address in SCHEMAS:
            self._schema(address)
        for part in PLATFORM:
            self._platform(known[f"/api/v1/{part}/latest.json"])
        mods = self._catalog()
        self._index(known[INDEX], mods)
        listed: set[tuple[str, str]] = set()
        for mod in mods.values():
            listed |= {(mod.mod_id, row.version) for row in self._mod(mod)}
        self._blocklist(listed)
        return self.report

    def _read(self, address: str) -> bytes | None:
        try:
            raw = self.source.read(address)
        except ClientError as error:
            self.report.add("missing", address, error.message)
            return None
        self.report.documents += 1
        return raw

    def _json(self, address: str) -> tuple[bytes, Any] | None:
        raw = self._read(address)
        if raw is None:
            return None
        try:
            return raw, json.loads(raw)
        except ValueError as error:
            self.report.add("unreadable", address, f"This is not JSON: {error}.")
            return None

    def _document(self, address: str, schema: str) -> dict[str, Any]:
        """The document, kept to its schema; an empty one where it can't be read."""
        found = self._json(address)
        if found is None:
            return {}
        problems = schema_registry.problems(schema, found[1])
        for problem in problems:
            self.report.add("schema", address, f"{problem.pointer or '/'}: {problem.message}")
        return found[1] if isinstance(found[1], dict) and not problems else {}

    def _schema(self, address: str) -> None:
        found = self._json(address)
        if found is not None and not (isinstance(found[1], dict) and "$schema" in found[1]):
            self.report.add("unreadable", address, "This is not a JSON Schema.")

    def _platform(self, document: dict[str, Any]) -> None:
        release = document.get("release")
        if release and release["artifactUrl"].startswith("/"):
            self._artifact(release["artifactUrl"], release["sha256"], release["sizeBytes"])

    def _catalog(self) -> dict[str, CatalogMod]:
        raw = self._read(CATALOG)
        if raw is None:
            return {}
        problems = parse_catalog(raw)
        for problem in problems:
            self.report.add("reader", CATALOG, f"{problem.pointer or '/'}: {problem.message}")
        if problems:
            return {}
        catalog = read_catalog(raw)
        self.report.revision = catalog.revision
        return catalog.mods

    def _index(self, document: dict[str, Any], mods: dict[str, CatalogMod]) -> None:
        rows = {row["id"]: row["version"] for row in document.get("mods", ())}
        told = {mod.mod_id: mod.version for mod in mods.values()}
        for mod_id in sorted(rows.keys() ^ told.keys()):
            self.report.add("disagrees", INDEX, f"{mod_id} is not in both the catalog and the index.")
        for mod_id in sorted(rows.keys() & told.keys()):
            if rows[mod_id] != told[mod_id]:
                self.report.add(
                    "disagrees", INDEX, f"{mod_id} is {rows[mod_id]} here and {told[mod_id]} in the catalog."
                )

    def _mod(self, mod: CatalogMod) -> tuple[VersionRow, ...]:
        """Everything about one mod; returns its listed releases."""
        own = self._document(f"/api/v1/mods/{mod.mod_id}/index.json", "smmods.mod.v1")
        if own and (own["id"], (own["latest"] or {}).get("version")) != (mod.mod_id, mod.version):
            self.report.add(
                "disagrees", f"/api/v1/mods/{mod.mod_id}/index.json", "It names another latest release."
            )
        if self.detail_page(mod.detail_url):
            self.report.detail_pages += 1
        else:
            self.report.add("missing", mod.detail_url, f"{mod.mod_id} has no detail page.")
        if not self._document(mod.versions_url, "smmods.mod-versions.v1"):
            return ()
        try:
            rows = read_versions(self.source.read(mod.versions_url), mod.mod_id)
        except ClientError as error:
            self.report.add("reader", mod.versions_url, error.message)
            return ()
        latest = next((row for row in rows if row.version == mod.version), None)
        if latest is None or (latest.artifact_url, latest.sha256, latest.size_bytes, latest.dependencies) != (
            mod.artifact_url,
            mod.sha256,
            mod.size_bytes,
            mod.dependencies,
        ):
            self.report.add(
                "disagrees", mod.versions_url, f"It does not list {mod.version} as the catalog does."
            )
        for row in rows:
            self._artifact(row.artifact_url, row.sha256, row.size_bytes)
        return rows

    def _page_answers(self, address: str) -> bool:
        try:
            return b"<html" in self.source.read(address)[:4096].lower()
        except ClientError:
            return False

    def _artifact(self, address: str, sha256: str, size_bytes: int) -> None:
        digest, size = hashlib.sha256(), 0
        try:
            for piece in self.source.stream(address).pieces:
                digest.update(piece)
                size += len(piece)
        except ClientError as error:
            self.report.add("missing", address, error.message)
            return
        self.report.artifacts += 1
        if (digest.hexdigest(), size) != (sha256, size_bytes):
            self.report.add(
                "hash",
                address,
                f"It has {size:,} bytes and SHA-256 {digest.hexdigest()}; "
                f"the documents say {size_bytes:,} and {sha256}.",
            )

    def _blocklist(self, listed: set[tuple[str, str]]) -> None:
        raw = self._read(BLOCKLIST)
        if raw is None:
            return
        try:
            rows = read_blocklist(raw)
        except ClientError as error:
            self.report.add("reader", BLOCKLIST, error.message)
            return
        for row in rows:
            self._taken_back(row, listed)

    def _taken_back(self, row: Blocked, listed: set[tuple[str, str]]) -> None:
        name = f"{row.mod_id} {row.version}"
        if (row.mod_id, row.version) in listed:
            self.report.add("not_taken_back", BLOCKLIST, f"{name} was taken back and is still listed.")
        address = f"/downloads/mods/{row.mod_id}/{row.version}/{row.mod_id}-v{row.version}.zip"
        try:
            next(self.source.stream(address).pieces, None)
        except ClientError as error:
            if error.code in ("taken_back", "not_found"):
                return
            self.report.add("missing", address, error.message)
            return
        self.report.add("not_taken_back", address, f"{name} was taken back and can still be downloaded.")
