"""A small published tree, written by hand, and a site that serves it with faults on demand."""

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BUILD = "0.9.0"
AT = "2026-01-02T03:04:05Z"


def wish(mod_id: str, version_range: str, *, optional: bool = False) -> dict[str, Any]:
    """A dependency or conflict, as the documents write it."""
    return {"id": mod_id, "version": version_range} | ({"optional": True} if optional else {})


def package(mod_id: str, version: str, files: dict[str, bytes] | None = None) -> bytes:
    """A package that says that it is this mod and version."""
    members = {"manifest.json": json.dumps({"id": mod_id, "version": version}).encode()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (members | (files or {"Scripts/main.lua": b"return {}\n"})).items():
            archive.writestr(name, data)
    return out.getvalue()


class World:
    """Releases added one by one; `write` makes the documents of them in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.revision = 0
        self.releases: dict[str, list[dict[str, Any]]] = {}
        self.blocked: list[dict[str, Any]] = []

    def add(
        self, mod_id: str, version: str = "1.0.0", *wishes: dict[str, Any], data: bytes = b"", **more: Any
    ) -> dict[str, Any]:
        """A release, put before the mod's older ones; returns its row in `versions.json`."""
        data = data or package(mod_id, version)
        name = f"{mod_id}-v{version}.zip"
        address = f"/downloads/mods/{mod_id}/{version}/{name}"
        row = {
            "version": version,
            "targetGameBuild": BUILD,
            "artifactUrl": address,
            "fileName": name,
            "sha256": hashlib.sha256(data).hexdigest(),
            "sizeBytes": len(data),
            "dependencies": list(wishes),
            "conflicts": [],
            "framework": None,
            "entrypoints": [{"type": "lua", "path": "Scripts/main.lua"}],
            "modConfig": None,
            "changelog": "",
            "state": "published",
            "supersededBy": None,
            "publishedAt": AT,
        } | more
        self.put(address, data)
        self.releases.setdefault(mod_id, []).insert(0, row)
        return row

    def take_back(self, mod_id: str, version: str, level: str = "hard") -> None:
        """Hide a release and put it on the blocklist."""
        row = next(row for row in self.releases[mod_id] if row["version"] == version)
        self.releases[mod_id].remove(row)
        self.blocked.append(
            {
                "modId": mod_id,
                "version": version,
                "sha256": row["sha256"],
                "level": level,
                "reason": "It deletes saved games.",
                "advice": "Remove it.",
                "takenBackAt": AT,
            }
        )

    def entry(self, mod_id: str) -> dict[str, Any]:
        """The mod's part of the catalog."""
        row = self.releases[mod_id][0]
        latest = ("version", "targetGameBuild", "artifactUrl", "sha256", "sizeBytes", "dependencies")
        return {
            "id": mod_id,
            "slug": mod_id.partition(".")[2].replace(".", "-"),
            "name": mod_id,
            "summary": "",
            "authors": ["Ada"],
            "license": "MIT",
            "categories": [],
            "detailUrl": f"/mods/{mod_id}/",
            "versionsUrl": f"/api/v1/mods/{mod_id}/versions.json",
            "latest": {name: row[name] for name in (*latest, "framework", "publishedAt")},
            "deprecated": False,
            "replacedBy": None,
        }

    def catalog(self) -> dict[str, Any]:
        """The catalog, as plain values."""
        return {
            "schema": "smmods.catalog.v1",
            "revision": self.revision,
            "generatedAt": AT,
            "targetGameBuild": BUILD,
            "framework": "0.5.8",
            "mods": [self.entry(mod_id) for mod_id, rows in sorted(self.releases.items()) if rows],
        }

    def versions(self, mod_id: str) -> dict[str, Any]:
        """The mod's list of versions, as plain values."""
        return {
            "schema": "smmods.mod-versions.v1",
            "generatedAt": AT,
            "id": mod_id,
            "slug": mod_id,
            "name": mod_id,
            "versions": self.releases[mod_id],
        }

    def blocklist(self) -> dict[str, Any]:
        """The blocklist, as plain values."""
        return {
            "schema": "smmods.blocklist.v1",
            "revision": self.revision,
            "generatedAt": AT,
            "releases": self.blocked,
        }

    def write(self) -> "World":
        """Write every document anew."""
        self.revision += 1
        self.put_json("/api/v1/catalog.json", self.catalog())
        self.put_json("/api/v1/blocklist.json", self.blocklist())
        for mod_id in self.releases:
            self.put_json(f"/api/v1/mods/{mod_id}/versions.json", self.versions(mod_id))
        return self

    def put(self, address: str, data: bytes) -> None:
        """Write a file of the tree."""
        path = self.root / address.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def put_json(self, address: str, value: Any) -> None:
        """Write a document of the tree."""
        self.put(address, json.dumps(value).encode())


class Site:
    """What the serving handler asks: the tree, which requests came, which faults to make."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = ""
        self.requests: list[tuple[str, str | None]] = []
        #: After so many bytes of an artifact the connection is cut, once an entry.
        self.cuts: list[int] = []
        self.ranges = True
        self.statuses: dict[str, int] = {}
        self.redirects: dict[str, str] = {}


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:  # the name that http.server calls
            wanted = self.headers.get("Range")
            site.requests.append((self.path, wanted))
            path = site.root / self.path.lstrip("/")
            if self.path in site.redirects:
                self.send_response(302)
                self.send_header("Location", site.redirects[self.path])
                self.end_headers()
                return
            if self.path in site.statuses or not path.is_file():
                self.send_error(site.statuses.get(self.path, 404))
                return
            data = path.read_bytes()
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and site.ranges else 0
            if start >= len(data):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            body = data[start:]
            if site.cuts and "/downloads/" in self.path:
                body = body[: site.cuts.pop(0)]
                self.close_connection = True
            self.wfile.write(body)

    return Handler


@contextmanager
def serving(root: Path) -> Iterator[Site]:
    """The tree on a port of this machine."""
    site = Site(root)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
