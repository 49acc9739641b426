"""Who calls the JSON API: a signed-in session, or a key with the scope that the call names.

Rules
- An `Authorization` header is decisive: a key that is wrong, revoked or expired is 401, whatever cookie comes
  along; a key without the scope is 403.
- Where only a session counts, a key is 401.
- A session's writes need the CSRF token; keys need none, since no browser sends them by itself.
- Reads by key count against the key's own limit.

`request.auth` is the account in both cases; `request.api_key` is the key, where one was sent.
"""

from typing import Any

from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from accounts import limits, services
from accounts.errors import RefusedError
from accounts.models import User

READS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "Authorization"


class SessionAuth(AuthBase):
    """The account that is signed in on this browser."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "sessionid"
    openapi_description = "The session cookie; unsafe methods also need the header X-CSRFToken."

    def __call__(self, request: HttpRequest) -> User | None:
        """The account, or None where nobody is signed in. Raises RefusedError (403) for a forged form."""
        user = request.user
        if HEADER in request.headers or not isinstance(user, User):
            return None
        if check_csrf(request) is not None:
            raise RefusedError(
                "csrf_failed",
                "This request did not come from a page of ours.",
                "Send the value of the csrftoken cookie as X-CSRFToken, and a Referer of this site.",
                status=403,
            )
        return user


class KeyAuth(AuthBase):
    """The account whose API key was sent, if the key has `scope`."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, scope: str) -> None:
        if scope not in services.SCOPES:
            raise ValueError(f"{scope} is not a scope")
        self.scope = scope
        self.openapi_description = "An API key, smm_<prefix>_<secret>, with the scope that the call names."
        super().__init__()

    def __call__(self, request: HttpRequest) -> User | None:
        """The key's account, or None without a header. Raises RefusedError: 401 bad_key, 403 scope_missing, 429."""
        header = request.headers.get(HEADER)
        if header is None:
            return None
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer":
            raise services.bad_key()
        key = services.authenticate_key(token.strip(), self.scope, limits.client_address(request))
        if request.method in READS:
            limits.hit("key_read", key.prefix)
        carried: Any = request
        carried.api_key = key
        return key.user


session = SessionAuth()


def session_or_key(scope: str) -> list[AuthBase]:
    """What to give an operation as `auth`: a key with `scope`, or the session."""
    return [KeyAuth(scope), session]
