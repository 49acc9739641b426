"""Start-up checks: an installation that would be unsafe doesn't start, and says which setting and how to mend it.

Rules
- `RULES` is the whole list. In production each refuses; in staging the ones marked `staging` refuse and the
  others warn; in development only those marked `everywhere` apply, and refuse.
- A value that can't be read at all (`smmods.E020`) refuses everywhere.
- A message never repeats a value: settings hold keys and passwords.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register, run_checks
from django.core.exceptions import ImproperlyConfigured

from uploads.isolation import confinement
from uploads.package.kinds import EXPECTED

TAG = "smmods"
SHORTEST_KEY = 50
PLACEHOLDER = re.compile(
    r"change[-_ ]?me|placeholder|your[-_.]|<[^>]*>|\btodo\b|\bxxx+\b|django-insecure"
    r"|(^|[@./])example\.(com|org|net)\b|\.(example|invalid)\b",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s.]{2,}$")


@dataclass(frozen=True)
class Rule:
    """One thing that production refuses: its id, the setting, what is wrong, the remedy, when it is so."""

    id: str
    setting: str
    message: str
    hint: str
    broken: Callable[[Any], bool]
    staging: bool = False
    everywhere: bool = False


def _placeholder(name: str) -> Callable[[Any], bool]:
    return lambda s: bool(PLACEHOLDER.search(str(getattr(s, name))))


RULES = (
    Rule(
        "smmods.E001",
        "DEBUG",
        "DEBUG is on: error pages would show code and settings to everybody.",
        "Leave DEBUG unset, or set it to 0.",
        lambda s: bool(s.DEBUG),
        staging=True,
    ),
    Rule(
        "smmods.E002",
        "SECRET_KEY",
        "SECRET_KEY is missing, the one of development, a placeholder or too short: sessions could be forged.",
        'Set SECRET_KEY to 50 or more random characters: python -c "import secrets; print(secrets.token_urlsafe(64))"',
        lambda s: (
            s.SECRET_KEY == s.DEVELOPMENT_KEY
            or len(s.SECRET_KEY) < SHORTEST_KEY
            or len(set(s.SECRET_KEY)) < 5
            or bool(PLACEHOLDER.search(s.SECRET_KEY))
        ),
        staging=True,
    ),
    Rule(
        "smmods.E003",
        "DATABASE_URL",
        "DATABASE_URL is missing or names SQLite, which serves one machine and one writer.",
        "Set DATABASE_URL to postgres://USER:PASSWORD@HOST:5432/NAME.",
        lambda s: "postgresql" not in s.DATABASES["default"]["ENGINE"],
    ),
    Rule(
        "smmods.E004",
        "CELERY_BROKER_URL",
        "CELERY_BROKER_URL is missing or names development's broker, which loses the task of a killed worker.",
        "Set CELERY_BROKER_URL to redis://HOST:6379/0 or amqps://USER:PASSWORD@HOST/VHOST.",
        lambda s: s.CELERY_BROKER_URL.partition(":")[0] in {"filesystem", "memory"},
    ),
    Rule(
        "smmods.E005",
        "CACHE_URL",
        "CACHE_URL is missing or names a cache that isn't shared: rate limits would count a process each.",
        "Set CACHE_URL to redis://HOST:6379/1.",
        lambda s: s.CACHES["default"]["BACKEND"] != "django.core.cache.backends.redis.RedisCache",
    ),
    Rule(
        "smmods.E006",
        "EMAIL_URL",
        "EMAIL_URL is missing or keeps mails here (file, console, memory): nobody could sign in.",
        "Set EMAIL_URL to smtps://USER:PASSWORD@HOST:465 or webhook+https://:KEY@HOST/PATH.",
        lambda s: s.EMAIL_BACKEND.rpartition(".")[0].rpartition(".")[2] in {"filebased", "console", "locmem"},
    ),
    Rule(
        "smmods.E007",
        "EMAIL_URL",
        "EMAIL_URL names a webhook without a key to sign with: anybody could send mail in the portal's name.",
        "Put the key in as the password: webhook+https://:KEY@HOST/PATH.",
        lambda s: bool(s.EMAIL_WEBHOOK_URL) and not s.EMAIL_WEBHOOK_SECRET,
        staging=True,
    ),
    Rule(
        "smmods.E008",
        "STORAGE_URL",
        "STORAGE_URL is missing: uploads would lie in the program's own folder.",
        "Set STORAGE_URL to file:///srv/smmods/staging or s3://BUCKET?endpoint=https://HOST, private in both cases.",
        lambda s: "STORAGE_URL" not in s.SMMODS_GIVEN,
    ),
    Rule(
        "smmods.E009",
        "PUBLIC_STORAGE_URL",
        "PUBLIC_STORAGE_URL is missing: the published tree would lie in the program's own folder.",
        "Set PUBLIC_STORAGE_URL to file:///srv/smmods/public, the folder that nginx serves.",
        lambda s: "PUBLIC_STORAGE_URL" not in s.SMMODS_GIVEN,
    ),
    Rule(
        "smmods.E010",
        "SMMODS_ANTIVIRUS",
        "SMMODS_ANTIVIRUS is missing or off: packages would be published unscanned.",
        "Set SMMODS_ANTIVIRUS to clamd://127.0.0.1:3310 or clamd:///run/clamav/clamd.ctl.",
        lambda s: s.SMMODS_ANTIVIRUS == "off",
        staging=True,
    ),
    Rule(
        "smmods.E011",
        "SMMODS_SITE_URL",
        "SMMODS_SITE_URL is missing or plain http: cookies and codes would travel readable.",
        "Set SMMODS_SITE_URL to https://HOST.",
        lambda s: not s.SMMODS_SITE_URL.startswith("https://"),
    ),
    Rule(
        "smmods.E012",
        "SMMODS_SITE_URL",
        "SMMODS_SITE_URL is a placeholder.",
        "Set it to the address that people really use.",
        _placeholder("SMMODS_SITE_URL"),
    ),
    Rule(
        "smmods.E013",
        "SMMODS_SUPPORT_EMAIL",
        "SMMODS_SUPPORT_EMAIL is missing, a placeholder or no address: people could reach nobody.",
        "Set SMMODS_SUPPORT_EMAIL to a mailbox that somebody reads.",
        lambda s: _placeholder("SMMODS_SUPPORT_EMAIL")(s) or not ADDRESS.match(s.SMMODS_SUPPORT_EMAIL),
    ),
    Rule(
        "smmods.E014",
        "SMMODS_MAIL_FROM",
        "SMMODS_MAIL_FROM is a placeholder.",
        "Set it to the sender of the portal's mails, for instance SMMODS <portal@HOST>.",
        lambda s: "SMMODS_MAIL_FROM" in s.SMMODS_GIVEN and _placeholder("DEFAULT_FROM_EMAIL")(s),
    ),
    Rule(
        "smmods.E015",
        "DATABASE_URL",
        "DATABASE_URL holds a placeholder.",
        "Put in the real host, user and password.",
        lambda s: any(
            PLACEHOLDER.search(str(s.DATABASES["default"].get(part, "")))
            for part in ("HOST", "USER", "PASSWORD")
        ),
    ),
    Rule(
        "smmods.E016",
        "EMAIL_URL",
        "EMAIL_URL holds a placeholder.",
        "Put in the real host, user and password of the mail service.",
        lambda s: any(
            PLACEHOLDER.search(value)
            for value in (s.EMAIL_HOST, s.EMAIL_HOST_USER, s.EMAIL_HOST_PASSWORD, s.EMAIL_WEBHOOK_URL)
        ),
    ),
    Rule(
        "smmods.E017",
        "CELERY_BROKER_URL",
        "CELERY_BROKER_URL or CACHE_URL holds a placeholder.",
        "Put in the real host and password.",
        lambda s: bool(
            PLACEHOLDER.search(f"{s.CELERY_BROKER_URL} {s.CACHES['default'].get('LOCATION', '')}")
        ),
    ),
    Rule(
        "smmods.E018",
        "SMMODS_ISOLATION",
        "SMMODS_ISOLATION asks for bubblewrap, which does not work here: no package could be opened.",
        "Install bubblewrap and allow it to make namespaces (docs/isolation.md), or set "
        "SMMODS_ISOLATION to auto.",
        lambda s: s.SMMODS_ISOLATION == confinement.BUBBLEWRAP and bool(confinement.bubblewrap_problem()),
        everywhere=True,
    ),
    Rule(
        "smmods.E019",
        "SMMODS_ALLOWED_ENDINGS",
        "SMMODS_ALLOWED_ENDINGS names an ending that the portal does not know, so nothing says what such a file "
        "must hold.",
        "Take endings from the profile's own list (docs/package-profile.md), each with its dot: .lua .json .png",
        lambda s: not EXPECTED.keys() >= set(s.SMMODS_ALLOWED_ENDINGS),
        everywhere=True,
    ),
)


@register(TAG)
def unsafe_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Django's door to `findings`."""
    return findings(settings)


def findings(given: Any) -> list[CheckMessage]:
    """Every rule that these settings break in this kind of installation, and every value that can't be read."""
    found: list[CheckMessage] = [
        Error(problem.message, hint=problem.hint, obj=problem.setting, id="smmods.E020")
        for problem in given.SMMODS_PROBLEMS
    ]
    development = given.SMMODS_ENVIRONMENT == "development"
    for rule in RULES:
        if (rule.everywhere or not development) and rule.broken(given):
            refuses = rule.everywhere or rule.staging or given.SMMODS_ENVIRONMENT == "production"
            kind = Error if refuses else checks.Warning
            found.append(kind(rule.message, hint=rule.hint, obj=rule.setting, id=rule.id))
    return found


def stop_if_unsafe() -> None:
    """For the web server and the workers, which no management command checks.

    Raises ImproperlyConfigured naming each refused setting with its remedy.
    """
    refused = [message for message in run_checks(tags=[TAG]) if message.level >= Error("").level]
    if refused:
        lines = [f"{message.id} {message.obj}: {message.msg} {message.hint}" for message in refused]
        raise ImproperlyConfigured("SMMODS does not start with these settings.\n" + "\n".join(lines))
