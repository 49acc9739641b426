"""A whole portal with a real clamd: what is infected fails, and while clamd is away or too lax nothing passes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import packages
from tests.e2e.conftest import MODDER, MODERATOR
from tests.e2e.stack import Stack, running, wait_for
from tests.e2e.visitor import Visitor
from tests.uploads.scanners.daemons import Daemon, real
from uploads.scanners.clamd_samples import EICAR

pytestmark = [pytest.mark.clamd]

PEOPLE = f"""
from accounts.models import User
from allauth.account.models import EmailAddress
for address in ("{MODDER}", "{MODERATOR}"):
    user = User.objects.create_user(address)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
"""
#: What waits is tried again at once, instead of in half a minute.
HURRY = """
from django.utils import timezone
from accounts.models import OutboxRow
OutboxRow.objects.filter(done_at=None, failed_at=None, kind="checks.run").update(due_at=timezone.now())
"""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with real() as running_clamd:
        yield running_clamd


@pytest.fixture(scope="module")
def scanned(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A portal that scans with the test's own clamd, its limits tried by `prepare`."""
    with running(tmp_path_factory.mktemp("scanned"), SMMODS_ANTIVIRUS=daemon.address) as stack:
        stack.manage("shell", "-c", PEOPLE)
        for address, role in ((MODDER, "modder"), (MODERATOR, "moderator")):
            stack.manage("assign_role", address, role, "--reason", "tries the portal")
        yield stack


@pytest.fixture(scope="module")
def modder(scanned: Stack) -> Visitor:
    key = scanned.manage("create_api_key", MODDER, "--scope", "uploads:write", "--scope", "uploads:read")
    visitor = Visitor(scanned.url, key.strip())
    wait_for(lambda: visitor.send("POST", "/api/v1/uploads").status != 503, "uploads to open")
    return visitor


def sent(modder: Visitor, version: str, data: bytes = b"A text.\n") -> str:
    document = packages.manifest("scanned.map", version)
    package = packages.zip_of(packages.good_parts(document, {"Content/notes.txt": data}))
    answer = modder.upload("/api/v1/uploads", package, packages.encoded(packages.sidecar(document, package)))
    assert answer.status == 202, answer.body
    return answer.headers["Location"]


def ended(modder: Visitor, address: str) -> Any:
    """The submission once its checks came to a verdict."""

    def look() -> Any:
        document = modder.get(address).json()
        return document if document["state"] not in ("uploaded", "validating") else None

    return wait_for(look, "a verdict", 60)


def scan_of(document: Any) -> Any:
    return next(check for check in document["checks"] if check["id"] == "antivirus_scan")


def waits(scanned: Stack, modder: Visitor, address: str, words: str) -> None:
    """The submission is given back, its page says why, and readiness tells too."""
    name = address.rsplit("/", 1)[1]

    def told() -> bool:
        entries = scanned.manage(
            "shell",
            "-v0",
            "-c",
            "from accounts.models import AuditEntry\n"
            f"print(AuditEntry.objects.filter(target_id='{name}', action='validation.returned')"
            ".values_list('reason', flat=True))",
        )
        return words in entries

    assert wait_for(told, f"it to be given back for “{words}”", 60)
    assert modder.get(address).json()["state"] in ("uploaded", "validating")


def hurried(scanned: Stack) -> None:
    scanned.manage("shell", "-v0", "-c", HURRY)


def part(scanned: Stack) -> Any:
    parts = json.loads(scanned.get("/readyz")[1])["parts"]
    return next(part for part in parts if part["name"] == "scanner")


def test_scanned_and_infected_then_away_then_lax_then_mended(
    scanned: Stack, modder: Visitor, daemon: Daemon
) -> None:
    assert part(scanned)["ok"]
    good = ended(modder, sent(modder, "1.0.0"))
    assert (good["state"], scan_of(good)["status"]) == ("pending_review", "passed")
    bad = ended(modder, sent(modder, "1.0.1", EICAR))
    assert (bad["state"], scan_of(bad)["code"]) == ("validation_failed", "malware_found")

    daemon.kill()
    address = sent(modder, "1.0.2")
    waits(scanned, modder, address, "not listening")

    # It comes back with a limit that is too low: nothing passes, and the text says which one.
    daemon.settings["MaxFiles"] = "100"
    daemon.start()
    wait_for(lambda: "lax" in part(scanned)["reason"], "the limits to be tried", 90)
    hurried(scanned)
    waits(scanned, modder, address, "MaxFiles")

    # Mended and restarted, it is tried again at once: another process answers.
    daemon.kill()
    daemon.settings.clear()
    daemon.start()
    wait_for(lambda: part(scanned)["ok"], "the limits to be tried again", 90)
    hurried(scanned)
    assert ended(modder, address)["state"] == "pending_review"
    scanned.manage("verify_audit")
