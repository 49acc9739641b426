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
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import audit, outbox, permissions
from accounts.audit import Action
from accounts.errors import Problem, RefusedError
from accounts.models import User
from uploads import arrivals, drafts, identity, queueing, staging
from uploads.documents import as_document
from uploads.models import IdempotencyKey, Revision, Submission, submission_id
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

CHECKS = "checks.run"
EXPIRE = "uploads.expire"
#: A draft that nobody submits is withdrawn after this long (seconds), so that its version is free again.
DRAFT_KEPT = 14 * 24 * 3600


@dataclass(frozen=True, slots=True)
class _Arrival:
    """What came with a package, read and judged at the door."""

    actor: User
    via: str
    sidecar: dict[str, Any] | None
    key: str | None = None
    fingerprint: str = ""


def receive(
    actor: User,
    *,
    chunks: Iterable[bytes],
    content_type: str,
    sidecar_raw: bytes | None,
    via: str,
    idempotency_key: str | None = None,
) -> Submission:
    """Take a package into staging and return its submission.

    With `via` "web" it is a draft, to be submitted with the form; with "api" and "manual" it needs the sidecar
    and is submitted at once. `idempotency_key` (at most 100 characters) makes a retry of the same request
    answer with the same submission.

    Raises RefusedError, nothing kept: `role_required` (403), `unsupported_content_type` (415),
    `sidecar_missing` and what `identity` refuses (403, 409, 422), `package_too_large` (413),
    `package_empty` (422), `idempotency_key_reused` (409).
    """
    permissions.ensure(actor, "upload.create")
    arrivals.ensure_zip(content_type)
    arrivals.ensure_key(idempotency_key)
    sidecar = None if sidecar_raw is None else identity.read_sidecar(sidecar_raw)
    if sidecar is None and via != Submission.Via.WEB:
        raise RefusedError(
            "sidecar_missing", "The sidecar is missing.",
            "Send the release's *.release.json as the part named sidecar.",
            problems=[Problem("sidecar_missing", "The part sidecar is missing.", pointer="/sidecar")],
        )
    if sidecar is not None:
        identity.ensure_may_submit(actor, sidecar["modId"])
    new_id = submission_id()
    name = staging.staging_name(new_id, _file_name(sidecar) or staging.DRAFT)
    staged = staging.put(name, chunks, limit=settings.SMMODS_MAX_PACKAGE_BYTES)
    try:
        fingerprint = arrivals.fingerprint(staged, sidecar_raw)
        earlier = arrivals.by_key(actor, idempotency_key, fingerprint)
        if earlier is not None:
            staging.discard(staged.name)
            return earlier
        if sidecar is not None:
            identity.ensure_describes(sidecar, staged)
        return _keep(_Arrival(actor, via, sidecar, idempotency_key, fingerprint), new_id, staged)
    except BaseException:
        staging.discard(staged.name)
        raise


