"""SHA-256 in a thread beside whoever unpacks: hashing and inflating both let go of the interpreter's lock, so two
cores share the work. A thread is made when a `Beside` is made, and may hash any number of files.

Rules
- Pieces wait in a queue of `DEPTH`: memory stays bounded, and who unpacks waits for who hashes.
- Only one thread gives pieces.
"""

import hashlib
import queue
import threading
from typing import Protocol

DEPTH = 8
#: Handing a piece over costs more than hashing so few bytes.
SMALL = 4096


class Hash(Protocol):
    """What the reader asks of a hash."""

    def update(self, piece: bytes, /) -> None:
        """The next bytes."""

    def hexdigest(self) -> str:
        """The hash of all of them, as lower-case hexadecimal digits."""


class Beside:
    """Makes hashes whose work is done in one thread of its own."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[Hash, bytes]] = queue.Queue(DEPTH)
        threading.Thread(target=self._work, name="sha256", daemon=True).start()

    def sha256(self) -> Hash:
        """A new hash."""
        return _Beside(self._waiting)

    def _work(self) -> None:
        while True:
            digest, piece = self._waiting.get()
            digest.update(piece)
            self._waiting.task_done()


class _Beside:
    def __init__(self, waiting: "queue.Queue[tuple[Hash, bytes]]") -> None:
        self._waiting = waiting
        self._digest: Hash = hashlib.sha256()
        self._handed = False

    def update(self, piece: bytes, /) -> None:
        if self._handed or len(piece) > SMALL:
            self._handed = True
            self._waiting.put((self._digest, piece))
        else:
            self._digest.update(piece)

    def hexdigest(self) -> str:
        if self._handed:
            self._waiting.join()
        return self._digest.hexdigest()
