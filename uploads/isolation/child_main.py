"""The child: reads what is asked, imports what does it, gives everything up, and only then opens the package.

It says on standard output, a line each: `confined` once nothing can be reached any more, what its task tells
meanwhile, and `answer` or `error` at the end; a trace goes to standard error. The parent believes none of it
unchecked.
"""

import codecs
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


def main() -> None:
    """Do one task. Standard input, written by the parent, is one line of JSON and then the task's parcel."""
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
