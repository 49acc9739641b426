"""Refusals at the doors over HTTP: a problem document below /api/, a page everywhere else.

Rules
- A `RefusedError` that a page's view lets through becomes the error page with its status, code and hint; one
  that only says "not signed in" leads a reader to the sign-in page.
- Whatever answers 4xx or 5xx below /api/ is a problem document, also where the framework answered by itself.
- An error page carries the request's id, which is what support asks for, and is never stored by a cache.
- 429 and 503 carry `Retry-After` in seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.template.loader import render_to_string

from accounts import problems
from accounts.errors import RefusedError

API_PREFIX = "/api/"
RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What the page of a status says where the refusal itself says nothing better, and the one next step."""

    code: str
    heading: str
    message: str
    hint: str
    href: str
    action: str


ERROR_PAGES: dict[int, ErrorPage] = {
    400: ErrorPage(
        "unreadable",
        "This request can't be read",
        "What arrived is not a request that this portal understands.",
        "Go back, reload the page and try again.",
        "/",
        "To the start page",
    ),
    401: ErrorPage(
        "not_signed_in",
        "Sign in to go on",
        "This page needs an account.",
        "Sign in and try again.",
        "/account/login/",
        "Sign in",
    ),
    403: ErrorPage(
        "forbidden",
        "This is not for your role",
        "Your account may not do this.",
        "Ask an administrator if you think that it should.",
        "/account/",
        "To your account",
    ),
    404: ErrorPage(
        "not_found",
        "There is nothing here",
        "This address leads nowhere, or to something that you may not see.",
        "Check the address, or look for the mod by its name.",
        "/mods/",
        "Search mods",
    ),
    405: ErrorPage(
        "method_not_allowed",
        "Not in this way",
        "This address doesn't take that kind of request.",
        "Go back and use the page's own buttons.",
        "/",
        "To the start page",
    ),
    409: ErrorPage(
        "conflict",
        "Somebody was first",
        "What you saw is no longer true.",
        "Reload the page to see what is true now.",
        "/",
        "To the start page",
    ),
    410: ErrorPage(
        "taken_back",
        "This was taken back",
        "It was published once and is no longer offered.",
        "If you have it installed, the manager says what to do.",
        "/mods/",
        "Look at other mods",
    ),
    413: ErrorPage(
        "too_large",
        "This is too large",
        "More arrived than this form takes.",
        "Make it smaller and send it again.",
        "/modders/",
        "Read the limits",
    ),
    415: ErrorPage(
        "unsupported_content_type",
        "This kind of file is not taken",
        "The portal takes ZIP packages here.",
        "Pack the mod as a ZIP file and send it again.",
        "/modders/",
        "How to pack a mod",
    ),
    422: ErrorPage(
        "bad_input",
        "Something is missing or wrong",
        "The request was read, but it can't be carried out.",
        "Go back, mend what is named here and send it again.",
        "/",
        "To the start page",
    ),
    429: ErrorPage(
        "rate_limit_exceeded",
        "Too many requests",
        "You asked more often than the limit allows.",
        "Wait a little and try again; nothing is lost.",
        "/support/",
        "About the limits",
    ),
    500: ErrorPage(
        "internal_error",
        "Something broke on our side",
        "The portal could not answer. It has been noted.",
        "Try again in a minute. If it stays, write to support with the request id.",
        "/support/",
        "To support",
    ),
    503: ErrorPage(
        "unavailable",
        "Not available just now",
        "A service that this needs is not running.",
        "Try again in a few minutes.",
        "/support/#status",
        "Status of the services",
    ),
}


def for_api(request: HttpRequest) -> bool:
    """Whether the request came through the API's door."""
    return request.path.startswith(API_PREFIX)


def standard(status: int, message: str = "") -> RefusedError:
    """The refusal that stands for a bare status; one that the table lacks is taken for its class's first."""
    page = ERROR_PAGES.get(status) or ERROR_PAGES[400 if status < 500 else 500]
    return RefusedError(page.code, message or page.message, page.hint, status=status)


def answer(request: HttpRequest, refused: RefusedError) -> HttpResponse:
    """The refusal through the door that the request came by."""
    return problems.response(refused) if for_api(request) else page(request, refused)


def page(request: HttpRequest, refused: RefusedError, *, plain: bool = False) -> HttpResponse:
    """The error page of a refusal.

    `plain` leaves out who is signed in, so that the page needs no database: for errors of our own.
    """
    kind = ERROR_PAGES.get(refused.status) or ERROR_PAGES[400 if refused.status < 500 else 500]
    context = {
        "refused": refused,
        "kind": kind,
        "phrase": HTTPStatus(refused.status).phrase,
        "request_id": request.META.get("smmods.request_id", ""),
    }
    body = render_to_string("pages/error.html", context, None if plain else request)
    response = HttpResponse(body, status=refused.status)
    response["Cache-Control"] = "no-store"
    wait = refused.retry_after
    if wait is None and refused.status in (429, 503):
        wait = RETRY_SECONDS
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response


class RefusalMiddleware:
    """Turns refusals that views let through, and bare error answers, into pages and problem documents."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and give a bare error its form."""
        response = self.get_response(request)
        if response.status_code < 400 or not isinstance(response, HttpResponse):
            return response
        if for_api(request):
            bare = not response.headers.get("Content-Type", "").startswith(problems.CONTENT_TYPE)
        else:
            bare = response.status_code == 405 and not response.content
        return _dressed(request, response) if bare else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer to a refusal; other exceptions are not ours."""
        if not isinstance(exception, RefusedError):
            return None
        if exception.status == 401 and request.method in ("GET", "HEAD") and not for_api(request):
            here = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{here}")
        return answer(request, exception)


def _dressed(request: HttpRequest, bare: HttpResponse) -> HttpResponse:
    """The same status with a body that says why; the headers that the framework set are kept."""
    response = answer(request, standard(bare.status_code))
    for name, value in bare.headers.items():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response
