"""Driving the publisher: what is approved is published, and submissions move with what was switched.

Rules
- Work is owed by the decision and done here; each piece asks first whether the submission still stands where
  the decision left it, so pieces that come late, twice or out of order do no harm.
- A run takes every approved submission along whose time to undo has passed; it is read under the row's lock, so
  that an undo is either seen or comes too late. Each passes the publisher's gate by itself: one that is refused
  goes back to review with the reason, the others go on.
- `approved -> published` and `published -> superseded` are the system's moves, made in the transaction that
  closes the publication's line in the journal.
- After a publication the public smoke is owed.
"""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts import audit, outbox, permissions
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import OutboxRow, User
from catalog import service_status
from catalog.models import Publication, Release
from catalog.publisher import (
    Applied,
    Change,
    EditListing,
    Hide,
    NewListing,
    NewRelease,
    Publish,
    Refresh,
    Restore,
    Supersede,
    finish_unfinished,
    publish,
)
from catalog.publisher.changes import Sent
from moderation import publication_checks
from moderation.models import Decision
from moderation.publication_checks import PlannedChecks
from moderation.table import CLOCKS
from uploads import queueing
from uploads.models import QueueReason, Submission
from uploads.staging import open_staged
from uploads.states import Mover, State
from uploads.transitions import move

log = logging.getLogger(__name__)

RUN, SMOKE = "publication.run", "publication.smoke"
#: How long a piece of work waits for another publication, in seconds, and how long after that it is tried again.
WAIT, AGAIN = 5.0, 1.0
#: What is said of a release that was taken back without a word for the public.
NO_REASON = "The moderation team took it back."


def run(payload: outbox.Payload) -> None:
    """The outbox's work of the kind `publication.run`.

    The payload is {"op", "submission", "level", "reason", "successor", "actor"}, the last an account id.
    """
    actor = _actor(payload.get("actor", ""))
    try:
        _run(payload, actor)
    except RefusedError as refused:
        if refused.code == "publisher_busy":
            raise outbox.LaterError(AGAIN, refused.message) from refused
        raise


def _actor(account_id: str) -> User:
    """The account that the work is owed by; the system where none is named."""
    return User.objects.filter(account_id=account_id).first() or User.objects.system()


def _run(payload: outbox.Payload, actor: User) -> None:
    op = payload["op"]
    if op == "publish":
        publish_approved(actor)
        return
    if op == "refresh":
        _publish([Refresh(tuple(payload.get("mods", ())))], actor, "the platform or the contract changed")
        return
    submission = Submission.objects.get(submission_id=payload["submission"])
    change = _change(op, submission, payload)
    if change is None:
        log.info("publication no longer asked for", extra={"op": op, "submission": submission.submission_id})
        return
    _publish([change], actor, f"{op} {submission.mod_id} {submission.version}")


def _change(op: str, submission: Submission, payload: outbox.Payload) -> Change | None:
    """The change that is owed, if the submission still stands where the decision left it."""
    mod_id, version, state = submission.mod_id or "", submission.version or "", State(submission.state)
    if op == "hide" and state is State.HIDDEN:
        level = payload.get("level") or Release.Level.SOFT.value
        return Hide(mod_id, version, payload.get("reason") or NO_REASON, level)
    if op == "restore" and state in (State.PUBLISHED, State.SUPERSEDED):
        return Restore(mod_id, version)
    if op == "supersede" and state is State.PUBLISHED:
        return Supersede(mod_id, version, payload["successor"])
    return None


def _publish(
    changes: Sequence[Change], actor: User, cause: str, wait: float | None = None
) -> Publication | None:
    checks = PlannedChecks()
    return publish(
        changes,
        actor=actor,
        cause=cause,
        verify=checks.verify,
        on_switch=partial(_switched, checks),
        on_refused=_refused,
        wait=WAIT if wait is None else wait,
    )


