"""Holding a row of the outbox while its work goes on.

Rules
- A claim lasts `CLAIM_SECONDS` and is renewed every third of that by a thread of the process that works, so a
  worker that was killed or stopped is replaced within seconds, however long its work may take.
- It is renewed for as long as its kind allows and no longer: work that hangs is overtaken.
"""

import logging
import threading
import time
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.models import OutboxRow

log = logging.getLogger(__name__)

CLAIM_SECONDS = 30.0


class Claim:
    """Keeps the claim that `token` has on a row, for at most `seconds`, while its block runs."""

    def __init__(self, row_id: int, token: str, seconds: float) -> None:
        self.row_id = row_id
        self.token = token
        self.seconds = seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"claim-{row_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _renew(self) -> None:
        began = time.monotonic()
        try:
            while not self._done.wait(CLAIM_SECONDS / 3) and time.monotonic() - began < self.seconds:
                self.renew_once()
        finally:
            connection.close()

    def renew_once(self) -> None:
        """Push the end of the claim forward. A database that is away for a moment costs one renewal."""
        until = timezone.now() + timedelta(seconds=CLAIM_SECONDS)
        try:
            OutboxRow.objects.filter(pk=self.row_id, claimed_by=self.token).update(claimed_until=until)
        except DatabaseError:
            log.warning("claim not renewed", extra={"row": self.row_id}, exc_info=True)
