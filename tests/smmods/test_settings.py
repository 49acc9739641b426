"""What the settings make of an environment: development without any, and each service by its URL."""

from pathlib import Path

import pytest

from tests.smmods.loading import load

ROOT = Path(__file__).resolve().parents[2]


def test_development_needs_nothing_but_a_folder(tmp_path: Path) -> None:
    found = load({"VAR": str(tmp_path / "var")})
    assert found.SMMODS_ENVIRONMENT == "development"
    assert found.SMMODS_PROBLEMS == ()
    assert found.DEBUG is False
    assert found.SMMODS_LIVE_UPLOADS is False
    assert found.DATABASES["default"]["NAME"] == tmp_path / "var" / "db.sqlite3"
    assert found.DATABASES["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert found.DATABASES["default"]["OPTIONS"]["timeout"] == 20
    assert "journal_mode=WAL" in found.DATABASES["default"]["OPTIONS"]["init_command"]
    assert found.DATABASES["cache"]["NAME"] == tmp_path / "var" / "cache.sqlite3"
    assert found.CELERY_BROKER_TRANSPORT_OPTIONS["polling_interval"] == 0.1
    assert found.EMAIL_FILE_PATH == tmp_path / "var" / "mail"
    assert found.PUBLIC_ROOT == tmp_path / "var" / "public"
    assert (found.SESSION_COOKIE_NAME, found.CSRF_COOKIE_NAME) == ("sessionid", "csrftoken")
    assert found.SESSION_COOKIE_SECURE is False
    assert found.SMMODS_SITE_URL == "http://127.0.0.1:8000"


def test_the_folder_is_var_by_default() -> None:
    assert load({}).VAR == ROOT / "var"


@pytest.mark.parametrize("name", ["a b", "50%", "a+b", "ä"])
def test_any_folder_will_do(tmp_path: Path, name: str) -> None:
    var = tmp_path / name
    found = load({"VAR": str(var)})
    assert found.DATABASES["default"]["NAME"] == var / "db.sqlite3"
    assert found.STORAGES["staging"]["OPTIONS"]["location"] == var / "staging"
    assert found.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"] == str(var / "broker" / "messages")
    assert found.PUBLIC_ROOT == var / "public"


def test_the_environment_beats_the_env_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=9000\nSMMODS_LIVE_UPLOADS=1\n")
    found = load({"VAR": str(tmp_path), "SMMODS_ENV_FILE": str(file), "PORT": "9001"})
    assert found.PORT == 9001
    assert found.SMMODS_LIVE_UPLOADS is True


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_cookies_are_bound_to_the_host_outside_development(tmp_path: Path, environment: str) -> None:
    found = load(
        {"VAR": str(tmp_path), "SMMODS_ENVIRONMENT": environment, "SMMODS_SITE_URL": "https://mods.test"}
    )
    assert (found.SESSION_COOKIE_NAME, found.CSRF_COOKIE_NAME) == ("__Host-sessionid", "__Host-csrftoken")
    assert found.SESSION_COOKIE_SECURE
    assert found.CSRF_COOKIE_SECURE
    assert found.SECURE_SSL_REDIRECT
    assert found.SECURE_HSTS_SECONDS == 31_536_000
    assert found.SMMODS_TRUSTED_PROXIES == 1
    assert "Manifest" in found.STORAGES["staticfiles"]["BACKEND"]


def test_an_unknown_environment_gets_the_strictest_rules(tmp_path: Path) -> None:
    found = load({"VAR": str(tmp_path), "SMMODS_ENVIRONMENT": "prod"})
    assert found.SMMODS_ENVIRONMENT == "production"
    assert [problem.setting for problem in found.SMMODS_PROBLEMS] == ["SMMODS_ENVIRONMENT"]


def test_services_by_url(tmp_path: Path) -> None:
    found = load(
        {
            "VAR": str(tmp_path),
            "DATABASE_URL": "postgres://me:p%40ss@db.test:5433/mods?sslmode=require",
            "CACHE_URL": "redis://cache.test:6379/1",
            "CELERY_BROKER_URL": "redis://cache.test:6379/0",
            "EMAIL_URL": "smtps://me:secret@mail.test",
            "STORAGE_URL": "s3://KEY:SECRET@bucket/sub?endpoint=https://s3.test&region=eu",
            "PUBLIC_STORAGE_URL": f"file://{tmp_path}/tree",
        }
    )
    database = found.DATABASES["default"]
    assert (database["HOST"], database["PORT"], database["PASSWORD"]) == ("db.test", 5433, "p@ss")
    assert database["OPTIONS"] == {"sslmode": "require"}
    assert "cache" not in found.DATABASES
    assert found.CACHES["default"]["LOCATION"] == "redis://cache.test:6379/1"
    assert found.CELERY_BROKER_URL == "redis://cache.test:6379/0"
    assert found.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] > found.CELERY_TASK_TIME_LIMIT
    assert (found.EMAIL_HOST, found.EMAIL_PORT, found.EMAIL_USE_SSL) == ("mail.test", 465, True)
    staging = found.STORAGES["staging"]["OPTIONS"]
    assert (staging["bucket_name"], staging["location"], staging["endpoint_url"]) == (
        "bucket",
        "sub",
        "https://s3.test",
    )
    assert staging["default_acl"] == "private"
    assert found.PUBLIC_ROOT == tmp_path / "tree"
    assert found.SMMODS_PROBLEMS == ()


