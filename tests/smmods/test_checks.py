"""Each unsafe setting, in each profile: production refuses, staging warns or refuses, development doesn't mind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import ERROR
from django.core.exceptions import ImproperlyConfigured

from smmods import checks
from tests import production
from tests.smmods.loading import load
from uploads.isolation import confinement

ROOT = Path(__file__).resolve().parents[2]

#: (check, what differs from a good production environment; None takes the variable away)
UNSAFE: list[tuple[str, dict[str, str | None]]] = [
    ("smmods.E001", {"DEBUG": "1"}),
    ("smmods.E002", {"SECRET_KEY": None}),
    ("smmods.E002", {"SECRET_KEY": "short"}),
    ("smmods.E002", {"SECRET_KEY": "a" * 80}),
    ("smmods.E002", {"SECRET_KEY": "changeme-" * 10}),
    ("smmods.E003", {"DATABASE_URL": None}),
    ("smmods.E003", {"DATABASE_URL": "sqlite:////tmp/db.sqlite3"}),
    ("smmods.E004", {"CELERY_BROKER_URL": None}),
    ("smmods.E004", {"CELERY_BROKER_URL": "filesystem://"}),
    ("smmods.E004", {"CELERY_BROKER_URL": "memory://"}),
    ("smmods.E005", {"CACHE_URL": None}),
    ("smmods.E005", {"CACHE_URL": "locmem://"}),
    ("smmods.E006", {"EMAIL_URL": None}),
    ("smmods.E006", {"EMAIL_URL": "console://"}),
    ("smmods.E006", {"EMAIL_URL": "memory://"}),
    ("smmods.E007", {"EMAIL_URL": "webhook+https://hooks.test/mail"}),
    ("smmods.E008", {"STORAGE_URL": None}),
    ("smmods.E009", {"PUBLIC_STORAGE_URL": None}),
    ("smmods.E010", {"SMMODS_ANTIVIRUS": None}),
    ("smmods.E010", {"SMMODS_ANTIVIRUS": "off"}),
    ("smmods.E011", {"SMMODS_SITE_URL": None}),
    ("smmods.E011", {"SMMODS_SITE_URL": "http://mods.test"}),
    ("smmods.E012", {"SMMODS_SITE_URL": "https://mods.example.com"}),
    ("smmods.E013", {"SMMODS_SUPPORT_EMAIL": None}),
    ("smmods.E013", {"SMMODS_SUPPORT_EMAIL": "support@example.org"}),
    ("smmods.E013", {"SMMODS_SUPPORT_EMAIL": "changeme@mods.test"}),
    ("smmods.E013", {"SMMODS_SUPPORT_EMAIL": "nobody"}),
    ("smmods.E014", {"SMMODS_MAIL_FROM": "Mods <portal@example.com>"}),
    ("smmods.E015", {"DATABASE_URL": "postgres://smmods:changeme@db.test/smmods"}),
    ("smmods.E016", {"EMAIL_URL": "smtps://portal:CHANGEME@mail.test"}),
    ("smmods.E017", {"CACHE_URL": "redis://:changeme@cache.test/1"}),
    ("smmods.E017", {"CELERY_BROKER_URL": "redis://your-host/0"}),
    ("smmods.E018", {"SMMODS_ISOLATION": "bubblewrap"}),
    ("smmods.E019", {"SMMODS_ALLOWED_ENDINGS": ".lua .exe"}),
    ("smmods.E019", {"SMMODS_ALLOWED_ENDINGS": "lua"}),
    ("smmods.E020", {"PORT": "http"}),
    ("smmods.E020", {"PUBLIC_STORAGE_URL": "s3://bucket"}),
]
EVERYWHERE = {"smmods.E018", "smmods.E019", "smmods.E020"}
IN_STAGING = {"smmods.E001", "smmods.E002", "smmods.E007", "smmods.E010"} | EVERYWHERE


@pytest.fixture(autouse=True)
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where bubblewrap does not work."""
    monkeypatch.setattr(confinement, "bubblewrap_problem", lambda: "there is none")


