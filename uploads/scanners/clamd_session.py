"""One connection to one clamd process, and what is said over it (clamd's manual page, section COMMANDS).

* An address is `clamd://host:port` or `clamd:///path/to/socket`.
* A session (IDSESSION) belongs to one process from its first command to its last: what one command showed of
  that process's limits holds for the next. clamd numbers its replies; a wrong number is no answer.
* Nothing is waited for beyond the deadline that the session was opened with.
"""

import re
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

DEFAULT_PORT = 3310
CHUNK = 256 * 1024
_MAX_REPLY = 4096
_NUMBERED = re.compile(r"(?P<number>[0-9]+):(?: (?P<words>.*))?", re.DOTALL)
_PEER = struct.Struct("3i")


class AwayError(Exception):
    """Nobody listens at the address now."""


class Session:
    """A connection to clamd, open until `close`; also a context manager.

    `deadline` is by `time.monotonic()`. Raises AwayError where nobody listens, ValueError for what is no
    address, TimeoutError at the deadline and OSError for what breaks the connection.
    """

    def __init__(self, address: str, deadline: float) -> None:
        self._deadline = deadline
        self._asked = 0
        self._buffer = b""
        self._connection = _connect(address, self._left())
        try:
            self._send(b"zIDSESSION\0")
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take leave; a clamd that is gone already does not mind."""
        try:
            self._connection.sendall(b"zEND\0")
        except OSError:
            pass  # it hung up first, and what it said was heard
        finally:
            self._connection.close()

    def process(self) -> str:
        """The number of the process that listens, where the system tells it (a socket file on Linux)."""
        if self._connection.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
            return ""
        raw = self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        return str(_PEER.unpack(raw)[0])

    def ask(self, command: str) -> str:
        """The answer to a command without data, such as VERSION."""
        self._asked += 1
        self._send(f"z{command}\0".encode())
        return self._reply()

    def stream(self, pieces: Iterable[bytes]) -> str:
        """Let the scanner read these bytes (INSTREAM) and return what it says of them."""
        self._asked += 1
        try:
            self._send(b"zINSTREAM\0")
            for piece in in_chunks(pieces):
                self._send(struct.pack(">L", len(piece)) + piece)
            self._send(struct.pack(">L", 0))
        except (BrokenPipeError, ConnectionResetError):
            # It stopped listening in the middle; its last words say why, if it left any.
            return self._reply()
        return self._reply()

    def _send(self, data: bytes) -> None:
        self._connection.settimeout(self._left())
        self._connection.sendall(data)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _reply(self) -> str:
        while b"\0" not in self._buffer and len(self._buffer) < _MAX_REPLY:
            self._connection.settimeout(self._left())
            piece = self._connection.recv(_MAX_REPLY)
            if not piece:
                break
            self._buffer += piece
        raw, end, self._buffer = self._buffer.partition(b"\0")
        if not end:
            raise ValueError("its answer was cut off")
        text = raw.decode("utf-8", "replace").strip()
        match = _NUMBERED.fullmatch(text)
        if match is None:
            return text  # what it says of the connection rather than of a command: never a verdict
        if int(match["number"]) != self._asked:
            raise ValueError(f"it answered {text!r} to command {self._asked}")
        return match["words"] or ""


def in_chunks(pieces: Iterable[bytes], size: int = CHUNK) -> Iterator[bytes]:
    """The same bytes in pieces of `size`, the last one shorter; none is empty."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def _connect(address: str, seconds: float) -> socket.socket:
    parts = urlsplit(address)
    if parts.scheme != "clamd":
        raise ValueError(f"{address} is no clamd address")
    try:
        if parts.hostname:
            connection = socket.create_connection(
                (parts.hostname, parts.port or DEFAULT_PORT), timeout=seconds
            )
            # Short commands are answered at once, and not after the 40 ms of a delayed acknowledgement.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(seconds)
        try:
            connection.connect(parts.path)
        except BaseException:
            connection.close()
            raise
        return connection
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise AwayError("The scanner is not listening; it may be starting or reloading.") from error
