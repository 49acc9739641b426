"""A large catalog for measuring: mods with releases, and a queue, as the portal would have written them.

Rules
- Rows are written in bulk; entries of catalog and index are rendered by `catalog.documents`, so they are the
  publisher's, byte for byte.
- The same numbers give the same rows, so that two runs can be compared.
- Only rows are made: no artifact and no document is published.

By itself it fills a database of its own: `python -m benchmarks.seed_catalog --mods 10000 --releases 5`.
"""

import argparse
import hashlib
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import transaction

from accounts.ids import public_id
from accounts.models import User
from accounts.roles import Role
from accounts.strict_json import canonical
from catalog import documents, search, versions
from catalog.models import Category, Dependency, Maintainer, Mod, Namespace, Release
from uploads.checks import RULES_VERSION
from uploads.models import CheckResult, QueueReason, Revision, Submission
from uploads.states import State

BUILD, RULES = "0.9.0", RULES_VERSION
MODS_A_NAMESPACE = 20
BATCH = 1000
START = datetime(2025, 1, 1, tzinfo=UTC)
ADJECTIVES = ("Deep", "Quiet", "Bright", "Heavy", "Swift", "Frozen", "Hollow", "Amber", "Distant", "Steady")
NOUNS = ("Drill", "Conveyor", "Scanner", "Habitat", "Reactor", "Beacon", "Ledger", "Tug", "Refinery", "Chart")
WORDS = (
    "adds",
    "ore",
    "asteroids",
    "sorting",
    "crew",
    "menus",
    "power",
    "routes",
    "signals",
    "docking",
    "faster",
)


def people(count: int) -> list[User]:
    """Modders whose mods these are."""
    User.objects.bulk_create(
        [
            User(email=f"bench{number}@example.com", display_name=f"Bench {number}", role=Role.MODDER.value)
            for number in range(count)
        ],
        ignore_conflicts=True,
    )
    return list(User.objects.filter(email__startswith="bench").order_by("pk")[:count])


