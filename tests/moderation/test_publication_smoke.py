"""The smoke after a publication: when it runs, where its report goes, what follows from it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import outbox
from accounts.models import AuditEntry, OutboxRow, User
from catalog import contract_documents, service_status
from catalog.client import FolderSource
from catalog.models import Publication
from catalog.publisher import Hide, public_tree
from moderation import publication, publication_smoke
from tests.catalog.publisher.world import put
from tests.moderation.test_publication import approved
from uploads.models import CheckResult

pytestmark = pytest.mark.django_db


def release_and_take() -> tuple[Any, dict[str, Any]]:
    made = approved("example.mod")
    publication.publish_approved(User.objects.system())
    report = publication_smoke.take(Publication.objects.get(), FolderSource(public_tree().root), "folder")
    return made, report


def test_the_report_is_kept_with_the_publication_and_told() -> None:
    made, report = release_and_take()
    assert report["status"] == "passed"
    assert Publication.objects.get().smoke == report
    assert service_status.live("public_smoke_runner")
    entry = AuditEntry.objects.get(action="publication.smoked")
    assert (entry.target_id, entry.after) == ("1", {"status": "passed", "failed": []})
    rows = {row.check_id: row.status for row in CheckResult.objects.filter(revision=made.submission.current)}
    assert (rows["public_smoke"], rows["manager_catalog_parse"]) == ("passed", "passed")
    assert not contract_documents.manual_lane_needed()


def test_a_failure_is_said_everywhere(own_files: Any) -> None:
    made = approved("example.mod")
    publication.publish_approved(User.objects.system())
    (public_tree().root / "downloads/mods/example.mod/1.0.0/example.mod-v1.0.0.zip").unlink()
    report = publication_smoke.take(Publication.objects.get(), FolderSource(public_tree().root), "folder")
    assert report["status"] == "failed"
    assert not service_status.live("public_smoke_runner")
    assert "example.mod@1.0.0" in service_status.sights()["public_smoke_runner"].missing
    row = CheckResult.objects.get(revision=made.submission.current, check_id="public_smoke")
    assert (row.status, row.code) == ("failed", "smoke_failed")
    assert contract_documents.manual_lane_needed()


def test_a_catalog_that_can_not_be_read_fails_the_managers_check() -> None:
    made = approved("example.mod")
    publication.publish_approved(User.objects.system())
    (public_tree().root / "api/v1/catalog.json").unlink()
    publication_smoke.take(Publication.objects.get(), FolderSource(public_tree().root), "folder")
    row = CheckResult.objects.get(revision=made.submission.current, check_id="manager_catalog_parse")
    assert (row.status, row.code) == ("failed", "catalog_missing")


def test_a_release_taken_back_is_looked_for_and_keeps_its_results() -> None:
    made, _ = release_and_take()
    put(Hide("example.mod", "1.0.0", "Broken."))
    CheckResult.objects.filter(revision=made.submission.current).delete()
    report = publication_smoke.take(
        Publication.objects.get(revision=2), FolderSource(public_tree().root), "folder"
    )
    assert report["status"] == "passed"
    assert not CheckResult.objects.filter(revision=made.submission.current).exists()


def owed() -> OutboxRow:
    with transaction.atomic():
        return outbox.owe(publication.SMOKE, {"revision": 1})


def test_a_site_that_does_not_answer_yet_is_tried_again(settings: Any) -> None:
    settings.SMMODS_SITE_URL = "http://127.0.0.1:9"
    publication.publish_due(User.objects.system())
    row = owed()
    assert outbox.run(row.pk)
    row.refresh_from_db()
    assert (row.done_at, row.attempts) == (None, 0)
    assert "does not answer yet" in row.last_error
    assert Publication.objects.get().smoke is None


def test_after_ten_minutes_it_counts_as_failed(settings: Any) -> None:
    settings.SMMODS_SITE_URL = "http://127.0.0.1:9"
    publication.publish_due(User.objects.system())
    Publication.objects.update(finished_at=timezone.now() - timedelta(minutes=11))
    row = owed()
    outbox.run(row.pk)
    row.refresh_from_db()
    assert row.done_at is not None
    smoke = Publication.objects.get().smoke
    assert smoke is not None and smoke["status"] == "failed"


def test_a_site_that_answers_is_read(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    publication.publish_due(User.objects.system())
    source = FolderSource(public_tree().root)
    monkeypatch.setattr(publication_smoke, "HttpSource", lambda *_, **__: source)
    row = owed()
    outbox.run(row.pk)
    smoke = Publication.objects.get().smoke
    assert smoke is not None and smoke["status"] == "passed"
