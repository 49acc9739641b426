"""How much a web process grows while it takes an upload of 100 MiB: goal under 32 MiB.

    python benchmarks/upload_memory.py [MEBIBYTES]

Starts the portal's own server (one gunicorn worker) on a free port over a fresh installation in a temporary
folder, sends a small package to warm it up, then the large one over the API and through the rehearsal, which
also runs the checks, and prints the worker's peak against its size before, as Linux counts them.
"""

import hashlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
GOAL = 32
BOUNDARY = "smmods-benchmark-boundary"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare() -> str:
    """A fresh installation whose services are live; returns an API key that may upload."""
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("migrate", database="cache", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("createcachetable", database="cache", verbosity=0)
    from accounts import services
    from accounts.models import User
    from accounts.roles import Role
    from catalog import service_status

    for service in service_status.SERVICES:
        service_status.report(service, True, "benchmark")
    user = User.objects.create_user("bench@example.com")
    user.role = Role.MODDER
    user.save()
    return services.issue_key(user, name="bench", scopes=["uploads:write", "uploads:read"]).token


def mod(version: str, mebibytes: float) -> tuple[Path, bytes]:
    """A package of about that size that keeps the profile, and its sidecar."""
    manifest = {
        "schema": "starminer.mod-manifest.v1",
        "id": "bench.large",
        "name": "Large",
        "version": version,
        "targetGameBuild": "0.9.0",
        "entrypoints": [{"type": "data", "path": "Content/data.pak"}],
    }
    path = Path(os.environ["VAR"]) / f"large-{version}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        with archive.open(zipfile.ZipInfo("Content/data.pak"), "w") as member:
            for _ in range(int(mebibytes * 4)):
                member.write(os.urandom(MIB // 4))
    sidecar = {
        "schema": "smmods.mod-release-submission.v1",
        "modId": "bench.large",
        "name": "Large",
        "version": version,
        "targetGameBuild": "0.9.0",
        "dependencies": [],
        "summary": "Large.",
        "license": "MIT",
    }
    return path, json.dumps(sidecar).encode()


def body(path: Path, sidecar: bytes) -> tuple[int, Iterator[bytes]]:
    """A multipart body in pieces, and its length."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="sidecar"; filename="a.release.json"\r\n'
        f"Content-Type: application/json\r\n\r\n{sidecar.decode()}\r\n"
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="package"; filename="a.zip"\r\n'
        "Content-Type: application/zip\r\n\r\n"
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()

    def pieces() -> Iterator[bytes]:
        yield head
        with path.open("rb") as source:
            while piece := source.read(MIB):
                yield piece
        yield tail

    return len(head) + path.stat().st_size + len(tail), pieces()


def post(
    port: int, address: str, key: str, path: Path, sidecar: bytes
) -> tuple[int, dict[str, object], float]:
    """Send it; the status, the answer and the seconds that it took."""
    length, pieces = body(path, sidecar)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    began = time.perf_counter()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(length)}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    connection.request("POST", address, body=pieces, headers=headers)
    answer = connection.getresponse()
    document = json.loads(answer.read())
    return answer.status, document, time.perf_counter() - began


def memory(pid: int, field: str) -> float:
    """A figure of /proc/PID/status in MiB: VmRSS is what it has now, VmHWM the most that it had."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def worker_of(server: "subprocess.Popen[bytes]", port: int) -> int:
    """The pid of gunicorn's one worker, once it answers."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    for _ in range(200):
        found = children.read_text(encoding="ascii").split()
        if found:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
            except OSError:
                time.sleep(0.1)
                continue
            return int(found[0])
        time.sleep(0.1)
    raise TimeoutError("the server did not start")


def measure(port: int, pid: int, key: str, mebibytes: int) -> bool:
    """Send, look, print; whether every line keeps the goal."""
    small, large = mod("0.0.1", 0.25), mod("1.0.0", mebibytes)
    for address in ("/api/v1/uploads", "/api/v1/validate"):
        post(port, address, key if "uploads" in address else "", *small)
    kept = True
    print(f"{'request':<20}{'status':>7}{'seconds':>9}{'before':>9}{'peak':>9}{'growth':>9}  MiB")
    for address in ("/api/v1/uploads", "/api/v1/validate"):
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
        before = memory(pid, "VmRSS")
        status, document, seconds = post(port, address, key if "uploads" in address else "", *large)
        peak = memory(pid, "VmHWM")
        kept = kept and peak - before < GOAL
        print(f"{address:<20}{status:>7}{seconds:>9.2f}{before:>9.1f}{peak:>9.1f}{peak - before:>9.1f}")
        sent = hashlib.sha256(large[0].read_bytes()).hexdigest()
        if document.get("packageSha256", document.get("sha256")) != sent:
            print("  the answer names other bytes than were sent:", json.dumps(document)[:400])
            kept = False
    print(
        f"{large[0].stat().st_size:,} bytes; goal: growth under {GOAL} MiB: {'kept' if kept else 'NOT kept'}"
    )
    return kept


def main() -> int:
    """Set up, measure, clean up; 0 where the goal is kept."""
    mebibytes = int(sys.argv[1]) if len(sys.argv) > 1 else 99
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        os.environ |= {
            "VAR": folder,
            "PORT": str(port),
            "SMMODS_LIVE_UPLOADS": "1",
            "SMMODS_ENV_FILE": "",
            "DJANGO_SETTINGS_MODULE": "smmods.settings",
        }
        key = prepare()
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "smmods.wsgi:application",
            "--workers",
            "1",
            "--bind",
            f"127.0.0.1:{port}",
            "--timeout",
            "120",
        ]
        log = Path(folder) / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
            try:
                return 0 if measure(port, worker_of(server, port), key, mebibytes) else 1
            finally:
                server.terminate()
                server.wait(timeout=30)


if __name__ == "__main__":
    raise SystemExit(main())
