"""How a package arrives: what its request must say, and how a retry of it is recognised.

Rules
- The package is called a ZIP by its content type; anything else is 415.
- An `Idempotency-Key` belongs to one account and one request: the same bytes again answer with the same
  submission, other bytes are refused.
"""

import hashlib

from accounts.errors import RefusedError
from accounts.models import User
from uploads.models import IdempotencyKey, Submission
from uploads.staging import Staged

CONTENT_TYPES = ("application/zip", "application/x-zip-compressed")


def ensure_zip(content_type: str) -> None:
    """Raise RefusedError `unsupported_content_type` (415) for anything that is not called a ZIP."""
    if content_type.partition(";")[0].strip().lower() not in CONTENT_TYPES:
        raise RefusedError(
            "unsupported_content_type",
            f"The package came as {content_type[:80] or 'nothing that it says'}; a ZIP is wanted.",
            f"Send the part package with the content type {CONTENT_TYPES[0]}.",
            status=415,
            extra={"acceptedContentTypes": list(CONTENT_TYPES)},
        )


def ensure_key(key: str | None) -> None:
    """Raise RefusedError `idempotency_key_invalid` (400) for a key that is not one."""
    if key is not None and not (0 < len(key) <= 100 and key.isascii() and key.isprintable()):
        raise RefusedError(
            "idempotency_key_invalid",
            "An idempotency key has 1 to 100 printable ASCII characters.",
            "Send a UUID, for one.",
            status=400,
        )


def fingerprint(staged: Staged, sidecar_raw: bytes | None) -> str:
    """What tells one request from another: the SHA-256, in hex, over package and sidecar."""
    side = hashlib.sha256(sidecar_raw).hexdigest() if sidecar_raw is not None else "-"
    return hashlib.sha256(f"{staged.sha256} {side}".encode()).hexdigest()


def by_key(actor: User, key: str | None, fingerprint: str) -> Submission | None:
    """The submission that this request made before, if it did. Raises RefusedError `idempotency_key_reused` (409)."""
    if not key:
        return None
    row = IdempotencyKey.objects.filter(user=actor, key=key).select_related("submission__current").first()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise RefusedError(
            "idempotency_key_reused",
            "This Idempotency-Key was sent with another request before.",
            "Use a new key for each new request.",
            status=409,
        )
    return row.submission
