"""What every test stands on: its own files, its own cache, and a database that can be emptied."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase

from accounts import audit_triggers


@pytest.fixture(autouse=True)
def own_world(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Staging, the public tree and the cache are this test's alone."""
    staging = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path / "staging", "base_url": None},
    }
    settings.STORAGES = settings.STORAGES | {"default": staging, "staging": staging}
    settings.PUBLIC_ROOT = tmp_path / "public"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True, scope="session")
def _emptied_between_cases() -> Iterator[None]:
    """Tests with real transactions empty the database afterwards, which the audit's triggers refuse.

    They are taken away for that moment; `post_migrate`, which follows, makes them again.
    """
    empty = TransactionTestCase._fixture_teardown

    def without_triggers(case: TransactionTestCase) -> None:
        audit_triggers.drop(connection)
        empty(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield
