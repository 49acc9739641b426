"""What every act of an author has in common: its revision, its audit entry, the checks that it owes."""

from dataclasses import dataclass
from typing import Any

from accounts import audit, outbox
from accounts.audit import Action
from accounts.models import User
from uploads import staging
from uploads.models import Revision, Submission
from uploads.staging import Staged
from uploads.states import Mover, State
from uploads.transitions import move

CHECKS = "checks.run"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came with a package, read and judged at the door."""

    actor: User
    via: str
    sidecar: dict[str, Any] | None
    key: str | None = None
    fingerprint: str = ""


def current(submission: Submission) -> Revision:
    """The revision that counts now. Raises LookupError where none was received."""
    if submission.current is None:
        raise LookupError(f"{submission} has no revision")
    return submission.current


def add_revision(
    submission: Submission,
    arrival: Arrival,
    staged: Staged,
    manifest: dict[str, Any] | None,
    number: int = 1,
) -> Revision:
    mod_id, version = submission.mod_id, submission.version
    named = staging.file_name(mod_id, version) if mod_id and version else staging.DRAFT
    return Revision.objects.create(
        submission=submission,
        number=number,
        uploader=arrival.actor,
        staging_name=staged.name,
        file_name=named,
        sha256=staged.sha256,
        size_bytes=staged.size_bytes,
        sidecar=arrival.sidecar,
        manifest=manifest,
    )


def hand_over(
    actor: User,
    submission: Submission,
    action: Action,
    before: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """All bytes are there: the submission is uploaded, and its checks are owed."""
    left = submission.state
    move(submission, State.UPLOADED, actor=actor, mover=Mover.MODDER)
    number = current(submission).number
    record(actor, action, submission, before={"state": left} | (before or {}), reason=reason)
    outbox.owe(
        CHECKS,
        {"submission": submission.submission_id, "revision": number, "account": submission.author_id},
        key=f"{submission.submission_id}/{number}",
    )


def record(
    actor: User,
    action: Action,
    submission: Submission,
    before: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    revision = current(submission)
    after = {
        "state": submission.state,
        "modId": submission.mod_id,
        "version": submission.version,
        "revision": revision.number,
        "sha256": revision.sha256,
        "sizeBytes": revision.size_bytes,
    }
    audit.record(
        actor, action, "submission", submission.submission_id, before=before, after=after, reason=reason
    )
