"""The workbench at 10,000 waiting items: the queue's tabs, filters and orders, and the next item after a decision.

Queries are counted; times are taken in process (the test client, every middleware) and, for the queue, over
HTTP from one gunicorn worker. "Next" is a decision with "and take the next", and the page that it opens.

`python -m benchmarks.workbench [--items 10000] [--times 60]`
"""

import argparse
import os
import statistics
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from benchmarks.measuring import Times, keep
from benchmarks.pages import in_process, one_worker, over_http
from benchmarks.seed_catalog import seed_queue
from moderation.models import Decision, Lease
from uploads.models import QueueReason, Submission

MAX_QUERIES, MAX_P95, MAX_NEXT = 15, 150.0, 300.0
PAGES = {
    "queue": "/moderation/queue/",
    "queue, new": "/moderation/queue/?view=new",
    "queue, findings": "/moderation/queue/?view=findings",
    "queue, stuck": "/moderation/queue/?view=stuck",
    "queue, mine": "/moderation/queue/?view=mine",
    "queue, by risk": "/moderation/queue/?sort=risk",
    "queue, by age": "/moderation/queue/?sort=age&age=1",
    "queue, search": "/moderation/queue/?q=mod-99",
    "queue, filters": "/moderation/queue/?risk=2&due=later&kind=update",
    "queue over the API": "/api/v1/moderation/queue",
}
#: How many people sent them.
AUTHORS = 500
#: Kinds of reasons in the mix: every so many items, this one.
MIX = ((2, "update"), (7, "scanner_hit"), (31, "report"), (53, "author_replied"))


def prepare(items: int) -> None:
    """A database with so many waiting items of every kind, and a past; one that is there is used again."""
    call_command("migrate", interactive=False, verbosity=0)
    if "cache" in settings.DATABASES:
        call_command("createcachetable", database="cache", verbosity=0)
    for name in ("Mo", "Second"):
        User.objects.get_or_create(
            email=f"{name.lower()}@bench.example.com",
            defaults={"role": Role.MODERATOR.value, "display_name": name},
        )
    if Submission.objects.filter(state="pending_review").count() >= items // 2:
        return
    seed_queue(items, checks=2)
    now = timezone.now()
    authors = User.objects.bulk_create(
        User(email=f"author{number}@bench.example.com", display_name=f"Author {number}")
        for number in range(AUTHORS)
    )
    rows = list(QueueReason.objects.filter(closed_at__isnull=True).select_related("submission"))
    for place, row in enumerate(rows):
        row.due_at = now + timedelta(minutes=place - 200)
        row.opened_at = now - timedelta(minutes=items - place)
        row.submission.queued_at, row.submission.author = row.opened_at, authors[place % AUTHORS]
        row.kind = next((kind for every, kind in MIX if place % every == 0), "first_release")
    with transaction.atomic():
        QueueReason.objects.bulk_update(rows, ["due_at", "opened_at", "kind"], batch_size=200)
        Submission.objects.bulk_update(
            [row.submission for row in rows], ["queued_at", "author"], batch_size=200
        )
        _past(rows, now)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _past(rows: list[QueueReason], now: Any) -> None:
    """Second reasons, what others hold, and closed rows and decisions of two years."""
    other = User.objects.get(email="second@bench.example.com")
    QueueReason.objects.bulk_create(
        [
            QueueReason(
                submission=row.submission, kind="scanner_hit", due_at=row.due_at, opened_at=row.opened_at
            )
            for row in rows[::9]
            if row.kind != "scanner_hit"
        ],
        batch_size=500,
    )
    Lease.objects.bulk_create(
        [
            Lease(submission=row.submission, holder=other, until=now + timedelta(hours=9))
            for row in rows[::400]
        ]
    )
    past = [(place, now - timedelta(minutes=20 * place)) for place in range(5 * len(rows))]
    QueueReason.objects.bulk_create(
        [
            QueueReason(
                submission=rows[place % len(rows)].submission,
                kind="update",
                due_at=at,
                opened_at=at - timedelta(hours=5),
                closed_at=at,
                closed_by="approve",
            )
            for place, at in past
        ],
        batch_size=500,
    )
    Decision.objects.bulk_create(
        [
            Decision(
                submission=rows[place % len(rows)].submission,
                revision_id=rows[place % len(rows)].submission.current_id or 0,
                sha256="0" * 64,
                action="request_changes",
                decider=other,
                at=at,
            )
            for place, at in past
        ],
        batch_size=500,
    )