def test_rabbitmq(tmp_path: Path) -> None:
    found = load({"VAR": str(tmp_path), "CELERY_BROKER_URL": "amqps://me:secret@broker.test/mods"})
    assert found.CELERY_BROKER_URL == "amqps://me:secret@broker.test/mods"


def test_a_broker_folder_of_ones_own(tmp_path: Path) -> None:
    found = load({"VAR": str(tmp_path), "CELERY_BROKER_URL": f"filesystem://{tmp_path}/spool"})
    assert found.CELERY_BROKER_TRANSPORT_OPTIONS["control_folder"] == str(tmp_path / "spool" / "control")
    assert (tmp_path / "spool" / "messages").is_dir()


def test_smtp_with_starttls(tmp_path: Path) -> None:
    found = load({"VAR": str(tmp_path), "EMAIL_URL": "smtp://mail.test?starttls=1"})
    assert (found.EMAIL_PORT, found.EMAIL_USE_TLS, found.EMAIL_USE_SSL) == (587, True, False)


def test_mail_by_webhook_keeps_the_key_out_of_the_address(tmp_path: Path) -> None:
    found = load({"VAR": str(tmp_path), "EMAIL_URL": "webhook+https://:k%2Fey@hooks.test:8443/mail?a=1"})
    assert found.EMAIL_WEBHOOK_URL == "https://hooks.test:8443/mail?a=1"
    assert found.EMAIL_WEBHOOK_SECRET == "k/ey"
    assert found.EMAIL_BACKEND == "accounts.mail_backends.WebhookEmailBackend"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PORT", "http"),
        ("DATABASE_URL", "mysql://db.test/mods"),
        ("CACHE_URL", "memcached://cache.test"),
        ("CELERY_BROKER_URL", "sqs://"),
        ("EMAIL_URL", "sendmail"),
        ("STORAGE_URL", "gs://bucket"),
        ("PUBLIC_STORAGE_URL", "s3://bucket"),
        ("SMMODS_SITE_URL", "mods.test"),
        ("SMMODS_ANTIVIRUS", "on"),
        ("SMMODS_LIVE_UPLOADS", "maybe"),
        ("SMMODS_METRICS_ADDRESSES", "all"),
        ("SMMODS_TRUSTED_PROXIES", "many"),
        ("SMMODS_LIMITS", "upload"),
        ("SMMODS_MAX_PACKAGE_BYTES", "104857601"),
        ("DEBUG", "perhaps"),
        ("SMMODS_TASK_SECONDS", "30"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, setting: str, value: str) -> None:
    found = load({"VAR": str(tmp_path), setting: value})
    assert [problem.setting for problem in found.SMMODS_PROBLEMS] == [setting]
    assert found.SMMODS_PROBLEMS[0].hint


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "public").write_text("in the way")
    found = load({"VAR": str(tmp_path / "var")})
    assert [problem.setting for problem in found.SMMODS_PROBLEMS] == ["VAR"]


def test_the_content_policy_has_no_way_round(tmp_path: Path) -> None:
    directives = load({"VAR": str(tmp_path)}).CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == ["'self'"]
    assert not [
        value for values in directives.values() for value in values if "unsafe" in value or "*" in value
    ]


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert rows == load({}).SMMODS_NAMES | {"SMMODS_WEB_WORKERS", "SMMODS_BIND"}
