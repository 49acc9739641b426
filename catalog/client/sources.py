"""Where the published documents come from: a web site or a folder with the published tree.

Rules
- An address is root-relative, as the documents write it; nothing that leads out of the site is followed.
- A document is read whole, up to a limit; an artifact is read in pieces, from an offset where one is given.
- 404 and 410 have codes of their own, since a manager says different things about them.
"""

import http.client
import posixpath
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urljoin, urlsplit

from catalog.client.errors import ClientError

MAX_DOCUMENT = 64 * 1024 * 1024
MAX_REDIRECTS = 4
PIECE = 256 * 1024
USER_AGENT = "smmods-client/1"


@dataclass(frozen=True, slots=True)
class Stream:
    """An artifact's bytes from `start` on, in pieces. `start` is 0 where the site does not resume."""

    start: int
    pieces: Iterator[bytes]


class Source(Protocol):
    """What the client asks of a place with published documents."""

    def read(self, address: str) -> bytes:
        """The whole document at a root-relative address. Raises ClientError."""
        ...

    def stream(self, address: str, offset: int = 0) -> Stream:
        """The bytes at the address from `offset` on, or from 0 where that can't be had. Raises ClientError."""
        ...


def source_for(place: str) -> Source:
    """A source for an http(s) address or a folder."""
    return HttpSource(place) if place.startswith(("http://", "https://")) else FolderSource(Path(place))


def _checked(address: str) -> str:
    """The address, if it is root-relative and stays below the root."""
    path = unquote(urlsplit(address).path)
    if not address.startswith("/") or address.startswith("//") or "\\" in path or "\0" in path:
        raise ClientError("bad_document", f"{address!r} is not a root-relative address.")
    if posixpath.normpath(path) != path.rstrip("/") and path != "/":
        raise ClientError("bad_document", f"{address!r} does not stay where it says.")
    return address


class FolderSource:
    """A published tree on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, address: str) -> Path:
        path = self.root / unquote(urlsplit(_checked(address)).path).lstrip("/")
        if not path.is_file():
            raise ClientError("not_found", f"{address} is not there.")
        return path

    def read(self, address: str) -> bytes:
        """The document's bytes."""
        path = self._path(address)
        if path.stat().st_size > MAX_DOCUMENT:
            raise ClientError("too_large", f"{address} is larger than {MAX_DOCUMENT:,} bytes.")
        return path.read_bytes()

    def stream(self, address: str, offset: int = 0) -> Stream:
        """The artifact's bytes from `offset` on."""
        return Stream(offset, self._pieces(self._path(address), offset))

    @staticmethod
    def _pieces(path: Path, offset: int) -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(offset)
            while piece := file.read(PIECE):
                yield piece


class HttpSource:
    """A site over HTTP or HTTPS. `timeout` is in seconds and counts for each read."""

    def __init__(self, base_url: str, *, timeout: float = 20) -> None:
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout

    def read(self, address: str) -> bytes:
        """The document's bytes."""
        connection, response = self._open(self.base_url + _checked(address), {})
        with closing(connection):
            try:
                body = response.read(MAX_DOCUMENT + 1)
            except (OSError, http.client.HTTPException) as error:
                raise ClientError("interrupted", f"{address} broke off: {error}") from error
        if len(body) > MAX_DOCUMENT:
            raise ClientError("too_large", f"{address} is larger than {MAX_DOCUMENT:,} bytes.")
        declared = response.getheader("Content-Length")
        if declared is not None and int(declared) != len(body):
            raise ClientError("interrupted", f"{address} broke off after {len(body):,} bytes.")
        return body

    def stream(self, address: str, offset: int = 0) -> Stream:
        """The artifact's bytes; resumed with a range request where the site takes one."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        connection, response = self._open(self.base_url + _checked(address), headers)
        resumed = response.status == 206 and (response.getheader("Content-Range") or "").startswith(
            f"bytes {offset}-"
        )
        return Stream(offset if resumed else 0, self._pieces(address, connection, response))

    @staticmethod
    def _pieces(
        address: str, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> Iterator[bytes]:
        with closing(connection):
            try:
                while piece := response.read(PIECE):
                    yield piece
            except (OSError, http.client.HTTPException) as error:
                raise ClientError("interrupted", f"{address} broke off: {error}") from error

    def _open(
        self, url: str, headers: dict[str, str]
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        for _ in range(MAX_REDIRECTS + 1):
            connection = self._connect(url)
            parts = urlsplit(url)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            try:
                connection.request("GET", target or "/", headers={"User-Agent": USER_AGENT, **headers})
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                raise ClientError("unavailable", f"{url} does not answer: {error}") from error
            if response.status in (200, 206):
                return connection, response
            location = response.getheader("Location")
            connection.close()
            if response.status in (301, 302, 303, 307, 308) and location:
                url = self._redirected(url, location)
            elif response.status == 416:
                headers = {}
            else:
                raise _unwanted(url, response.status)
        raise ClientError("unavailable", f"{url} is redirected too often.")

    def _connect(self, url: str) -> http.client.HTTPConnection:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, parts.port, timeout=self.timeout, context=context)
        return http.client.HTTPConnection(host, parts.port, timeout=self.timeout)

    @staticmethod
    def _redirected(url: str, location: str) -> str:
        """The next address; never from https down to http, never to another kind of address."""
        target = urljoin(url, location)
        scheme = urlsplit(target).scheme
        if scheme not in ("http", "https") or (urlsplit(url).scheme == "https" and scheme == "http"):
            raise ClientError("unavailable", f"{url} leads to {target}, which is not followed.")
        return target


def _unwanted(url: str, status: int) -> ClientError:
    if status == 404:
        return ClientError("not_found", f"{url} is not there.")
    if status == 410:
        return ClientError("taken_back", f"{url} was taken back.")
    return ClientError("unavailable", f"{url} answers {status}.")
