"""One running portal for the tests here that can share it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql

from tests import services
from tests.e2e.stack import Stack, running, wait_for
from tests.e2e.visitor import Visitor

MODDER = "modder@example.com"
MODERATOR = "moderator@example.com"

ADMIN = "admin@example.com"
PEOPLE = f"""
from accounts.models import User
from allauth.account.models import EmailAddress
for address in ("{MODDER}", "{MODERATOR}", "{ADMIN}"):
    user = User.objects.create_user(address)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
"""

NAMESPACE = f"""
from accounts.models import User
from catalog.services import assign_namespace
assign_namespace(User.objects.get(email="{ADMIN}"), "starminer", ["{MODDER}"], "the samples")
"""


@contextmanager
def fresh_database() -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database, dropped afterwards."""
    server = services.postgres_url()
    name = f"smmods_e2e_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="package")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A portal over a database of its own, a real broker, and separate processes."""
    redis.Redis.from_url(services.redis_url()).flushdb()
    var: Path = tmp_path_factory.mktemp("portal")
    with fresh_database() as database_url, running(var, database_url, services.redis_url()) as stack:
        yield stack


@pytest.fixture(scope="package")
def people(portal: Stack) -> Stack:
    """A modder who owns the reserved namespace of the samples, a moderator and an admin; uploads are open."""
    portal.manage("shell", "-c", PEOPLE)
    for address, role in ((ADMIN, "admin"), (MODDER, "modder"), (MODERATOR, "moderator")):
        portal.manage("assign_role", address, role, "--reason", "tries the portal")
    portal.manage("shell", "-c", NAMESPACE)
    return portal


@pytest.fixture(scope="package")
def modder(people: Stack) -> Visitor:
    """The modder, by an API key."""
    key = people.manage("create_api_key", MODDER, "--scope", "uploads:write", "--scope", "uploads:read")
    visitor = Visitor(people.url, key.strip())
    # The gate opens once a moderator was seen: with the next heartbeat.
    wait_for(lambda: visitor.send("POST", "/api/v1/uploads").status != 503, "uploads to open")
    return visitor


@pytest.fixture(scope="package")
def moderator(people: Stack) -> Visitor:
    """The moderator, signed in."""
    visitor = Visitor(people.url)
    visitor.sign_in(MODERATOR)
    return visitor


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=services.chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
        )
        yield chromium
        chromium.close()
