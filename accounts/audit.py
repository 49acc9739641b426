"""The audit trail: the whole vocabulary on one page, and the one way to write to it.

Rules
- An entry is written in the transaction of what it records: `record` refuses to run outside of one.
- Entries count without a gap and are chained: each hash covers the one before it and the canonical JSON of
  the entry's own columns.
- Actors are accounts, the portal itself included; there is no entry without one.
- Values are plain JSON and hold account ids, never addresses of mail or network. Where an entry came from
  lies in a row of its own, of which the entry holds a salted digest.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import AuditEntry, AuditHead, AuditOrigin, User

GENESIS = "0" * 64


class Action(StrEnum):
    """Everything that is ever recorded. The part before the dot is its field."""

    ACCOUNT_REGISTERED = "account.registered"
    ACCOUNT_VERIFIED = "account.verified"
    ACCOUNT_SIGNED_IN = "account.signed_in"
    ACCOUNT_SIGNED_OUT = "account.signed_out"
    ACCOUNT_EMAIL_CHANGED = "account.email_changed"
    ACCOUNT_PASSWORD_CHANGED = "account.password_changed"
    ACCOUNT_PROFILE_CHANGED = "account.profile_changed"
    ACCOUNT_FACTOR_CHANGED = "account.factor_changed"
    ACCOUNT_ROLES_ASSIGNED = "account.roles_assigned"
    ACCOUNT_AGREEMENT_ACCEPTED = "account.agreement_accepted"
    ACCOUNT_KEY_ISSUED = "account.key_issued"
    ACCOUNT_KEY_REVOKED = "account.key_revoked"
    ACCOUNT_EXPORTED = "account.exported"
    ACCOUNT_CLOSED = "account.closed"
    UPLOAD_RECEIVED = "upload.received"
    UPLOAD_SUBMITTED = "upload.submitted"
    UPLOAD_REPLACED = "upload.replaced"
    UPLOAD_WITHDRAWN = "upload.withdrawn"
    UPLOAD_MESSAGE_POSTED = "upload.message_posted"
    UPLOAD_STAGING_CLEANED = "upload.staging_cleaned"
    VALIDATION_STARTED = "validation.started"
    VALIDATION_FINISHED = "validation.finished"
    VALIDATION_RETURNED = "validation.returned"
    RESCAN_STARTED = "rescan.started"
    RESCAN_FINISHED = "rescan.finished"
    RESCAN_HIT_CLOSED = "rescan.hit_closed"
    MODERATION_LEASED = "moderation.leased"
    MODERATION_RELEASED = "moderation.released"
    MODERATION_ASSIGNED = "moderation.assigned"
    MODERATION_DECIDED = "moderation.decided"
    MODERATION_SECONDED = "moderation.seconded"
    MODERATION_FINDING_JUDGED = "moderation.finding_judged"
    MODERATION_NOTE_WRITTEN = "moderation.note_written"
    MODERATION_POLICY_CHANGED = "moderation.policy_changed"
    REPORT_FILED = "report.filed"
    REPORT_CLOSED = "report.closed"
    PUBLICATION_PLANNED = "publication.planned"
    PUBLICATION_REFUSED = "publication.refused"
    PUBLICATION_FINISHED = "publication.finished"
    PUBLICATION_SMOKED = "publication.smoked"
    CATALOG_BUILD_CHANGED = "catalog.build_changed"
    CATALOG_CATEGORY_CHANGED = "catalog.category_changed"
    CATALOG_PLATFORM_CHANGED = "catalog.platform_changed"
    CATALOG_NAMESPACE_CLAIMED = "catalog.namespace_claimed"
    CATALOG_MAINTAINERS_ASKED = "catalog.maintainers_asked"
    CATALOG_MAINTAINERS_CHANGED = "catalog.maintainers_changed"
    AUDIT_EXPORTED = "audit.exported"


@dataclass(frozen=True, slots=True)
class Origin:
    """Through which door somebody came, from which address and with which agent."""

    door: str
    address: str | None = None
    agent: str = ""


SYSTEM_ORIGIN = Origin("system")
_origin: ContextVar[Origin] = ContextVar("origin", default=SYSTEM_ORIGIN)


@contextmanager
def origin(door: str, address: str | None = None, agent: str = "") -> Iterator[None]:
    """Within this block, entries say that they came through `door`: page, api, admin, command or system."""
    token = _origin.set(Origin(door, address or None, agent[:200]))
    try:
        yield
    finally:
        _origin.reset(token)


def canonical(value: Any) -> str:
    """JSON with one spelling: sorted keys, no spaces, text as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_hash(entry: AuditEntry) -> str:
    """The SHA-256, in hex, that `entry` must carry."""
    body = canonical(
        {
            "sequence": entry.sequence,
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": entry.actor.account_id,
            "actorRole": entry.actor_role,
            "action": entry.action,
            "targetType": entry.target_type,
            "targetId": entry.target_id,
            "before": entry.before,
            "after": entry.after,
            "reason": entry.reason,
            "originDigest": entry.origin_digest,
        }
    )
    return hashlib.sha256(f"{entry.previous_hash}\n{body}".encode()).hexdigest()