def names(case: tuple[str, dict[str, str | None]]) -> str:
    check, changes = case
    return f"{check}-{'-'.join(f'{name}={value}'[:40] for name, value in changes.items())}"


def changed(folder: Path, profile: str, changes: dict[str, str | None]) -> dict[str, str]:
    variables: dict[str, str | None] = {}
    variables.update(production.environment(folder), SMMODS_ENVIRONMENT=profile)
    variables.update(changes)
    return {name: value for name, value in variables.items() if value is not None}


@pytest.mark.parametrize("profile", ["development", "staging", "production"])
def test_a_good_environment_starts(tmp_path: Path, profile: str) -> None:
    assert checks.findings(load(changed(tmp_path, profile, {}))) == []


@pytest.mark.parametrize("case", UNSAFE, ids=names)
@pytest.mark.parametrize("profile", ["development", "staging", "production"])
def test_each_unsafe_setting_in_each_profile(
    tmp_path: Path, profile: str, case: tuple[str, dict[str, str | None]]
) -> None:
    check, changes = case
    found = checks.findings(load(changed(tmp_path, profile, changes)))
    if profile == "development" and check not in EVERYWHERE:
        assert found == []
        return
    assert [message.id for message in found] == [check]
    refuses = profile == "production" or check in IN_STAGING
    assert (found[0].level >= ERROR) is refuses
    assert next(iter(changes)) in (found[0].obj, "CACHE_URL")
    assert found[0].hint


def test_every_rule_is_tried() -> None:
    assert {rule.id for rule in checks.RULES} | EVERYWHERE == {check for check, _ in UNSAFE}
    assert len({rule.id for rule in checks.RULES}) == len(checks.RULES)


def test_bubblewrap_that_works_may_be_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "bubblewrap_problem", lambda: "")
    asked = load(changed(tmp_path, "production", {"SMMODS_ISOLATION": "bubblewrap"}))
    assert checks.findings(asked) == []


def test_known_endings_may_be_asked_for(tmp_path: Path) -> None:
    asked = load(changed(tmp_path, "production", {"SMMODS_ALLOWED_ENDINGS": ".lua .json"}))
    assert checks.findings(asked) == []


def test_a_message_never_repeats_a_secret(tmp_path: Path) -> None:
    secret = "postgres://smmods:changeme-Passw0rd@db.test/smmods"
    found = checks.findings(load(changed(tmp_path, "production", {"DATABASE_URL": secret})))
    assert "Passw0rd" not in f"{found}"


def test_stopping_names_each_setting_and_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    unsafe = load(changed(tmp_path, "production", {"DEBUG": "1", "SMMODS_ANTIVIRUS": "off"}))
    monkeypatch.setattr(checks, "settings", unsafe)
    with pytest.raises(ImproperlyConfigured) as refused:
        checks.stop_if_unsafe()
    assert "smmods.E001 DEBUG" in str(refused.value)
    assert "clamd://" in str(refused.value)


def test_safe_settings_are_let_through() -> None:
    checks.stop_if_unsafe()


def start(folder: Path, changes: dict[str, str | None], *command: str) -> subprocess.CompletedProcess[str]:
    """Start a part of the portal in production with these changes; what starts is stopped after a while."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=changed(folder, "production", changes) | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


STARTS = {
    "web": ("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "smmods.wsgi"),
    "worker": ("-m", "celery", "-A", "smmods", "worker", "-Q", "checks"),
    "scheduler": ("-m", "celery", "-A", "smmods", "beat", "--pidfile="),
    "command": ("manage.py", "migrate"),
}


@pytest.mark.once
@pytest.mark.parametrize("part", STARTS)
def test_no_part_starts_unsafe(tmp_path: Path, part: str) -> None:
    done = start(tmp_path, {"DEBUG": "1", "SMMODS_ANTIVIRUS": "off"}, *STARTS[part])
    assert done.returncode not in (0, -9)
    assert "smmods.E001" in done.stderr
    assert "smmods.E010" in done.stderr
    assert "clamd://127.0.0.1:3310" in done.stderr


@pytest.mark.once
def test_the_sample_passes_the_deployment_checks() -> None:
    assert production.main() == 0
