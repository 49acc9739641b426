"""The worker's part: take an uploaded package up, run the intake checks over its bytes, write the verdict.

Rules
- The bytes are hashed again: only those that were received are judged (`staged_bytes_changed`).
- A check that can't be answered just now is no verdict: the submission goes back and is tried again.
- At most two packages of one account are being checked at once.
- Every step is a conditional move, so a second worker with the same work does no harm; a row that a killed
  worker left in `validating` is taken up by the next attempt.
- Attempts that are used up end in `validation_failed` with `validation_crashed`, for a human to look at.
- Verdict, results, inventory, reason row, audit entry and mail are written together or not at all.
"""

import logging
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts import audit, outbox
from accounts.audit import Action
from accounts.errors import Problem, RefusedError
from accounts.models import User
from uploads import facts, mails, queueing, staging
from uploads.checks import RULES_VERSION, MustWaitError, Result, Status, Subject, prepare, run_intake
from uploads.models import CheckResult, PackageFile, Revision, Submission
from uploads.package.reader import Member
from uploads.states import Mover, State
from uploads.transitions import move

log = logging.getLogger(__name__)

AT_ONCE = 2
#: How long to wait (seconds) before asking again: for a turn, and for a scanner or service.
TURN = 2.0
AWAY = 30.0
#: The id under which the worker reports what is no single check's business.
VALIDATION = "validation"
_BATCH = 500
_UNDER_WAY = (State.UPLOADED.value, State.VALIDATING.value)


def work(payload: outbox.Payload) -> None:
    """The outbox's work of the kind `checks.run`: {"submission", "revision"}."""
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
        results = run_intake(subject) if subject is not None else [_changed()]
    except MustWaitError as wait:
        _give_back(submission, wait.message)
        raise outbox.LaterError(AWAY, wait.message) from wait
    _finish(submission, current, results, subject)


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
    _finish(submission, submission.current, [_verdict(problem)], None)


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
        if busy >= AT_ONCE:
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


def subject_for(submission: Submission, revision: Revision) -> Subject | None:
    """What the checks look at; None where the bytes in staging are not those that were received."""
    name = revision.staging_name
    try:
        if staging.store().size(name) != revision.size_bytes:
            return None
        read = prepare(lambda: staging.read(name), revision.size_bytes, sidecar=revision.sidecar)
    except FileNotFoundError:
        return None
    if read.sha256 != revision.sha256:
        return None
    portal = facts.gather(revision.sidecar, read.manifest, submission=submission)
    return Subject(
        open_package=read.open_package,
        size=read.size,
        sha256=read.sha256,
        report=read.report,
        manifest=read.manifest,
        sidecar=read.sidecar,
        portal=portal,
    )


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


def _finish(
    submission: Submission, revision: Revision, results: Sequence[Result], subject: Subject | None
) -> None:
    """Write the verdict, once: whoever comes second finds the move made and leaves everything as it is."""
    broken = [result for result in results if result.status is Status.FAILED]
    target = State.VALIDATION_FAILED if broken else State.PENDING_REVIEW
    system, now = User.objects.system(), timezone.now()
    members = subject.report.members if subject is not None else ()
    try:
        with transaction.atomic():
            move(submission, target, actor=system, mover=Mover.SYSTEM)
            write_results(revision, results, subject)
            revision.checked_at, revision.rules_version = now, RULES_VERSION
            revision.risk = risk_of(results, members)
            if subject is not None:
                revision.manifest = subject.manifest
            revision.save(update_fields=["checked_at", "rules_version", "risk", "manifest"])
            if broken:
                mails.tell_author(submission, "validation_failed", {"problems": _told(broken)})
            else:
                _queue(submission)
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
                    "rulesVersion": RULES_VERSION,
                    "checks": {result.check_id: result.status.value for result in results},
                },
            )
    except RefusedError as refused:
        log.info(
            "a verdict was there already", extra={"submission": submission.submission_id, "why": str(refused)}
        )


def _queue(submission: Submission) -> None:
    """Into the queue; a revision goes to its submission's old place."""
    if submission.queued_at is None:
        submission.queued_at = timezone.now()
        submission.save(update_fields=["queued_at"])
    kind = queueing.review_kind(submission)
    queueing.open_reason(submission, kind, due=queueing.due_time(kind, submission.queued_at))


def write_results(revision: Revision, results: Sequence[Result], subject: Subject | None) -> None:
    """Write the results and the inventory of `subject` over those that the revision had."""
    members = subject.report.members if subject is not None else ()
    revision.results.all().delete()
    revision.files.all().delete()
    documents = [result.as_dict() for result in results]
    CheckResult.objects.bulk_create(
        CheckResult(
            revision=revision,
            check_id=row["id"],
            position=place,
            status=row["status"],
            code=row["code"],
            message=row["message"],
            hint=row["hint"],
            path=row["path"][:400],
            evidence=row["evidence"],
            problems=row["problems"],
            rules_version=row["rulesVersion"],
        )
        for place, row in enumerate(documents)
    )
    PackageFile.objects.bulk_create(
        (
            PackageFile(
                revision=revision,
                path=member.path,
                size_bytes=member.size,
                crc32=member.crc,
                sha256=member.sha256,
                kind=member.kind[:40],
                executable=member.executable,
            )
            for member in members
        ),
        batch_size=_BATCH,
    )


def risk_of(results: Sequence[Result], members: Sequence[Member]) -> int:
    """How closely to look, from 0 to 5: programs inside count 3, each check with a signal 1."""
    programs = 3 if any(member.executable for member in members) else 0
    return min(5, programs + sum(result.status is Status.WARNED for result in results))


def _told(broken: Sequence[Result]) -> list[dict[str, str]]:
    """The first problems, as the mail lists them."""
    problems = [problem for result in broken for problem in result.problems][:10]
    return [
        {"message": p.message, "hint": p.hint, "place": p.path or p.pointer, "code": p.code} for p in problems
    ]


def _verdict(problem: Problem) -> Result:
    return Result(VALIDATION, Status.FAILED, problem.code, problem.message, problem.hint, problems=(problem,))


def _changed() -> Result:
    return _verdict(
        Problem(
            "staged_bytes_changed",
            "The package in staging is no longer the one that was received.",
            "Replace the package. The moderation team sees this and looks into the storage.",
        )
    )


def _sha256(submission: Submission) -> str:
    return submission.current.sha256 if submission.current else ""
