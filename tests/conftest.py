"""What every test gets: services by marker, files of its own, an empty cache, no network."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import TransactionTestCase

from tests import services

LOOPBACK = {"localhost", "127.0.0.1", "::1", ""}
#: Fixtures of pytest-django that open the database.
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server", "admin_user"}
REQUIRED = os.environ.get("SMMODS_REQUIRE_SERVICES") == "1"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, and let a test empty the database though the audit trail refuses DELETE."""
    for marker, (name, _) in services.SERVICES.items():
        config.addinivalue_line("markers", f"{marker}: needs {name}; skipped where it doesn't answer")
    config.addinivalue_line("markers", "once: the run's database doesn't matter; left out of the second run")
    config.addinivalue_line("markers", "portal: starts a whole portal of its own")
    _flush_with_triggers_off()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One run is enough for whole-portal tests, which bring their own database, and for tests without any."""
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker("portal")
        if "e2e" in item.path.parts or not _asks_a_database(item):
            item.add_marker("once")


def _asks_a_database(item: pytest.Item) -> bool:
    """Whether the test may use the run's database: by pytest-django's marker or its fixtures."""
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose service is away, naming it; fail it where services are required."""
    for marker, (name, answers) in services.SERVICES.items():
        if item.get_closest_marker(marker) is None or answers():
            continue
        if REQUIRED:
            pytest.fail(
                f"{name} is required here and doesn't answer (make services starts it)", pytrace=False
            )
        pytest.skip(f"{name} doesn't answer")


def _flush_with_triggers_off() -> None:
    """Tests with real transactions are followed by a flush; the triggers are off for just that long.

    The flush sends `post_migrate`, which lays the ground rows and the triggers again.
    """
    from accounts import audit_triggers

    cases: Any = TransactionTestCase
    teardown = cases._fixture_teardown

    def drop_then_flush(case: Any) -> None:
        for alias in case._databases_names(include_mirrors=False):
            audit_triggers.drop(connections[alias])
        teardown(case)

    cases._fixture_teardown = drop_then_flush


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> Path:
    """A public tree, a staging and an incoming folder for this test alone; returns their parent."""
    storages = {name: dict(entry) for name, entry in settings.STORAGES.items()}
    for name in ("default", "staging"):
        storages[name]["OPTIONS"] = storages[name]["OPTIONS"] | {"location": tmp_path / "staging"}
    settings.STORAGES = storages
    settings.PUBLIC_ROOT = tmp_path / "public"
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "incoming"
    for folder in ("public", "staging", "incoming"):
        (tmp_path / folder).mkdir()
    return tmp_path


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Rate limits and codes of one test don't reach the next."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing leaves the machine: a connection elsewhere is an error of the test."""
    connect = socket.socket.connect

    def guarded(sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def postgres_url() -> str:
    """The URL of the PostgreSQL for tests marked `postgres`."""
    return services.postgres_url()


@pytest.fixture
def redis_url() -> str:
    """The URL of the Redis for tests marked `redis`."""
    return services.redis_url()


@pytest.fixture
def clamd_url() -> str:
    """The address of the clamd for tests marked `clamd`, as `SMMODS_ANTIVIRUS` takes it."""
    return services.clamd_url()


@pytest.fixture
def chromium() -> str:
    """The path of the browser for tests marked `browser`."""
    return services.chromium()
