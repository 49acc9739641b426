"""The JSON API under /api/v1/: the rooms' routers, wired; every refusal a problem document."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from accounts import problems, strict_json
from accounts.api import router as accounts_router
from accounts.errors import Problem, RefusedError
from catalog.api import router as catalog_router
from moderation.api import router as moderation_router
from uploads.api import router as uploads_router


class StrictParser(Parser):
    """Reads bodies by the portal's rules for JSON that strangers send."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's value. Raises RefusedError with the code of the rule that it breaks."""
        return strict_json.loads(request.body)


api = NinjaAPI(
    parser=StrictParser(),
    title="SMMODS",
    version="1",
    description="Accounts, uploads, moderation and publication of Starminer mods.",
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
)
for router in (accounts_router, catalog_router, uploads_router, moderation_router):
    api.add_router("", router)


@api.exception_handler(RefusedError)
def _refused(request: HttpRequest, error: RefusedError) -> HttpResponse:
    return problems.response(error)


@api.exception_handler(AuthenticationError)
def _not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problems.response(
        RefusedError(
            "not_signed_in",
            "This call needs a session or an API key with the right scope.",
            "Sign in, or send Authorization: Bearer with a key.",
            status=401,
        )
    )


@api.exception_handler(ValidationError)
def _bad_input(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = [_problem(item) for item in error.errors]
    return problems.response(
        RefusedError(
            "bad_input",
            "Something in the request is missing or of the wrong kind.",
            "Each entry of errors names the place.",
            status=422,
            problems=found,
        )
    )


def _problem(item: dict[str, Any]) -> Problem:
    place = "/".join(str(part) for part in item.get("loc", ())[1:])
    return Problem(str(item.get("type", "invalid")), str(item.get("msg", "Not valid.")), pointer=f"/{place}")


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, RefusedError):
        return problems.response(error.__cause__)
    code = "unreadable" if error.status_code == 400 else f"http_{error.status_code}"
    return problems.response(RefusedError(code, error.message, status=error.status_code))


@api.exception_handler(Http404)
def _absent(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.response(
        RefusedError("not_found", "There is no such thing here.", "Check the address.", status=404)
    )
