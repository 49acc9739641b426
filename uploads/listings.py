"""Edits of a published mod's listing: submissions of the kind `listing`, whose bytes are their canonical JSON.

Rules
- The mod is in the catalog and the editor maintains it; one edit of a mod is open at a time.
- The old words stay live until somebody has approved the new ones.
- An edit that changes nothing is refused, and so is one that breaks the schema or names an unknown category:
  that is its one intake check, run at once, since nothing has to be unpacked for it.
- The bytes are staged, hashed and reviewed like a package's; a revision answers requested changes.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit, permissions
from accounts.audit import Action
from accounts.errors import Problem, RefusedError
from accounts.models import User
from accounts.strict_json import canonical
from catalog import schema_registry
from catalog.models import Category, Mod, relation_to
from catalog.publisher.listings import FIELDS, MOST, SCHEMA
from uploads import identity, queueing, staging
from uploads.acts import current, record
from uploads.models import CheckResult, QueueReason, Revision, Submission, submission_id
from uploads.staging import Staged
from uploads.states import REPLACEABLE, Mover, State
from uploads.transitions import move

CHECK = "listing_schema"
FILE = "listing.json"
Words = Mapping[str, Any]


def rules() -> dict[str, Any]:
    """What the publisher's gate asks of an edit: the checks that it must have passed, and by which rules."""
    return {"checks": [CHECK], "version": SCHEMA}


def live(mod: Mod) -> dict[str, Any]:
    """The words that a mod is listed with now."""
    return {
        "summary": mod.summary,
        "description": mod.description,
        "categories": sorted(mod.categories.values_list("code", flat=True)),
        "links": dict(mod.links),
    }


def find_mod(actor: User, mod_id: str) -> Mod:
    """A mod of the catalog that this account maintains. Raises RefusedError: 401, 403 by role, 404."""
    permissions.ensure(actor, "listing.edit", relation_to(actor.pk, mod_id, None))
    mod = Mod.objects.public().filter(mod_id=mod_id).first()
    if mod is None:
        raise RefusedError("not_found", "There is no such mod in the catalog.", "Check the id.", status=404)
    return mod


def open_edit(mod_id: str) -> Submission | None:
    """The edit of this mod that is still on its way."""
    return Submission.objects.open().filter(kind=Submission.Kind.LISTING, mod_id=mod_id).first()


def propose(actor: User, mod_id: str, words: Words) -> Submission:
    """Send new words for a mod's listing; returns the submission, in review.

    Raises RefusedError: as `find_mod`, 409 `listing_open` where another edit is on its way, `too_many_open`;
    422 `listing_unchanged`, `listing_invalid` with each problem's place.
    """
    mod = find_mod(actor, mod_id)
    document = _checked(mod, words)
    new_id = submission_id()
    staged = _stage(new_id, document, 1)
    try:
        with transaction.atomic():
            Mod.objects.select_for_update().get(pk=mod.pk)
            other = open_edit(mod_id)
            if other is not None:
                raise RefusedError(
                    "listing_open",
                    "An edit of this listing is waiting already.",
                    "Withdraw it, or wait for the decision.",
                    status=409,
                    extra={"submissionId": other.submission_id},
                )
            identity.ensure_room(actor)
            submission = Submission.objects.create(
                submission_id=new_id,
                kind=Submission.Kind.LISTING,
                author=actor,
                via=Submission.Via.WEB,
                mod_id=mod_id,
                name=mod.name,
            )
            _send(actor, submission, mod, document, staged, Action.UPLOAD_SUBMITTED)
    except BaseException:
        staging.discard(staged.name)
        raise
    return submission


