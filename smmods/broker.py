"""The development broker: messages as files in a folder, made safe for several processes.

Kombu's own filesystem transport writes a message in the place where a reader looks for it, and an exchange's
table in place, so a reader may meet half a message, or an empty table, and stop the worker. Here

- a message is written under a name that no reader asks for, then renamed;
- a reader claims a message by renaming it, within the same folder tree, so one reader gets it;
- the exchange table is replaced whole, by one writer at a time.

A worker that is killed loses the message that it held; the outbox's sweeper finds the work again.
"""

import fcntl
import json
import logging
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem

log = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """A channel that writes and claims by rename."""

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:
        """Write a message for `queue`. Names sort by time, so the oldest is taken first."""
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}"
        draft = folder / f"{name}.draft"
        draft.write_text(json.dumps(payload), encoding="utf-8")
        draft.rename(folder / f"{name}.{queue}.msg")

    def _get(self, queue: str) -> dict[str, Any]:
        """Claim and return the oldest message of `queue`. Raises Empty where there is none."""
        ending = f"{queue}.msg"
        claims = Path(self.processed_folder)
        for file in sorted(Path(self.data_folder_in).iterdir()):
            if file.name.partition(".")[2] != ending:
                continue
            claim = claims / file.name
            try:
                file.rename(claim)
            except FileNotFoundError:
                continue
            text = claim.read_text(encoding="utf-8")
            claim.unlink()
            try:
                payload: dict[str, Any] = json.loads(text)
            except ValueError:
                log.warning("a damaged message was dropped", extra={"queue": queue})
                continue
            return payload
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        """Add a queue to an exchange's table, one process at a time, by replacing the table."""
        file: Path = self._exchange_file(exchange)
        row = [routing_key or "", pattern or "", queue or ""]
        with (self.control_folder / "bind.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            rows = [list(known) for known in self.get_table(exchange)]
            if row not in rows:
                draft = file.with_suffix(f".{uuid.uuid4().hex}")
                draft.write_text(json.dumps([row, *rows]), encoding="utf-8")
                draft.replace(file)


class Transport(filesystem.Transport):
    """Kombu's filesystem transport with the channel above; the scheme stays `filesystem://`."""

    Channel = Channel
