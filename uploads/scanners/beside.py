"""A scan in a thread of its own, while the package is being unpacked elsewhere.

Rules
- It opens the package for itself and hashes what it hands to the scanner, so that the caller can see that both
  looked at the same bytes.
- A scan whose answer nobody wants any more is dropped: it ends at its next piece, and nobody waits for it.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, cast

from uploads.scanners import clamd
from uploads.scanners.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Scanner:
    """A clamd: its address, the seconds that a scan may take, and how old in days its signatures may be."""

    address: str
    timeout: float = 120
    max_age: int | None = 7


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the scanner said, and the SHA-256 of the bytes that it was given, empty where they were not all."""

    verdict: Verdict
    sha256: str


class Scan:
    """A scan of what `open_package` opens. Call `start` once, then `result` or `drop`."""

    def __init__(self, open_package: Callable[[], BinaryIO], scanner: Scanner) -> None:
        self._open = open_package
        self._scanner = scanner
        self._dropped = threading.Event()
        self._scanned: Scanned | None = None
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._work, name="scan", daemon=True)

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def drop(self) -> None:
        """The answer is not wanted any more."""
        self._dropped.set()

    def result(self) -> Scanned:
        """Wait for the answer. Raises OSError where the package can't be read, RuntimeError where there is none."""
        self._thread.join()
        if self._scanned is None:
            raise self._error or RuntimeError("the scan ended without an answer")
        return self._scanned

    def _work(self) -> None:
        try:
            with self._open() as package:
                watched = _Watched(package, self._dropped)
                verdict = clamd.scan(
                    cast("BinaryIO", watched),
                    self._scanner.address,
                    timeout=self._scanner.timeout,
                    max_age=self._scanner.max_age,
                )
            self._scanned = Scanned(verdict, watched.sha256)
        except OSError as error:
            self._error = error


class _Watched:
    """A file that hashes what is read of it, and stops once its reader is not wanted any more."""

    def __init__(self, file: BinaryIO, dropped: threading.Event) -> None:
        self._file = file
        self._dropped = dropped
        self._digest = hashlib.sha256()
        self.sha256 = ""

    def seek(self, offset: int) -> int:
        """To the beginning, and nowhere else: the hash is of the whole."""
        if offset:
            raise ValueError("a scan reads from the first byte")
        self._digest, self.sha256 = hashlib.sha256(), ""
        return self._file.seek(0)

    def read(self, size: int) -> bytes:
        """The next bytes. Raises OSError where nobody wants the answer any more."""
        if self._dropped.is_set():
            raise OSError("the scan was dropped")
        piece = self._file.read(size)
        self._digest.update(piece)
        if not piece:
            self.sha256 = self._digest.hexdigest()
        return piece