def publish_approved(actor: User, wait: float = WAIT) -> Publication | None:
    """Publish every approved submission; returns the last publication made, None where there was none to make.

    Raises RefusedError `publisher_busy`; whatever else is refused goes back to review.
    """
    done = finish_unfinished(on_switch=partial(_switched, PlannedChecks()), wait=wait)
    changes = [_addition(submission) for submission in _approved()]
    if not changes:
        return done
    try:
        return _publish(changes, actor, _cause(changes), wait) or done
    except RefusedError as refused:
        if refused.code == "publisher_busy":
            raise
        return _one_by_one(changes, actor, wait) or done


def _addition(submission: Submission) -> Publish | EditListing:
    if submission.kind == Submission.Kind.LISTING:
        return EditListing(new_listing(submission))
    return Publish(new_release(submission))


def _approved() -> list[Submission]:
    """Approved submissions that nobody can undo any more, the oldest approval first."""
    open_still = Decision.objects.filter(
        submission=OuterRef("pk"), action="approve", undo_until__gt=timezone.now() - CLOCKS
    )
    with transaction.atomic():
        return list(
            Submission.objects.select_for_update(of=("self",))
            .filter(~Exists(open_still), state=State.APPROVED.value)
            .select_related("author", "current__uploader")
            .order_by("updated_at", "pk")
        )


def _one_by_one(changes: Sequence[Publish | EditListing], actor: User, wait: float) -> Publication | None:
    """One of several was refused over the planned tree: each by itself, so that the others go on."""
    done = None
    for change in changes:
        try:
            done = _publish([change], actor, _cause([change]), wait) or done
        except RefusedError as refused:
            if refused.code == "publisher_busy":
                raise
            _refused(change.release if isinstance(change, Publish) else change.listing, refused)
    return done


def _cause(changes: Sequence[Publish | EditListing]) -> str:
    names = [
        f"{change.release.mod_id} {change.release.version}"
        if isinstance(change, Publish)
        else f"{change.listing.mod_id} listing"
        for change in changes
    ]
    return "approved: " + ", ".join(names)


def new_listing(submission: Submission) -> NewListing:
    """What an edit of a listing asks the publisher for. Raises ValueError for one without words."""
    revision = submission.current
    if revision is None or submission.mod_id is None:
        raise ValueError(f"{submission} has no words")
    return NewListing(
        submission_id=submission.submission_id,
        revision=revision.number,
        mod_id=submission.mod_id,
        sha256=revision.sha256,
        size_bytes=revision.size_bytes,
        uploaded_by=revision.uploader,
        open=partial(open_staged, revision),
    )


def new_release(submission: Submission) -> NewRelease:
    """What a submission asks the publisher for. Raises ValueError for one without a package."""
    revision = submission.current
    if revision is None or submission.mod_id is None or submission.version is None:
        raise ValueError(f"{submission} has no package")
    approval = Decision.objects.filter(submission=submission, action="approve").order_by("-id").first()
    return NewRelease(
        submission_id=submission.submission_id,
        revision=revision.number,
        mod_id=submission.mod_id,
        version=submission.version,
        sha256=revision.sha256,
        size_bytes=revision.size_bytes,
        manifest=revision.manifest or {},
        sidecar=revision.sidecar or {},
        uploaded_by=revision.uploader,
        reviewed_at=approval.at if approval else timezone.now(),
        open=partial(open_staged, revision),
        checks=publication_checks.for_the_public(revision),
        portal=submission.via != Submission.Via.MANUAL,
    )


def _refused(release: Sent, refused: RefusedError) -> None:
    """Back to review, with the reason where a moderator sees it."""
    system = User.objects.system()
    with transaction.atomic():
        submission = Submission.objects.get(submission_id=release.submission_id)
        if submission.state != State.APPROVED:
            return
        move(submission, State.PENDING_REVIEW, actor=system, mover=Mover.SYSTEM)
        queueing.open_reason(
            submission, QueueReason.Kind.BY_HAND, f"The publisher refused it: {refused.message}"
        )
        audit.record(
            system,
            Action.PUBLICATION_REFUSED,
            "submission",
            submission.submission_id,
            before={"state": State.APPROVED.value},
            after={
                "state": submission.state,
                "revision": release.revision,
                "sha256": release.sha256,
                "code": refused.code,
            },
            reason=refused.message,
        )
    log.warning("the publisher refused", extra={"submission": release.submission_id, "code": refused.code})


