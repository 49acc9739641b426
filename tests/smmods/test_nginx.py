"""The template for nginx, run as it is but for host, port and folders: files, tombstones, the portal behind."""

import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests import services

pytestmark = [pytest.mark.nginx, pytest.mark.once]

TEMPLATE = Path(__file__).resolve().parents[2] / "deploy" / "nginx-smmods-backend.conf"
ZIP = "/downloads/mods/a.b/1.0.0/a.b-v1.0.0.zip"
HIDDEN = "/downloads/mods/a.b/2.0.0/a.b-v2.0.0.zip"


class Portal(BaseHTTPRequestHandler):
    """Stands in for gunicorn: answers 200 and says what it was told about the client."""

    def do_GET(self) -> None:
        if self.path.startswith("/api/v1/downloads/"):
            self.send_response(200)
            self.send_header("X-Accel-Redirect", "/fast-downloads/" + ZIP.removeprefix("/downloads/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        seen = f"{self.headers['X-Forwarded-For']} {self.headers['X-Forwarded-Proto']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(seen)))
        self.end_headers()
        self.wfile.write(seen)

    def log_message(self, *_: object) -> None:
        return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configuration(folder: Path, port: int, portal: int) -> str:
    """The template's second server without TLS, on a port and in folders of this test."""
    text = re.sub(
        r"server \{\n    listen 80;.*?\n\}\n", "", TEMPLATE.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    text = re.sub(r" +ssl_\w+ .*\n| +listen \[::\].*\n", "", text)
    for old, new in {
        "listen 443 ssl http2": f"listen 127.0.0.1:{port}",
        "127.0.0.1:8000": f"127.0.0.1:{portal}",
        "/srv/smmods": str(folder),
    }.items():
        text = text.replace(old, new)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    inside = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds) + text
    outside = f"daemon off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
    return f"{outside}http {{\naccess_log off;\n{inside}}}\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running nginx over a small published tree."""
    folder = tmp_path_factory.mktemp("nginx")
    for path, text in {
        f"public{ZIP}": "zip bytes",
        f"public/tombstones{HIDDEN}.json": '{"status": 410}',
        "public/api/v1/catalog.json": '{"mods": []}',
        "public/.private/artifacts/secret": "secret",
        "static/app.123.css": "body {}",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for part in (folder, *folder.parents):
        if part.is_relative_to("/tmp") and part != Path("/tmp"):
            part.chmod(0o755)
    portal = HTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=portal.serve_forever, daemon=True).start()
    port = free_port()
    (folder / "nginx.conf").write_text(configuration(folder, port, portal.server_port))
    process = subprocess.Popen(
        [services.nginx(), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    )
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "nginx did not start"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        portal.shutdown()


def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
    request = urllib.request.Request(
        url, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_an_artifact_is_a_file_that_never_changes(site: str) -> None:
    status, headers, body = fetch(site + ZIP)
    assert (status, body) == (200, b"zip bytes")
    assert headers["Content-Type"] == "application/zip"
    assert headers["Content-Disposition"] == "attachment"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in headers["Cache-Control"]
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_a_range_and_an_unchanged_file(site: str) -> None:
    status, headers, body = fetch(site + ZIP, Range="bytes=0-2")
    assert (status, body) == (206, b"zip")
    assert fetch(site + ZIP, If_None_Match=headers["ETag"])[0] == 304


def test_what_was_taken_back_answers_410_with_the_reason(site: str) -> None:
    status, headers, body = fetch(site + HIDDEN)
    assert (status, body) == (410, b'{"status": 410}')
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Cache-Control"] == "no-store"


def test_what_never_was_is_not_kept_by_a_cache(site: str) -> None:
    status, headers, _ = fetch(f"{site}/downloads/mods/a.b/3.0.0/a.b-v3.0.0.zip")
    assert status == 404
    assert headers["Cache-Control"] is None


def test_a_published_document(site: str) -> None:
    status, headers, body = fetch(f"{site}/api/v1/catalog.json")
    assert (status, body) == (200, b'{"mods": []}')
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "must-revalidate" in headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/api/v1/uploads", "/", "/mods/", "/healthz"])
def test_everything_else_is_the_portals(site: str, path: str) -> None:
    status, headers, body = fetch(site + path, X_Forwarded_For="198.51.100.1")
    assert (status, body) == (200, b"198.51.100.1, 127.0.0.1 http")
    assert headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("path", ["/.private/artifacts/secret", "/api/v1/../../.private/artifacts/secret"])
def test_the_vault_is_not_served(site: str, path: str) -> None:
    assert b"secret" not in fetch(site + path)[2]


def test_metrics_stay_on_the_machine(site: str) -> None:
    assert fetch(f"{site}/metrics")[0] == 404


@pytest.mark.parametrize("path", [ZIP, "/api/v1/catalog.json", "/static/app.123.css"])
def test_files_are_only_read(site: str, path: str) -> None:
    assert fetch(site + path, method="POST")[0] in (403, 405)


def test_the_fast_lane_hands_the_file_over_and_nobody_gets_there_alone(site: str) -> None:
    status, headers, body = fetch(f"{site}/api/v1/downloads/a.b/latest")
    assert (status, body, headers["Content-Type"]) == (200, b"zip bytes", "application/zip")
    part = fetch(f"{site}/api/v1/downloads/a.b/latest", Range="bytes=4-")
    assert (part[0], part[2]) == (206, b"bytes")
    assert fetch(f"{site}/fast-downloads/mods/a.b/1.0.0/a.b-v1.0.0.zip")[0] == 404