def signed_in() -> Client:
    """A client with the moderator's session."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(email="mo@bench.example.com"))
    return client


def decisions(client: Client, times: int) -> tuple[int, Times]:
    """Reject and take the next, and open it: queries of one such step, and the times of many, each rolled on."""
    place = client.post("/moderation/queue/next/")["Location"]
    client.get(place)
    taken, counted = [], 0
    for _ in range(times):
        submission = Submission.objects.select_related("current").get(submission_id=place.split("/")[3])
        assert submission.current is not None
        words = {
            "action": "reject",
            "reason": "quality",
            "revision": submission.current.number,
            "sha256": submission.current.sha256,
            "confirmed": "next",
        }
        with CaptureQueriesContext(connection) as queries:
            began = time.perf_counter()
            decided = client.post(f"{place}decide/", words)
            place = decided["Location"]
            opened = client.get(place)
            taken.append((time.perf_counter() - began) * 1000)
        counted = len(queries)
        if opened.status_code != 200 or "/review/" not in place:
            raise SystemExit(f"the next item is not there: {place} answers {opened.status_code}")
    return counted, Times(statistics.median(taken), statistics.quantiles(taken, n=20)[-1])


def main() -> None:
    """Measure, print, keep; exit status 1 where a page needs too many queries or is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=60)
    chosen = parser.parse_args()
    settings.SMMODS_LIMITS = {"write": 100_000}
    prepare(chosen.items)
    moderator = signed_in()
    cookie = f"{settings.SESSION_COOKIE_NAME}={moderator.cookies[settings.SESSION_COOKIE_NAME].value}"
    rows: dict[str, dict[str, Any]] = {}
    with one_worker() as port:
        for name, address in PAGES.items():
            queries, inside = in_process(moderator, address, chosen.times)
            outside = over_http(port, address, cookie, chosen.times)
            rows[name] = {"queries": queries, "client": inside, "gunicorn": outside}
    moderator.get("/moderation/queue/")
    queries, taken = decisions(moderator, chosen.times)
    waiting = QueueReason.objects.filter(closed_at__isnull=True).values("submission").distinct().count()
    print(f"{waiting:,} waiting items, {connection.vendor}; milliseconds")
    for name, row in rows.items():
        inside, outside = row["client"], row["gunicorn"]
        print(
            f"{name:20} {row['queries']:3} queries  client {inside.p50:6.1f} {inside.p95:6.1f}"
            f"  worker {outside.p50:6.1f} {outside.p95:6.1f}"
        )
    print(f"{'decide, open next':20} {queries:3} queries  client {taken.p50:6.1f} {taken.p95:6.1f}")
    keep(
        "workbench",
        {
            "waiting": waiting,
            "database": connection.vendor,
            "milliseconds": {
                name: {
                    "queries": row["queries"],
                    "client": {"p50": round(row["client"].p50, 2), "p95": round(row["client"].p95, 2)},
                    "gunicorn": {"p50": round(row["gunicorn"].p50, 2), "p95": round(row["gunicorn"].p95, 2)},
                }
                for name, row in rows.items()
            }
            | {
                "decide, open next": {
                    "queries": queries,
                    "p50": round(taken.p50, 2),
                    "p95": round(taken.p95, 2),
                }
            },
        },
    )
    late = [n for n, r in rows.items() if r["queries"] > MAX_QUERIES or r["gunicorn"].p95 > MAX_P95]
    if taken.p95 > MAX_NEXT:
        late.append("decide, open next")
    if late:
        load = os.getloadavg()[0]
        raise SystemExit(
            f"over {MAX_QUERIES} queries, {MAX_P95:.0f} ms or {MAX_NEXT:.0f} ms for the next, "
            f"at a load of {load:.1f}: {', '.join(late)}"
        )


if __name__ == "__main__":
    main()
