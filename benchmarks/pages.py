"""Browse, detail and queue pages at 10,000 mods with 5 releases each, beside the floor.

Queries are counted; times are taken in process (the test client, every middleware) and over HTTP from one
gunicorn worker. The floor is the same server answering a page of twenty rows from one query.

`python -m benchmarks.pages [--mods 10000] [--times 200]`
"""

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.roles import Role
from benchmarks import ROOT
from benchmarks.measuring import Times, keep, timed
from benchmarks.seed_catalog import seed, seed_queue
from catalog.models import Mod

FLOOR = "/floor/"
MAX_QUERIES, MAX_P95 = 12, 100.0


def pages() -> dict[str, tuple[str, bool]]:
    """The pages to measure: what each is called, its address, and whether a moderator must be signed in."""
    mod = Mod.objects.filter(latest__isnull=False).order_by("-pk")[100]
    return {
        "floor": (FLOOR, False),
        "front": ("/", False),
        "browse": ("/mods/", False),
        "browse, page 400": ("/mods/?page=400", False),
        "search, many hits": ("/mods/?q=drill", False),
        "search, one hit": (f"/mods/?q={mod.slug}", False),
        "one category": ("/mods/?category=tools&sort=downloads", False),
        "detail": (f"/mods/{mod.slug}/", False),
        "versions": (f"/mods/{mod.slug}/versions/", False),
        "queue": ("/moderation/queue/", True),
        "queue, page 5": ("/moderation/queue/?page=5", True),
    }


def prepare(mods: int) -> None:
    """A database with the catalog, the queue and a moderator; one that is there is used again."""
    call_command("migrate", interactive=False, verbosity=0)
    if "cache" in settings.DATABASES:
        call_command("createcachetable", database="cache", verbosity=0)
    if not Mod.objects.exists():
        seed(mods)
        seed_queue()
    User.objects.get_or_create(
        email="moderator@bench.example.com", defaults={"role": Role.MODERATOR.value, "display_name": "Mo"}
    )


def signed_in() -> Client:
    """A client with the moderator's session."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(email="moderator@bench.example.com"))
    return client


def in_process(client: Client, address: str, times: int) -> tuple[int, Times]:
    """Queries of one call, and the times of many."""

    def call() -> None:
        response = client.get(address)
        if response.status_code != 200:
            raise SystemExit(f"{address} answers {response.status_code}")

    call()
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries), timed(call, times)


@contextmanager
def one_worker() -> Iterator[int]:
    """gunicorn with one sync worker on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "smmods.wsgi",
        "--workers",
        "1",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    server = subprocess.Popen(
        [*command, "--log-level", "error"], cwd=ROOT, env=os.environ | {"PORT": str(port)}
    )
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if fetch(port, "/healthz", "") == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=10)


def fetch(port: int, address: str, cookie: str) -> int:
    """One request on a connection of its own; the status, once the whole body was read."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        link.request("GET", address, headers={"Cookie": cookie} if cookie else {})
        response = link.getresponse()
        response.read()
        return response.status
    finally:
        link.close()


def over_http(port: int, address: str, cookie: str, times: int) -> Times:
    """Times of requests to the one worker, one after the other."""

    def call() -> None:
        status = fetch(port, address, cookie)
        if status != 200:
            raise SystemExit(f"{address} answers {status}")

    return timed(call, times)


def main() -> None:
    """Measure, print, keep; exit status 1 where a page needs too many queries or is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mods", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=200)
    chosen = parser.parse_args()
    prepare(chosen.mods)
    moderator, anyone = signed_in(), Client(headers={"host": "127.0.0.1"})
    assert SESSION_KEY in moderator.session
    cookie = f"{settings.SESSION_COOKIE_NAME}={moderator.cookies[settings.SESSION_COOKIE_NAME].value}"
    rows: dict[str, dict[str, Any]] = {}
    with one_worker() as port:
        for name, (address, staff) in pages().items():
            queries, inside = in_process(moderator if staff else anyone, address, chosen.times)
            outside = over_http(port, address, cookie if staff else "", chosen.times)
            rows[name] = {"queries": queries, "client": inside, "gunicorn": outside}
    report(rows)
    keep(
        "pages",
        {
            "mods": Mod.objects.count(),
            "database": connection.vendor,
            "milliseconds": {
                name: {
                    "queries": row["queries"],
                    "client": {"p50": round(row["client"].p50, 2), "p95": round(row["client"].p95, 2)},
                    "gunicorn": {"p50": round(row["gunicorn"].p50, 2), "p95": round(row["gunicorn"].p95, 2)},
                    "ratioToFloor": round(row["gunicorn"].p50 / rows["floor"]["gunicorn"].p50, 2),
                }
                for name, row in rows.items()
            },
        },
    )
    late = [n for n, r in rows.items() if r["queries"] > MAX_QUERIES or r["gunicorn"].p95 > MAX_P95]
    if late:
        load = os.getloadavg()[0]
        raise SystemExit(
            f"over {MAX_QUERIES} queries or {MAX_P95:.0f} ms, at a load of {load:.1f}: {', '.join(late)}"
        )


def report(rows: dict[str, dict[str, Any]]) -> None:
    """The figures as a table; the ratio is that of the medians over HTTP."""
    floor = rows["floor"]["gunicorn"].p50
    print(f"{Mod.objects.count():,} mods, {connection.vendor}; milliseconds")
    print(
        f"{'page':20} {'queries':>7} {'client p50':>10} {'p95':>7} {'worker p50':>10} {'p95':>7} {'ratio':>6}"
    )
    for name, row in rows.items():
        inside, outside = row["client"], row["gunicorn"]
        print(
            f"{name:20} {row['queries']:7} {inside.p50:10.1f} {inside.p95:7.1f} "
            f"{outside.p50:10.1f} {outside.p95:7.1f} {outside.p50 / floor:6.1f}"
        )


if __name__ == "__main__":
    main()