def seed(mods: int = 10_000, releases: int = 5) -> None:
    """Write `mods` mods with `releases` releases each into an empty catalog; the last one is the latest."""
    chance = random.Random(7)
    with transaction.atomic():
        count = -(-mods // MODS_A_NAMESPACE)
        owners = people(count)
        namespaces = Namespace.objects.bulk_create(
            Namespace(name=f"ns{number:05}") for number in range(count)
        )
        Maintainer.objects.bulk_create(
            Maintainer(namespace=namespace, user=user, owner=True)
            for namespace, user in zip(namespaces, owners, strict=True)
        )
        made = Mod.objects.bulk_create(_mods(mods, namespaces, chance), batch_size=BATCH)
        shelves = _shelve(made, chance)
        _release(made, shelves, owners, releases, chance)
        _list(made, shelves)


def _mods(count: int, namespaces: list[Namespace], chance: random.Random) -> Iterator[Mod]:
    for number in range(count):
        name = f"{chance.choice(ADJECTIVES)} {chance.choice(NOUNS)} {number}"
        slug = name.lower().replace(" ", "-")
        at = START + timedelta(minutes=chance.randrange(600_000))
        yield Mod(
            mod_id=f"{namespaces[number // MODS_A_NAMESPACE].name}.{slug}",
            slug=slug,
            namespace=namespaces[number // MODS_A_NAMESPACE],
            name=name,
            summary=" ".join(chance.choices(WORDS, k=12)).capitalize() + ".",
            description="\n\n".join(" ".join(chance.choices(WORDS, k=60)) for _ in range(4)),
            authors=[f"Bench {number // MODS_A_NAMESPACE}"],
            license="MIT",
            latest_build=BUILD,
            created_at=at,
            updated_at=at,
            downloads=int(chance.paretovariate(1.1)),
        )


def _shelve(mods: list[Mod], chance: random.Random) -> dict[int, list[Category]]:
    """Put each mod on one or two shelves; returns them by the mod's key."""
    shelves = list(Category.objects.order_by("pk"))
    chosen = {mod.pk: chance.sample(shelves, k=chance.randint(1, 2)) for mod in mods}
    links = Mod.categories.through
    links.objects.bulk_create(
        [links(mod_id=key, category_id=shelf.pk) for key, on in chosen.items() for shelf in on],
        batch_size=BATCH,
    )
    return chosen


def _release(
    mods: list[Mod], shelves: dict[int, list[Category]], owners: list[User], count: int, chance: random.Random
) -> None:
    rows: list[Release] = []
    for place, mod in enumerate(mods):
        wishes, owner = _wishes(mods, place, chance), owners[place // MODS_A_NAMESPACE]
        codes = [shelf.code for shelf in shelves[mod.pk]]
        rows.extend(_row(mod, codes, owner, (number, count), wishes) for number in range(count))
    Release.objects.bulk_create(rows, batch_size=BATCH)
    Dependency.objects.bulk_create(
        [
            Dependency(release=row, mod_id_wanted=wish["id"], version_range=wish["version"])
            for row in rows
            for wish in row.dependencies
        ],
        batch_size=BATCH,
    )
    latest = {row.mod_id: row for row in rows if row.superseded_at is None}
    for mod in mods:
        mod.latest = latest[mod.pk]


def _wishes(mods: list[Mod], place: int, chance: random.Random) -> list[dict[str, Any]]:
    """Every third mod needs an earlier one."""
    if place == 0 or place % 3:
        return []
    return [{"id": mods[chance.randrange(place)].mod_id, "version": "^1.0.0", "optional": False}]


def _row(
    mod: Mod, codes: list[str], owner: User, place: tuple[int, int], wishes: list[dict[str, Any]]
) -> Release:
    """A release of the mod: the first of `place`, counted from 0, of so many."""
    number, count = place
    version = f"1.{number}.0"
    entrypoints = [{"type": "lua", "path": "Scripts/main.lua"}]
    at = mod.created_at + timedelta(days=30 * number)
    newer = number + 1 < count
    return Release(
        mod=mod,
        version=version,
        version_key=versions.sort_key(version),
        target_game_build=BUILD,
        file_name=f"{mod.mod_id}-v{version}.zip",
        sha256=hashlib.sha256(f"{mod.mod_id} {version}".encode()).hexdigest(),
        size_bytes=50_000 + number,
        dependencies=wishes,
        entrypoints=entrypoints,
        manifest={
            "schema": "starminer.mod-manifest.v1",
            "id": mod.mod_id,
            "name": mod.name,
            "version": version,
            "targetGameBuild": BUILD,
            "entrypoints": entrypoints,
            "authors": mod.authors,
            "dependencies": wishes,
        },
        sidecar={
            "schema": "smmods.mod-release-submission.v1",
            "modId": mod.mod_id,
            "name": mod.name,
            "version": version,
            "targetGameBuild": BUILD,
            "dependencies": wishes,
            "summary": mod.summary,
            "license": "MIT",
            "description": mod.description,
            "categories": codes,
        },
        changelog="- Faster.\n- Fewer surprises.",
        submission_id=public_id("sub"),
        uploaded_by=owner,
        reviewed_at=at,
        published_at=at,
        superseded_at=at + timedelta(days=30) if newer else None,
        superseded_by=f"1.{number + 1}.0" if newer else "",
    )


def _list(mods: list[Mod], shelves: dict[int, list[Category]]) -> None:
    """Fill in what search and the published documents read of a mod."""
    for mod in mods:
        mod.catalog_entry = canonical(documents.catalog_entry(mod)).decode()
        mod.index_entry = canonical(documents.index_entry(mod)).decode()
        words = [f"{shelf.code} {shelf.name}" for shelf in shelves[mod.pk]]
        mod.search_text = search.text_of(mod.name, mod.mod_id, mod.summary, mod.authors, words)
    fields = ["latest", "catalog_entry", "index_entry", "search_text"]
    Mod.objects.bulk_update(mods, fields, batch_size=200)


def seed_queue(count: int = 200, checks: int = 17) -> None:
    """Write `count` submissions of new mods that wait for their first review, with their results."""
    (author,) = people(1)
    at = START + timedelta(days=400)
    with transaction.atomic():
        waiting = Submission.objects.bulk_create(
            Submission(
                submission_id=public_id("sub"),
                author=author,
                via="api",
                mod_id=f"queue.mod-{number}",
                version="1.0.0",
                name=f"Waiting {number}",
                state=State.PENDING_REVIEW.value,
                queued_at=at + timedelta(minutes=number),
            )
            for number in range(count)
        )
        revisions = Revision.objects.bulk_create(
            Revision(
                submission=submission,
                uploader=author,
                staging_name=f"uploads/staging/{submission.submission_id}/x.zip",
                file_name="x.zip",
                sha256=hashlib.sha256(submission.submission_id.encode()).hexdigest(),
                size_bytes=1000,
                manifest={},
                sidecar={},
                rules_version=RULES,
                risk=number % 5,
            )
            for number, submission in enumerate(waiting)
        )
        for submission, revision in zip(waiting, revisions, strict=True):
            submission.current = revision
        Submission.objects.bulk_update(waiting, ["current"], batch_size=200)
        QueueReason.objects.bulk_create(
            QueueReason(
                submission=submission,
                kind=QueueReason.Kind.FIRST_RELEASE,
                due_at=at + timedelta(days=3),
                opened_at=at,
            )
            for submission in waiting
        )
        CheckResult.objects.bulk_create(
            [
                CheckResult(
                    revision=revision,
                    check_id=f"check_{number}",
                    position=number,
                    status="warned" if number == 3 else "passed",
                    rules_version=RULES,
                )
                for revision in revisions
                for number in range(checks)
            ],
            batch_size=BATCH,
        )


def main() -> None:
    """Fill the database that the settings name, unless it has mods already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mods", type=int, default=10_000)
    parser.add_argument("--releases", type=int, default=5)
    chosen = parser.parse_args()
    call_command("migrate", interactive=False, verbosity=0)
    if Mod.objects.exists():
        print(f"There are {Mod.objects.count():,} mods already; nothing was written.")
        return
    began = time.perf_counter()
    seed(chosen.mods, chosen.releases)
    seed_queue()
    print(f"{chosen.mods:,} mods with {chosen.releases} releases each: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
