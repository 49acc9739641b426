"""How long staging keeps bytes: time is moved, and only what came to nothing goes."""

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from accounts.audit import Action
from accounts.models import AuditEntry
from smmods.schedule import SCHEDULE
from tests import factories
from tests.uploads.sending import staged
from uploads import keeping, receiving, services, staging, tasks
from uploads.models import Revision, Submission
from uploads.states import State

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = 30


def later(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def clean(days: float) -> int:
    return keeping.clean(later(days))


GOES = {"cancelled", "rejected", "validation_failed"}


@pytest.mark.parametrize("state", [state.value for state in State])
def test_only_what_came_to_nothing_goes(state: str) -> None:
    submission = factories.make_submission(state=state)
    before = staged()
    clean(DAYS - 1)
    assert staged() == before
    clean(DAYS + 1)
    revision = Revision.objects.get(submission=submission)
    if state in GOES:
        assert staged() == []
        assert revision.bytes_gone_at is not None
        assert revision.sha256
        with pytest.raises(FileNotFoundError):
            staging.open_staged(revision)
    else:
        assert staged() == before
        assert revision.bytes_gone_at is None


def test_what_went_is_recorded_once() -> None:
    submission = factories.make_submission(state="cancelled")
    revision = services.current(submission)
    assert clean(DAYS + 1) == 1
    assert clean(DAYS + 2) == 0
    entry = AuditEntry.objects.get(action=Action.UPLOAD_STAGING_CLEANED)
    assert (entry.target_type, entry.target_id) == ("submission", submission.submission_id)
    assert entry.actor.account_id
    assert entry.after == {
        "state": "cancelled",
        "revisions": [1],
        "sha256": [revision.sha256],
        "sizeBytes": revision.size_bytes,
        "keptDays": DAYS,
    }


def test_the_time_is_a_setting(settings: Any) -> None:
    settings.SMMODS_STAGING_DAYS = 3
    factories.make_submission(state="cancelled")
    assert clean(2) == 0
    assert clean(4) == 1


@pytest.mark.parametrize("state", sorted(GOES))
def test_something_that_happens_begins_the_time_anew(state: str) -> None:
    submission = factories.make_submission(state=state)
    message = factories.make_message(submission)
    type(message).objects.update(at=later(10))
    assert clean(DAYS + 5) == 0
    assert clean(DAYS + 11) == 1


def test_an_appeal_keeps_the_bytes_until_it_is_answered() -> None:
    submission = factories.make_submission(state="rejected")
    reason = factories.make_reason(submission, "appeal")
    assert clean(DAYS * 3) == 0
    assert keeping.kept_until(submission) is None
    reason.closed_at = timezone.now()
    reason.save()
    assert clean(DAYS * 3) == 1


def test_earlier_revisions_of_a_published_one_go_and_the_released_one_stays() -> None:
    submission = factories.make_submission(state="published")
    factories.add_revision(submission, data=factories.good_package("other.mod"))
    assert clean(DAYS + 1) == 1
    released = services.current(Submission.objects.get())
    assert staged() == [released.staging_name]
    gone = Revision.objects.order_by("number").values_list("bytes_gone_at", flat=True)
    assert [at is not None for at in gone] == [True, False]


def test_a_replaced_package_is_an_activity_and_the_submission_goes_on() -> None:
    submission = factories.make_submission(state="validation_failed")
    clean(DAYS + 1)
    services.replace(
        submission.author,
        submission,
        chunks=[factories.good_package(submission.mod_id or "")],
        content_type="application/zip",
    )
    assert submission.state == "uploaded"
    assert staged() == [services.current(submission).staging_name]
    assert clean(DAYS * 9) == 0


def test_an_abandoned_draft_goes_in_two_steps() -> None:
    draft = factories.make_submission(state="draft", via="web")
    services.expire({"submission": draft.submission_id})
    draft.refresh_from_db()
    assert draft.state == "cancelled"
    assert receiving.DRAFT_KEPT > 0
    clean(DAYS + 1)
    assert staged() == []


def test_until_when_is_told() -> None:
    submission = factories.make_submission(state="rejected")
    until = keeping.kept_until(submission)
    assert until == services.current(submission).received_at + timedelta(days=DAYS)
    message = factories.make_message(submission)
    type(message).objects.update(at=later(2))
    assert keeping.kept_until(submission) == type(message).objects.get().at + timedelta(days=DAYS)
    clean(DAYS * 2)
    assert keeping.kept_until(Submission.objects.select_related("current").get()) is None
    assert keeping.kept_until(factories.make_submission()) is None


def _lay(name: str, hours: float) -> str:
    storages["staging"].save(name, ContentFile(b"left over"))
    at = (timezone.now() - timedelta(hours=hours)).timestamp()
    os.utime(storages["staging"].path(name), (at, at))
    return name


def test_what_no_revision_has_goes_after_a_day() -> None:
    kept = services.current(factories.make_submission()).staging_name
    folder = kept.rpartition("/")[0]
    os.utime(storages["staging"].path(kept), (0, 0))
    young = _lay(f"{folder}/r2-young.zip", 23)
    _lay(f"{folder}/r2-old.zip", 25)
    _lay("uploads/staging/sub_killed/draft.zip", 25)
    assert keeping.clean() == 2
    assert staged() == sorted([kept, young])


def test_bytes_that_could_not_be_deleted_go_with_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    revision = services.current(factories.make_submission(state="cancelled"))
    os.utime(storages["staging"].path(revision.staging_name), (0, 0))

    def broken(name: str) -> None:
        raise OSError("no")

    with monkeypatch.context() as patched:
        patched.setattr(storages["staging"], "delete", broken)
        clean(DAYS + 1)
    assert staged() == [revision.staging_name]
    clean(DAYS + 2)
    assert staged() == []


def test_an_empty_staging_is_no_error() -> None:
    assert keeping.clean() == 0


def test_the_scheduler_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(keeping, "clean", lambda: asked.append(True))
    assert SCHEDULE["clean-staging"]["task"] == tasks.clean_staging.name
    tasks.clean_staging()
    assert asked == [True]


def test_a_round_asks_the_database_as_often_for_many(django_assert_max_num_queries: Any) -> None:
    for _ in range(10):
        factories.make_submission()
    with django_assert_max_num_queries(2):
        keeping.clean()
