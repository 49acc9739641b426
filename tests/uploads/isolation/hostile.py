"""Tasks that a child does once its package has taken it over. They run in the child, where the tests put them.

Nothing of Django and nothing of the tests' own tools is at hand here.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

Json = dict[str, Any]


def warm(parcel: bytes) -> None:
    """What the parent sent along is kept, and told by `echo`."""
    _parcel.append(parcel)


_parcel: list[bytes] = []


def echo(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """No harm: what it was given."""
    if sink is not None:
        sink.write(source.read()[::-1])
    source.seek(0)
    return {"request": request, "bytes": len(source.read()), "parcel": _parcel[0].decode()}


def by_signal(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Ends by a signal."""
    os.kill(os.getpid(), request["signal"])
    return {}


def hang(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Never answers, and listens to no signal that it can."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(1)


def hang_with_closed_pipes(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Says an answer, closes what it could be heard by, and stays."""
    os.write(1, b'{"answer":{}}\n')
    os.close(1)
    os.close(2)
    while True:
        time.sleep(1)


def spin(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Uses all of its processor time."""
    while True:
        pass


def allocate(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Uses all of its memory."""
    held = []
    while True:
        held.append(bytearray(16 * 1024 * 1024))


def raise_error(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """A mistake of ours."""
    raise ValueError("an odd package")


def say(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Says whatever the request holds, and ends as if all were well."""
    os.write(1, request["text"].encode("utf-8", "surrogateescape"))
    os._exit(0)


def flood(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Says more than anybody can hear, to standard output or standard error."""
    line = b"x" * 65_536
    for _ in range(request["mebibytes"] * 16):
        os.write(request["to"], line)
    return {}


def fill(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Writes more into its file than it may."""
    if sink is not None:
        for _ in range(64):
            sink.write(bytes(1024 * 1024))
    return {}


def lie(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Calls a package good that it never looked at, in the very form of an answer."""
    os.write(1, b'{"headers":true}\n')
    sha256 = "0" * 64
    report = {
        "accepted": True,
        "complete": True,
        "problems": [],
        "members": [["Content/a.lua", 5, 5, 0, sha256, "text", 0, 43]],
        "manifest": None,
        "manifestSize": None,
        "sha256": sha256,
        "size": request["size"],
        "counts": {},
    }
    return {"report": report, "signals": [], "programs": {}, "leakedKeys": []}


def reach_out(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Tries everything that a taken-over child would try; what came of each attempt by its name."""
    libc = ctypes.CDLL(None, use_errno=True)
    thread = threading.Thread(target=print)
    attempts: dict[str, Callable[[], object]] = {
        "read_secret": lambda: os.open(request["secret"], os.O_RDONLY),
        "read_passwd": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "read_own_memory": lambda: os.open("/proc/self/mem", os.O_RDWR),
        "write_file": lambda: os.open("/tmp/made", os.O_CREAT | os.O_WRONLY),
        "list_folder": lambda: list(Path("/").iterdir()),
        "remove_secret": lambda: Path(request["secret"]).unlink(),
        "rename_secret": lambda: Path(request["secret"]).rename(request["secret"] + "2"),
        "change_mode": lambda: Path(request["secret"]).chmod(0o700),
        "make_folder": lambda: Path("/tmp/folder").mkdir(),
        "socket": lambda: socket.socket(socket.AF_INET),
        "unix_socket": lambda: socket.socket(socket.AF_UNIX),
        "pipe": os.pipe,
        "duplicate": lambda: os.dup(0),
        "memory_file": lambda: os.memfd_create("x"),
        "fork": os.fork,
        "thread": thread.start,
        "execute": lambda: _checked(libc.execl(b"/bin/true", b"true", None)),
        "signal_parent": lambda: os.kill(os.getppid(), 0),
        "become_root": lambda: os.setuid(0),
        "more_files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
        "more_memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
        "change_root": lambda: os.chroot("/"),
        "write_package": lambda: os.write(request["descriptor"], b"x"),
        "trace_parent": lambda: _checked(libc.ptrace(16, os.getppid(), 0, 0)),
        "read_parent": lambda: _checked(libc.process_vm_readv(os.getppid(), 0, 0, 0, 0, 0)),
        "new_namespace": lambda: _checked(libc.unshare(0x10000000)),
        "mount": lambda: _checked(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
    }
    return {
        "attempts": {name: _outcome(attempt) for name, attempt in attempts.items()},
        "environment": dict(os.environ),
        "user": os.getuid(),
        "django": "django" in sys.modules,
        "arguments": sys.argv,
    }


def _outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except (OSError, RuntimeError, ValueError) as error:
        return type(error).__name__
    return "succeeded"


def _checked(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")


def tell_descriptors(request: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Which descriptors are open."""
    found = []
    for number in range(256):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return {"open": found, "package": source.fileno(), "json": json.dumps(found)}
