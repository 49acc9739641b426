"""The worker's part of a rescan: look at one revision, write down the difference, go on to the next.

Rules
- Uploads come first: while one is due, the rescan waits.
- What can't be answered just now (a scanner that is away) is put aside and asked again, `TURNS` times a minute
  apart; a package that asks for too much, or that the checks crash on three times, is worse, and a hit.
- The difference and what follows from it are written in one transaction with the note that the next is due: a
  worker that is killed at any point loses nothing and writes nothing twice.
- A dry run writes its result and nothing else.
- Applied to what waits: results, inventory and signals are replaced, with a `validation.finished` entry for the
  publisher's gate; a hit opens a reason. The state stays. What was decided or replaced meanwhile is left alone.
- Applied to what is published: the results of its review stay as they were; a hit that no applied rescan had
  before opens an urgent reason and is told to the staff.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit, leaks, outbox
from accounts.audit import Action
from accounts.errors import Problem
from accounts.models import OutboxRow, User
from catalog.publisher.tree import PublicTree
from uploads import checking, rescan_hits, rescans, staging
from uploads.acts import CHECKS
from uploads.checks import RULES_VERSION, MustWaitError, Result, Subject, run_intake
from uploads.isolation.errors import IsolationError, IsolationUnavailableError
from uploads.models import Rescan, RescanResult, Revision, Submission
from uploads.rescan_compare import GONE, WAITS, Difference, Known, compare
from uploads.signals.document import as_document
from uploads.states import State
from uploads.verdicts import verdict, write_results
from uploads.weighing import weigh

log = logging.getLogger(__name__)

#: How long (seconds) a rescan lets uploads go first before it looks again, and between rounds over what waits.
BEHIND = 2.0
AGAIN = 60.0
TURNS = 30
_RESCANS = "/moderation/rescans/"


def work(payload: outbox.Payload) -> None:
    """The outbox's work of the kind `rescan.run`: {"rescan", "revision", "turn", "since"}."""
    row = _row(payload)
    if row is None:
        return
    if uploads_wait():
        raise outbox.LaterError(BEHIND, "uploads go first")
    if row.outcome not in ("", WAITS):
        _write(row, payload, None, None, ())
        return
    if not _still_in_scope(row):
        _write(row, payload, Difference(GONE, [], [], "It was decided or replaced meanwhile."), None, ())
        return
    try:
        subject, results = look(row.revision)
    except (MustWaitError, IsolationUnavailableError) as wait:
        _write(row, payload, Difference(WAITS, [], [], wait.message), None, ())
        return
    _judge(row, payload, subject, results)


def give_up(payload: outbox.Payload, why: str) -> None:
    """All attempts are used up: the checks crash on this package, which somebody must look at."""
    row = _row(payload)
    if row is None or row.outcome not in ("", WAITS):
        return
    log.error("a rescan gave a revision up", extra={"revision": row.revision_id, "why": why})
    problem = Problem(
        "validation_crashed", "The checks stopped three times without a verdict.", "Look into it."
    )
    _judge(row, payload, None, [verdict(problem)])


def uploads_wait() -> bool:
    """Whether a fresh upload is due to be checked and nobody has taken it up."""
    return OutboxRow.objects.filter(outbox.waiting(timezone.now()), kind=CHECKS).exists()


def look(revision: Revision) -> tuple[Subject | None, Sequence[Result]]:
    """Inspect a revision by the rules in force, exactly as a submission is.

    Raises MustWaitError and IsolationUnavailableError where it must wait, and IsolationError where the
    inspection broke off and may be tried again.
    """
    try:
        subject = checking.subject_for(revision.submission, revision, _source(revision))
        return subject, run_intake(subject) if subject is not None else [checking.changed()]
    except IsolationError as broken:
        if not broken.final:
            raise
        return None, [verdict(broken.problems[0])]


def _source(revision: Revision) -> Callable[[], BinaryIO] | None:
    """Where the bytes lie if they are in staging no more: the publisher keeps those of every release."""
    if staging.store().exists(revision.staging_name):
        return None
    tree = PublicTree(settings.PUBLIC_ROOT)
    return (lambda: tree.open_kept(revision.sha256)) if tree.keeps(revision.sha256) else None


def known_of(revision: Revision) -> Known:
    """What is known of a revision: its own results and signals, and what applied rescans found since."""
    known = Known(
        dict(revision.results.values_list("check_id", "status")),
        {row.fingerprint: as_document(row, row.first_seen) for row in revision.signals.all()},
    )
    applied = revision.rescans.filter(rescan__dry_run=False, outcome__in=rescans.LOOKED).order_by("rescan")
    for row in applied:
        known = known.after(Difference(row.outcome, row.checks, row.signals))
    return known


def _row(payload: outbox.Payload) -> RescanResult | None:
    return (
        RescanResult.objects.select_related("rescan", "revision__submission__author")
        .filter(rescan=payload["rescan"], revision=payload["revision"], rescan__finished_at__isnull=True)
        .first()
    )


def _still_in_scope(row: RescanResult) -> bool:
    submission = row.revision.submission
    return submission.current_id == row.revision_id and submission.state in rescans.STATES[row.rescan.scope]


def _judge(
    row: RescanResult, payload: outbox.Payload, subject: Subject | None, results: Sequence[Result]
) -> None:
    found = weigh(row.revision.submission, subject, results) if subject is not None else []
    published = row.revision.submission.state != State.PENDING_REVIEW
    difference = compare(known_of(row.revision), results, found, published=published)
    _write(row, payload, difference, subject, results)


