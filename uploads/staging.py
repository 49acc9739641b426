"""Private staging: where submitted bytes lie until they are published.

Rules
- Written once: a name that is taken is refused, never replaced and never silently renamed.
- Named `uploads/staging/{submissionId}/{fileName}`, with `r{n}-` before the file name from the second
  revision on (source: SMMODS's publishing contract, `stagingPathTemplate`). A browser's draft whose mod and
  version are not known yet lies under `draft.zip`, and gets its name when it is submitted.
- Hashed while it is written, in pieces of `CHUNK` bytes; a package is never held whole in memory.
- What was not taken completely is not kept. What a killed request left under a name, known by its age and by
  no revision having it, gives way.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from django.core.files.storage import Storage, storages
from django.utils import timezone

from accounts.errors import RefusedError
from uploads.models import Revision

log = logging.getLogger(__name__)

CHUNK = 256 * 1024
#: Bytes that no revision has are left over after this long (seconds): no request lives longer.
ABANDONED = 15 * 60
DRAFT = "draft.zip"


@dataclass(frozen=True, slots=True)
class Staged:
    """Bytes that lie in staging: under which name, their SHA-256 in hex, and how many they are."""

    name: str
    sha256: str
    size_bytes: int


def store() -> Storage:
    """The private store."""
    return storages["staging"]


def file_name(mod_id: str, version: str) -> str:
    """The name that a release's package has everywhere: `{modId}-v{version}.zip`."""
    return f"{mod_id}-v{version}.zip"


def staging_name(submission_id: str, name: str, revision: int = 1) -> str:
    """The place in the store of a submission's package called `name`."""
    prefix = f"r{revision}-" if revision > 1 else ""
    return f"uploads/staging/{submission_id}/{prefix}{name}"


class _Arriving:
    """Bytes that are read once, from an iterator, and hashed while they are read; a file to a store."""

    def __init__(self, chunks: Iterable[bytes], limit: int) -> None:
        self._source = iter(chunks)
        self._rest = b""
        self._limit = limit
        self._digest = hashlib.sha256()
        self.received = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def _next(self) -> bytes:
        for chunk in self._source:
            if chunk:
                self.received += len(chunk)
                if self.received > self._limit:
                    raise too_large(self._limit)
                self._digest.update(chunk)
                return bytes(chunk)
        return b""

    def chunks(self) -> Iterator[bytes]:
        """Its pieces as they come."""
        while piece := self._next():
            yield piece

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes (for stores that read rather than iterate); empty at the end."""
        while size < 0 or len(self._rest) < size:
            piece = self._next()
            if not piece:
                break
            self._rest += piece
        taken, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return taken


def put(name: str, chunks: Iterable[bytes], *, limit: int) -> Staged:
    """Write the bytes to `name`, hashed and counted while they arrive.

    Raises RefusedError: `package_too_large` (413) at the first byte past `limit`, `package_empty` (422) where
    there is none, `already_staged` (409) where the name is taken. Nothing is kept then, nor when the source
    itself raises.
    """
    place = store()
    if place.exists(name):
        if not _abandoned(place, name):
            raise already_staged()
        discard(name)
    arriving = _Arriving(chunks, limit)
    try:
        written = place.save(name, cast("IO[bytes]", arriving))
    except OSError as error:
        discard(name)
        log.exception("staging could not be written", extra={"staged": name})
        raise RefusedError(
            "staging_unavailable",
            "The package could not be stored just now.",
            "Try again in a minute.",
            status=503,
        ) from error
    except BaseException:
        discard(name)
        raise
    if written != name:  # somebody was first since we looked, and the store chose another name
        discard(written)
        raise already_staged()
    if arriving.received == 0:
        discard(name)
        raise empty()
    return Staged(name, arriving.sha256, arriving.received)


def _abandoned(place: Storage, name: str) -> bool:
    """Whether a request that was killed left these bytes: no revision has them, and none can be on its way."""
    if Revision.objects.filter(staging_name=name).exists():
        return False
    age = timezone.now() - place.get_modified_time(name)
    return age.total_seconds() > ABANDONED


def rename(staged: Staged, name: str) -> Staged:
    """Give staged bytes their final name, hashed again on the way.

    Raises RefusedError: `staged_bytes_changed` (409) where they are no longer those that were received,
    `already_staged` (409).
    """
    with read(staged.name) as source:
        moved = put(name, pieces(source), limit=staged.size_bytes)
    if moved.sha256 != staged.sha256:
        discard(name)
        raise RefusedError(
            "staged_bytes_changed",
            "The package is no longer the one that was received.",
            "Upload it again.",
            status=409,
        )
    return moved


def discard(name: str) -> None:
    """Take bytes away that belong to nothing; a failure is logged, since nobody can do more about it here."""
    try:
        store().delete(name)
    except OSError:
        log.exception("staged bytes could not be discarded", extra={"staged": name})


def read(name: str) -> BinaryIO:
    """The bytes under `name`. Raises FileNotFoundError."""
    return cast("BinaryIO", store().open(name, "rb"))


def open_staged(revision: Revision) -> BinaryIO:
    """A revision's bytes as they lie there now; nothing is verified. Raises FileNotFoundError."""
    return read(revision.staging_name)


def pieces(source: BinaryIO) -> Iterator[bytes]:
    """A file in pieces of `CHUNK` bytes."""
    while piece := source.read(CHUNK):
        yield piece


def too_large(limit: int) -> RefusedError:
    """The refusal of a package over the limit, which is in bytes."""
    return RefusedError(
        "package_too_large",
        f"The package has more than {limit:,} bytes.",
        "Leave out what the game does not need, or split the mod.",
        status=413,
        extra={"maxPackageBytes": limit},
    )


def empty() -> RefusedError:
    """The refusal of a package without a byte."""
    return RefusedError(
        "package_empty", "The package is empty: it has no bytes.", "Send the ZIP file itself."
    )


def already_staged() -> RefusedError:
    """The refusal of a second write to one name."""
    return RefusedError(
        "already_staged",
        "There is a package under this name already.",
        "Reload the page and look.",
        status=409,
    )
