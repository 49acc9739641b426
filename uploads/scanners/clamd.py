"""ClamAV's daemon over its socket: VERSION, then INSTREAM (clamd's manual page, section COMMANDS).

* An address is `clamd://host:port` or `clamd:///path/to/socket`.
* Signatures older than `max_age` days, or of unknown age, are an error: a scanner that knows nothing new finds
  nothing new.
* A limit of clamd's that was reached, and an encrypted member, are errors too: it did not look at everything.
"""

import re
import socket
import struct
import time
from datetime import UTC, datetime
from typing import BinaryIO
from urllib.parse import urlsplit

from uploads.scanners.verdict import Outcome, Verdict

DEFAULT_PORT = 3310
_CHUNK = 256 * 1024
_MAX_REPLY = 4096
_NOT_LOOKED_AT = ("Heuristics.Limits.Exceeded", "Heuristics.Encrypted")
_VERSION_DATE = "%a %b %d %H:%M:%S %Y"
_ANSWER = re.compile(r"stream: (?:(?P<found>.+) FOUND|(?P<clean>OK))")


class _AwayError(Exception):
    """Nobody listens at the address now."""


def scan(
    file: BinaryIO,
    address: str,
    *,
    timeout: float = 120,
    max_age: int | None = 7,
    now: datetime | None = None,
) -> Verdict:
    """Scan the bytes of `file` from its beginning. Never raises for what the scanner does.

    `timeout` is in seconds, for the whole scan; `max_age` in days, None where the age is not asked for.
    """
    deadline = time.monotonic() + timeout
    engine = ""
    try:
        engine = _ask(address, b"zVERSION\0", deadline)
        stale = "" if max_age is None else _stale(engine, max_age, now or datetime.now(UTC))
        if stale:
            return Verdict(Outcome.ERROR, stale, engine)
        file.seek(0)
        return _judge(_stream(address, file, deadline), engine)
    except _AwayError as away:
        return Verdict(Outcome.PENDING, str(away), engine)
    except TimeoutError:
        return Verdict(Outcome.ERROR, f"The scanner did not answer within {timeout:g} seconds.", engine)
    except (OSError, ValueError) as error:
        return Verdict(Outcome.ERROR, f"The scanner broke off: {error}.", engine)


def _connect(address: str, deadline: float) -> socket.socket:
    parts = urlsplit(address)
    if parts.scheme != "clamd":
        raise ValueError(f"{address} is no clamd address")
    left = _left(deadline)
    try:
        if parts.hostname:
            return socket.create_connection((parts.hostname, parts.port or DEFAULT_PORT), timeout=left)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(left)
        try:
            connection.connect(parts.path)
        except BaseException:
            connection.close()
            raise
        return connection
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise _AwayError("The scanner is not listening; it may be starting or reloading.") from error


def _ask(address: str, command: bytes, deadline: float) -> str:
    with _connect(address, deadline) as connection:
        connection.sendall(command)
        return _reply(connection, deadline)


def _stream(address: str, file: BinaryIO, deadline: float) -> str:
    with _connect(address, deadline) as connection:
        connection.sendall(b"zINSTREAM\0")
        try:
            while piece := file.read(_CHUNK):
                connection.settimeout(_left(deadline))
                connection.sendall(struct.pack(">L", len(piece)) + piece)
            connection.sendall(struct.pack(">L", 0))
        except (BrokenPipeError, ConnectionResetError):
            # It stopped listening in the middle; its last words say why, if it left any.
            return _reply(connection, deadline)
        return _reply(connection, deadline)


def _reply(connection: socket.socket, deadline: float) -> str:
    raw = b""
    while b"\0" not in raw and len(raw) < _MAX_REPLY:
        connection.settimeout(_left(deadline))
        piece = connection.recv(_MAX_REPLY)
        if not piece:
            break
        raw += piece
    text, end, _ = raw.partition(b"\0")
    if not end:
        raise ValueError("its answer was cut off")
    return text.decode("utf-8", "replace").strip()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _judge(answer: str, engine: str) -> Verdict:
    match = _ANSWER.fullmatch(answer)
    if match is None:
        return Verdict(Outcome.ERROR, f"The scanner said: {answer or 'nothing'}", engine)
    if match["clean"]:
        return Verdict(Outcome.CLEAN, engine=engine)
    if match["found"].startswith(_NOT_LOOKED_AT):
        return Verdict(Outcome.ERROR, f"The scanner did not look at everything: {match['found']}.", engine)
    return Verdict(Outcome.FLAGGED, match["found"], engine)


def _stale(version: str, max_age: int, now: datetime) -> str:
    """Why the signatures are too old, from `ClamAV 1.4.3/27800/Fri Nov 20 08:51:02 2026`; empty if they are not."""
    parts = version.split("/")
    try:
        built = datetime.strptime(parts[2].strip(), _VERSION_DATE).replace(tzinfo=UTC)
    except (IndexError, ValueError):
        return f"The scanner does not say how old its signatures are: {version!r}."
    age = (now - built).days
    return (
        f"The scanner's signatures are {age} days old; at most {max_age} are believed."
        if age > max_age
        else ""
    )
