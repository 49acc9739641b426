"""The pages of uploads, as people and their browsers see them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests import factories
from tests.factories import signed_in
from tests.uploads.sending import MOD, staged
from uploads import services
from uploads.models import Submission
from uploads.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _live(settings: Any, db: None) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    factories.services_live()


@pytest.fixture
def ada() -> User:
    return factories.make_user("modder", display_name="Ada Lovelace")


def zipped(data: bytes | None = None, content_type: str = "application/zip") -> SimpleUploadedFile:
    """A package as a form sends it."""
    return SimpleUploadedFile("mod.zip", factories.good_package(MOD) if data is None else data, content_type)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


# Step 1


def test_anonymous_people_are_told_what_to_do(client: Client) -> None:
    answer = client.get("/upload/")
    assert answer.status_code == 200
    assert "Sign in to upload" in text_of(answer)
    assert 'type="file"' not in text_of(answer)
    posted = client.post("/upload/", {"package": zipped()})
    assert (posted.status_code, staged()) == (401, [])


def test_players_are_told_to_become_modders() -> None:
    client = signed_in(factories.make_user("player"))
    answer = client.get("/upload/")
    assert "Become a modder first" in text_of(answer)
    assert reverse("account_agreement") in text_of(answer)
    posted = client.post("/upload/", {"package": zipped()})
    assert (posted.status_code, staged()) == (403, [])


def test_a_suspended_modder_is_told_so(ada: User) -> None:
    ada.suspended_until = timezone.now() + timedelta(days=1)
    ada.save()
    assert "suspended until" in text_of(signed_in(ada).get("/upload/"))


def test_while_uploads_are_off_the_page_says_what_is_missing_and_points_elsewhere(
    ada: User, settings: Any
) -> None:
    factories.services_live("validation_worker")
    client = signed_in(ada)
    answer = client.get("/upload/")
    assert "the worker that checks packages" in text_of(answer)
    assert "/modders/#manual-lane" in text_of(answer)
    assert reverse("upload-try") in text_of(answer)
    assert 'type="file"' not in text_of(answer)
    posted = client.post("/upload/", {"package": zipped()})
    assert (posted.status_code, staged()) == (503, [])
    assert int(posted["Retry-After"]) > 0
    settings.SMMODS_LIVE_UPLOADS = False
    assert "has not switched uploads on" in text_of(client.get("/upload/"))


def test_a_package_becomes_a_draft_whose_form_is_filled_from_the_manifest(ada: User) -> None:
    client = signed_in(ada)
    answer = client.post("/upload/", {"package": zipped()}, follow=True)
    submission = Submission.objects.get()
    assert answer.redirect_chain == [(f"/upload/{submission.submission_id}/details/", 302)]
    assert (submission.state, submission.mod_id) == (State.DRAFT, MOD)
    assert answer.context["form"].initial["summary"] == "Says hello."
    assert answer.context["form"].initial["license"] == "MIT"
    # A draft survives a reload, and its own address leads to the form.
    again = client.get(submission.get_absolute_url(), follow=True)
    assert again.redirect_chain == [(f"/upload/{submission.submission_id}/details/", 302)]


def test_a_sidecar_fills_the_form(ada: User) -> None:
    side = factories.sidecar(
        MOD, summary="From the sidecar.", categories=["gameplay"], links={"source": "https://example.com/s"}
    )
    file = SimpleUploadedFile("a.release.json", json.dumps(side).encode(), "application/json")
    answer = signed_in(ada).post("/upload/", {"package": zipped(), "sidecar": file}, follow=True)
    form = answer.context["form"].initial
    assert (form["summary"], form["categories"], form["source"]) == (
        "From the sidecar.",
        ["gameplay"],
        "https://example.com/s",
    )
    assert Submission.objects.get().state == State.DRAFT


def test_the_script_is_told_where_to_go(ada: User) -> None:
    client = signed_in(ada)
    asks = {"Accept": "application/json"}
    answer = client.post("/upload/", {"package": zipped()}, headers=asks)
    assert answer.status_code == 201
    assert answer.json() == {"location": f"/upload/{Submission.objects.get().submission_id}/details/"}
    refused = client.post("/upload/", {"package": zipped(b"")}, headers=asks)
    assert (refused.status_code, refused.json()["code"]) == (422, "package_empty")


@pytest.mark.parametrize(
    ("status", "code", "form"),
    [
        (422, "package_missing", {}),
        (422, "package_empty", {"package": zipped(b"")}),
        (415, "unsupported_content_type", {"package": zipped(content_type="text/plain")}),
        (
            400,
            "json_syntax",
            {"package": zipped(), "sidecar": SimpleUploadedFile("a.json", b"{", "application/json")},
        ),
        (422, "sidecar_invalid", {"package": zipped(), "sidecar": SimpleUploadedFile("a.json", b"{}")}),
    ],
)
def test_a_refused_upload_shows_why_and_keeps_nothing(
    ada: User, status: int, code: str, form: dict[str, Any]
) -> None:
    for part in form.values():
        part.seek(0)
    answer = signed_in(ada).post("/upload/", form)
    assert (answer.status_code, answer.context["refused"].code) == (status, code)
    assert f"<code>{code}</code>" in text_of(answer)
    assert 'type="file"' in text_of(answer)
    assert (staged(), Submission.objects.count()) == ([], 0)


def test_a_taken_version_is_told_at_once(ada: User) -> None:
    factories.make_release(ada, MOD)
    answer = signed_in(ada).post("/upload/", {"package": zipped()})
    assert (answer.status_code, answer.context["refused"].code, staged()) == (409, "version_exists", [])


def test_too_large_a_body_and_a_form_that_is_none(ada: User, settings: Any) -> None:
    client = signed_in(ada)
    settings.SMMODS_MAX_PACKAGE_BYTES = 1024
    assert client.post("/upload/", {"package": zipped(b"x" * 3_000_000)}).status_code == 413
    assert client.post("/upload/", b"x", content_type="multipart/form-data").status_code == 400
    assert client.post("/upload/", b"{}", content_type="application/json").status_code == 415
    assert client.put("/upload/").status_code == 405


@pytest.mark.parametrize(
    "path", ["", "{id}/details/", "{id}/message/", "{id}/withdraw/", "{bad}/replace/", "try/"]
)
def test_a_forged_form_is_refused(ada: User, path: str) -> None:
    client = signed_in(ada, enforce_csrf_checks=True)
    draft = factories.make_submission(ada, "draft")
    bad = factories.make_submission(ada, "validation_failed", MOD)
    address = f"/upload/{path.format(id=draft.submission_id, bad=bad.submission_id)}"
    answer = client.post(address, {"package": zipped(), "text": "x"})
    assert answer.status_code == 403
    assert set(Submission.objects.values_list("state", flat=True)) == {"draft", "validation_failed"}
    assert Submission.objects.filter(messages__isnull=False).count() == 0


# Step 2


def drafted(ada: User, data: bytes | None = None, side: bytes | None = None) -> Submission:
    """A draft as the wizard makes it."""
    package = factories.good_package(MOD) if data is None else data
    return services.receive(
        ada, chunks=[package], content_type="application/zip", sidecar_raw=side, via="web"
    )


FORM = {
    "summary": "Does things.",
    "license": "MIT",
    "description": "# Long",
    "changelog": "New.",
    "categories": ["gameplay", "tools"],
    "homepage": "https://example.com/",
}


def test_the_form_writes_the_sidecar_and_submits(ada: User) -> None:
    draft = drafted(ada)
    # What the manifest says can't be posted away.
    answer = signed_in(ada).post(f"/upload/{draft.submission_id}/details/", FORM | {"mod_id": "evil.mod"})
    assert (answer.status_code, answer["Location"]) == (302, f"/upload/{draft.submission_id}/")
    draft.refresh_from_db()
    assert (draft.state, draft.mod_id) == (State.UPLOADED, MOD)
    assert services.current(draft).sidecar == {
        "schema": "smmods.mod-release-submission.v1",
        "modId": MOD,
        "name": "A mod",
        "version": "1.0.0",
        "targetGameBuild": "0.9.0",
        "dependencies": [],
        "summary": "Does things.",
        "license": "MIT",
        "description": "# Long",
        "changelog": "New.",
        "categories": ["gameplay", "tools"],
        "links": {"homepage": "https://example.com/"},
    }
    factories.drain()
    draft.refresh_from_db()
    assert draft.state == State.PENDING_REVIEW


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("summary", ""),
        ("summary", "x" * 201),
        ("license", "No such licence"),
        ("homepage", "http://example.com/"),
        ("categories", ["gameplay", "tools", "world", "library", "building", "interface"]),
        ("categories", ["nowhere"]),
        ("description", "x" * 50_001),
    ],
)
def test_what_the_schema_refuses_stands_beside_its_field(ada: User, field: str, value: Any) -> None:
    draft = drafted(ada)
    answer = signed_in(ada).post(f"/upload/{draft.submission_id}/details/", FORM | {field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "Does things." in text_of(answer) or field == "summary"
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_a_package_without_a_readable_manifest_asks_for_its_identity(ada: User) -> None:
    draft = drafted(ada, b"not a zip")
    client = signed_in(ada)
    address = f"/upload/{draft.submission_id}/details/"
    page = client.get(address)
    assert "The checks will refuse this package" in text_of(page)
    assert 'name="mod_id"' in text_of(page)
    wrong = client.post(address, FORM | {"mod_id": "one", "name": "N", "version": "1", "build": "0.9.0"})
    assert sorted(wrong.context["form"].errors) == ["mod_id", "version"]
    right = client.post(
        address, FORM | {"mod_id": MOD, "name": "A mod", "version": "1.0.0", "build": "0.9.0"}
    )
    assert right.status_code == 302
    factories.drain()
    draft.refresh_from_db()
    assert draft.state == State.VALIDATION_FAILED


@pytest.mark.parametrize("manifest", [b"{", b"[]", b'{"schema": "starminer.mod-manifest.v1"}'])
def test_a_broken_manifest_is_explained(ada: User, manifest: bytes) -> None:
    draft = drafted(ada, factories.package(manifest))
    page = signed_in(ada).get(f"/upload/{draft.submission_id}/details/")
    assert page.context["problems"]
    assert not page.context["fixed"]


def test_a_refusal_without_a_field_stands_above_the_form(ada: User) -> None:
    draft = drafted(ada, b"not a zip")
    factories.make_release(factories.make_user("modder"), MOD)
    form = FORM | {"mod_id": MOD, "name": "A mod", "version": "1.0.0", "build": "0.9.0"}
    answer = signed_in(ada).post(f"/upload/{draft.submission_id}/details/", form)
    assert answer.status_code == 403
    assert "belongs to somebody else" in text_of(answer)


def test_while_uploads_are_off_a_draft_can_not_be_submitted(ada: User) -> None:
    draft = drafted(ada)
    factories.services_live("catalog_publisher")
    client = signed_in(ada)
    assert "disabled" in text_of(client.get(f"/upload/{draft.submission_id}/details/"))
    assert client.post(f"/upload/{draft.submission_id}/details/", FORM).status_code == 503


def test_submitting_needs_a_fresh_sign_in(ada: User) -> None:
    draft = drafted(ada)
    client = Client()
    client.force_login(ada)
    answer = client.post(f"/upload/{draft.submission_id}/details/", FORM)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_fresh"))
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_a_submission_has_no_form_any_more(ada: User) -> None:
    submission = factories.make_submission(ada, "pending_review", MOD)
    answer = signed_in(ada).post(f"/upload/{submission.submission_id}/details/", FORM)
    assert (answer.status_code, answer["Location"]) == (302, submission.get_absolute_url())