def _write(
    row: RescanResult,
    payload: outbox.Payload,
    difference: Difference | None,
    subject: Subject | None,
    results: Sequence[Result],
) -> None:
    """Write what was found, apply it where that is asked, and owe the next; once, whoever comes second."""
    with transaction.atomic():
        rescan = Rescan.objects.select_for_update(of=("self",)).get(pk=row.rescan_id)
        fresh = RescanResult.objects.get(pk=row.pk)
        if rescan.finished_at is not None:
            return
        if difference is not None and fresh.outcome in ("", WAITS):
            if results and not rescan.dry_run and not _apply(rescan, row, difference, subject, results):
                difference = Difference(GONE, [], [], "It was decided or replaced meanwhile.")
            fresh.outcome, fresh.why = difference.outcome, difference.why
            fresh.checks, fresh.signals = difference.checks, difference.signals
            fresh.at = timezone.now()
            fresh.save(update_fields=["outcome", "why", "checks", "signals", "at"])
        if not OutboxRow.objects.filter(_going_on(rescan, payload)).exists():
            _go_on(rescan, payload)


def _going_on(rescan: Rescan, payload: outbox.Payload) -> Q:
    """Another row that will go on with this rescan: this one was done before and only its end was lost."""
    mine = Q(payload__revision=payload["revision"], payload__turn=payload["turn"])
    return Q(kind=rescans.KIND, key=str(rescan.pk), done_at=None, failed_at=None) & ~mine


def _go_on(rescan: Rescan, payload: outbox.Payload) -> None:
    turn, since = int(payload["turn"]), str(payload["since"])
    rows = rescan.results.order_by("pk")
    following = rows.filter(outcome="").values_list("revision", flat=True).first()
    if following is None and turn and since:
        following = _put_aside(rescan, datetime.fromisoformat(since))
    if following is not None:
        rescans.owe(rescan, following, turn=turn, since=since)
        return
    aside = _put_aside(rescan, timezone.now() + timedelta(seconds=1))
    if aside is not None and turn < TURNS:
        began = timezone.now() + timedelta(microseconds=1)
        rescans.owe(rescan, aside, turn=turn + 1, since=began.isoformat(), delay=AGAIN)
        return
    _finish(rescan)


def _put_aside(rescan: Rescan, before: datetime) -> int | None:
    waiting = rescan.results.filter(outcome=WAITS, at__lt=before).order_by("pk")
    return waiting.values_list("revision", flat=True).first()


def _finish(rescan: Rescan) -> None:
    rescan.finished_at = timezone.now()
    rescan.save(update_fields=["finished_at"])
    counts = rescans.outcomes(rescan)
    audit.record(
        rescan.started_by,
        Action.RESCAN_FINISHED,
        "rescan",
        str(rescan.pk),
        after={"dryRun": rescan.dry_run, "total": rescan.total, "outcomes": counts},
        reason=rescan.reason,
    )
    hits = rescan_hits.hits(rescan).count()
    if hits > 1:
        rescan_hits.tell_staff({"count": hits, "rescan": rescan.pk, "page": f"{_RESCANS}{rescan.pk}/"})


def _apply(
    rescan: Rescan,
    row: RescanResult,
    difference: Difference,
    subject: Subject | None,
    results: Sequence[Result],
) -> bool:
    """What follows where a rescan is no dry run. Returns whether the revision is still what it was about."""
    submission = Submission.objects.select_for_update(of=("self",)).get(pk=row.revision.submission_id)
    row.revision.submission = submission
    if not _still_in_scope(row):
        return False
    if submission.state == State.PENDING_REVIEW:
        _replace(rescan, submission, row.revision, results, subject)
    hits = difference.hits(published=submission.state != State.PENDING_REVIEW)
    if hits:
        rescan_hits.open_hit(rescan, submission, hits)
    if subject is not None:
        leaks.revoke_leaked(subject.leaked_keys, submission.submission_id)
    return True


def _replace(
    rescan: Rescan,
    submission: Submission,
    revision: Revision,
    results: Sequence[Result],
    subject: Subject | None,
) -> None:
    found = write_results(revision, results, subject)
    audit.record(
        User.objects.system(),
        Action.VALIDATION_FINISHED,
        "submission",
        submission.submission_id,
        before={"state": submission.state},
        after={
            "state": submission.state,
            "revision": revision.number,
            "sha256": revision.sha256,
            "rulesVersion": RULES_VERSION,
            "checks": {result.check_id: result.status.value for result in results},
            "blocking": list(dict.fromkeys(one.signal.fingerprint for one in found if one.signal.blocking)),
            "rescan": rescan.pk,
        },
        reason=rescan.reason,
    )


def run_here(rescan: Rescan, seconds: float) -> Rescan:
    """Carry a rescan out in this process, beside any worker, until it has finished.

    Gives up waiting after `seconds` without progress; the worker goes on then.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        row = OutboxRow.objects.filter(
            outbox.waiting(timezone.now()), kind=rescans.KIND, key=str(rescan.pk)
        ).first()
        if row is not None and outbox.run(row.pk):
            until = time.monotonic() + seconds
        elif not Rescan.objects.filter(pk=rescan.pk, finished_at__isnull=True).exists():
            break
        else:
            time.sleep(0.2)
    rescan.refresh_from_db()
    return rescan
