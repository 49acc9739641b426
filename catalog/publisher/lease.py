"""One publisher at a time, over all hosts: a lease in the database.

Rules
- It is held for 10 seconds and renewed every 3 by a thread of its own; one that ran out is taken over.
- Times are the database's, so that hosts whose clocks differ agree.
- A holder that could not renew in time stops before its next step: `ensure` raises. By the local clock that
  can't be turned back, it counts the lease as lost before anybody else may take it.
"""

import logging
import secrets
import socket
import threading
import time
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from accounts.errors import RefusedError
from catalog.models import PublisherLease

log = logging.getLogger(__name__)

HELD, RENEWED = 10.0, 3.0
PAUSE = 0.1


def _in(seconds: float) -> Combinable:
    """The database's time so many seconds from now."""
    return ExpressionWrapper(
        Now() + Value(timedelta(seconds=seconds), output_field=DurationField()), output_field=DateTimeField()
    )


class LeaseLostError(Exception):
    """The lease ran out or was taken over in the middle of a run; the next run finishes what was begun."""


class Lease:
    """The publisher's lease as a context manager.

    `wait` is how long, in seconds, to wait for somebody else's. Entering raises RefusedError
    (`publisher_busy`, 503) where it is still held then.
    """

    def __init__(self, wait: float = 0.0) -> None:
        self.holder = f"{socket.gethostname()[:40]}:{secrets.token_hex(8)}"
        self.wait = wait
        self._renewed = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> bool:
        """Take the lease if it is free or ran out; returns whether it is ours."""
        asked = time.monotonic()
        PublisherLease.objects.get_or_create(pk=1)
        free = Q(holder="") | Q(until__isnull=True) | Q(until__lt=Now())
        taken = PublisherLease.objects.filter(free, pk=1).update(holder=self.holder, until=_in(HELD))
        if taken:
            self._renewed = asked
        return bool(taken)

    def renew(self) -> bool:
        """Hold on to it for another 10 seconds; returns False where somebody else has it now."""
        asked = time.monotonic()
        if not PublisherLease.objects.filter(pk=1, holder=self.holder).update(until=_in(HELD)):
            return False
        self._renewed = asked
        return True

    def ensure(self) -> None:
        """Raise LeaseLostError unless the lease is certainly still ours."""
        if time.monotonic() - self._renewed >= HELD:
            raise LeaseLostError("the publisher's lease ran out")

    def confirm(self) -> None:
        """Renew within the caller's transaction, so that it commits only where the lease is ours."""
        if not self.renew():
            raise LeaseLostError("somebody else publishes now")

    def release(self) -> None:
        """Give it back, if it is still ours."""
        PublisherLease.objects.filter(pk=1, holder=self.holder).update(holder="", until=None)

    def _keep(self) -> None:
        """The thread's body: renew until told to stop, on a database connection of its own."""
        try:
            while not self._stop.wait(RENEWED):
                try:
                    if not self.renew():
                        return
                except DatabaseError:
                    log.warning("the publisher's lease could not be renewed", exc_info=True)
        finally:
            connection.close()

    def __enter__(self) -> Self:
        until = time.monotonic() + self.wait
        while not self.take():
            if time.monotonic() >= until:
                raise RefusedError(
                    "publisher_busy",
                    "Another publication is running.",
                    "Try again in a few seconds.",
                    status=503,
                    retry_after=5,
                )
            time.sleep(PAUSE)
        self._thread = threading.Thread(target=self._keep, name="publisher-lease", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=1)
        try:
            self.release()
        except DatabaseError:
            log.warning("the publisher's lease was not given back; it runs out by itself", exc_info=True)
