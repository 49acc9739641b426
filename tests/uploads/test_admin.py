"""The administration shows this room's rows, finds them, and changes none."""

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from tests import factories
from tests.factories import signed_in
from uploads import models
from uploads.models import IdempotencyKey, Submission

pytestmark = pytest.mark.django_db
MODELS = (
    models.Submission,
    models.Revision,
    models.CheckResult,
    models.PackageFile,
    models.Message,
    models.QueueReason,
    models.IdempotencyKey,
)


@pytest.fixture
def submission() -> Submission:
    found = factories.make_submission(checks={"zip_path_safety": "passed"})
    factories.make_file(found, "Content/init.lua")
    factories.make_message(found)
    IdempotencyKey.objects.create(user=found.author, key="k", fingerprint="f", submission=found)
    return found


@pytest.mark.parametrize("model", MODELS)
def test_admins_look_and_search_but_change_nothing(model: type[Model], submission: Submission) -> None:
    client = signed_in(factories.make_user("admin"))
    name = f"uploads_{model._meta.model_name}"
    rows = client.get(reverse(f"admin:{name}_changelist"), {"q": submission.submission_id})
    assert rows.status_code == 200
    row = model._default_manager.get()
    assert str(row)
    page = reverse(f"admin:{name}_change", args=[row.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"state": "published"}).status_code == 403
    assert client.get(reverse(f"admin:{name}_add")).status_code == 403
    assert client.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    submission.refresh_from_db()
    assert submission.state == "pending_review"
    listed = admin.site._registry[model]
    assert listed.search_fields
    assert listed.list_filter
