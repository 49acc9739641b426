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
SMALL = 16 * 1024


class Hash(Protocol):
    """What the reader asks of a hash."""

    def update(self, piece: bytes, /) -> None:
        """The next bytes."""

    def hexdigest(self) -> str:
        """The hash of all of them, as lower-case hexadecimal digits."""


class Beside:
    """Makes hashes whose work is done in one thread of its own."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Hash, bytes]] = queue.SimpleQueue()
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(DEPTH):
            self._free.put(None)
        threading.Thread(target=self._work, name="sha256", daemon=True).start()

    def sha256(self) -> Hash:
        """A new hash."""
        return _Beside(self)

    def hand_over(self, digest: Hash, piece: bytes) -> None:
        """Have `digest` take `piece` in, as soon as there is a place in the queue."""
        self._free.get()
        self._waiting.put((digest, piece))

    def settle(self) -> None:
        """Wait until everything that was handed over is hashed."""
        for _ in range(DEPTH):
            self._free.get()
        for _ in range(DEPTH):
            self._free.put(None)

    def _work(self) -> None:
        while True:
            digest, piece = self._waiting.get()
            digest.update(piece)
            self._free.put(None)


class _Beside:
    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._digest: Hash = hashlib.sha256()
        self._handed = False

    def update(self, piece: bytes, /) -> None:
        if self._handed or len(piece) > SMALL:
            self._handed = True
            self._beside.hand_over(self._digest, piece)
        else:
            self._digest.update(piece)

    def hexdigest(self) -> str:
        if self._handed:
            self._beside.settle()
            self._handed = False
        return self._digest.hexdigest()
