"""What is shown when something goes wrong, and the API's description."""

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.test import Client, RequestFactory
from django.urls import path
from django_ratelimit.exceptions import Ratelimited

from accounts.errors import Problem, RefusedError
from smmods import pages, refusals
from smmods.api_description import sections
from smmods.refusals import ERROR_PAGES
from smmods.urls import urlpatterns as real

REFUSED = RefusedError(
    "second_decision",
    "Somebody was first.",
    "Reload the page.",
    status=409,
    problems=[Problem("a_code", "A field is wrong.", "Mend it.", pointer="/field")],
    extra={"state": "rejected"},
)
RAISED: dict[str, Exception] = {
    "refused": REFUSED,
    "sign-in": RefusedError("not_signed_in", "You are not signed in.", "Sign in.", status=401),
    "slow": RefusedError("rate_limit_exceeded", "Too often.", "Wait.", status=429, retry_after=17),
    "off": RefusedError("uploads_disabled", "Uploads are off.", "Later.", status=503),
    "bad": SuspiciousOperation("odd"),
    "big": RequestDataTooBig("odd"),
    "denied": PermissionDenied("Not for you."),
    "limited": Ratelimited(),
    "absent": Http404("No such release."),
    "broken": ZeroDivisionError("x"),
    "no-database": OperationalError("gone"),
}


def raising(request: HttpRequest, name: str) -> HttpResponse:
    if name == "method":
        return HttpResponseNotAllowed(["PUT"])
    if name == "own":
        return HttpResponse("own words", status=404)
    raise RAISED[name]


urlpatterns = [
    path("try/<str:name>", raising),
    path("api/v1/try/<str:name>", raising),
    *real,
]
handler400, handler403 = pages.bad_request, pages.forbidden
handler404, handler500 = pages.not_found, pages.server_error

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def anyone() -> Client:
    return Client(raise_request_exception=False)


CASES = [
    ("refused", 409, "second_decision"),
    ("slow", 429, "rate_limit_exceeded"),
    ("off", 503, "uploads_disabled"),
    ("bad", 400, "unreadable"),
    ("big", 413, "too_large"),
    ("denied", 403, "forbidden"),
    ("limited", 429, "rate_limit_exceeded"),
    ("absent", 404, "not_found"),
    ("broken", 500, "internal_error"),
    ("no-database", 500, "internal_error"),
    ("method", 405, "method_not_allowed"),
]


@pytest.mark.parametrize(("name", "status", "code"), CASES)
def test_a_page_says_what_happened_and_what_to_do(anyone: Client, name: str, status: int, code: str) -> None:
    response = anyone.get(f"/try/{name}")
    text = response.content.decode()
    assert response.status_code == status
    assert code in text
    assert ERROR_PAGES[status].heading in text or "&#x27;" in text
    assert response["X-Request-ID"] in text
    assert response["Cache-Control"] == "no-store"
    assert 'id="content"' in text


@pytest.mark.parametrize(("name", "status", "code"), CASES)
def test_below_api_it_is_a_problem_document(anyone: Client, name: str, status: int, code: str) -> None:
    response = anyone.get(f"/api/v1/try/{name}")
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"]


def test_a_refusal_keeps_its_words_hint_problems_and_what_is_true_now(anyone: Client) -> None:
    text = anyone.get("/try/refused").content.decode()
    for words in ("Somebody was first.", "Reload the page.", "A field is wrong.", "Mend it."):
        assert words in text
    body = json.loads(anyone.post("/api/v1/try/refused").content)
    assert body["state"] == "rejected"
    assert body["errors"][0]["pointer"] == "/field"


def test_waiting_times(anyone: Client) -> None:
    assert anyone.get("/try/slow")["Retry-After"] == "17"
    assert anyone.get("/try/off")["Retry-After"] == str(refusals.RETRY_SECONDS)
    assert anyone.get("/api/v1/try/slow")["Retry-After"] == "17"
    assert "Retry-After" not in anyone.get("/try/absent")


def test_who_must_sign_in_is_led_there_and_back(anyone: Client) -> None:
    response = anyone.get("/try/sign-in?a=1&b=2")
    assert response.status_code == 302
    assert response["Location"].endswith("?next=%2Ftry%2Fsign-in%3Fa%3D1%26b%3D2")
    assert anyone.post("/try/sign-in").status_code == 401
    assert anyone.get("/api/v1/try/sign-in").status_code == 401


def test_what_a_view_says_of_an_absent_thing_is_shown(anyone: Client) -> None:
    assert b"No such release." in anyone.get("/try/absent").content
    text = anyone.get("/nowhere/at/all/").content.decode()
    assert ERROR_PAGES[404].message in text
    assert "tried" not in text


