"""Whether the contract's services are really running: one row a service, written by whoever saw it.

Rules
- Nothing is live because somebody typed it in: a row says how it was seen and when.
- What was seen longer ago than its keeping time counts as not live. The public smoke runs when something
  was published, so its row does not age.
- `look` sees what any process can see: sign-in and its mail, the storage, who may moderate, the audit trail.
  Workers report themselves by their heartbeat (`catalog.tasks`), the smoke reports its own result.

Source of the seven services and their descriptions: SMMODS's publishing contract.
"""

import io
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone

from accounts import audit_triggers
from accounts.models import AuditEntry, AuditHead, User
from accounts.roles import Role
from catalog.models import Publication, ServiceStatus

STALE_AFTER = 60


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the contract; `ages` is whether a report counts for a minute only."""

    id: str
    description: str
    ages: bool = True


SERVICES: dict[str, Service] = {
    service.id: service
    for service in (
        Service(
            "auth_service",
            "Free player/modder accounts, verification email delivery, write-route rate limits, session "
            "cookies, password recovery, and role assignment.",
        ),
        Service(
            "upload_storage",
            "Private staging storage for submitted ZIPs plus immutable public artifact promotion.",
        ),
        Service(
            "validation_worker",
            "Background package validation for sidecar schema, manifest schema, ZIP safety, hashes, "
            "dependencies, target build, and manager parsing.",
        ),
        Service(
            "moderation_queue",
            "Authenticated moderator queue with approve, reject, changes requested, hide, and supersede "
            "actions.",
        ),
        Service(
            "catalog_publisher",
            "Atomic catalog/detail/version regeneration from approved releases with immutable artifact URLs.",
        ),
        Service(
            "audit_log",
            "Durable audit trail for account, upload, validation, moderation, and publication actions.",
        ),
        Service(
            "public_smoke_runner",
            "Post-publish public smoke runner that fetches live routes, validates JSON, downloads artifacts, "
            "verifies hashes, and runs manager URL readers.",
            ages=False,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of a service: whether it is live, and by what, or what is missing."""

    live: bool
    evidence: str = ""
    missing: str = ""


def report(service: str, live: bool, evidence: str = "", missing: str = "") -> None:
    """Write down what was seen of a service just now. Raises KeyError for one that the contract lacks."""
    ServiceStatus.objects.update_or_create(
        service=SERVICES[service].id,
        defaults={
            "live": live,
            "evidence": evidence[:300],
            "missing": missing[:300],
            "checked_at": timezone.now(),
        },
    )


def sights() -> dict[str, Sight]:
    """What holds now of each service, in the contract's order: one query."""
    rows = {row.service: row for row in ServiceStatus.objects.all()}
    limit = timezone.now() - timedelta(seconds=STALE_AFTER)
    found = {}
    for service in SERVICES.values():
        row = rows.get(service.id)
        if row is None:
            found[service.id] = Sight(False, missing="It was not seen running yet.")
        elif row.live and service.ages and row.checked_at < limit:
            found[service.id] = Sight(False, missing="It was not seen running in the last minute.")
        else:
            found[service.id] = Sight(row.live, row.evidence, row.missing)
    return found


def live(service: str) -> bool:
    """Whether a service is live. Raises KeyError for one that the contract lacks."""
    return sights()[SERVICES[service].id].live


def all_live() -> bool:
    """Whether every service of the contract is live."""
    return all(sight.live for sight in sights().values())


def look() -> None:
    """See what any process can see, and write it down."""
    for service, sight in (
        ("auth_service", _accounts()),
        ("upload_storage", _storage()),
        ("moderation_queue", _moderators()),
        ("audit_log", _audit()),
    ):
        report(service, sight.live, sight.evidence, sight.missing)


def report_worker(queue: str) -> None:
    """A worker of this queue is alive: what its heartbeat says."""
    if queue == "checks":
        report("validation_worker", True, "A worker of the queue checks answered.")
    elif queue == "publication":
        report(*_publisher())


def _publisher() -> tuple[str, bool, str, str]:
    last = Publication.objects.order_by("-revision").first()
    if last is None:
        return "catalog_publisher", False, "", "Nothing has been published yet; run publish_catalog."
    return "catalog_publisher", True, f"A worker answered; revision {last.revision} is the last.", ""


def _accounts() -> Sight:
    backend = settings.EMAIL_BACKEND.rpartition(".")[2]
    if settings.EMAIL_BACKEND == "django.core.mail.backends.console.EmailBackend":
        return Sight(False, missing="Mail is only written to the console; set EMAIL_URL.")
    if not User.objects.filter(role=Role.SYSTEM).exists():
        return Sight(False, missing="The system's account is missing; run migrate.")
    return Sight(True, f"Accounts answer; mail leaves by {backend}.")


def _storage() -> Sight:
    store, name = storages["staging"], f"probe/{secrets.token_hex(8)}"
    try:
        written = store.save(name, File(io.BytesIO(b"probe")))
        try:
            with store.open(written) as file:
                same = file.read() == b"probe"
        finally:
            store.delete(written)
        draft = settings.PUBLIC_ROOT / f".probe-{secrets.token_hex(8)}"
        draft.write_bytes(b"probe")
        draft.unlink()
    except OSError as error:
        return Sight(False, missing=f"The storage can't be written: {error}")
    if not same:
        return Sight(False, missing="The staging storage gave other bytes back than it was given.")
    return Sight(True, "Staging and the public tree took and gave back a file.")


def _moderators() -> Sight:
    people = User.objects.filter(role__in=(Role.MODERATOR, Role.ADMIN), is_active=True).count()
    if not people:
        return Sight(False, missing="Nobody has the role moderator; give it with assign_role.")
    return Sight(True, "The queue answers and there are people who may decide.")


def _audit() -> Sight:
    if audit_triggers.present(connection) != audit_triggers.expected(connection):
        return Sight(False, missing="The triggers that keep the audit trail are missing; run migrate.")
    head = AuditHead.objects.filter(pk=1).first()
    last = AuditEntry.objects.order_by("-sequence").first()
    if head is None or head.sequence != (last.sequence if last else 0) or (last and head.hash != last.hash):
        return Sight(False, missing="The audit trail's end does not agree with its head; run verify_audit.")
    return Sight(True, "The audit trail is guarded and its end agrees with its head.")
