"""Receiving a package: read and judged at the door, staged, written as a submission, or leaving nothing."""

from collections.abc import Iterable

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import outbox, permissions
from accounts.audit import Action
from accounts.errors import Problem, RefusedError
from accounts.models import User
from uploads import arrivals, drafts, identity, staging
from uploads.acts import Arrival, add_revision, hand_over, record
from uploads.models import IdempotencyKey, Submission, submission_id
from uploads.staging import Staged

EXPIRE = "uploads.expire"
#: A draft that nobody submits is withdrawn after this long (seconds), so that its version is free again.
DRAFT_KEPT = 14 * 24 * 3600


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
            "sidecar_missing",
            "The sidecar is missing.",
            "Send the release's *.release.json as the part named sidecar.",
            problems=[Problem("sidecar_missing", "The part sidecar is missing.", pointer="/sidecar")],
        )
    if sidecar is not None:
        identity.ensure_may_submit(actor, sidecar["modId"])
    new_id = submission_id()
    named = staging.file_name(sidecar["modId"], sidecar["version"]) if sidecar else staging.DRAFT
    name = staging.staging_name(new_id, named)
    staged = staging.put(name, chunks, limit=settings.SMMODS_MAX_PACKAGE_BYTES)
    try:
        fingerprint = arrivals.fingerprint(staged, sidecar_raw)
        earlier = arrivals.by_key(actor, idempotency_key, fingerprint)
        if earlier is not None:
            staging.discard(staged.name)
            return earlier
        if sidecar is not None:
            identity.ensure_describes(sidecar, staged)
        return _keep(Arrival(actor, via, sidecar, idempotency_key, fingerprint), new_id, staged)
    except BaseException:
        staging.discard(staged.name)
        raise


def _keep(arrival: Arrival, new_id: str, staged: Staged) -> Submission:
    """Write the rows of a package that was received; its bytes may get their final name on the way."""
    peek = drafts.peek(staged) if arrival.via == Submission.Via.WEB else drafts.NOTHING
    mod_id, version, title = drafts.identity_of(arrival.sidecar, peek.manifest)
    if mod_id:
        identity.ensure_may_submit(arrival.actor, mod_id)
    try:
        with transaction.atomic():
            # One account's requests wait for each other here, so a retry sees what its first try did.
            User.objects.select_for_update().get(pk=arrival.actor.pk)
            earlier = arrivals.by_key(arrival.actor, arrival.key, arrival.fingerprint)
            if earlier is not None:
                staging.discard(staged.name)
                return earlier
            identity.ensure_room(arrival.actor)
            if mod_id and version:
                identity.ensure_version_free(mod_id, version)
            submission = Submission.objects.create(
                submission_id=new_id,
                author=arrival.actor,
                via=arrival.via,
                mod_id=mod_id,
                version=version,
                name=title,
            )
            submission.current = add_revision(submission, arrival, staged, peek.manifest)
            submission.save(update_fields=["current"])
            if arrival.key:
                IdempotencyKey.objects.create(
                    user=arrival.actor,
                    key=arrival.key,
                    fingerprint=arrival.fingerprint,
                    submission=submission,
                )
            if arrival.via == Submission.Via.WEB:
                outbox.owe(EXPIRE, {"submission": new_id}, key=new_id, delay=DRAFT_KEPT)
                record(arrival.actor, Action.UPLOAD_RECEIVED, submission)
            else:
                hand_over(arrival.actor, submission, Action.UPLOAD_SUBMITTED)
            return submission
    except IntegrityError as error:
        # Somebody else was first between the question and the write.
        raise identity.version_exists(mod_id or "", version or "") from error
