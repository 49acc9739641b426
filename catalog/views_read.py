"""A page of ours as an anonymous reader gets it, for checks that must see it before the world does."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest
from django.urls import Resolver404, resolve


def html_of(address: str) -> str:
    """The HTML at a root-relative address; empty where there is no page, or another answer than 200.

    The view runs in the caller's transaction, so it sees what is about to be committed.
    """
    host, _, port = settings.SMMODS_SITE_URL.partition("://")[2].partition(":")
    request = HttpRequest()
    request.method = "GET"
    request.path = request.path_info = address
    request.META = {"REQUEST_METHOD": "GET", "SERVER_NAME": host, "SERVER_PORT": port or "443"}
    request.user = AnonymousUser()
    try:
        match = resolve(address)
        request.resolver_match = match
        response = match.func(request, *match.args, **match.kwargs)
    except (Resolver404, Http404):
        return ""
    return response.content.decode() if response.status_code == 200 else ""
