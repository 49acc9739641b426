"""Settings of SMMODS, all in this file, read from the environment and `.env`; `docs/configuration.md` lists them.

Rules
- Development needs none of them. Staging and production take their own; `smmods.checks` refuses to start on
  what is unsafe or missing there and says how to mend it.
- `VAR` and `PORT` are read here, so `make` and a bare `manage.py` work on the same data.
- A value that can't be read becomes a problem in `SMMODS_PROBLEMS`, not a crash of this file.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from smmods import __version__, places
from smmods.build import commit
from smmods.content_policy import POLICY
from smmods.environment import Environment, read_env_file
from smmods.request_log import logging_settings
from smmods.schedule import SCHEDULE

BASE_DIR = Path(__file__).resolve().parent.parent
env_file = os.environ.get("SMMODS_ENV_FILE", str(BASE_DIR / ".env"))
env = Environment({**read_env_file(Path(env_file)), **os.environ} if env_file else os.environ)
env.names.add("SMMODS_ENV_FILE")

# Which installation this is. An unknown name gets the strictest rules.
SMMODS_ENVIRONMENT = env.choice(
    "SMMODS_ENVIRONMENT", ("development", "staging", "production"), "development", "production"
)
DEVELOPMENT = SMMODS_ENVIRONMENT == "development"
DEBUG = env.flag("DEBUG")
SMMODS_VERSION = __version__
SMMODS_COMMIT = env.text("SMMODS_COMMIT") or commit(BASE_DIR)

# Where everything lies that the portal writes by itself. One folder, so that a fresh one is a fresh start.
VAR = Path(env.text("VAR", str(BASE_DIR / "var"))).absolute()
PORT = env.number("PORT", 8000, least=1, most=65535)
VAR.mkdir(parents=True, exist_ok=True)

# Keys. The default one is public, so it is refused outside development.
DEVELOPMENT_KEY = "development-only-key-that-everybody-can-read-in-the-source-code-0"
SECRET_KEY = env.text("SECRET_KEY", DEVELOPMENT_KEY)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")

# The address that people use. Links in mails, cookies, allowed hosts and forged-form checks follow from it.
site = env.url("SMMODS_SITE_URL", f"http://127.0.0.1:{PORT}", ("http", "https"))
SMMODS_SITE_URL = f"{site.scheme}://{site.netloc}"
HTTPS = site.scheme == "https"
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [site.hostname or "", *env.words("SMMODS_ALLOWED_HOSTS"), *LOOPBACK]
CSRF_TRUSTED_ORIGINS = [SMMODS_SITE_URL]
SMMODS_SUPPORT_EMAIL = env.text("SMMODS_SUPPORT_EMAIL", "support@example.com")

# How many proxies of ours stand in front. The address of a client is the one that the outermost of them saw;
# whatever a client writes into X-Forwarded-For itself stands further left and is not believed.
SMMODS_TRUSTED_PROXIES = env.number("SMMODS_TRUSTED_PROXIES", 0 if DEVELOPMENT else 1, most=10)
ALLAUTH_TRUSTED_PROXY_COUNT = SMMODS_TRUSTED_PROXIES
SMMODS_METRICS_ADDRESSES = env.networks("SMMODS_METRICS_ADDRESSES", "127.0.0.1/32 ::1/128")
if SMMODS_TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "accounts.apps.AccountsConfig",
    "catalog.apps.CatalogConfig",
    "uploads.apps.UploadsConfig",
    "moderation.apps.ModerationConfig",
    "smmods.apps.SmmodsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "csp",
    "django_prometheus",
]

# Metrics see everything, so they stand outermost; the request id comes next, so that every log line has it;
# security headers and the content policy stand before static files, so that those carry them too.
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "smmods.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "smmods.refusals.RefusalMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.OriginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "smmods.urls"
WSGI_APPLICATION = "smmods.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# The database is the truth. The cache holds rate limits and codes, so all processes share it; development's is a
# table in a SQLite file of its own, away from the portal's data.
DATABASES = {"default": places.database(env, VAR)}
CACHES = {"default": places.cache(env)}
if "DatabaseCache" in CACHES["default"]["BACKEND"]:
    DATABASES["cache"] = places.sqlite(VAR / "cache.sqlite3", VAR / "test-cache.sqlite3")
    DATABASE_ROUTERS = ["smmods.routers.CacheRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# django-ratelimit warns of every cache that it doesn't know: Django's own Redis backend counts atomically and
# is fit; the database cache is not quite, and is used on one machine only.
SILENCED_SYSTEM_CHECKS = ["django_ratelimit.W001"]
# Addresses of mail are unique in lower case, by a constraint that Django's check does not look at.
SILENCED_SYSTEM_CHECKS.append("auth.W004")
if DEVELOPMENT:
    SILENCED_SYSTEM_CHECKS.append("django_ratelimit.E003")

# Files. Staging is private and written once; the public tree is what the world may read, served as files.
PUBLIC_ROOT = places.public_root(env, VAR)
STATIC_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"
HASHED_STATIC_FILES = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STAGING = places.staging(env, VAR)
STORAGES = {
    "default": STAGING,
    "staging": STAGING,
    "staticfiles": {"BACKEND": STATIC_FILES if DEVELOPMENT else HASHED_STATIC_FILES},
}
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(VAR / "static")))
WHITENOISE_USE_FINDERS = DEVELOPMENT
WHITENOISE_AUTOREFRESH = DEBUG

# What arrives. Files go to disk while they arrive and are never held whole in memory; everything else of a
# request is small, the longest being two texts of 50,000 characters.
FILE_UPLOAD_HANDLERS = [
    "uploads.body_handler.WholeBodyHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_TEMP_DIR = VAR / "incoming"
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 4

# Work. The database holds what is owed; the broker only hints. A task is acknowledged when it is done and
# taken one at a time; a worker is replaced when it has grown.
broker = places.broker(env, VAR)
CELERY_BROKER_URL = broker.url
CELERY_BROKER_TRANSPORT_OPTIONS = broker.options
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_DEFAULT_QUEUE = "mail"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = env.number("SMMODS_TASK_SOFT_SECONDS", 240, least=1)
CELERY_TASK_TIME_LIMIT = env.number("SMMODS_TASK_SECONDS", 300, least=2)
if CELERY_TASK_SOFT_TIME_LIMIT >= CELERY_TASK_TIME_LIMIT:
    env.refuse(
        "SMMODS_TASK_SECONDS",
        "SMMODS_TASK_SECONDS is not above SMMODS_TASK_SOFT_SECONDS: a task would be killed before it is told to end.",
        "Leave both unset, or set the second to a minute less.",
    )
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1024 * env.number("SMMODS_WORKER_MEBIBYTES", 256, least=64)
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat")
CELERY_BEAT_SCHEDULE = SCHEDULE

# Mail. Development keeps mails as files that /dev/mail/ shows. `webhook+https://` hands each mail, signed, to
# the operator's mail service.
mail = places.mail(env, VAR)
EMAIL_BACKEND = mail.backend
EMAIL_HOST, EMAIL_PORT = mail.host, mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = mail.user, mail.password
EMAIL_USE_SSL, EMAIL_USE_TLS = mail.tls == "ssl", mail.tls == "starttls"
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = mail.folder
EMAIL_WEBHOOK_URL = mail.webhook_url
EMAIL_WEBHOOK_SECRET = mail.password or mail.user
DEFAULT_FROM_EMAIL = env.text("SMMODS_MAIL_FROM", f"SMMODS <{SMMODS_SUPPORT_EMAIL}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_SUBJECT_PREFIX = ""

# Signing in. The e-mail is the login; a code by mail opens, a password is optional; nobody learns from an
# answer whether an address has an account.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_FORMS = {"signup": "accounts.forms.SignUpForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = site.scheme
# `accounts.limits` counts requests and mails; allauth counts wrong passwords, which only it sees.
COUNTED_ELSEWHERE = (
    "change_password change_phone confirm_email login manage_email reauthenticate request_login_code "
    "reset_password reset_password_from_key signup verify_phone"
)
ACCOUNT_RATE_LIMITS = {"login_failed": "10/300s/key", **dict.fromkeys(COUNTED_ELSEWHERE.split())}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "SMMODS"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Cookies and transport. Plain names in development, where there is no TLS; `__Host-` elsewhere, which a
# browser takes only over TLS, for this very host and for all of its paths.
SESSION_COOKIE_NAME = "sessionid" if DEVELOPMENT else "__Host-sessionid"
CSRF_COOKIE_NAME = "csrftoken" if DEVELOPMENT else "__Host-csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEVELOPMENT
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "smmods.pages.csrf_failure"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = HTTPS and not DEVELOPMENT
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
hsts = env.number("SMMODS_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_SECONDS = hsts if SECURE_SSL_REDIRECT else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The portal speaks for its own host only: neither its neighbours under the domain nor browsers' preload lists
# are its to decide on.
SILENCED_SYSTEM_CHECKS += ["security.W005", "security.W021"]
CONTENT_SECURITY_POLICY = POLICY

# The portal's own rules. Uploads are off until an operator turns them on; limits hold in development too.
SMMODS_LIVE_UPLOADS = env.flag("SMMODS_LIVE_UPLOADS")
SMMODS_ANTIVIRUS = env.text("SMMODS_ANTIVIRUS", "off")
if SMMODS_ANTIVIRUS != "off" and urlsplit(SMMODS_ANTIVIRUS).scheme != "clamd":
    env.refuse(
        "SMMODS_ANTIVIRUS",
        "SMMODS_ANTIVIRUS is neither off nor the address of a clamd.",
        "Set it to clamd://127.0.0.1:3310 or clamd:///run/clamav/clamd.ctl.",
    )
# Older signatures are not believed; a scan that takes longer is no answer.
SMMODS_ANTIVIRUS_MAX_AGE_DAYS = env.number("SMMODS_ANTIVIRUS_MAX_AGE_DAYS", 7, least=1, most=90)
SMMODS_ANTIVIRUS_SECONDS = env.number("SMMODS_ANTIVIRUS_SECONDS", 120, least=1, most=3600)
# The clamd.conf of that scanner, where this machine can read it: its limits are compared with ours.
SMMODS_CLAMD_CONFIG = env.text("SMMODS_CLAMD_CONFIG", "")
# How packages are opened: in a child process, under bubblewrap where it is there, and within these bounds.
SMMODS_ISOLATION = env.choice("SMMODS_ISOLATION", ("auto", "bubblewrap", "limits"), "auto", "auto")
SMMODS_INSPECTION_SECONDS = env.number("SMMODS_INSPECTION_SECONDS", 120, least=1, most=3600)
SMMODS_INSPECTION_MEBIBYTES = env.number("SMMODS_INSPECTION_MEBIBYTES", 1024, least=256)
# Endings of files that packages may hold; none given is the profile's own list.
SMMODS_ALLOWED_ENDINGS = env.words("SMMODS_ALLOWED_ENDINGS")
# How many days the bytes of what was withdrawn, rejected or given up are kept.
SMMODS_STAGING_DAYS = env.number("SMMODS_STAGING_DAYS", 30, least=1, most=3650)
SMMODS_PINNED_GAME_BUILD = env.text("SMMODS_PINNED_GAME_BUILD", "0.9.0")
SMMODS_MAX_PACKAGE_BYTES = env.number("SMMODS_MAX_PACKAGE_BYTES", 104_857_600, least=1024, most=104_857_600)
# The internal place of nginx that hands artifacts of the fast lane over; empty where a redirect does.
SMMODS_HAND_OVER = env.text("SMMODS_HAND_OVER")
# Until when a person should have answered: working days for a review and for an author's reply, hours for a
# security report.
SMMODS_REVIEW_DAYS = env.number("SMMODS_REVIEW_DAYS", 3, least=1, most=60)
SMMODS_REPLY_DAYS = env.number("SMMODS_REPLY_DAYS", 2, least=1, most=60)
SMMODS_REPORT_HOURS = env.number("SMMODS_REPORT_HOURS", 4, least=1, most=240)
# How many days an author has to answer requested changes, and how many before the end a warning is sent.
SMMODS_ANSWER_DAYS = env.number("SMMODS_ANSWER_DAYS", 14, least=1, most=365)
SMMODS_WARNING_DAYS = env.number("SMMODS_WARNING_DAYS", 3, least=1, most=60)
# How long (minutes) an item is held for its reviewer, and for how long an approval may be undone before it is
# published.
SMMODS_LEASE_MINUTES = env.number("SMMODS_LEASE_MINUTES", 15, least=1, most=240)
SMMODS_UNDO_MINUTES = env.number("SMMODS_UNDO_MINUTES", 0, most=1440)
# Counts that differ from `accounts.limits.TABLE`, by name: `upload=30 mail=10`.
SMMODS_LIMITS = env.counts("SMMODS_LIMITS")

# Logs: one JSON object a line for machines, one readable line for people; always to standard error.
SMMODS_LOG_LEVEL = env.choice("SMMODS_LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "INFO")
LOGGING = logging_settings(SMMODS_LOG_LEVEL, readable=DEVELOPMENT)
PROMETHEUS_EXPORT_MIGRATIONS = False

for folder, mode in [
    (FILE_UPLOAD_TEMP_DIR, 0o750),
    (PUBLIC_ROOT, 0o755),
    (STATIC_ROOT, 0o755),
    *((folder, 0o750) for folder in broker.folders),
]:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError as error:
        env.refuse(
            "VAR", f"A folder can't be made: {error}", "Give the portal's account the right to write there."
        )

# What the start-up checks look at: the problems met above and which variables were given at all.
SMMODS_PROBLEMS = tuple(env.problems)
SMMODS_GIVEN = frozenset(name for name in env.names if env.given(name))
SMMODS_NAMES = frozenset(env.names)
