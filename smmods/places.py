"""Where the portal's services are: one URL a service, turned into what Django, Celery and the storages ask for.

Rules
- A service that isn't given lies under `VAR`: that is development.
- A URL that can't be used is kept as a problem (`Environment.refuse`); development's place stands in for it, so
  that the settings load and the start-up checks can say what is wrong.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import environ

from smmods.environment import Environment, credentials, file_path, query

Config = dict[str, Any]

# SQLite takes the write lock at the start of a transaction (IMMEDIATE), so two writers queue up for up to 20
# seconds instead of failing half-way; with the log ahead of the file (WAL) readers never wait, and a commit
# survives a killed process without a sync each. The file is mapped into memory (up to 512 MiB): counting over ten
# thousand mods then takes a third of the time.
SQLITE: Config = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=536870912;",
}
#: A message that nobody acknowledged returns after this many seconds: more than a task may take.
VISIBILITY_SECONDS = 900


def sqlite(file: Path, test: Path) -> Config:
    """A SQLite database in a file, and another for the tests."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": dict(SQLITE),
        "TEST": {"NAME": test},
    }


def database(env: Environment, var: Path) -> Config:
    """`DATABASE_URL`: PostgreSQL, or SQLite in a file."""
    parts = env.url(
        "DATABASE_URL", f"sqlite:///{quote(str(var))}/db.sqlite3", ("sqlite", "postgres", "postgresql")
    )
    if parts.scheme == "sqlite":
        return sqlite(Path(unquote(parts.path[1:])).absolute(), var / "test.sqlite3")
    config: Config = dict(environ.Env.db_url_config(env.text("DATABASE_URL")))
    return config | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def cache(env: Environment) -> Config:
    """`CACHE_URL`: Redis, else a table that the router keeps in a SQLite file of its own."""
    parts = env.url("CACHE_URL", "db://", ("db", "redis", "rediss", "unix", "locmem"))
    kinds: dict[str, Config] = {
        # Counting up sets an entry anew for as long as `TIMEOUT`: longer than the longest window of a limit.
        "db": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache_entries",
            "TIMEOUT": 7200,
        },
        "locmem": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    }
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": env.text("CACHE_URL")}
    return kinds.get(parts.scheme, redis) | {"KEY_PREFIX": "smmods"}


@dataclass(frozen=True)
class Broker:
    """A broker's URL, the options of its transport, the folders that must be there."""

    url: str
    options: Config
    folders: tuple[Path, ...] = ()


def broker(env: Environment, var: Path) -> Broker:
    """`CELERY_BROKER_URL`: Redis or RabbitMQ, else a folder of message files."""
    name = "CELERY_BROKER_URL"
    here = f"filesystem://{quote(str(var))}/broker"
    parts = env.url(name, here, ("filesystem", "redis", "rediss", "amqp", "amqps", "memory"))
    if parts.scheme == "filesystem":
        spool = file_path(parts) if parts.path.strip("/") else var / "broker"
        messages, claimed, control = spool / "messages", spool / "claimed", spool / "control"
        options = {
            "data_folder_in": str(messages),
            "data_folder_out": str(messages),
            "processed_folder": str(claimed),
            "control_folder": str(control),
            "polling_interval": 0.1,
        }
        return Broker("filesystem://localhost//", options, (messages, claimed, control))
    if parts.scheme in {"redis", "rediss"}:
        limits = {"socket_timeout": 5, "socket_connect_timeout": 2, "visibility_timeout": VISIBILITY_SECONDS}
        return Broker(env.text(name), limits)
    return Broker(env.text(name), {})


def staging(env: Environment, var: Path) -> Config:
    """`STORAGE_URL`: the private store of what is uploaded, a folder or a bucket."""
    parts = env.url("STORAGE_URL", f"file://{quote(str(var))}/staging", ("file", "s3"))
    if parts.scheme == "file":
        options: Config = {
            "location": file_path(parts),
            "base_url": None,
            "file_permissions_mode": 0o640,
            "directory_permissions_mode": 0o750,
        }
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    key, secret = credentials(parts)
    place = query(parts)
    options = {
        "bucket_name": parts.hostname,
        "location": parts.path.strip("/"),
        "access_key": key or None,
        "secret_key": secret or None,
        "endpoint_url": place.get("endpoint"),
        "region_name": place.get("region"),
        "default_acl": "private",
        "file_overwrite": False,
        "querystring_auth": True,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def public_root(env: Environment, var: Path) -> Path:
    """`PUBLIC_STORAGE_URL`: the folder of the published tree. An object store is refused in this release."""
    here = var / "public"
    parts = env.url("PUBLIC_STORAGE_URL", f"file://{quote(str(here))}", ("file", "s3"))
    if parts.scheme == "file":
        return file_path(parts)
    env.refuse(
        "PUBLIC_STORAGE_URL",
        "PUBLIC_STORAGE_URL names an object store; this release publishes into a folder only.",
        "Set it to file:///srv/smmods/public and let nginx or a CDN serve that folder; publishing into an object "
        "store comes with a later release.",
    )
    return here


@dataclass(frozen=True)
class Mail:
    """How mail leaves: the backend, the server, or the folder or webhook in its place."""

    backend: str
    host: str
    port: int
    user: str
    password: str
    tls: str
    folder: Path
    webhook_url: str


MAIL_BACKENDS = {
    "smtp": "django.core.mail.backends.smtp.EmailBackend",
    "smtps": "django.core.mail.backends.smtp.EmailBackend",
    "webhook+https": "accounts.mail_backends.WebhookEmailBackend",
    "file": "django.core.mail.backends.filebased.EmailBackend",
    "console": "django.core.mail.backends.console.EmailBackend",
    "memory": "django.core.mail.backends.locmem.EmailBackend",
}
PORTS = {"": 25, "starttls": 587, "ssl": 465}


def mail(env: Environment, var: Path) -> Mail:
    """`EMAIL_URL`: `smtp://` (with `?starttls=1` where the server offers it), `smtps://`, `webhook+https://`.

    A webhook's URL is kept without its user and password; those are the signing key.
    """
    parts = env.url("EMAIL_URL", f"file://{quote(str(var))}/mail", tuple(MAIL_BACKENDS))
    user, password = credentials(parts)
    starttls = parts.scheme == "smtp" and query(parts).get("starttls") == "1"
    tls = "ssl" if parts.scheme == "smtps" else "starttls" if starttls else ""
    webhook = ""
    if parts.scheme == "webhook+https":
        webhook = parts._replace(scheme="https", netloc=parts.netloc.rpartition("@")[2]).geturl()
    return Mail(
        backend=MAIL_BACKENDS[parts.scheme],
        host=parts.hostname or "localhost",
        port=parts.port or PORTS[tls],
        user=user,
        password=password,
        tls=tls,
        folder=file_path(parts) if parts.scheme == "file" else var / "mail",
        webhook_url=webhook,
    )