def test_a_view_with_words_of_its_own_keeps_them(anyone: Client) -> None:
    assert anyone.get("/try/own").content == b"own words"
    assert json.loads(anyone.get("/api/v1/try/own").content)["code"] == "not_found"


def test_what_the_framework_set_is_kept(anyone: Client) -> None:
    assert anyone.get("/api/v1/try/method")["Allow"] == "PUT"
    assert anyone.get("/try/method")["Allow"] == "PUT"
    assert anyone.get("/api/v1/nothing-here")["Content-Type"] == "application/problem+json"


def test_a_forged_form_is_told_apart(anyone: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/try/refused")
    assert response.status_code == 403
    assert b"forged_form" in response.content
    body = json.loads(strict.post("/api/v1/try/refused").content)
    assert body["code"] == "forged_form"


def test_allauths_limits_have_the_same_page(rf: RequestFactory) -> None:
    from smmods import urls

    assert urls.handler429 == "smmods.pages.too_many_requests"
    response = pages.too_many_requests(rf.get("/account/login/"))
    assert response.status_code == 429
    assert b"rate_limit_exceeded" in response.content


def test_an_error_of_our_own_needs_no_database(rf: RequestFactory, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        response = pages.server_error(rf.get("/x"))
    assert response.status_code == 500


def test_something_is_said_even_without_templates(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> str:
        raise RuntimeError("no template")

    monkeypatch.setattr(refusals, "render_to_string", broken)
    request = rf.get("/x")
    request.META["smmods.request_id"] = "abc12345"
    response = pages.server_error(request)
    assert response.status_code == 500
    assert b"abc12345" in response.content
    assert response["Content-Type"].startswith("text/plain")


def test_an_unknown_status_is_taken_for_its_class() -> None:
    assert refusals.standard(418).code == "unreadable"
    assert refusals.standard(599).code == "internal_error"


@pytest.mark.parametrize("status", sorted(ERROR_PAGES))
def test_every_error_page_says_what_to_do_next(rf: RequestFactory, status: int) -> None:
    kind = ERROR_PAGES[status]
    response = refusals.page(rf.get("/x"), refusals.standard(status), plain=True)
    assert f'href="{kind.href}"' in response.content.decode()
    assert kind.hint.endswith(".")


def test_the_description_is_openapi_3_1_and_every_call_names_the_problem(anyone: Client) -> None:
    response = anyone.get("/api/v1/openapi.json")
    assert response["Content-Type"] == "application/json"
    document = json.loads(response.content)
    assert document["openapi"].startswith("3.1")
    assert "Problem" in document["components"]["schemas"]
    calls = [call for methods in document["paths"].values() for call in methods.values()]
    for call in calls:
        assert "application/problem+json" in call["responses"]["default"]["content"]
        assert call.get("summary")
    ids = [call["operationId"] for call in calls]
    assert len(ids) == len(set(ids))
    assert all(address.startswith("/api/v1/") for address in document["paths"])


def test_the_readable_page_shows_every_call(anyone: Client) -> None:
    text = anyone.get("/api/v1/docs").content.decode()
    document = json.loads(anyone.get("/api/v1/openapi.json").content)
    for address in document["paths"]:
        assert address in text
    assert '<script src="http' not in text
    assert anyone.post("/api/v1/docs").status_code == 405


def test_readers_see_inputs_and_answers_in_words() -> None:
    document = {
        "paths": {
            "/api/v1/things/{id}": {
                "post": {
                    "operationId": "make",
                    "summary": "Make",
                    "description": "Makes it.",
                    "security": [{"key": []}],
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                        {
                            "name": "q",
                            "in": "query",
                            "schema": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                        },
                    ],
                    "requestBody": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}
                    },
                    "responses": {"200": {"description": "OK"}},
                }
            }
        },
        "components": {
            "schemas": {
                "Body": {
                    "required": ["kind"],
                    "properties": {
                        "kind": {"enum": ["a", "b"]},
                        "more": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                        "any": {},
                        "at": {"type": "string", "format": "date-time", "description": "When."},
                    },
                }
            }
        },
    }
    (section,) = sections(document)
    (call,) = section.calls
    assert (section.name, call.method, call.needs) == ("things", "POST", ("key",))
    assert [(i.name, i.place, i.kind, i.required) for i in call.inputs] == [
        ("id", "path", "string", True),
        ("q", "query", "integer or null", False),
        ("kind", "application/json", "a | b", True),
        ("more", "application/json", "list of Part", False),
        ("any", "application/json", "any", False),
        ("at", "application/json", "date-time", False),
    ]
    assert call.answers == (("200", "OK"),)
