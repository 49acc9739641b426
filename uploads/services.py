"""Submitting, replacing, withdrawing, answering: what authors do, behind every door.

Rules
- A submission begins as a draft and is `uploaded` once all of its bytes lie in staging with their SHA-256,
  over the API too; from then on the checks are owed to it, in the same transaction.
- Over the API and in the manual lane the sidecar comes with the package and both are submitted at once. In
  the browser the draft waits for the form, which writes the sidecar.
- What is refused leaves nothing behind: no row, no bytes.
- A revision keeps its submission's mod and version, and its place in the queue.
- One act, one audit entry.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import outbox, permissions
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import User
from uploads import arrivals, identity, queueing, staging
from uploads.acts import CHECKS, Arrival, add_revision, current, hand_over, record
from uploads.documents import as_document
from uploads.models import Revision, Submission
from uploads.receiving import EXPIRE, receive
from uploads.staging import Staged
from uploads.states import REPLACEABLE, Mover, State
from uploads.thread import post_message
from uploads.transitions import illegal, move

__all__ = [
    "CHECKS",
    "EXPIRE",
    "as_document",
    "current",
    "find",
    "post_message",
    "receive",
    "replace",
    "submit",
    "withdraw",
]


def submit(actor: User, submission: Submission, metadata: dict[str, Any]) -> Submission:
    """Submit a draft with the sidecar that the form wrote: draft → uploaded, checks owed.

    Raises RefusedError: `sidecar_invalid` (422) with a pointer for each field, what `identity` refuses,
    `illegal_move` (409) where it is no draft any more, `not_found` (404).
    """
    permissions.ensure(actor, "submission.replace", submission.relation(actor))
    revision = current(submission)
    if submission.state != State.DRAFT:
        raise illegal(submission, State.UPLOADED)
    sidecar = identity.checked_sidecar(metadata)
    mod_id, version = sidecar["modId"], sidecar["version"]
    identity.ensure_may_submit(actor, mod_id)
    staged = Staged(revision.staging_name, revision.sha256, revision.size_bytes)
    identity.ensure_describes(sidecar, staged)
    identity.ensure_version_free(mod_id, version, but=submission)
    final = staging.staging_name(submission.submission_id, staging.file_name(mod_id, version))
    moved = staged if staged.name == final else staging.rename(staged, final)
    try:
        with transaction.atomic():
            Revision.objects.filter(pk=revision.pk).update(
                sidecar=sidecar, staging_name=final, file_name=staging.file_name(mod_id, version)
            )
            Submission.objects.filter(pk=submission.pk).update(
                mod_id=mod_id, version=version, name=sidecar["name"]
            )
            submission.refresh_from_db()
            hand_over(actor, submission, Action.UPLOAD_SUBMITTED)
    except IntegrityError as error:
        _discard_if_renamed(moved, staged)
        raise identity.version_exists(mod_id, version) from error
    except BaseException:
        _discard_if_renamed(moved, staged)
        raise
    if moved.name != staged.name:
        staging.discard(staged.name)
    return submission


def replace(
    actor: User,
    submission: Submission,
    *,
    chunks: Iterable[bytes],
    content_type: str,
    sidecar_raw: bytes | None = None,
    reason: str = "",
) -> Submission:
    """A new package for a submission whose checks failed or whose changes were asked for: its next revision.

    Without a sidecar the one before is taken again; `reason` goes into the trail. Raises RefusedError as
    `receive` does, and `identity_changed` (422), `illegal_move` (409), `not_found` (404).
    """
    permissions.ensure(actor, "submission.replace", submission.relation(actor))
    arrivals.ensure_zip(content_type)
    before = current(submission)
    if submission.kind == Submission.Kind.LISTING or submission.state not in REPLACEABLE:
        raise illegal(submission, State.UPLOADED)
    sidecar = identity.read_sidecar(sidecar_raw) if sidecar_raw is not None else _again(before.sidecar)
    _ensure_same_release(submission, sidecar)
    name = staging.staging_name(submission.submission_id, before.file_name, before.number + 1)
    staged = staging.put(name, chunks, limit=settings.SMMODS_MAX_PACKAGE_BYTES)
    try:
        if sidecar is not None:
            identity.ensure_describes(sidecar, staged)
        with transaction.atomic():
            arrival = Arrival(actor, submission.via, sidecar)
            revision = add_revision(submission, arrival, staged, None, before.number + 1)
            Submission.objects.filter(pk=submission.pk).update(current=revision, answer_due_at=None)
            submission.current, submission.answer_due_at = revision, None
            queueing.close_reasons(submission, "replaced")
            hand_over(
                actor, submission, Action.UPLOAD_REPLACED, before={"sha256": before.sha256}, reason=reason
            )
    except IntegrityError as error:
        staging.discard(staged.name)
        submission.refresh_from_db()
        raise illegal(submission, State.UPLOADED) from error
    except BaseException:
        staging.discard(staged.name)
        submission.refresh_from_db()
        raise
    return submission


def withdraw(actor: User, submission: Submission, *, reason: str = "") -> Submission:
    """Take a submission back: cancelled, its version free again.

    Raises RefusedError: `illegal_move` (409) from a state that has no such move, `not_found` (404).
    """
    permissions.ensure(actor, "submission.cancel", submission.relation(actor))
    before = submission.state
    with transaction.atomic():
        move(submission, State.CANCELLED, actor=actor, mover=Mover.MODDER)
        queueing.close_reasons(submission, "withdrawn")
        record(actor, Action.UPLOAD_WITHDRAWN, submission, before={"state": before}, reason=reason)
    return submission


def expire(payload: outbox.Payload) -> None:
    """Withdraw a draft that was never submitted: the outbox's work when its time is up."""
    submission = Submission.objects.filter(
        submission_id=payload["submission"], state=State.DRAFT.value
    ).first()
    if submission is None:
        return
    system = User.objects.system()
    with transaction.atomic():
        move(submission, State.CANCELLED, actor=system, mover=Mover.SYSTEM)
        record(
            system,
            Action.UPLOAD_WITHDRAWN,
            submission,
            before={"state": State.DRAFT.value},
            reason="The draft was not submitted in time.",
        )


def find(actor: User, public_id: str) -> Submission:
    """The submission, if this account may see it. Raises RefusedError `not_found` (404), or what its standing is."""
    stands = permissions.standing(actor)
    if not stands:
        raise RefusedError(stands.code, stands.message, stands.hint, status=stands.status)
    seen = Submission.objects.filter(submission_id=public_id.replace("\0", ""))
    found = seen.select_related("current", "author").first()
    if found is None or not permissions.can(actor, "submission.view", found.relation(actor)):
        raise RefusedError("not_found", "There is no such submission here.", "Check the address.", status=404)
    return found


def _discard_if_renamed(moved: Staged, staged: Staged) -> None:
    if moved.name != staged.name:
        staging.discard(moved.name)


def _again(sidecar: dict[str, Any] | None) -> dict[str, Any] | None:
    """The sidecar of the revision before, without what it said of that revision's bytes."""
    return None if sidecar is None else {key: value for key, value in sidecar.items() if key != "package"}


def _ensure_same_release(submission: Submission, sidecar: dict[str, Any] | None) -> None:
    if sidecar is None:
        return
    if (sidecar["modId"], sidecar["version"]) != (submission.mod_id, submission.version):
        raise RefusedError(
            "identity_changed",
            f"This submission is for {submission.mod_id} {submission.version}; the sidecar says "
            f"{sidecar['modId']} {sidecar['version']}.",
            "A revision keeps its mod and version. For another version, withdraw this one and upload anew.",
        )
