"""What counts as live, for how long, and what a worker and a look around report."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts import audit_triggers
from accounts.models import AuditEntry, User
from catalog import service_status, tasks
from catalog.models import ServiceStatus
from catalog.publisher import Refresh
from tests import factories
from tests.catalog.publisher.world import put

pytestmark = pytest.mark.django_db


def test_nothing_is_live_before_it_was_seen() -> None:
    assert not any(service_status.live(service) for service in service_status.SERVICES)
    assert not service_status.all_live()
    assert len(service_status.SERVICES) == 7


def test_a_report_counts_for_a_minute_but_the_smoke_stays() -> None:
    for service in service_status.SERVICES:
        service_status.report(service, True, "seen")
    assert service_status.all_live()
    ServiceStatus.objects.update(checked_at=timezone.now() - timedelta(seconds=61))
    live = {service for service in service_status.SERVICES if service_status.live(service)}
    assert live == {"public_smoke_runner"}
    assert "last minute" in service_status.sights()["audit_log"].missing


def test_a_service_that_the_contract_lacks_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        service_status.report("coffee", True)
    with pytest.raises(KeyError):
        service_status.live("coffee")


def test_a_look_sees_what_is_there() -> None:
    factories.make_user("moderator")
    service_status.look()
    for service in ("auth_service", "upload_storage", "moderation_queue", "audit_log"):
        assert service_status.live(service), service
    assert not service_status.live("validation_worker")


def missing(service: str) -> str:
    service_status.look()
    assert not service_status.live(service)
    return service_status.sights()[service].missing


def test_mail_to_the_console_is_no_mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "EMAIL_URL" in missing("auth_service")


def test_the_systems_account_must_be_there() -> None:
    User.objects.filter(role="system").delete()
    assert "migrate" in missing("auth_service")


def test_without_moderators_nothing_is_moderated() -> None:
    assert "assign_role" in missing("moderation_queue")


def test_a_storage_that_can_not_be_written_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> str:
        raise OSError("no space left on device")

    monkeypatch.setattr(type(storages["staging"]), "save", full)
    assert "no space left" in missing("upload_storage")


def test_a_storage_that_gives_other_bytes_back_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr(type(storages["staging"]), "open", lambda *_, **__: io.BytesIO(b"other"))
    assert "other bytes" in missing("upload_storage")


def test_an_audit_trail_without_triggers_is_missing() -> None:
    audit_triggers.drop(connection)
    try:
        assert "triggers" in missing("audit_log")
    finally:
        audit_triggers.install(connection)


def test_an_audit_trail_that_was_cut_off_is_missing() -> None:
    put(Refresh())
    audit_triggers.drop(connection)
    AuditEntry.objects.latest("sequence").delete()
    audit_triggers.install(connection)
    assert "verify_audit" in missing("audit_log")


def test_a_heartbeat_reports_its_worker() -> None:
    tasks.heartbeat("checks")
    assert service_status.live("validation_worker")
    tasks.heartbeat("publication")
    assert "publish_catalog" in service_status.sights()["catalog_publisher"].missing
    put(Refresh())
    tasks.heartbeat("publication")
    assert service_status.live("catalog_publisher")


def test_a_worker_that_starts_reports_itself_at_once() -> None:
    def started(*queues: str) -> None:
        app = SimpleNamespace(
            amqp=SimpleNamespace(queues=SimpleNamespace(consume_from=dict.fromkeys(queues)))
        )
        tasks.report_at_start(sender=SimpleNamespace(app=app))

    tasks.report_at_start(sender=None)
    started("mail")
    assert not service_status.live("validation_worker")
    started("checks", "mail")
    assert service_status.live("validation_worker")


def test_a_worker_starts_without_its_report_where_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(_: str) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(service_status, "report_worker", away)
    app = SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from={"checks": None})))
    tasks.report_at_start(sender=SimpleNamespace(app=app))
    assert not service_status.live("validation_worker")
