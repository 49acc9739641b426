"""What the checks are told of the portal: builds, versions, dependencies, services, and what is waived."""

from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.utils import timezone

from catalog import contract, service_status
from catalog.models import Category, GameBuild, PlatformRelease
from tests import factories
from tests.uploads.sending import MOD, send
from uploads import facts, gate
from uploads.checks import CHECKS, RULES_VERSION

pytestmark = pytest.mark.django_db


def test_builds_categories_and_framework_are_the_portals_own() -> None:
    factories.make_build("0.8.0", "deprecated")
    Category.objects.filter(code="tools").update(retired=True)
    PlatformRelease.objects.create(
        kind="framework",
        version="0.5.8",
        target_game_build="0.9.0",
        sha256="0" * 64,
        size_bytes=1,
        current=True,
    )
    portal = facts.gather(None, None)
    assert dict(portal.builds) == {"0.9.0": "accepted", "0.8.0": "deprecated"}
    assert (portal.pinned_build, portal.framework) == ("0.9.0", "0.5.8")
    assert "tools" not in portal.categories
    assert "gameplay" in portal.categories
    GameBuild.objects.update(pinned=False)
    assert facts.gather(None, None).pinned_build == "0.9.0"


def test_taken_versions_are_those_of_others() -> None:
    ada = factories.make_user("modder")
    factories.make_release(ada, MOD, "0.1.0", taken_back_at=timezone.now())
    own = factories.make_submission(ada, "validating", MOD, "0.2.0")
    factories.make_submission(ada, "pending_review", MOD, "0.3.0")
    factories.make_submission(ada, "rejected", MOD, "0.4.0")
    taken = facts.gather(None, {"id": MOD}, submission=own).taken_versions
    assert taken == {"0.1.0", "0.3.0"}
    assert facts.gather({"modId": MOD}, None).taken_versions == {"0.1.0", "0.2.0", "0.3.0"}


def test_releases_of_every_mod_that_is_wished_for() -> None:
    factories.make_release(None, "base.one", "1.0.0")
    factories.make_release(None, "base.two", "2.0.0")
    factories.make_release(None, "base.three", "3.0.0")
    wishes = {"dependencies": [{"id": "base.one"}, "nonsense", {"id": 7}, {"id": "x" * 101}]}
    releases = facts.gather(wishes, {"conflicts": [{"id": "base.two"}], "dependencies": "nonsense"}).releases
    assert [(row.mod_id, row.version) for row in releases] == [("base.one", "1.0.0"), ("base.two", "2.0.0")]


def test_development_asks_for_database_storage_and_worker_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = send(factories.make_user("modder"))
    services = facts.gather(None, None, submission=submission).services
    assert {name: service.live for name, service in services.items()} == {
        "database": True,
        "upload_storage": True,
        "validation_worker": True,
    }

    def broken(store: FileSystemStorage, name: str) -> bool:
        raise OSError("gone")

    monkeypatch.setattr(FileSystemStorage, "exists", broken)
    assert "gone" in facts.gather(None, None, submission=submission).services["upload_storage"].why
    assert facts.gather(None, None).services["upload_storage"].live


def test_elsewhere_every_service_of_the_contract_is_asked_for(settings: Any) -> None:
    settings.SMMODS_ENVIRONMENT = "production"
    factories.services_live("moderation_queue")
    services = facts.gather(None, None).services
    assert set(services) == set(service_status.SERVICES)
    assert not services["moderation_queue"].live
    # That the worker runs is seen by its asking.
    assert services["validation_worker"].live


def test_only_a_development_portal_waives_the_antivirus(settings: Any) -> None:
    assert contract.value("waived_checks") == ["antivirus_scan"]
    settings.SMMODS_ANTIVIRUS = "clamd:///run/clamd.sock"
    assert contract.value("waived_checks") == []
    settings.SMMODS_ANTIVIRUS, settings.SMMODS_ENVIRONMENT = "off", "staging"
    assert contract.value("waived_checks") == []


def test_the_register_is_filled() -> None:
    assert contract.value("rules_version") == RULES_VERSION
    assert [row["id"] for row in contract.value("checks")] == [check.id for check in CHECKS]
    assert contract.value("package_rules")


def test_the_gate_opens_and_closes(settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    factories.services_live()
    assert gate.state() == gate.Gate(True)
    factories.services_live("audit_log", "auth_service")
    closed = gate.state()
    assert (closed.open, closed.missing) == (False, ("auth_service", "audit_log"))
    assert "signing in and its mail (not seen)" in closed.why


def test_a_service_not_seen_for_a_minute_closes_the_gate(settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    factories.services_live()
    from datetime import timedelta

    from catalog.models import ServiceStatus

    ServiceStatus.objects.filter(service="validation_worker").update(
        checked_at=timezone.now() - timedelta(seconds=61)
    )
    assert gate.state().missing == ("validation_worker",)
