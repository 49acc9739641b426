"""Who gets what from every address: route × role × ownership, and a forged form at every write.

Rules
- Every route of the portal stands in `ANSWERS`; a new one fails here until somebody says who may have it.
- A stranger's object and an absent one look alike.
- Nothing is written on GET, and a form without its token writes nothing.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import AuditEntry, User
from tests import factories

pytestmark = pytest.mark.django_db

ROLES = ("anonymous", "player", "stranger", "author", "moderator", "admin")
#: Answers to GET, in the order of `ROLES`; the stranger is a modder who has nothing to do with the object.
ANSWERS: dict[tuple[int, ...], list[str]] = {
    (200, 200, 200, 200, 200, 200): [
        "",
        "account/",
        "account/agreement/",
        "account/inactive/",
        "account/password/reset/",
        "account/password/reset/done/",
        "api/v1/docs",
        "api/v1/openapi.json",
        "api/v1/schemas/<schema_id>.schema.json",
        "attribution/",
        "dev/",
        "dev/mail/",
        "download/",
        "healthz",
        "metrics",
        "modders/",
        "moderation/",
        "mods/",
        "players/",
        "privacy/",
        "support/",
        "upload/",
        "upload/try/",
        "upload/try/repack/",
        "wiki/getting-started/",
    ],
    (302, 302, 302, 302, 302, 302): [
        "account/2fa/authenticate/",
        "account/2fa/recovery-codes/",
        "account/2fa/recovery-codes/download/",
        "account/2fa/recovery-codes/generate/",
        "account/2fa/totp/activate/",
        "account/2fa/totp/deactivate/",
        "account/2fa/webauthn/",
        "account/2fa/webauthn/add/",
        "account/2fa/webauthn/keys/<int:pk>/edit/",
        "account/2fa/webauthn/keys/<int:pk>/remove/",
        "account/2fa/webauthn/login/",
        "account/close/",
        "account/email/",
        "account/export/",
        "account/password/change/",
        "account/password/reset/complete/",
        "account/password/set/",
        "favicon.ico",
        "upload/<str:submission_id>/details/",
    ],
    (405, 405, 405, 405, 405, 405): [
        "account/keys/<str:prefix>/revoke/",
        "api/v1/accounts/<account_id>/roles",
        "api/v1/catalog/publish",
        "api/v1/submissions/<submission_id>/decisions",
        "api/v1/submissions/<submission_id>/findings",
        "api/v1/uploads/<submission_id>/cancel",
        "api/v1/uploads/<submission_id>/package",
        "api/v1/validate",
        "account/mods/act/",
        "dev/sign-in",
        "moderation/queue/next/",
        "moderation/queue/bulk/",
        "moderation/review/<str:submission_id>/decide/",
        "moderation/review/<str:submission_id>/findings/",
        "moderation/review/<str:submission_id>/draft/",
        "moderation/review/<str:submission_id>/lease/",
        "moderation/review/<str:submission_id>/write/",
        "upload/<str:submission_id>/follow/",
        "upload/<str:submission_id>/message/",
    ],
    (404, 404, 404, 404, 404, 404): [
        "^(?P<path>(?:api/v1|downloads)/.+)$",
        "api/v1/",
        "mods/<slug:slug>/",
        "mods/<slug:slug>/changelog/",
        "mods/<slug:slug>/compare/",
        "mods/<slug:slug>/dependants/",
        "mods/<slug:slug>/dependencies/",
        "mods/<slug:slug>/report/",
        "mods/<slug:slug>/versions/",
        "mods/<slug:slug>/versions/<str:version>/",
        "mods/<str:mod_id>/",
    ],
    (302, 200, 200, 200, 200, 200): [
        "account/2fa/",
        "account/fresh/",
        "account/keys/",
        "account/logout/",
        "account/mods/",
        "account/notices/",
        "account/profile/",
        "account/sessions/",
        "upload/mine/",
    ],
    (200, 302, 302, 302, 302, 302): [
        "account/login/",
        "account/login/code/",
        "account/login/password/",
        "account/signup/",
    ],
    (302, 403, 403, 403, 200, 200): [
        "moderation/audit/",
        "moderation/authors/<str:account_id>/hide/",
        "moderation/queue/",
        "moderation/reports/",
        "moderation/rescans/",
        "moderation/adoptions/",
        "moderation/recall/",
        "moderation/statistics/",
        "moderation/review/<str:submission_id>/",
        "moderation/review/<str:submission_id>/catalog/",
    ],
    (302, 403, 403, 403, 403, 403): [
        "account/2fa/reauthenticate/",
        "account/2fa/webauthn/reauthenticate/",
        "account/reauthenticate/",
    ],
    (302, 403, 403, 403, 403, 200): [
        "account/roles/",
        "account/roles/<str:account_id>/",
    ],
    (302, 404, 404, 200, 200, 200): [
        "upload/<str:submission_id>/",
        "upload/<str:submission_id>/progress/",
    ],
    (401, 403, 403, 403, 200, 200): [
        "api/v1/audit",
        "api/v1/moderation/queue",
    ],
    (410, 410, 410, 410, 410, 410): [
        "account/confirm-email/",
        "account/password/reset/confirm/",
    ],
    (302, 403, 403, 403, 404, 404): [
        "moderation/reports/<str:report_id>/",
        "moderation/rescans/<int:pk>/",
        "moderation/statistics/<slug:name>.csv",
        "moderation/review/<str:submission_id>/file/",
        "moderation/review/<str:submission_id>/image/",
    ],
    (302, 404, 404, 200, 302, 302): [
        "upload/<str:submission_id>/withdraw/",
    ],
    (302, 404, 404, 302, 302, 302): [
        "upload/<str:submission_id>/repack/",
        "upload/<str:submission_id>/replace/",
    ],
    (302, 404, 404, 404, 404, 404): [
        "mods/<slug:slug>/adopt/",
    ],
    (302, 403, 404, 404, 404, 404): [
        "upload/listing/<str:mod_id>/",
    ],
    (401, 200, 200, 200, 200, 200): [
        "api/v1/uploads",
    ],
    (401, 403, 403, 403, 403, 200): [
        "api/v1/accounts",
    ],
    (401, 403, 403, 403, 403, 404): [
        "api/v1/publications/<int:revision>",
    ],
    (401, 404, 404, 200, 200, 200): [
        "api/v1/uploads/<submission_id>",
    ],
    (401, 404, 404, 404, 404, 404): [
        "api/v1/downloads/<mod_id>/<version>",
    ],
    (410, 302, 302, 302, 302, 302): [
        "account/login/code/confirm/",
    ],
    (503, 503, 503, 503, 503, 503): [
        "readyz",
    ],
}


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Every route below `patterns`, but the admin's: Django's own admin asks its site (see the admin's tests)."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and route != "admin/":
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


ROUTES = sorted(set(routes(get_resolver().url_patterns)))


class World:
    """A submission in review, its author, and one person of each role."""

    def __init__(self) -> None:
        author = factories.make_user("modder")
        self.people: dict[str, User | None] = {
            "anonymous": None,
            "player": factories.make_user("player"),
            "stranger": factories.make_user("modder"),
            "author": author,
            "moderator": factories.make_user("moderator"),
            "admin": factories.make_user("admin"),
        }
        self.submission = factories.make_submission(author=author, state="pending_review")

    def address(self, route: str) -> str:
        """An address of the route, about the submission and the player where it names one."""
        player = self.people["player"]
        assert player is not None
        values = {
            "submission_id": self.submission.submission_id,
            "account_id": player.account_id,
            "path": "api/v1/catalog.json",
            "slug": "absent",
            "mod_id": "absent.mod",
            "version": "1.0.0",
            "revision": "1",
            "schema_id": "smmods.catalog.v1",
            "prefix": "absent",
            "pk": "1",
            "report_id": "absent",
            "name": "absent",
        }
        if route.startswith("^"):
            return "/api/v1/catalog.json"
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found.group(1)], route)

    def client(self, role: str, *, strict: bool = False) -> Client:
        client = Client(enforce_csrf_checks=strict)
        person = self.people[role]
        if person is not None:
            client.force_login(person)
        return client


@pytest.fixture
def world() -> World:
    return World()


def test_every_route_says_who_may_have_it() -> None:
    listed = [route for group in ANSWERS.values() for route in group]
    assert sorted(listed) == ROUTES


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_is_written(role: str, world: World) -> None:
    client = world.client(role)
    place = ROLES.index(role)
    expected, found = {}, {}
    for answers, group in ANSWERS.items():
        for route in group:
            expected[route] = answers[place]
            found[route] = client.get(world.address(route)).status_code
    assert found == expected


def test_reading_writes_nothing(world: World) -> None:
    before = AuditEntry.objects.count(), world.submission.updated_at
    client = world.client("author")
    for route in ROUTES:
        client.get(world.address(route))
        client.head(world.address(route))
    world.submission.refresh_from_db()
    assert (AuditEntry.objects.count(), world.submission.updated_at) == before


@pytest.mark.parametrize("role", ROLES)
def test_a_forged_form_writes_nothing(role: str, world: World) -> None:
    client = world.client(role, strict=True)
    before = AuditEntry.objects.count()
    state = world.submission.state
    taken = {}
    for route in ROUTES:
        status = client.post(world.address(route), {"text": "forged", "action": "approve"}).status_code
        if status < 300 or status == 500:
            taken[route] = status
    world.submission.refresh_from_db()
    assert AuditEntry.objects.count() == before
    assert world.submission.state == state
    assert taken == {}
