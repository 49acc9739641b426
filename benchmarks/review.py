"""The review page of a package with 5,000 members, a text difference of two files of 20,000 lines, and the viewer
at the end of a member of 50 MB.

The update that is reviewed has 4,980 members of the last approved release, twenty that changed (one of them the
large text), forty findings and as many verdicts. Pages are asked for over HTTP from one gunicorn worker;
differences are taken in this process, by the shape of the change.

`python -m benchmarks.review [--members 5000] [--times 60]`
"""

import argparse
import hashlib
import io
import os
import random
import zipfile
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from benchmarks.measuring import Times, keep, timed
from benchmarks.pages import in_process, one_worker, over_http
from benchmarks.workbench import MAX_P95, MAX_QUERIES, signed_in
from moderation.differences import compare
from moderation.models import Decision, FindingVerdict
from uploads.models import PackageFile, QueueReason, Revision, Signal, Submission

MAX_DIFFERENCE = 300.0
LINES, LARGE = 20_000, 50_000_000
MOD = "bench.review"


def text(seed: int) -> list[str]:
    """A file of 20,000 lines; one line in twenty differs from the file of another seed."""
    dice = random.Random(7)
    lines = [f"local value_{n} = compute({n}, '{dice.randint(0, 10**6)}') -- {n % 97}" for n in range(LINES)]
    for number in range(0, LINES, 20):
        lines[number] += f" of {seed}"
    return lines


