"""The large catalog that is measured is one that the publisher could have written."""

import json

import pytest

from benchmarks.seed_catalog import seed, seed_queue
from catalog import schema_registry
from catalog.client import parse_catalog
from catalog.models import Mod, Release
from catalog.publisher import facts
from uploads import queueing

pytestmark = pytest.mark.django_db


def test_the_seeded_mods_are_those_of_the_publisher() -> None:
    seed(mods=30, releases=3)
    assert (Mod.objects.public().count(), Release.objects.count()) == (30, 90)
    before = {mod.mod_id: (mod.catalog_entry, mod.index_entry, mod.search_text) for mod in Mod.objects.all()}
    for mod_id, entries in before.items():
        mod = facts.renew(mod_id, None)
        assert (mod.catalog_entry, mod.index_entry) == entries[:2]
        assert sorted(mod.search_text.split()) == sorted(entries[2].split())
    catalog = {
        "schema": "smmods.catalog.v1",
        "revision": 1,
        "generatedAt": "2026-01-02T03:04:05Z",
        "targetGameBuild": "0.9.0",
        "framework": None,
        "mods": [json.loads(entry) for entry, _, _ in before.values()],
    }
    assert schema_registry.problems("smmods.catalog.v1", catalog) == []
    assert parse_catalog(json.dumps(catalog).encode()) == []


def test_the_seeded_queue_waits() -> None:
    seed_queue(count=5, checks=3)
    assert queueing.waiting().count() == 5
