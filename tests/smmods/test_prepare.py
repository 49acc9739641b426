"""What is made ready before the portal serves, in order, and the samples exactly once."""

from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from smmods.management.commands import prepare, run_portal
from smmods.routers import CacheRouter
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> list[str]:
    """The names of the commands that are called, instead of calling them."""
    called: list[str] = []
    monkeypatch.setattr(prepare, "call_command", lambda name, **_: called.append(name))
    settings.VAR = tmp_path
    return called


def test_everything_in_order_and_the_samples_once(calls: list[str]) -> None:
    call_command("prepare")
    assert calls == ["migrate", "publish_catalog", "demo"]
    call_command("prepare")
    assert calls[3:] == ["migrate", "publish_catalog"]


def test_the_cache_has_a_table_where_it_lies_in_a_database(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "connections", {"default": None, "cache": None})
    call_command("prepare", no_samples=True)
    assert calls == ["migrate", "createcachetable", "publish_catalog"]


def test_no_samples_where_people_are(calls: list[str]) -> None:
    make_user()
    call_command("prepare")
    assert "demo" not in calls


def test_samples_that_were_interrupted_are_taken_up_again(calls: list[str], tmp_path: Path) -> None:
    make_user()
    (tmp_path / "samples.begun").touch()
    call_command("prepare")
    assert "demo" in calls
    assert (tmp_path / "samples.done").exists()


def test_samples_that_fail_are_not_done(
    calls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(name: str, **_: Any) -> None:
        if name == "demo":
            raise CommandError("no")

    monkeypatch.setattr(prepare, "call_command", fails)
    with pytest.raises(CommandError):
        call_command("prepare")
    assert (tmp_path / "samples.begun").exists()
    assert not (tmp_path / "samples.done").exists()


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_static_files_and_no_samples_outside_development(
    calls: list[str], settings: Any, environment: str
) -> None:
    settings.SMMODS_ENVIRONMENT = environment
    call_command("prepare")
    assert calls == ["migrate", "collectstatic", "publish_catalog"]


class Recorded:
    """Stands in for the supervisor."""

    status = 0
    environment: dict[str, str]

    def __init__(self, commands: Any, environment: dict[str, str]) -> None:
        Recorded.environment = environment

    def run(self) -> int:
        return Recorded.status


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> type[Recorded]:
    monkeypatch.setattr(run_portal, "Supervisor", Recorded)
    monkeypatch.setattr(run_portal, "call_command", lambda *_, **__: None)
    monkeypatch.setattr(Recorded, "status", 0)
    return Recorded


def run() -> str:
    out = StringIO()
    call_command("run_portal", stdout=out)
    return out.getvalue()


def test_the_addresses_are_shown(portal: type[Recorded], settings: Any) -> None:
    shown = run()
    assert f"http://127.0.0.1:{settings.PORT}/\n" in shown
    assert f"http://127.0.0.1:{settings.PORT}/dev/\n" in shown
    assert f"http://127.0.0.1:{settings.PORT}/dev/mail/" in shown
    assert str(settings.VAR) in shown


def test_no_development_pages_are_named_elsewhere(portal: type[Recorded], settings: Any) -> None:
    settings.SMMODS_ENVIRONMENT = "staging"
    assert "/dev/" not in run()


def test_uploads_are_on_unless_somebody_set_them(
    portal: type[Recorded], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMMODS_LIVE_UPLOADS", raising=False)
    settings.SMMODS_GIVEN = frozenset()
    run()
    assert portal.environment["SMMODS_LIVE_UPLOADS"] == "1"
    assert portal.environment["PORT"] == str(settings.PORT)
    settings.SMMODS_GIVEN = frozenset({"SMMODS_LIVE_UPLOADS"})
    run()
    assert "SMMODS_LIVE_UPLOADS" not in portal.environment


def test_a_part_that_will_not_start_is_a_failure(
    portal: type[Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal, "status", 1)
    with pytest.raises(CommandError, match="would not start"):
        run()


def test_the_cache_lives_alone() -> None:
    router = CacheRouter()
    entry: Any = SimpleNamespace(_meta=SimpleNamespace(app_label="django_cache"))
    other: Any = SimpleNamespace(_meta=SimpleNamespace(app_label="accounts"))
    assert router.db_for_read(entry) == router.db_for_write(entry) == "cache"
    assert router.db_for_read(other) is router.db_for_write(other) is None
    assert router.allow_migrate("cache", "django_cache") is True
    assert router.allow_migrate("default", "django_cache") is False
    assert router.allow_migrate("cache", "accounts") is False
    assert router.allow_migrate("default", "accounts") is None
