"""Pages of no single room: the API's description, and what is shown when something goes wrong.

Rules
- The API's page is made from the same OpenAPI document that programs read; nothing in it is typed twice.
- Every error handler answers through `smmods.refusals`: a problem document below /api/, elsewhere a page.
- The page for an error of our own needs no database and no session.
"""

import json
import logging
from functools import cache
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_ratelimit.exceptions import Ratelimited

from accounts import problems
from accounts.errors import RefusedError
from smmods import refusals
from smmods.api import api
from smmods.api_description import described, sections

log = logging.getLogger(__name__)


@cache
def schema() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the JSON API, as plain JSON values."""
    written = json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str)
    return described(json.loads(written))


@require_safe
def openapi_document(request: HttpRequest) -> HttpResponse:
    """The API's description for programs."""
    return HttpResponse(orjson.dumps(schema()), content_type="application/json")


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """The API's description for people."""
    return render(request, "pages/api_docs.html", {"info": schema()["info"], "sections": sections(schema())})


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400; 413 where the request was refused for its size."""
    return refusals.answer(
        request, refusals.standard(413 if isinstance(exception, RequestDataTooBig) else 400)
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403; 429 where a limit refused."""
    if isinstance(exception, Ratelimited):
        return too_many_requests(request, exception)
    return refusals.answer(request, refusals.standard(403, str(exception or "")))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404. What a view says of it is for people; what the resolver says is not."""
    said = exception.args[0] if isinstance(exception, Http404) and exception.args else ""
    return refusals.answer(request, refusals.standard(404, said if isinstance(said, str) else ""))


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """429 by a limit of a library's own (signing in); the portal's limits raise a refusal themselves."""
    return refusals.answer(request, refusals.standard(429))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that did not come from a page of ours, or from one that is too old."""
    log.info("forged or stale form refused", extra={"reason": reason})
    return refusals.answer(
        request,
        RefusedError(
            "forged_form",
            "This form did not come from a page of this portal, or the page was open for too long.",
            "Go back, reload the page and send the form again. Cookies must be allowed.",
            status=403,
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without a database; a plain sentence if even the page can't be made."""
    refused = refusals.standard(500)
    if refusals.for_api(request):
        return problems.response(refused)
    try:
        return refusals.page(request, refused, plain=True)
    except Exception:  # the page itself is broken, and something has to be said
        log.exception("the error page could not be made")
        return HttpResponse(
            f"{refused.message} Request {request.META.get('smmods.request_id', '')}",
            status=500,
            content_type="text/plain; charset=utf-8",
        )
