"""Who is at the door of a page."""

from django.http import HttpRequest

from accounts import permissions
from accounts.errors import RefusedError
from accounts.models import User


def person(request: HttpRequest) -> User:
    """The account that is signed in.

    Raises RefusedError (401) for nobody, which leads a reader to the sign-in page and back here.
    """
    if isinstance(request.user, User):
        return request.user
    stands = permissions.standing(None)
    raise RefusedError(stands.code, stands.message, stands.hint, status=stands.status)


def person_who_may(request: HttpRequest, permission: str) -> User:
    """The same, for a page that needs a permission without an object; raises RefusedError (403) without it."""
    user = person(request)
    permissions.ensure(user, permission)
    return user
