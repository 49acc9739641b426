"""Whether the portal takes packages just now, and if not, what is missing.

Rules
- Uploads are on when an operator says so (`SMMODS_LIVE_UPLOADS=1`) *and* the services of the contract's
  fourth go-live rule are live: sign-in, staging storage, validation worker, moderation queue, audit log and
  catalog publisher.
- The wizard, the API's uploads and the replacement of a package all ask here; the manual lane does not.
- While it is closed, everything else goes on: status pages, answers, withdrawals, rehearsals.
"""

from dataclasses import dataclass

from django.conf import settings

from accounts.errors import RefusedError
from catalog import service_status

#: The services that the fourth go-live rule names, and what they are to people.
NEEDED = {
    "auth_service": "signing in and its mail",
    "upload_storage": "the storage of packages",
    "validation_worker": "the worker that checks packages",
    "moderation_queue": "the moderation queue",
    "audit_log": "the audit log",
    "catalog_publisher": "the worker that publishes",
}


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether uploads are taken, and what is missing if not: ids and a sentence for people."""

    open: bool
    missing: tuple[str, ...] = ()
    why: str = ""


def state() -> Gate:
    """The gate as it stands now."""
    if not settings.SMMODS_LIVE_UPLOADS:
        return Gate(False, ("SMMODS_LIVE_UPLOADS",), "The operator has not switched uploads on.")
    sights = service_status.sights()
    missing = tuple(service for service in NEEDED if not sights[service].live)
    if missing:
        names = "; ".join(f"{NEEDED[service]} ({sights[service].missing.rstrip('.')})" for service in missing)
        return Gate(False, missing, f"Not working just now: {names}.")
    return Gate(True)


def ensure_open() -> None:
    """Raise RefusedError `uploads_disabled` (503), naming what is missing, while uploads are not taken."""
    gate = state()
    if not gate.open:
        raise RefusedError(
            "uploads_disabled",
            f"Uploads are not taken at the moment. {gate.why}",
            "Try again later. The manual lane stays open: see docs/manual-publishing.md.",
            status=503,
            retry_after=60,
            extra={"missing": list(gate.missing)},
        )