def _keep(arrival: _Arrival, new_id: str, staged: Staged) -> Submission:
    """Write the rows of a package that was received; its bytes may get their final name on the way."""
    peek = drafts.peek(staged) if arrival.via == Submission.Via.WEB else drafts.NOTHING
    mod_id, version, title = drafts.identity_of(arrival.sidecar, peek.manifest)
    if mod_id:
        identity.ensure_may_submit(arrival.actor, mod_id)
    try:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=arrival.actor.pk)
            identity.ensure_room(arrival.actor)
            if mod_id and version:
                identity.ensure_version_free(mod_id, version)
            submission = Submission.objects.create(
                submission_id=new_id, author=arrival.actor, via=arrival.via, mod_id=mod_id, version=version,
                name=title,
            )
            submission.current = _add_revision(submission, arrival, staged, peek.manifest)
            submission.save(update_fields=["current"])
            if arrival.key:
                IdempotencyKey.objects.create(
                    user=arrival.actor, key=arrival.key, fingerprint=arrival.fingerprint, submission=submission
                )
            if arrival.via == Submission.Via.WEB:
                outbox.owe(EXPIRE, {"submission": new_id}, key=new_id, delay=DRAFT_KEPT)
                _record(arrival.actor, Action.UPLOAD_RECEIVED, submission)
            else:
                _hand_over(arrival.actor, submission, Action.UPLOAD_SUBMITTED)
            return submission
    except IntegrityError as error:
        # Somebody was first between the question and the write: with the key, or with the version.
        earlier = arrivals.by_key(arrival.actor, arrival.key, arrival.fingerprint)
        if earlier is not None:
            staging.discard(staged.name)
            return earlier
        raise identity.version_exists(mod_id or "", version or "") from error


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
            _hand_over(actor, submission, Action.UPLOAD_SUBMITTED)
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
) -> Submission:
    """A new package for a submission whose checks failed or whose changes were asked for: its next revision.

    Without a sidecar the one before is taken again. Raises RefusedError as `receive` does, and
    `identity_changed` (422), `illegal_move` (409), `not_found` (404).
    """
    permissions.ensure(actor, "submission.replace", submission.relation(actor))
    arrivals.ensure_zip(content_type)
    before = current(submission)
    if submission.state not in REPLACEABLE:
        raise illegal(submission, State.UPLOADED)
    sidecar = identity.read_sidecar(sidecar_raw) if sidecar_raw is not None else _again(before.sidecar)
    _ensure_same_release(submission, sidecar)
    name = staging.staging_name(submission.submission_id, before.file_name, before.number + 1)
    staged = staging.put(name, chunks, limit=settings.SMMODS_MAX_PACKAGE_BYTES)
    try:
        if sidecar is not None:
            identity.ensure_describes(sidecar, staged)
        with transaction.atomic():
            arrival = _Arrival(actor, submission.via, sidecar)
            revision = _add_revision(submission, arrival, staged, None, before.number + 1)
            Submission.objects.filter(pk=submission.pk).update(current=revision, answer_due_at=None)
            submission.current, submission.answer_due_at = revision, None
            queueing.close_reasons(submission, "replaced")
            _hand_over(actor, submission, Action.UPLOAD_REPLACED, before={"sha256": before.sha256})
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
        _record(actor, Action.UPLOAD_WITHDRAWN, submission, before={"state": before}, reason=reason)
    return submission


def expire(payload: outbox.Payload) -> None:
    """Withdraw a draft that was never submitted: the outbox's work when its time is up."""
    submission = Submission.objects.filter(submission_id=payload["submission"], state=State.DRAFT.value).first()
    if submission is None:
        return
    system = User.objects.system()
    with transaction.atomic():
        move(submission, State.CANCELLED, actor=system, mover=Mover.SYSTEM)
        _record(
            system, Action.UPLOAD_WITHDRAWN, submission, before={"state": State.DRAFT.value},
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
        raise RefusedError(
            "not_found", "There is no such submission here.", "Check the address.", status=404
        )
    return found


def _hand_over(
    actor: User, submission: Submission, action: Action, before: dict[str, Any] | None = None
) -> None:
    """All bytes are there: the submission is uploaded, and its checks are owed."""
    left = submission.state
    move(submission, State.UPLOADED, actor=actor, mover=Mover.MODDER)
    number = current(submission).number
    _record(actor, action, submission, before={"state": left} | (before or {}))
    outbox.owe(
        CHECKS, {"submission": submission.submission_id, "revision": number},
        key=f"{submission.submission_id}/{number}",
    )


def _record(
    actor: User, action: Action, submission: Submission, before: dict[str, Any] | None = None, reason: str = ""
) -> None:
    revision = current(submission)
    after = {
        "state": submission.state, "modId": submission.mod_id, "version": submission.version,
        "revision": revision.number, "sha256": revision.sha256, "sizeBytes": revision.size_bytes,
    }
    audit.record(
        actor, action, "submission", submission.submission_id, before=before, after=after, reason=reason
    )


def _add_revision(
    submission: Submission, arrival: _Arrival, staged: Staged, manifest: dict[str, Any] | None, number: int = 1
) -> Revision:
    mod_id, version = submission.mod_id, submission.version
    named = staging.file_name(mod_id, version) if mod_id and version else staging.DRAFT
    return Revision.objects.create(
        submission=submission, number=number, uploader=arrival.actor, staging_name=staged.name,
        file_name=named,
        sha256=staged.sha256, size_bytes=staged.size_bytes, sidecar=arrival.sidecar, manifest=manifest,
    )


def current(submission: Submission) -> Revision:
    """The revision that counts now. Raises LookupError where none was received."""
    if submission.current is None:
        raise LookupError(f"{submission} has no revision")
    return submission.current


def _file_name(sidecar: dict[str, Any] | None) -> str:
    return staging.file_name(sidecar["modId"], sidecar["version"]) if sidecar else ""


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
