"""The worker's part: take an uploaded package up, run the intake checks over its bytes, write the verdict.

Rules
- The bytes are hashed again: only those that were received are judged (`staged_bytes_changed`).
- A check that can't be answered just now is no verdict: the submission goes back and is tried again.
- At most two packages of one account are being checked at once.
- Every step is a conditional move, so a second worker with the same work does no harm; a row that a killed
  worker left in `validating` is taken up by the next attempt.
- A package that asks for more time or memory than one may take fails for it at once; an inspection that
  breaks off or makes no sense costs an attempt.
- Attempts that are used up end in `validation_failed` with `validation_crashed`, and an open reason puts it
  before a human.
- What is written is `verdicts`' business.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

from django.db import transaction

from accounts import audit, outbox
from accounts.audit import Action
from accounts.errors import Problem, RefusedError
from accounts.models import User
from uploads import asked, facts, fairness, staging
from uploads.checks import MustWaitError, Result, Subject, prepare, run_intake
from uploads.isolation.errors import IsolationError, IsolationUnavailableError
from uploads.models import Revision, Submission
from uploads.states import Mover, State
from uploads.transitions import move
from uploads.verdicts import finish, verdict, write_results

__all__ = ["changed", "check", "give_up", "subject_for", "work", "write_results"]

log = logging.getLogger(__name__)

#: How long to wait (seconds) before asking again: for a turn, and for a scanner or service.
TURN = 2.0
AWAY = 30.0
_UNDER_WAY = (State.UPLOADED.value, State.VALIDATING.value)


def work(payload: outbox.Payload) -> None:
    """The outbox's work of the kind `checks.run`: {"submission", "revision", "account"}."""
    check(payload["submission"], payload["revision"])


def check(submission_id: str, revision: int) -> None:
    """Check revision `revision` of a submission and write the verdict, unless that is no longer asked for.

    Raises LaterError where it must wait; any other exception means that this attempt is lost.
    """
    submission = _take_up(submission_id, revision)
    if submission is None or submission.current is None:
        return
    current = submission.current
    try:
        subject = subject_for(submission, current)
        results = run_intake(subject) if subject is not None else [changed()]
    except (MustWaitError, IsolationUnavailableError) as wait:
        _give_back(submission, wait.message)
        raise outbox.LaterError(AWAY, wait.message) from wait
    except IsolationError as broken:
        if not broken.final:
            raise
        log.warning("the inspection gave no answer", extra={"code": broken.code, "why": broken.detail})
        subject, results = None, [verdict(broken.problems[0])]
    finish(submission, current, results, subject)


def give_up(payload: outbox.Payload, why: str) -> None:
    """All attempts are used up: the submission fails with `validation_crashed`."""
    submission = _asked_for(payload["submission"], payload["revision"])
    if submission is None or submission.current is None:
        return
    log.error("checks were given up", extra={"submission": submission.submission_id, "why": why})
    if submission.state == State.UPLOADED:
        with transaction.atomic():
            move(submission, State.VALIDATING, actor=User.objects.system(), mover=Mover.SYSTEM)
    problem = Problem(
        "validation_crashed",
        "The checks stopped three times without a verdict.",
        "The moderation team looks into it. If your package is unusually large, try a smaller one.",
    )
    finish(submission, submission.current, [verdict(problem)], None, look=f"{problem.message} {why}".strip())


def _asked_for(submission_id: str, revision: int) -> Submission | None:
    """The submission, if this revision of it still waits for a verdict."""
    rows = Submission.objects.select_related("current", "author").filter(
        submission_id=submission_id, state__in=_UNDER_WAY, current__number=revision
    )
    return rows.first()


def _take_up(submission_id: str, revision: int) -> Submission | None:
    with transaction.atomic():
        submission = _asked_for(submission_id, revision)
        if submission is None or submission.state == State.VALIDATING:
            return submission
        # Whoever asks for this account waits for the other, so that both don't see one place free.
        User.objects.select_for_update().get(pk=submission.author_id)
        busy = Submission.objects.filter(author_id=submission.author_id, state=State.VALIDATING.value).count()
        if busy >= fairness.AT_ONCE:
            raise outbox.LaterError(TURN, "two packages of this account are being checked already")
        system = User.objects.system()
        try:
            move(submission, State.VALIDATING, actor=system, mover=Mover.SYSTEM)
        except RefusedError:
            return None  # withdrawn, or taken up by somebody else, since we looked
        audit.record(
            system,
            Action.VALIDATION_STARTED,
            "submission",
            submission_id,
            before={"state": State.UPLOADED.value},
            after={"state": submission.state, "revision": revision, "sha256": _sha256(submission)},
        )
        return submission


def subject_for(
    submission: Submission, revision: Revision, source: Callable[[], BinaryIO] | None = None
) -> Subject | None:
    """What the checks look at; None where the bytes in staging are not those that were received.

    `source` opens the bytes where they lie elsewhere: the publisher's, of a release.
    """
    name = revision.staging_name
    try:
        if source is None and staging.store().size(name) != revision.size_bytes:
            return None
        read = prepare(
            source or (lambda: staging.read(name)),
            revision.size_bytes,
            sidecar=revision.sidecar,
            profile=asked.profile(),
            scanner=asked.scanner(),
        )
    except FileNotFoundError:
        return None
    if read.sha256 != revision.sha256:
        return None
    portal = facts.gather(revision.sidecar, read.manifest, submission=submission)
    return replace(read, portal=portal)


def _give_back(submission: Submission, why: str) -> None:
    system = User.objects.system()
    with transaction.atomic():
        try:
            move(submission, State.UPLOADED, actor=system, mover=Mover.SYSTEM)
        except RefusedError:
            return  # somebody else came to a verdict
        audit.record(
            system,
            Action.VALIDATION_RETURNED,
            "submission",
            submission.submission_id,
            before={"state": State.VALIDATING.value},
            after={"state": submission.state},
            reason=why,
        )


def changed() -> Result:
    """The result of looking at bytes that are not there, or are others than were received."""
    return verdict(
        Problem(
            "staged_bytes_changed",
            "The package in staging is no longer the one that was received.",
            "Replace the package. The moderation team sees this and looks into the storage.",
        )
    )


def _sha256(submission: Submission) -> str:
    return submission.current.sha256 if submission.current else ""