def shapes() -> dict[str, tuple[list[str], list[str]]]:
    """Two files each, by how they differ."""
    old = text(0)
    mixed = list(old)
    random.Random(1).shuffle(mixed)
    return {
        "one line in twenty": (old, text(1)),
        "every line": (old, [f"{line}!" for line in old]),
        "shuffled": (old, mixed),
        "halves exchanged": (old, old[LINES // 2 :] + old[: LINES // 2]),
        "few different lines": ([str(n % 40) for n in range(LINES)], [str(n * 7 % 40) for n in range(LINES)]),
        "long lines": (["a b" * 150] * LINES, ["a c" * 150] * LINES),
    }


def _revision(submission: Submission, number: int, members: int) -> Revision:
    """A staged package with the large text and the large member, and an inventory of so many."""
    large = hashlib.sha256(b"large").digest() * (LARGE // 32)
    held = {"Content/large.lua": "\n".join(text(number)).encode(), "Content/large.bin": large}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, data in held.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    data = out.getvalue()
    name = storages["staging"].save(f"bench/review-{number}.zip", ContentFile(data))
    revision = Revision.objects.create(
        submission=submission,
        uploader=submission.author,
        staging_name=name,
        file_name="review.zip",
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        manifest={"id": MOD, "version": submission.version, "dependencies": []},
        sidecar={"modId": MOD, "summary": f"Number {number}."},
    )
    rows = [
        PackageFile(
            revision=revision,
            path=path,
            size_bytes=len(body),
            crc32=0,
            sha256=hashlib.sha256(body).hexdigest(),
            kind="text" if path.endswith("lua") else "binary",
        )
        for path, body in held.items()
    ]
    rows += [
        PackageFile(
            revision=revision,
            path=f"Content/part{place % 40:02}/file{place:05}.lua",
            size_bytes=900,
            crc32=0,
            sha256=hashlib.sha256(f"{place}{number if place < 19 else ''}".encode()).hexdigest(),
            kind="text",
        )
        for place in range(members - len(rows))
    ]
    PackageFile.objects.bulk_create(rows, batch_size=500)
    return revision


def prepare(members: int) -> str:
    """The update that is reviewed: its submission's id; one that is there is used again."""
    call_command("migrate", interactive=False, verbosity=0)
    if "cache" in settings.DATABASES:
        call_command("createcachetable", database="cache", verbosity=0)
    moderator, _ = User.objects.get_or_create(
        email="mo@bench.example.com", defaults={"role": Role.MODERATOR.value, "display_name": "Mo"}
    )
    there = Submission.objects.filter(mod_id=MOD, version="1.1.0").first()
    if there is not None:
        return there.submission_id
    author = User.objects.create_user("review@bench.example.com", "Author")
    for number, (version, state) in enumerate((("1.0.0", "published"), ("1.1.0", "pending_review"))):
        submission = Submission.objects.create(
            author=author, via="api", mod_id=MOD, version=version, name="A mod", state=state
        )
        submission.current = _revision(submission, number, members)
        submission.queued_at = timezone.now()
        submission.save(update_fields=["current", "queued_at"])
        if state == "published":
            Decision.objects.create(
                submission=submission,
                revision=submission.current,
                sha256=submission.current.sha256,
                action="approve",
                decider=moderator,
            )
    QueueReason.objects.create(submission=submission, kind="update", due_at=timezone.now())
    _findings(submission, moderator)
    return submission.submission_id


def _findings(submission: Submission, moderator: User) -> None:
    for number in range(40):
        row = Signal.objects.create(
            revision_id=submission.current_id or 0,
            position=number,
            code="lua_dynamic_load",
            message="Runs text as code.",
            path="Content/large.lua",
            line=20 * number + 1,
            weight=1,
            fingerprint=hashlib.sha256(str(number).encode()).hexdigest()[:32],
        )
        FindingVerdict.objects.create(
            fingerprint=row.fingerprint,
            code=row.code,
            verdict="false_alarm",
            scope="mod" if number % 2 else "release",
            submission=submission,
            revision_id=row.revision_id,
            mod_id=MOD,
            judge=moderator,
            in_force_at=timezone.now(),
        )


def main() -> None:
    """Measure, print, keep; exit status 1 where something takes too long or too many queries."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=5_000)
    parser.add_argument("--times", type=int, default=60)
    chosen = parser.parse_args()
    base = f"/moderation/review/{prepare(chosen.members)}/"
    pages = {
        "review page": f"{base}?path=Content/part00/file00000.lua",
        "review page, all files": f"{base}?show=all&files=20&path=Content/part00/file00000.lua",
        "review page, 20,000 lines": f"{base}?path=Content/large.lua",
        "viewer, line 19,000": f"{base}file/?path=Content/large.lua&line=19000",
        "viewer, end of 50 MB": f"{base}file/?path=Content/large.bin&offset={LARGE - 5000}",
    }
    moderator = signed_in()
    cookie = f"{settings.SESSION_COOKIE_NAME}={moderator.cookies[settings.SESSION_COOKIE_NAME].value}"
    rows: dict[str, dict[str, Any]] = {}
    with one_worker() as port:
        for name, address in pages.items():
            over_http(port, address, cookie, 2)
            queries, _ = in_process(moderator, address, 2)
            rows[name] = {"queries": queries, "times": over_http(port, address, cookie, chosen.times)}
    different = {name: timed(partial(compare, old, new), 10) for name, (old, new) in shapes().items()}
    print(f"{chosen.members:,} members, {connection.vendor}; milliseconds")
    for name, row in rows.items():
        print(f"{name:28} {row['queries']:3} queries  {row['times'].p50:6.1f} {row['times'].p95:6.1f}")
    for name, times in different.items():
        print(f"difference, {name:21} {times.p50:17.1f} {times.p95:6.1f}")
    keep("review", {"members": chosen.members, "database": connection.vendor} | _kept(rows, different))
    late = [name for name in ("review page", "review page, all files") if rows[name]["times"].p95 > MAX_P95]
    late += [name for name, row in rows.items() if row["queries"] > MAX_QUERIES]
    late += [name for name, times in different.items() if times.p95 > MAX_DIFFERENCE]
    if late:
        raise SystemExit(f"over the goal at a load of {os.getloadavg()[0]:.1f}: {', '.join(late)}")


def _kept(rows: dict[str, dict[str, Any]], different: dict[str, Times]) -> dict[str, Any]:
    pages = {
        name: {
            "queries": row["queries"],
            "p50": round(row["times"].p50, 2),
            "p95": round(row["times"].p95, 2),
        }
        for name, row in rows.items()
    }
    texts = {
        name: {"p50": round(times.p50, 2), "p95": round(times.p95, 2)} for name, times in different.items()
    }
    return {"pages": pages, "differences": texts}


if __name__ == "__main__":
    main()
