"""A request's body arrives whole or not at all.

Django reads a multipart body to its end and takes a part that the end cut off for a shorter one. This upload
handler, the first in `FILE_UPLOAD_HANDLERS`, reads it through a counter instead.

Rules
- `truncated` (400)          fewer bytes than Content-Length says, or no closing boundary
- `package_too_large` (413)  Content-Length is over the package limit and what else a form may hold; such a
                             body is not stored, and read only as far as a client needs to see the answer
"""

import io
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import QueryDict
from django.utils.datastructures import MultiValueDict

from accounts.errors import RefusedError

#: Room for the sidecar, the form's fields and the boundaries beside the package, in bytes.
BESIDE = 2 * 1024 * 1024
#: How much of a body that is too large is read and thrown away: a client that is cut off sees no answer.
PATIENCE = 4
PIECE = 64 * 1024


class TruncatedError(RefusedError, MultiPartParserError):
    """The body ended before it was complete."""

    def __init__(self) -> None:
        super().__init__(
            "truncated",
            "The upload was cut off: fewer bytes came than were announced.",
            "Send it again.",
            status=400,
        )


class BodyTooLargeError(RefusedError, RequestDataTooBig):
    """The body is announced as larger than anything that is taken."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "package_too_large",
            f"The package has more than {limit:,} bytes.",
            "Leave out what the game does not need, or split the mod.",
            status=413,
            extra={"maxPackageBytes": limit},
        )


class _Counted(io.RawIOBase):
    """A stream that counts what is read from it and remembers how it ended."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self.count = 0
        self.tail = b""

    def read(self, size: int | None = -1) -> bytes:
        """As the stream below."""
        piece = self._source.read(-1 if size is None else size)
        self.count += len(piece)
        self.tail = (self.tail + piece)[-512:]
        return piece


class WholeBodyHandler(FileUploadHandler):
    """Parses the body itself, with the handlers that follow, and refuses what is cut off or too large."""

    def handle_raw_input(
        self,
        input_data: Any,
        meta: dict[str, str],
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, Any]] | None:
        """The parsed form and files. Raises TruncatedError, BodyTooLargeError, MultiPartParserError."""
        limit = settings.SMMODS_MAX_PACKAGE_BYTES
        if content_length > limit + BESIDE:
            rest = min(content_length, PATIENCE * limit)
            while rest > 0 and (piece := input_data.read(min(PIECE, rest))):
                rest -= len(piece)
            raise BodyTooLargeError(limit)
        others = [handler for handler in self._following() if handler is not self]
        counted = _Counted(input_data)
        parser = MultiPartParser(meta, counted, others, encoding)
        form, files = parser.parse()
        while counted.read(PIECE):
            pass
        if counted.count != content_length or not _closed(counted.tail, boundary):
            for _, listed in files.lists():
                for file in listed:
                    file.close()
            raise TruncatedError
        return form, files

    def _following(self) -> list[FileUploadHandler]:
        request = self.request
        return list(request.upload_handlers) if request is not None else []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Passed on: this handler stores nothing."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Passed on: this handler makes no file."""


def _closed(tail: bytes, boundary: bytes) -> bool:
    return b"--" + boundary + b"--" in tail
