"""Where a request came from: audit entries written during it say through which door (api, admin or page), from
which address and with which agent."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import audit, limits

#: The first match wins; everything else is a page.
DOORS = (("/api/", "api"), ("/admin/", "admin"))


def door_of(path: str) -> str:
    """The name of the door that `path` leads through: api, admin or page."""
    return next((door for prefix, door in DOORS if path.startswith(prefix)), "page")


class OriginMiddleware:
    """Tells the audit trail where the request came from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the origin set."""
        agent = request.headers.get("User-Agent", "")
        with audit.origin(door_of(request.path), limits.client_address(request), agent):
            return self.get_response(request)