def _origin_digest(came: Origin, salt: str) -> str:
    body = canonical([salt, came.door, came.address, came.agent])
    return hashlib.sha256(body.encode()).hexdigest()


def record(
    actor: User,
    action: Action,
    target_type: str,
    target_id: str,
    *,
    before: Any = None,
    after: Any = None,
    reason: str = "",
    at: datetime | None = None,
) -> AuditEntry:
    """Write one entry and return it.

    `before` and `after` are plain JSON values. Raises RuntimeError outside of a transaction, since an entry
    that could survive what it records, or the other way round, would not be evidence.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an audit entry is written in the transaction of what it records")
    head = AuditHead.objects.select_for_update().get(pk=1)
    came = _origin.get()
    salt = secrets.token_hex(16)
    entry = AuditEntry(
        sequence=head.sequence + 1,
        at=at or timezone.now(),
        actor=actor,
        actor_role=actor.role,
        action=action.value,
        target_type=target_type,
        target_id=target_id,
        before=before,
        after=after,
        reason=reason,
        origin_digest=_origin_digest(came, salt),
        previous_hash=head.hash,
    )
    entry.hash = entry_hash(entry)
    entry.save(force_insert=True)
    AuditOrigin.objects.create(entry=entry, door=came.door, address=came.address, agent=came.agent, salt=salt)
    AuditHead.objects.filter(pk=1).update(sequence=entry.sequence, hash=entry.hash)
    return entry


def record_as_system(action: Action, target_type: str, target_id: str, **values: Any) -> AuditEntry:
    """`record` with the portal itself as the actor."""
    return record(User.objects.system(), action, target_type, target_id, **values)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: how many entries agree, and the first that doesn't, with why."""

    entries: int
    head: str
    bad_sequence: int | None = None
    why: str = ""

    @property
    def intact(self) -> bool:
        return self.bad_sequence is None


def verify() -> Verdict:
    """Walk the chain from its first entry and name the first one that does not agree.

    Finds altered, deleted, inserted and reordered entries, a cut-off end (by the head), and an origin that
    was changed rather than erased. Reads the trail in pieces; memory stays flat.
    """
    with transaction.atomic():
        head = AuditHead.objects.filter(pk=1).first()
        previous, count = GENESIS, 0
        entries = AuditEntry.objects.order_by("sequence").select_related("actor", "origin")
        for entry in entries.iterator(chunk_size=2000):
            why = _fault(entry, count + 1, previous)
            if why:
                return Verdict(count, previous, count + 1, why)
            count, previous = entry.sequence, entry.hash
        if head is None:
            return Verdict(count, previous, count + 1, "the chain's head is missing")
        if head.sequence != count or head.hash != previous:
            return Verdict(
                count,
                previous,
                count + 1,
                f"the head says that entry {head.sequence} is the last, but the trail ends at {count}",
            )
    return Verdict(count, previous)


def _fault(entry: AuditEntry, expected: int, previous: str) -> str:
    if entry.sequence != expected:
        return f"entry {expected} is missing; the next one there is {entry.sequence}"
    if entry.previous_hash != previous:
        return "it does not follow from the entry before it"
    if entry_hash(entry) != entry.hash:
        return "its content does not match its hash"
    kept = getattr(entry, "origin", None)
    if kept is None:
        return ""
    came = Origin(kept.door, kept.address, kept.agent)
    if _origin_digest(came, kept.salt) != entry.origin_digest:
        return "its origin does not match its digest"
    return ""
