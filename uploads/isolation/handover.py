"""What a child is handed: the package, a file to write, and its order, each as a descriptor and nothing by name.

Rules
- A package is handed over open for reading only, with a place in it of its own: what the parent reads
  meanwhile does not move it.
- What is no file (an object store's stream, bytes in memory) is copied into a file without a name first, which
  is gone with its last descriptor, however the processes end.
"""

import fcntl
import io
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from django.conf import settings

_PIECE = 1024 * 1024


@contextmanager
def readable(source: BinaryIO) -> Iterator[int]:
    """A descriptor of the bytes of `source`, open for reading only, at their beginning."""
    number = _regular(source)
    if number is None:
        with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as copy:
            source.seek(0)
            shutil.copyfileobj(source, copy, _PIECE)
            copy.flush()
            with _again(copy.fileno(), os.O_RDONLY) as again:
                yield again
    else:
        with _again(number, os.O_RDONLY) as again:
            yield again


@contextmanager
def writable(sink: BinaryIO) -> Iterator[int]:
    """A descriptor for reading and writing `sink`, a file of the system. Raises ValueError where it is none."""
    number = _regular(sink)
    if number is None:
        raise ValueError("a child can only write into a file")
    with _again(number, os.O_RDWR) as again:
        yield again


@contextmanager
def note(text: bytes) -> Iterator[int]:
    """A descriptor to read `text` from."""
    number = os.memfd_create("order", os.MFD_CLOEXEC)
    try:
        with open(number, "wb", closefd=False) as file:
            file.write(text)
        os.lseek(number, 0, os.SEEK_SET)
        yield number
    finally:
        os.close(number)


def _regular(file: BinaryIO) -> int | None:
    """The descriptor of a regular file whose bytes are all written; None where there is none."""
    try:
        with suppress(ValueError, io.UnsupportedOperation):
            file.flush()
        number = file.fileno()
        # A stream that was rolled over to disk when it was asked may still hold bytes back.
        with suppress(ValueError, io.UnsupportedOperation):
            file.flush()
    except (AttributeError, OSError, ValueError):
        return None
    return number if stat.S_ISREG(os.fstat(number).st_mode) else None


@contextmanager
def _again(number: int, mode: int) -> Iterator[int]:
    """The same file opened once more, with a place of its own."""
    try:
        again = os.open(f"/proc/self/fd/{number}", mode | os.O_CLOEXEC)
    except OSError:
        # Opened by somebody with more rights, or no /proc: the very descriptor, if it grants no more than asked.
        if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE != mode:
            raise
        again = os.dup(number)
        os.lseek(again, 0, os.SEEK_SET)
    try:
        yield again
    finally:
        os.close(again)
