"""The child: reads what is asked, imports what does it, gives everything up, and only then opens the package.

It says on standard output, a line each: `confined` once nothing can be reached any more, what its task tells
meanwhile, and `answer` or `error` at the end; a trace goes to standard error. The parent believes none of it
unchecked.
"""

import codecs
import ctypes
import errno
import hashlib
import io
import json
import os
import sys
from importlib import import_module
from typing import Any, BinaryIO, cast

from uploads.isolation.child_channel import OUT_OF_MEMORY, say, write
from uploads.isolation.child_limits import confine

# Python loads these when they are first used, which is too late for a process that can open no file.
_CODECS = (
    "ascii cp437 latin-1 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 unicode_escape raw_unicode_escape "
    "idna punycode"
)


# malloc.h: from which size on memory is mapped, and how much of what was freed goes back to the kernel.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def _keep_freed_memory() -> None:
    """Buffers come and go by the thousand; giving each back to the kernel costs a seventh of the time."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, 32 * 1024 * 1024)
        libc.mallopt(_M_TRIM_THRESHOLD, 64 * 1024 * 1024)


def main() -> None:
    """Do one task. Standard input, written by the parent, is one line of JSON and then the task's parcel."""
    _keep_freed_memory()
    line, _, parcel = sys.stdin.buffer.read().partition(b"\n")
    order: dict[str, Any] = json.loads(line)
    module = import_module(order["module"])
    for name in _CODECS.split():
        codecs.lookup(name)
    hashlib.sha256(b"").digest()
    warm = getattr(module, "warm", None)
    if warm is not None:
        warm(parcel)
    task = getattr(module, order["function"])
    source = cast("BinaryIO", io.BufferedReader(io.FileIO(order["source"], "rb", closefd=False)))
    sink = None
    if order["sink"] is not None:
        sink = cast("BinaryIO", io.BufferedRandom(io.FileIO(order["sink"], "r+b", closefd=False)))
    confine(**order["bounds"], parent=order["parent"])
    say("confined", order["bounds"])
    try:
        answer = task(order["request"], source, sink)
        if sink is not None:
            sink.flush()
        say("answer", answer)
    except MemoryError:
        write(OUT_OF_MEMORY)
    except OSError as error:
        # Its file grew too large; of anything else the parent hears by the trace and the exit status.
        if error.errno != errno.EFBIG:
            raise
        write(OUT_OF_MEMORY)
    os._exit(0)