def _switched(checks: PlannedChecks, applied: tuple[Applied, ...]) -> None:
    """In the transaction that closes the line: move the submissions, keep the checks' results, owe the smoke."""
    system = User.objects.system()
    targets = {
        "publish": (State.APPROVED, State.PUBLISHED),
        "listing": (State.APPROVED, State.PUBLISHED),
        "supersede": (State.PUBLISHED, State.SUPERSEDED),
    }
    for done in applied:
        submission = (
            Submission.objects.select_related("current").filter(submission_id=done.submission_id).first()
        )
        source, target = targets.get(done.op, (None, None))
        if submission is None or target is None:
            continue
        if submission.state == source:
            move(submission, target, actor=system, mover=Mover.SYSTEM)
        if done.op == "listing":
            _supersede_listings(submission, system)
        if done.op == "publish" and submission.current is not None:
            release = Release.objects.select_related("mod").get(submission_id=done.submission_id)
            results = checks.results.get(done.submission_id) or publication_checks.over_the_tree(release)
            publication_checks.keep(submission.current, results)
    revision = Publication.objects.latest("revision").revision
    outbox.owe(SMOKE, {"revision": revision}, key=str(revision))


def _supersede_listings(newest: Submission, system: User) -> None:
    """The words that the newest edit of a listing took the place of are history."""
    older = Submission.objects.filter(
        kind=Submission.Kind.LISTING, mod_id=newest.mod_id, state=State.PUBLISHED.value
    ).exclude(pk=newest.pk)
    for submission in older:
        move(submission, State.SUPERSEDED, actor=system, mover=Mover.SYSTEM)


def publish_due(actor: User, wait: float = WAIT) -> Publication | None:
    """By hand: everything that is due, whether it is still owed or was given up; None where nothing was.

    Raises RefusedError: what the permission says, `publisher_busy` (503).
    """
    permissions.ensure(actor, "system.move" if actor.is_system else "catalog.publish")
    before = _last()
    finish_unfinished(on_switch=partial(_switched, PlannedChecks()), wait=wait)
    for row in OutboxRow.objects.filter(outbox.waiting(timezone.now()), kind=RUN).order_by("pk"):
        outbox.run(row.pk)
    publish_approved(actor, wait)
    for change in overlooked():
        _publish([change], actor, "found not to agree with the decisions", wait)
    _publish([Refresh()], actor, "by hand", wait)
    last = _last()
    return last if last != before else None


def _last() -> Publication | None:
    return Publication.objects.filter(outcome=Publication.Outcome.DONE).order_by("-revision").first()


def overlooked() -> list[Change]:
    """Releases that stand otherwise in the catalog than their submissions say."""
    public = Release.objects.filter(taken_back_at=None).values("submission_id")
    gone = Release.objects.filter(taken_back_at__isnull=False).values("submission_id")
    found: list[Change] = []
    for submission in Submission.objects.filter(state=State.HIDDEN.value, submission_id__in=public):
        decision = submission.decisions.filter(action="hide").order_by("-id").first()
        said: dict[str, Any] = {}
        if decision is not None:
            said = {"level": decision.level, "reason": "\n".join(row["text"] for row in decision.reasons)}
        change = _change("hide", submission, said)
        found += [change] if change else []
    back = (State.PUBLISHED.value, State.SUPERSEDED.value)
    for submission in Submission.objects.filter(state__in=back, submission_id__in=gone):
        change = _change("restore", submission, {})
        found += [change] if change else []
    return found


def exhausted(payload: outbox.Payload, why: str) -> None:
    """All attempts of a piece of work are used up: said where readiness looks."""
    log.error("a publication was given up", extra={"op": payload.get("op"), "why": why})
    service_status.report("catalog_publisher", False, missing=f"A publication was given up: {why}")
