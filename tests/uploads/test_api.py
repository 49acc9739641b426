"""The API of uploads: 202 and a document, or a problem document with a code and a hint; never a 500."""

import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import keys
from accounts.models import AuditEntry, OutboxRow, User
from catalog import schema_registry
from tests import factories
from tests.uploads.sending import MOD, staged
from uploads.models import Submission

pytestmark = pytest.mark.django_db
BOUNDARY = "the-boundary"


@pytest.fixture
def ada() -> User:
    factories.services_live()
    return factories.make_user("modder")


@pytest.fixture(autouse=True)
def _live(settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = True


def key_of(user: User, *scopes: str) -> dict[str, Any]:
    """Headers with a key of this account."""
    issued = keys.issue_key(user, "test", scopes or ("uploads:write", "uploads:read"))
    return {"headers": {"Authorization": f"Bearer {issued.token}"}}


def parts(version: str = "1.0.0", **changed: Any) -> dict[str, Any]:
    """A good form; None takes a part out."""
    found = {
        "package": SimpleUploadedFile("mod.zip", factories.good_package(MOD, version), "application/zip"),
        "sidecar": SimpleUploadedFile(
            "mod.release.json", json.dumps(factories.sidecar(MOD, version)).encode(), "application/json"
        ),
    } | changed
    return {name: value for name, value in found.items() if value is not None}


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, looked over."""
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["code"]) == (status, code), document
    assert answer["Content-Type"] == "application/problem+json"
    assert document["status"] == status
    assert document["detail"]
    assert document["hint"]
    assert Submission.objects.count() == 0
    assert staged() == []
    return document


def test_a_release_is_taken_checked_and_shown(client: Client, ada: User) -> None:
    key = key_of(ada)
    answer = client.post("/api/v1/uploads", parts(), **key)
    document = answer.json()
    assert answer.status_code == 202
    assert answer["Location"] == f"/api/v1/uploads/{document['submissionId']}" == document["statusUrl"]
    assert schema_registry.problems("smmods.upload-submission.v1", document) == []
    assert document["state"] == "uploaded"
    factories.drain()
    document = client.get(answer["Location"], **key).json()
    assert schema_registry.problems("smmods.upload-submission.v1", document) == []
    assert (document["state"], document["queue"]) == (
        "pending_review",
        {"position": 1, "medianWaitSeconds": None},
    )
    assert document["actions"] == ["cancel", "message"]


def test_a_session_may_upload_with_its_token(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    problem(client.post("/api/v1/uploads", parts()), 403, "csrf_failed")
    client.get("/upload/")
    token = client.cookies["csrftoken"].value
    assert client.post("/api/v1/uploads", parts(), headers={"X-CSRFToken": token}).status_code == 202


def test_the_sidecar_may_be_a_text_part(client: Client, ada: User) -> None:
    form = parts(sidecar=json.dumps(factories.sidecar(MOD)))
    assert client.post("/api/v1/uploads", form, **key_of(ada)).status_code == 202


def test_an_idempotency_key_makes_a_retry_safe(client: Client, ada: User) -> None:
    key = key_of(ada)
    key["headers"]["Idempotency-Key"] = "one"
    first = client.post("/api/v1/uploads", parts(), **key)
    again = client.post("/api/v1/uploads", parts(), **key)
    assert (again.status_code, again.json()["submissionId"]) == (202, first.json()["submissionId"])
    other = client.post("/api/v1/uploads", parts("2.0.0"), **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert OutboxRow.objects.filter(kind="checks.run").count() == 1


@pytest.mark.parametrize(
    ("status", "code", "changed"),
    [
        (422, "package_missing", {"package": None}),
        (422, "package_missing", {"package": "text, no file"}),
        (422, "sidecar_missing", {"sidecar": None}),
        (422, "sidecar_missing", {"sidecar": "  "}),
        (400, "json_syntax", {"sidecar": "{"}),
        (400, "json_nul", {"sidecar": '{"a": "\\u0000"}'}),
        (422, "sidecar_invalid", {"sidecar": "[]"}),
        (422, "package_empty", {"package": SimpleUploadedFile("a.zip", b"", "application/zip")}),
        (415, "unsupported_content_type", {"package": SimpleUploadedFile("a.zip", b"PK", "text/html")}),
        (413, "form_too_large", {"extra": "x" * 1_100_000}),
        (413, "form_too_large", {f"f{n}": "" for n in range(600)}),
        (
            422,
            "part_repeated",
            {"package": [SimpleUploadedFile(f"{n}.zip", b"PK", "application/zip") for n in range(2)]},
        ),
        (
            413,
            "form_too_large",
            {"package": [SimpleUploadedFile(f"{n}.zip", b"PK", "application/zip") for n in range(9)]},
        ),
        (
            413,
            "json_too_large",
            {"sidecar": SimpleUploadedFile("a.json", b" " * 300_000, "application/json")},
        ),
    ],
)
def test_a_bad_form_is_a_problem_document(
    client: Client, ada: User, status: int, code: str, changed: dict[str, Any]
) -> None:
    problem(client.post("/api/v1/uploads", parts(**changed), **key_of(ada)), status, code)


def test_what_is_no_form_is_refused(client: Client, ada: User) -> None:
    key = key_of(ada)
    answer = client.post("/api/v1/uploads", b"{}", content_type="application/json", **key)
    problem(answer, 415, "unsupported_content_type")
    answer = client.post("/api/v1/uploads", b"PK", content_type="application/zip", **key)
    problem(answer, 415, "unsupported_content_type")
    answer = client.post("/api/v1/uploads", b"x", content_type="multipart/form-data", **key)
    problem(answer, 400, "form_unreadable")


def body(cut: int = 0) -> bytes:
    """A form with package and sidecar as bytes, `cut` bytes short."""
    rows = []
    for name, file in parts().items():
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{file.name}"\r\n'
            f"Content-Type: {file.content_type}\r\n\r\n"
        )
        rows.append(head.encode() + file.read() + b"\r\n")
    whole = b"".join(rows) + f"--{BOUNDARY}--\r\n".encode()
    return whole[: len(whole) - cut]


@pytest.mark.parametrize("cut", [6, 20, 200, 600])
def test_an_upload_that_was_cut_off_is_refused(client: Client, ada: User, cut: int) -> None:
    """Both ways: the connection ended early, and a body that says it is whole but lacks its end."""
    form = f"multipart/form-data; boundary={BOUNDARY}"
    key = key_of(ada)
    problem(client.post("/api/v1/uploads", body(cut), content_type=form, **key), 400, "truncated")
    broken = {"wsgi.input": io.BytesIO(body(cut)), "CONTENT_LENGTH": str(len(body()))}
    answer = client.post("/api/v1/uploads", b"x", content_type=form, **broken, **key)
    problem(answer, 400, "truncated")
    assert client.post("/api/v1/uploads", body(), content_type=form, **key).status_code == 202


def test_too_large_by_its_announcement_and_by_its_bytes(client: Client, ada: User, settings: Any) -> None:
    settings.SMMODS_MAX_PACKAGE_BYTES = 1024
    key = key_of(ada)
    large = SimpleUploadedFile("a.zip", b"x" * 1025, "application/zip")
    document = problem(client.post("/api/v1/uploads", parts(package=large), **key), 413, "package_too_large")
    assert document["maxPackageBytes"] == 1024
    huge = SimpleUploadedFile("a.zip", b"x" * 3_000_000, "application/zip")
    problem(client.post("/api/v1/uploads", parts(package=huge), **key), 413, "package_too_large")


def test_who_may_not_upload(client: Client, ada: User) -> None:
    problem(client.post("/api/v1/uploads", parts()), 401, "not_signed_in")
    player = factories.make_user("player")
    problem(client.post("/api/v1/uploads", parts(), **key_of(player, "downloads:read")), 403, "scope_missing")
    client.force_login(player)
    problem(client.post("/api/v1/uploads", parts()), 403, "role_required")


@pytest.mark.parametrize("missing", [*factories.GATE_SERVICES, "SMMODS_LIVE_UPLOADS"])
def test_the_gate_names_what_is_missing(client: Client, ada: User, settings: Any, missing: str) -> None:
    factories.services_live(missing)
    settings.SMMODS_LIVE_UPLOADS = missing != "SMMODS_LIVE_UPLOADS"
    key = key_of(ada)
    answer = client.post("/api/v1/uploads", parts(), **key)
    assert problem(answer, 503, "uploads_disabled")["missing"] == [missing]
    assert int(answer["Retry-After"]) > 0
    failed = factories.make_submission(ada, "validation_failed", MOD)
    answer = client.post(f"/api/v1/uploads/{failed.submission_id}/package", parts(), **key)
    assert (answer.status_code, answer.json()["code"]) == (503, "uploads_disabled")


def test_the_rate_limit_of_uploads(client: Client, ada: User, settings: Any) -> None:
    settings.SMMODS_LIMITS = {"upload": 1}
    key = key_of(ada)
    client.post("/api/v1/uploads", parts(package=None), **key)
    answer = client.post("/api/v1/uploads", parts(), **key)
    problem(answer, 429, "rate_limit_exceeded")
    assert int(answer["Retry-After"]) > 0


def test_withdrawing_and_replacing(client: Client, ada: User) -> None:
    key = key_of(ada)
    submission = factories.make_submission(ada, "validation_failed", MOD)
    address = f"/api/v1/uploads/{submission.submission_id}"
    answer = client.post(f"{address}/package", parts(), **key)
    assert (answer.status_code, answer.json()["revision"], answer["Location"]) == (202, 2, address)
    answer = client.post(f"{address}/package", parts(), **key)
    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (
        409,
        "illegal_move",
        "uploaded",
    )
    answer = client.post(f"{address}/cancel", **key)
    assert (answer.status_code, answer.json()["state"], answer.json()["actions"]) == (
        200,
        "cancelled",
        ["message"],
    )
    answer = client.post(f"{address}/cancel", **key)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_move")


def test_somebody_elses_looks_absent(client: Client, ada: User) -> None:
    submission = factories.make_submission(factories.make_user("modder"), "validation_failed", MOD)
    key = key_of(ada)
    for method, address in (
        ("get", f"/api/v1/uploads/{submission.submission_id}"),
        ("post", f"/api/v1/uploads/{submission.submission_id}/cancel"),
        ("post", f"/api/v1/uploads/{submission.submission_id}/package"),
        ("get", "/api/v1/uploads/sub_NONE"),
        ("get", "/api/v1/uploads/sub%00"),
    ):
        answer = getattr(client, method)(address, **key)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert AuditEntry.objects.filter(action__startswith="upload").count() == 0


def test_a_list_is_paged_searched_and_filtered(client: Client, ada: User) -> None:
    for number in range(5):
        factories.make_submission(ada, "pending_review", MOD, f"1.{number}.0")
    factories.make_submission(ada, "draft", "else.where")
    factories.make_submission(None, "draft", "not.mine")
    key = key_of(ada)
    first = client.get("/api/v1/uploads?limit=4", **key).json()
    assert [item["version"] for item in first["items"]] == ["1.0.0", "1.4.0", "1.3.0", "1.2.0"]
    second = client.get(f"/api/v1/uploads?limit=4&cursor={first['next']}", **key).json()
    assert ([item["version"] for item in second["items"]], second["next"]) == (["1.1.0", "1.0.0"], None)
    assert len(client.get("/api/v1/uploads?q=ELSE", **key).json()["items"]) == 1
    assert len(client.get("/api/v1/uploads?q=%00", **key).json()["items"]) == 6
    assert len(client.get("/api/v1/uploads?state=draft", **key).json()["items"]) == 1
    moderator = key_of(factories.make_user("moderator"))
    assert len(client.get("/api/v1/uploads", **moderator).json()["items"]) == 7
    for item in first["items"]:
        assert schema_registry.problems("smmods.upload-submission.v1", item) == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("cursor=zzz%ff", 400, "bad_cursor"),
        ("cursor=bm8", 400, "bad_cursor"),
        ("state=nowhere", 422, "bad_state"),
        ("limit=many", 422, "bad_input"),
    ],
)
def test_a_bad_list_query(client: Client, ada: User, query: str, status: int, code: str) -> None:
    problem(client.get(f"/api/v1/uploads?{query}", **key_of(ada)), status, code)


def test_the_queries_of_a_list_do_not_grow(
    client: Client, ada: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        factories.make_submission(
            ada, "pending_review", MOD, f"1.{number}.0", checks={"zip_path_safety": "passed"}
        )
    key = key_of(ada)
    with django_assert_max_num_queries(14):
        client.get("/api/v1/uploads?limit=3", **key)
    with django_assert_max_num_queries(14):
        client.get("/api/v1/uploads?limit=12", **key)


@pytest.mark.parametrize(
    "address",
    ["/api/v1/uploads", "/api/v1/uploads/sub_X", "/api/v1/uploads/sub_X/cancel", "/api/v1/validate"],
)
def test_a_wrong_method(client: Client, ada: User, address: str) -> None:
    problem(client.put(address, **key_of(ada)), 405, "method_not_allowed")