def revise(actor: User, submission: Submission, words: Words) -> Submission:
    """Answer requested changes of an edit with new words: its next revision.

    Raises RefusedError: as `propose`, and 409 `illegal_move` where nothing was asked for.
    """
    permissions.ensure(actor, "submission.replace", submission.relation(actor))
    mod = find_mod(actor, submission.mod_id or "")
    if submission.kind != Submission.Kind.LISTING or submission.state not in REPLACEABLE:
        raise RefusedError(
            "illegal_move",
            "This edit can't be changed now.",
            "Withdraw it and make another one.",
            status=409,
        )
    document = _checked(mod, words)
    number = current(submission).number + 1
    staged = _stage(submission.submission_id, document, number)
    try:
        with transaction.atomic():
            Submission.objects.filter(pk=submission.pk).update(answer_due_at=None)
            queueing.close_reasons(submission, "replaced")
            _send(actor, submission, mod, document, staged, Action.UPLOAD_REPLACED, number)
    except BaseException:
        staging.discard(staged.name)
        submission.refresh_from_db()
        raise
    return submission


def _checked(mod: Mod, words: Words) -> dict[str, Any]:
    document = {"schema": SCHEMA, "modId": mod.mod_id} | {
        name: words[name] for name in FIELDS if name in words
    }
    problems = schema_registry.problems(SCHEMA, document) or _unknown(document)
    if problems:
        raise RefusedError(
            "listing_invalid", problems[0].message, problems[0].hint, problems=problems, status=422
        )
    document["categories"] = sorted(document["categories"])
    if {name: document[name] for name in FIELDS} == live(mod):
        raise RefusedError(
            "listing_unchanged", "These are the words that are there already.", "Change some.", status=422
        )
    return document


def _unknown(document: dict[str, Any]) -> list[Problem]:
    known = frozenset(Category.objects.filter(retired=False).values_list("code", flat=True))
    return [
        Problem(
            "category_unknown",
            f"{code!r} is no category of the portal.",
            f"Choose from: {', '.join(sorted(known))}.",
            f"/categories/{number}",
        )
        for number, code in enumerate(document["categories"])
        if code not in known
    ]


def _stage(public_id: str, document: dict[str, Any], number: int) -> Staged:
    name = staging.staging_name(public_id, FILE, number)
    return staging.put(name, [canonical(document)], limit=MOST)


def _send(
    actor: User,
    submission: Submission,
    mod: Mod,
    document: dict[str, Any],
    staged: Staged,
    action: Action,
    number: int = 1,
) -> None:
    """The revision, its one check and its place in the queue, in the caller's transaction.

    The words that it would take the place of are kept where a package has its manifest: the reviewer compares
    with them even after they are gone.
    """
    before = {"schema": SCHEMA, "modId": mod.mod_id} | live(mod)
    left = submission.state
    now = timezone.now()
    revision = Revision.objects.create(
        submission=submission,
        number=number,
        uploader=actor,
        staging_name=staged.name,
        file_name=FILE,
        sha256=staged.sha256,
        size_bytes=staged.size_bytes,
        sidecar=document,
        manifest=before,
        checked_at=now,
        rules_version=SCHEMA,
    )
    submission.current = revision
    submission.queued_at = submission.queued_at or now
    submission.save(update_fields=["current", "queued_at"])
    move(submission, State.UPLOADED, actor=actor, mover=Mover.MODDER)
    record(actor, action, submission, before={"state": left})
    _check(submission, revision)
    queueing.open_reason(
        submission,
        QueueReason.Kind.LISTING_EDITED,
        due=queueing.due_time(QueueReason.Kind.LISTING_EDITED, submission.queued_at),
    )


def _check(submission: Submission, revision: Revision) -> None:
    system = User.objects.system()
    move(submission, State.VALIDATING, actor=system, mover=Mover.SYSTEM)
    CheckResult.objects.create(
        revision=revision,
        check_id=CHECK,
        position=0,
        status="passed",
        message=f"The words keep {SCHEMA}.",
        rules_version=SCHEMA,
    )
    move(submission, State.PENDING_REVIEW, actor=system, mover=Mover.SYSTEM)
    audit.record(
        system,
        Action.VALIDATION_FINISHED,
        "submission",
        submission.submission_id,
        before={"state": State.VALIDATING.value},
        after={
            "state": submission.state,
            "revision": revision.number,
            "sha256": revision.sha256,
            "rulesVersion": SCHEMA,
            "checks": {CHECK: "passed"},
            "blocking": [],
        },
    )
