"""Writing a verdict: results, inventory, signals and risk of a revision, and what follows for its submission.

Rules
- What is found is weighed before anything is written, so the transaction is short.
- All of it is written together or not at all, once: whoever comes second finds the move made and leaves
  everything as it is.
- The audit entry holds what the publisher's gate asks for: the bytes, the rules' version, how each check
  ended, and which findings stop an approval.
- Where something failed the author reads what and how to mend it; else the submission goes into the queue.
- What the checks could not finish is put before a person too, though it is not in review (`look`).
- Our own API keys in a package are revoked in the same transaction (`accounts.leaks`).
"""

import logging
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts import audit, leaks
from accounts.audit import Action
from accounts.errors import Problem, RefusedError
from accounts.models import User
from uploads import inventory, mails, queueing
from uploads.checks import RULES_VERSION, Result, Status, Subject
from uploads.models import CheckResult, QueueReason, Revision, Signal, Submission
from uploads.signals.risk import once, risk_of
from uploads.states import Mover, State
from uploads.transitions import move
from uploads.weighing import Weighed, weigh

log = logging.getLogger(__name__)

#: The id under which the worker reports what is no single check's business.
VALIDATION = "validation"


def verdict(problem: Problem) -> Result:
    """The result of a run that came to no check's own: it failed with `problem`."""
    return Result(VALIDATION, Status.FAILED, problem.code, problem.message, problem.hint, problems=(problem,))


def finish(
    submission: Submission,
    revision: Revision,
    results: Sequence[Result],
    subject: Subject | None,
    *,
    look: str = "",
) -> None:
    """Write the verdict and make the move; `look` says why a person should look though the checks failed."""
    broken = [result for result in results if result.status is Status.FAILED]
    target = State.VALIDATION_FAILED if broken else State.PENDING_REVIEW
    system = User.objects.system()
    revision.submission = submission
    found = weigh(submission, subject, results) if subject is not None else []
    try:
        with transaction.atomic():
            move(submission, target, actor=system, mover=Mover.SYSTEM)
            _write(revision, results, subject, found)
            if broken:
                mails.tell_author(submission, "validation_failed", {"problems": _told(broken)})
            else:
                _queue(submission)
            if look:
                queueing.open_reason(submission, QueueReason.Kind.BY_HAND, look)
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
                    "blocking": _blocking(found),
                },
            )
            if subject is not None:
                leaks.revoke_leaked(subject.leaked_keys, submission.submission_id)
    except RefusedError as refused:
        log.info(
            "a verdict was there already", extra={"submission": submission.submission_id, "why": str(refused)}
        )


def write_results(revision: Revision, results: Sequence[Result], subject: Subject | None) -> list[Weighed]:
    """Write what was found over what the revision had: results, inventory, signals, risk, scanners.

    Returns the signals. Belongs into the caller's transaction.
    """
    found = weigh(revision.submission, subject, results) if subject is not None else []
    _write(revision, results, subject, found)
    return found


def _write(
    revision: Revision, results: Sequence[Result], subject: Subject | None, found: Sequence[Weighed]
) -> None:
    if revision.checked_at is not None:
        _forget(revision)
    _write_checks(revision, results)
    inventory.write(
        revision,
        subject.report.members if subject is not None else (),
        subject.programs if subject is not None else {},
    )
    _write_signals(revision, found)
    revision.checked_at, revision.rules_version = timezone.now(), RULES_VERSION
    revision.risk = risk_of(once((row.signal, row.weight) for row in found))
    if subject is not None:
        revision.manifest, revision.scanners = subject.manifest, dict(subject.scanners)
    revision.save(update_fields=["checked_at", "rules_version", "risk", "manifest", "scanners"])


def _forget(revision: Revision) -> None:
    """What an earlier check of the same bytes had written."""
    revision.results.all().delete()
    revision.files.all().delete()
    revision.signals.all().delete()


def _write_checks(revision: Revision, results: Sequence[Result]) -> None:
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
        for place, row in enumerate(result.as_dict() for result in results)
    )


def _write_signals(revision: Revision, found: Sequence[Weighed]) -> None:
    Signal.objects.bulk_create(
        Signal(
            revision=revision,
            position=place,
            code=row.signal.code,
            message=row.signal.message,
            path=row.signal.path[:400],
            line=row.signal.line,
            excerpt=row.signal.excerpt,
            rule=row.signal.rule,
            weight=row.weight,
            blocking=row.signal.blocking,
            fingerprint=row.signal.fingerprint,
            first_seen=row.first_seen[:100],
        )
        for place, row in enumerate(found)
    )


def _blocking(found: Sequence[Weighed]) -> list[str]:
    """The fingerprints that stop an approval, each once."""
    return list(dict.fromkeys(row.signal.fingerprint for row in found if row.signal.blocking))


def _queue(submission: Submission) -> None:
    """Into the queue; a revision goes to its submission's old place."""
    if submission.queued_at is None:
        submission.queued_at = timezone.now()
        submission.save(update_fields=["queued_at"])
    kind = queueing.review_kind(submission)
    queueing.open_reason(submission, kind, due=queueing.due_time(kind, submission.queued_at))


def _told(broken: Sequence[Result]) -> list[dict[str, str]]:
    """The first problems, as the mail lists them."""
    problems = [problem for result in broken for problem in result.problems][:10]
    return [
        {"message": p.message, "hint": p.hint, "place": p.path or p.pointer, "code": p.code} for p in problems
    ]
