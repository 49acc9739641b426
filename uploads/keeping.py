"""How long staging keeps the bytes of what came to nothing, and how they go.

Rules
- `SMMODS_STAGING_DAYS` after the last thing that happened, the packages go of a submission that was withdrawn,
  rejected, or whose checks failed and whose author did nothing since; and the earlier revisions of one that was
  published. A message or an open reason (an appeal, a report) is something that happens.
- What is published, was taken back, waits for review or is on its way keeps its bytes, whatever its age.
- Rows, results and the trail stay: a revision says when its bytes went (`bytes_gone_at`).
- Marked and recorded first, deleted after the commit. What a crash or a killed request leaves behind, known by
  no revision having it, goes a day later.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.audit import Action
from uploads import staging
from uploads.models import Message, QueueReason, Revision, Submission
from uploads.states import State

log = logging.getLogger(__name__)

#: States in which nothing of a submission is needed any more.
ENDED = (State.CANCELLED, State.REJECTED, State.VALIDATION_FAILED)
#: States in which the current revision is the release's, and earlier ones are not needed.
CAME_OUT = (State.PUBLISHED, State.HIDDEN, State.SUPERSEDED)
#: Bytes that no revision has go after this long (seconds).
LEFT_OVER = 24 * 3600

_ROOT = "uploads/staging"
_AT_ONCE = 500


def clean(now: datetime | None = None) -> int:
    """Take away every package whose keeping time is over; returns how many."""
    now = now or timezone.now()
    due = _due(now).order_by("submission").values_list("submission_id", flat=True).distinct()
    return sum([_clean(submission, now) for submission in list(due[:_AT_ONCE])], start=_sweep(now))


def kept_until(submission: Submission) -> datetime | None:
    """When the bytes of a submission's current revision go if nothing happens; None while they stay."""
    revision = submission.current
    if revision is None or revision.bytes_gone_at is not None or submission.state not in ENDED:
        return None
    if submission.reasons.filter(closed_at__isnull=True).exists():
        return None
    written = submission.messages.order_by("-at").values_list("at", flat=True).first()
    last = max(submission.updated_at, revision.received_at, written or revision.received_at)
    return last + _keeping_time()


def _keeping_time() -> timedelta:
    return timedelta(days=settings.SMMODS_STAGING_DAYS)


def _due(now: datetime) -> "QuerySet[Revision]":
    """The revisions whose bytes go."""
    before = now - _keeping_time()
    of_submission = OuterRef("submission")
    return Revision.objects.filter(
        Q(submission__state__in=[state.value for state in ENDED])
        | Q(submission__state__in=[state.value for state in CAME_OUT]) & ~Q(submission__current=F("pk")),
        ~Exists(Message.objects.filter(submission=of_submission, at__gte=before)),
        ~Exists(QueueReason.objects.filter(submission=of_submission, closed_at__isnull=True)),
        bytes_gone_at__isnull=True,
        received_at__lt=before,
        submission__updated_at__lt=before,
    )


def _clean(submission: int, now: datetime) -> int:
    with transaction.atomic():
        # Whoever moves the submission waits for this, and what is read here is what holds.
        found = Submission.objects.select_for_update().get(pk=submission)
        revisions = list(_due(now).filter(submission=found).order_by("number"))
        if not revisions:
            return 0
        Revision.objects.filter(pk__in=[revision.pk for revision in revisions]).update(bytes_gone_at=now)
        audit.record_as_system(
            Action.UPLOAD_STAGING_CLEANED,
            "submission",
            found.submission_id,
            after={
                "state": found.state,
                "revisions": [revision.number for revision in revisions],
                "sha256": [revision.sha256 for revision in revisions],
                "sizeBytes": sum(revision.size_bytes for revision in revisions),
                "keptDays": settings.SMMODS_STAGING_DAYS,
            },
        )
        for revision in revisions:
            transaction.on_commit(partial(staging.discard, revision.staging_name))
    return len(revisions)


def _sweep(now: datetime) -> int:
    """Take away what lies in staging and belongs to no revision; returns how many files."""
    store = staging.store()
    if not store.exists(_ROOT):
        return 0
    gone = 0
    folders = sorted(store.listdir(_ROOT)[0])
    for first in range(0, len(folders), _AT_ONCE):
        batch = folders[first : first + _AT_ONCE]
        known = set(
            Revision.objects.filter(
                submission__submission_id__in=batch, bytes_gone_at__isnull=True
            ).values_list("staging_name", flat=True)
        )
        for name in _files(batch):
            if name in known or now - store.get_modified_time(name) < timedelta(seconds=LEFT_OVER):
                continue
            staging.discard(name)
            gone += 1
            log.info("bytes of no revision were taken out of staging", extra={"staged": name})
    return gone


def _files(folders: list[str]) -> Iterator[str]:
    store = staging.store()
    for folder in folders:
        for name in store.listdir(f"{_ROOT}/{folder}")[1]:
            yield f"{_ROOT}/{folder}/{name}"
