"""The factories write what they say."""

import pytest
from django.db import transaction

from accounts import audit
from tests import factories
from uploads.models import Submission


@pytest.mark.django_db
def test_a_submission_in_review_has_bytes_and_a_reason() -> None:
    submission = factories.make_submission(checks={"zip_path_safety": "passed"})
    assert submission.current is not None
    assert submission.reasons.count() == 1
    assert submission.current.results.count() == 1
    assert Submission.objects.open().count() == 1


@pytest.mark.django_db
def test_a_release_is_its_mods_latest_by_precedence() -> None:
    owner = factories.make_user("modder")
    newer = factories.make_release(owner, "example.one", "1.10.0")
    factories.make_release(owner, "example.one", "1.9.0", dependencies=({"id": "a.b", "version": "*"},))
    newer.mod.refresh_from_db()
    assert newer.mod.latest == newer


@pytest.mark.django_db(transaction=True)
def test_the_database_is_emptied_between_cases_though_the_audit_is_append_only() -> None:
    factories.services_live("audit_log")
    with transaction.atomic():
        audit.record(factories.make_user("admin"), audit.Action.ACCOUNT_EXPORTED, "account", "acc_X")
    assert audit.verify().entries == 1
    assert factories.drain() == 0
