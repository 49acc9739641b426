"""Running one child: start it, listen to it, end it, and judge how it ended.

Rules
- The child gets no environment, no descriptor but its package, its sink and its three pipes, and no secret.
- Time by the clock, output and what is kept of standard error are bounded here; the rest by the child itself.
- Whatever happens, the process is killed with its group and reaped, and nothing is left on disk.
- An answer counts only from a child that said that it is confined and ended by itself.
"""

import json
import logging
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.conf import settings

from uploads.isolation import bytecode, confinement, handover
from uploads.isolation.errors import IsolationError, IsolationUnavailableError
from uploads.isolation.tasks import TASKS

Json = dict[str, Any]

#: How much a child may say, and how much of its standard error is kept, in bytes.
MOST_OUTPUT = 64 * 1024 * 1024
MOST_ERRORS = 16 * 1024
_PIECE = 1024 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a child may use: seconds by the clock and of processor time, MiB of address space, bytes of output
    and of the file that it writes."""

    seconds: float
    cpu_seconds: int
    mebibytes: int
    output: int = MOST_OUTPUT
    file_bytes: int = 0

    @classmethod
    def configured(cls) -> "Bounds":
        """As the settings say; a file that is written may be as large as the largest package."""
        return cls(
            settings.SMMODS_INSPECTION_SECONDS,
            settings.SMMODS_INSPECTION_SECONDS,
            settings.SMMODS_INSPECTION_MEBIBYTES,
            file_bytes=2 * settings.SMMODS_MAX_PACKAGE_BYTES,
        )


def run(
    task: str,
    source: BinaryIO,
    asked: Json,
    *,
    sink: BinaryIO | None = None,
    bounds: Bounds | None = None,
    on_word: Callable[[str], None] | None = None,
    parcel: bytes = b"",
) -> Json:
    """Do a task of `tasks.TASKS` over `source` in a child process; its answer is any JSON object.

    `asked` is the task's request; `sink` is a file that the child may write; `parcel` is what the task's `warm`
    gets; `on_word` hears what the child tells before its answer. Raises IsolationError (see `errors`) and
    IsolationUnavailableError.
    """
    chosen = TASKS[task]
    within = bounds or Bounds.configured()
    by = confined_by()
    bytecode.ensure(chosen)
    with ExitStack() as held:
        package = held.enter_context(handover.readable(source))
        target = None if sink is None else held.enter_context(handover.writable(sink))
        order = {
            "module": chosen.module,
            "function": chosen.function,
            "request": asked,
            "source": package,
            "sink": target,
            # Under bubblewrap the parent is another process in another space of numbers; that one dies with us.
            "parent": os.getpid() if by == confinement.LIMITS else 0,
            "bounds": {
                "mebibytes": within.mebibytes,
                "seconds": within.cpu_seconds,
                "file_bytes": 0 if sink is None else within.file_bytes,
            },
        }
        stdin = held.enter_context(handover.note(json.dumps(order).encode() + b"\n" + parcel))
        try:
            process = subprocess.Popen(
                confinement.command(by, chosen),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[package] if target is None else [package, target],
                env={},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise IsolationUnavailableError(f"no child could be started: {error}") from error
        child = _Child(process, within, on_word)
        try:
            child.listen()
        finally:
            child.end()
    return child.judge()


def confined_by() -> str:
    """How children are confined just now. Raises IsolationUnavailableError as `run` does."""
    return confinement.chosen(settings.SMMODS_ISOLATION)


class _Child:
    """A running child: what it said so far."""

    def __init__(
        self, process: subprocess.Popen[bytes], bounds: Bounds, on_word: Callable[[str], None] | None
    ) -> None:
        self._process = process
        self._bounds = bounds
        self._on_word = on_word
        self._errors = b""
        self._line: list[bytes] = []
        self._said = 0
        self._confined = False
        self._answer: bytes | None = None
        self._code = ""
        self._detail = ""

    def listen(self) -> None:
        """Take in what it says until both of its pipes are closed, or it breaks a bound."""
        deadline = time.monotonic() + self._bounds.seconds
        with selectors.DefaultSelector() as ready:
            for pipe, take in ((self._process.stdout, self._take), (self._process.stderr, self._take_error)):
                if pipe is not None:
                    ready.register(pipe, selectors.EVENT_READ, take)
            while ready.get_map() and not self._code:
                left = deadline - time.monotonic()
                if left <= 0:
                    self._code, self._detail = "inspection_timeout", f"after {self._bounds.seconds:g} seconds"
                    return
                for key, _ in ready.select(left):
                    piece = os.read(key.fd, _PIECE)
                    if piece:
                        key.data(piece)
                    else:
                        ready.unregister(key.fileobj)
            self._wait(deadline)

    def end(self) -> None:
        """Kill it with its group, if it is still there, and reap it."""
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                log.debug("the child was gone already")
            self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def judge(self) -> Json:
        """Its answer; raises IsolationError for what is none."""
        if not self._code:
            self._code, self._detail = _ended(self._process.returncode, self._errors, self._confined)
        if not self._code:
            self._look_at_answer()
        if self._code:
            log.warning(
                "a child gave no answer",
                extra={
                    "code": self._code,
                    "why": self._detail,
                    "status": self._process.returncode,
                    "stderr": self._errors.decode("utf-8", "replace"),
                },
            )
            raise IsolationError(self._code, self._detail)
        value: Json = parsed(self._answer or b"")["answer"]
        return value

    def _wait(self, deadline: float) -> None:
        if self._code:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._code, self._detail = "inspection_timeout", "it said everything and did not end"

    def _take_error(self, piece: bytes) -> None:
        self._errors = (self._errors + piece)[-MOST_ERRORS:]

    def _take(self, piece: bytes) -> None:
        self._said += len(piece)
        if self._said > self._bounds.output:
            self._code, self._detail = "inspection_nonsense", f"more than {self._bounds.output:,} bytes"
            return
        *lines, rest = piece.split(b"\n")
        for line in lines:
            whole = b"".join([*self._line, line])
            self._line = []
            self._hear(whole)
        if rest:
            self._line.append(rest)

    def _hear(self, line: bytes) -> None:
        """One line of it. What it says last is looked at when it has ended; words before that are few."""
        if self._answer is not None or self._code:
            self._code = self._code or "inspection_nonsense"
        elif len(line) > 1000 or line.startswith((b'{"answer"', b'{"error"')):
            self._answer = line
        else:
            try:
                (word,) = parsed(line)
            except ValueError as error:
                self._code, self._detail = "inspection_nonsense", str(error)
                return
            if word == "confined":
                self._confined = True
            elif self._confined and self._on_word is not None:
                self._on_word(word)

    def _look_at_answer(self) -> None:
        try:
            said = parsed(self._answer or b"")
        except ValueError as error:
            self._code, self._detail = "inspection_nonsense", str(error)
            return
        match said:
            case {"answer": dict(), **rest} if not rest and not self._line:
                return
            case {"error": {"kind": "memory"}}:
                self._code = "inspection_memory"
            case _:
                self._code, self._detail = "inspection_nonsense", "neither an answer nor an error"


def parsed(raw: bytes) -> Json:
    """A JSON object, strictly: UTF-8, no key twice, no NaN. Raises ValueError."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> Json:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _ended(status: int, errors: bytes, confined: bool) -> tuple[str, str]:
    """Code and detail of how a child ended; empty where it ended well. bwrap adds 128 to a signal's number."""
    number = -status if status < 0 else status - 128 if status > 128 else 0
    if number == signal.SIGXCPU:
        return "inspection_timeout", "its processor time was used up"
    if number == signal.SIGXFSZ or (number == signal.SIGABRT and b"memory allocation" in errors):
        return "inspection_memory", "it asked for more than it may have"
    if status:
        last = errors.decode("utf-8", "replace").strip().rpartition("\n")[2][-200:]
        return "inspection_crashed", f"signal {number}" if number else f"status {status}: {last}"
    if not confined:
        return "inspection_crashed", "it never said that it is confined"
    return "", ""
