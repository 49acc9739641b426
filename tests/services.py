"""The services that some tests need, where they are expected, and whether they answer."""

import os
import shutil
from collections.abc import Callable
from functools import cache

import clamd
import psycopg
import redis

from uploads.isolation import confinement

POSTGRES = "postgres://smmods:smmods@127.0.0.1:5432/smmods"
REDIS = "redis://127.0.0.1:6379/15"
CLAMD = "clamd://127.0.0.1:3310"


def postgres_url() -> str:
    """A PostgreSQL account that may create databases: from the environment, else the one of `make services`."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        return given
    return os.environ.get("SMMODS_TEST_POSTGRES", POSTGRES)


def redis_url() -> str:
    """A Redis whose database 15 may be emptied."""
    return os.environ.get("SMMODS_TEST_REDIS", REDIS)


def clamd_url() -> str:
    """A clamd that knows the EICAR signature."""
    return os.environ.get("SMMODS_TEST_CLAMD", CLAMD)


def chromium() -> str:
    """The path of a Chromium, or nothing."""
    return os.environ.get("SMMODS_TEST_CHROMIUM") or shutil.which("chromium") or ""


@cache
def postgres_answers() -> bool:
    """Whether PostgreSQL takes a connection."""
    try:
        psycopg.connect(postgres_url(), connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


@cache
def redis_answers() -> bool:
    """Whether Redis answers a ping."""
    try:
        return bool(redis.Redis.from_url(redis_url(), socket_timeout=3, socket_connect_timeout=3).ping())
    except redis.RedisError:
        return False


@cache
def clamd_answers() -> bool:
    """Whether clamd answers a ping."""
    place = clamd_url().removeprefix("clamd://")
    try:
        if place.startswith("/"):
            return bool(clamd.ClamdUnixSocket(place, timeout=3).ping() == "PONG")
        host, _, port = place.partition(":")
        return bool(clamd.ClamdNetworkSocket(host, int(port or 3310), timeout=3).ping() == "PONG")
    except (clamd.ClamdError, OSError):
        return False


@cache
def browser_answers() -> bool:
    """Whether there is a browser to drive."""
    return bool(chromium())


def nginx() -> str:
    """The path of nginx, or nothing."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


@cache
def nginx_answers() -> bool:
    """Whether there is an nginx to start."""
    return bool(nginx())


def bubblewrap_works() -> bool:
    """Whether a child can be started under bubblewrap."""
    return confinement.bubblewrap_problem() == ""


#: Marker → (what is missing where it doesn't answer, the question).
SERVICES: dict[str, tuple[str, Callable[[], bool]]] = {
    "postgres": ("PostgreSQL", postgres_answers),
    "redis": ("Redis", redis_answers),
    "clamd": ("clamd", clamd_answers),
    "browser": ("Chromium", browser_answers),
    "nginx": ("nginx", nginx_answers),
    "bubblewrap": ("bubblewrap", bubblewrap_works),
    "setpriv": ("setpriv (util-linux)", lambda: shutil.which("setpriv") is not None),
}
