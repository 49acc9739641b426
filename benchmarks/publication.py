"""Approved to visible in the catalog, beside a catalog a tenth as large, and beside the floor of the disk.

A package goes the whole way through the services: received, checked, approved. What is measured is the time
from the decision's commit to the new `catalog.json` under its plain name, with every check before the switch
and every sync to the disk, and the time until the journal's line is closed. The floor is writing, syncing and
renaming a file of the size of that `catalog.json`. Each size has a database and a public tree of its own.

`python -m benchmarks.publication [--mods 10000] [--times 15]`
"""

import argparse
import hashlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any
from unittest import mock

from django.conf import settings
from django.core.management import call_command

from accounts import outbox
from accounts.models import OutboxRow, User
from accounts.roles import Role
from accounts.strict_json import canonical
from benchmarks import ROOT
from benchmarks.measuring import keep
from benchmarks.seed_catalog import BUILD, seed
from catalog import documents, service_status
from catalog.models import Mod
from catalog.publisher import public_tree
from moderation import publication
from moderation.actions import decide
from uploads import services
from uploads.models import Submission

#: The aim and the bound, in seconds; and how much more a catalog ten times as large may cost.
AIM, BOUND, GROWTH = 0.2, 2.0, 1.5


def prepare(mods: int) -> None:
    """A database with the catalog, and its first publication; one that is there is used again."""
    call_command("migrate", interactive=False, verbosity=0)
    if "cache" in settings.DATABASES:
        call_command("createcachetable", database="cache", verbosity=0)
    if not Mod.objects.exists():
        seed(mods)
    settings.SMMODS_SITE_URL = "http://127.0.0.1:9"  # nothing listens: the smoke waits for another day
    for service in service_status.SERVICES:
        service_status.report(service, True, "benchmark")
    publication.publish_due(User.objects.system())


def package(mod_id: str, version: str) -> tuple[bytes, bytes]:
    """A small package and its sidecar."""
    shared: dict[str, Any] = {"version": version, "targetGameBuild": BUILD, "dependencies": []}
    manifest = shared | {
        "schema": "starminer.mod-manifest.v1",
        "id": mod_id,
        "name": "Measured",
        "entrypoints": [{"type": "lua", "path": "Content/init.lua"}],
    }
    sidecar = shared | {
        "schema": "smmods.mod-release-submission.v1",
        "modId": mod_id,
        "name": "Measured",
        "summary": "Measured from approval to catalog.",
        "license": "MIT",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in (("manifest.json", canonical(manifest)), ("Content/init.lua", b"return 1\n")):
            info = zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            archive.writestr(info, body)
    return out.getvalue(), canonical(sidecar)


def person(email: str, role: Role) -> User:
    """An account with a role."""
    user, _ = User.objects.get_or_create(email=email, defaults={"role": role.value})
    return user


def checked(mod_id: str, version: str) -> Submission:
    """A submission that was received and checked, and waits for its decision."""
    body, sidecar = package(mod_id, version)
    author = person("measured@example.com", Role.MODDER)
    submission = services.receive(
        author, chunks=[body], content_type="application/zip", sidecar_raw=sidecar, via="api"
    )
    outbox.drain()
    submission.refresh_from_db()
    assert submission.state == "pending_review", submission.state
    return submission


def one(number: int) -> tuple[float, float]:
    """Seconds from the decision to the catalog's switch, and to the end of the publication."""
    mod_id, version = "measured.mod", f"1.0.{number}"
    submission = checked(mod_id, version)
    assert submission.current is not None
    seen: list[float] = []
    point = type(public_tree()).point

    def watched(self: Any, path: str, sha256: str) -> None:
        point(self, path, sha256)
        if path == documents.CATALOG:
            seen.append(time.perf_counter())

    with mock.patch.object(type(public_tree()), "point", watched):
        decide(
            person("decider@example.com", Role.MODERATOR),
            submission.submission_id,
            action="approve",
            revision=1,
            sha256=submission.current.sha256,
        )
        began = time.perf_counter()
        row = OutboxRow.objects.filter(kind=publication.RUN, done_at=None).latest("pk")
        assert outbox.run(row.pk)
        ended = time.perf_counter()
    submission.refresh_from_db()
    assert submission.state == "published", submission.state
    return seen[-1] - began, ended - began


def floor(body: bytes) -> float:
    """Seconds to write, sync and rename a file of these bytes."""
    with tempfile.TemporaryDirectory(dir=settings.VAR) as folder:
        began = time.perf_counter()
        draft = Path(folder) / "draft"
        with draft.open("wb") as file:
            file.write(body)
            os.fsync(file.fileno())
        draft.rename(Path(folder) / "catalog.json")
        return time.perf_counter() - began


def measure(mods: int, times: int) -> dict[str, Any]:
    """The figures of one size, in milliseconds."""
    prepare(mods)
    start = Submission.objects.count()
    taken = [one(start + number) for number in range(times + 1)][1:]
    body = public_tree().read(documents.CATALOG) or b""
    return {
        "mods": mods,
        "catalogBytes": len(body),
        "catalogSha256": hashlib.sha256(body).hexdigest(),
        "visible": round(statistics.median(seconds for seconds, _ in taken) * 1000, 1),
        "visibleWorst": round(max(seconds for seconds, _ in taken) * 1000, 1),
        "closed": round(statistics.median(seconds for _, seconds in taken) * 1000, 1),
        "floor": round(statistics.median(floor(body) for _ in range(9)) * 1000, 1),
    }


def in_its_own_process(mods: int, times: int) -> dict[str, Any]:
    """Measure one size in a process whose database and tree are for that size alone."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.publication", "--mods", str(mods), "--times", str(times), "--one"],
        env=os.environ | {"VAR": str(ROOT / "var" / f"bench-publication-{mods}"), "DATABASE_URL": ""},
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> int:
    """Measure both sizes, print them side by side, keep them; 1 where the bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mods", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--one", action="store_true", help="measure this size alone and print JSON")
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measure(chosen.mods, chosen.times)))
        return 0
    small, large = (in_its_own_process(size, chosen.times) for size in (chosen.mods // 10, chosen.mods))
    print(f"{'mods':>8} {'catalog':>12} {'visible':>10} {'worst':>10} {'closed':>10} {'floor':>9}")
    for row in (small, large):
        print(
            f"{row['mods']:>8,} {row['catalogBytes']:>10,} B {row['visible']:>7.1f} ms {row['visibleWorst']:>7.1f} ms"
            f" {row['closed']:>7.1f} ms {row['floor']:>6.1f} ms"
        )
    growth = large["visible"] / small["visible"]
    print(f"ten times the mods cost {growth:.2f} times as much (aim {GROWTH})")
    print(f"visible after {large['visible'] / 1000:.3f} s (aim {AIM} s, bound {BOUND} s)")
    keep("publication", {"sizes": [small, large], "growth": round(growth, 3), "unit": "ms"})
    return 0 if large["visibleWorst"] < BOUND * 1000 else 1


if __name__ == "__main__":
    sys.exit(main())
