"""Work that is owed: written with what owes it, done by a worker, found again by a sweeper.

Rules
- `owe` writes a row in the caller's transaction. After commit a hint goes to the broker; it may be lost.
- `run` claims a row by a conditional update and keeps the claim while it works (`accounts.claim`), so one
  worker at a time does it; an attempt is counted when the claim is taken, so a worker that is killed has
  used one.
- Done rows stay done; a row whose attempts are used up is failed and its kind's `exhausted` is told.
- `sweep` hints again at whatever is due and not held.
- Where its kind chooses (`choose`), a hint says no more than that there is work: whoever gets it takes the row
  whose turn it is, and hints again when it is done, since a row that may not be taken yet has used its hint up.
- A handler runs outside of any transaction of ours and must be safe to repeat.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.claim import CLAIM_SECONDS, Claim
from accounts.models import OutboxRow

log = logging.getLogger(__name__)

Payload = dict[str, Any]
Handler = Callable[[Payload], None]
Choose = Callable[["QuerySet[OutboxRow]"], int | None]

#: How often somebody who found the chosen row taken chooses again, before the sweeper has to.
CHOICES = 8


class LaterError(Exception):
    """Raised by a handler whose work can't be done just now, through no fault of the work.

    The attempt is not counted. `seconds` is how long to wait.
    """

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work: who does it, on which queue, for how long it may keep a claim (seconds), how often.

    `choose` picks the row (by primary key) whose turn it is from those that are due and unheld.
    """

    name: str
    queue: str
    handler: Handler
    lease: float
    attempts: int
    retry_after: float
    exhausted: Callable[[Payload, str], None] | None = None
    choose: Choose | None = None


_kinds: dict[str, Kind] = {}


def register(
    name: str,
    queue: str,
    handler: Handler,
    *,
    lease: float = 60,
    attempts: int = 8,
    retry_after: float = 5,
    exhausted: Callable[[Payload, str], None] | None = None,
    choose: Choose | None = None,
) -> None:
    """Declare a kind of work; each app does so for its own in `AppConfig.ready`."""
    _kinds[name] = Kind(name, queue, handler, lease, attempts, retry_after, exhausted, choose)


def kinds() -> dict[str, Kind]:
    """Every kind that is declared, by name."""
    return dict(_kinds)


def owe(kind: str, payload: Payload, *, key: str = "", delay: float = 0) -> OutboxRow:
    """Write that work of `kind` is due in `delay` seconds; returns the row.

    Raises KeyError for a kind that nobody declared and RuntimeError outside of a transaction.
    """
    declared = _kinds[kind]
    if not connection.in_atomic_block:
        raise RuntimeError("work is owed in the transaction of what owes it")
    now = timezone.now()
    row = OutboxRow.objects.create(
        kind=kind, key=key, payload=payload, created_at=now, due_at=now + timedelta(seconds=delay)
    )
    if delay <= 0:
        transaction.on_commit(lambda: _hint(row.pk, declared.queue))
    return row


def _hint(row_id: int, queue: str) -> None:
    """Tell the broker. A broker that is away costs only time: the sweeper finds the row."""
    from accounts.tasks import work

    try:
        work.apply_async(args=[row_id], queue=queue, retry=False)
    except Exception:  # any broker's own error: the row is written, so nothing is lost
        log.warning("outbox hint failed", extra={"row": row_id, "queue": queue}, exc_info=True)


def waiting(now: datetime) -> "Q":
    """Rows that are due and that no live claim holds."""
    unheld = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
    return Q(done_at__isnull=True, failed_at__isnull=True, due_at__lte=now) & unheld


def run(row_id: int) -> bool:
    """Claim the row, or the one of its kind whose turn it is, and do its work.

    Returns whether this call did anything.
    """
    row = OutboxRow.objects.filter(pk=row_id).first()
    if row is None or row.kind not in _kinds:
        return False
    kind = _kinds[row.kind]
    if kind.choose is None:
        return _do(row, kind)
    for _ in range(CHOICES):
        turn = _turn(kind)
        if turn is None:
            return False
        if _do(turn, kind):
            following = _turn(kind)
            if following is not None:
                _hint(following.pk, kind.queue)
            return True
    return False


def _turn(kind: Kind) -> OutboxRow | None:
    """The row of a kind that chooses whose turn it is now."""
    if kind.choose is None:
        return None
    chosen = kind.choose(OutboxRow.objects.filter(waiting(timezone.now()), kind=kind.name))
    return OutboxRow.objects.filter(pk=chosen).first() if chosen is not None else None


def _do(row: OutboxRow, kind: Kind) -> bool:
    """Claim this row and do its work; False where it is not due any more, or somebody else's."""
    now, row_id = timezone.now(), row.pk
    if row.attempts >= kind.attempts:
        return _give_up(row, kind, now)
    token = secrets.token_hex(16)
    claimed = OutboxRow.objects.filter(waiting(now), pk=row_id).update(
        claimed_by=token,
        claimed_until=now + timedelta(seconds=min(kind.lease, CLAIM_SECONDS)),
        attempts=F("attempts") + 1,
    )
    if not claimed:
        return False
    mine = OutboxRow.objects.filter(pk=row_id, claimed_by=token)
    try:
        with Claim(row_id, token, kind.lease):
            kind.handler(row.payload)
    except LaterError as later:
        due = timezone.now() + timedelta(seconds=later.seconds)
        mine.update(
            claimed_by="", claimed_until=None, due_at=due, attempts=F("attempts") - 1, last_error=str(later)
        )
    except Exception as error:  # the work failed, whatever the reason: counted, and tried again later
        log.exception("outbox work failed", extra={"row": row_id, "kind": row.kind})
        wait = kind.retry_after * 2 ** min(row.attempts, 8)
        why = f"{type(error).__name__}: {error}"
        mine.update(
            claimed_by="", claimed_until=None, last_error=why, due_at=timezone.now() + timedelta(seconds=wait)
        )
        if row.attempts + 1 >= kind.attempts:
            row.refresh_from_db()
            _give_up(row, kind, timezone.now())
    else:
        mine.update(done_at=timezone.now(), claimed_by="", claimed_until=None, last_error="")
    return True


def _give_up(row: OutboxRow, kind: Kind, now: datetime) -> bool:
    """Mark a row whose attempts are used up as failed, once, and tell its kind."""
    unheld = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
    with transaction.atomic():
        failed = OutboxRow.objects.filter(
            unheld, pk=row.pk, done_at__isnull=True, failed_at__isnull=True
        ).update(failed_at=now)
        if failed and kind.exhausted is not None:
            kind.exhausted(row.payload, row.last_error or "the worker was lost")
    return bool(failed)


def sweep(limit: int = 500) -> int:
    """Hint again at every row that is due and unheld; returns how many."""
    try:
        rows = list(
            OutboxRow.objects.filter(waiting(timezone.now()))
            .order_by("due_at")
            .values_list("pk", "kind")[:limit]
        )
    except DatabaseError:
        log.exception("outbox sweep could not read")
        return 0
    for row_id, kind in rows:
        if kind in _kinds:
            _hint(row_id, _kinds[kind].queue)
    return len(rows)


def drain(rounds: int = 50) -> int:
    """Do everything that is due, here and now, in order; returns how many rows were run.

    For commands that finish their work before they return (the samples, the manual lane) and for tests.
    """
    done = 0
    for _ in range(rounds):
        rows = list(
            OutboxRow.objects.filter(waiting(timezone.now())).order_by("pk").values_list("pk", flat=True)
        )
        if not rows:
            break
        done += sum(run(row_id) for row_id in rows)
    return done
