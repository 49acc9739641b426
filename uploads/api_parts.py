"""What a request's form brings, as plain values: the package's chunks and the sidecar's bytes.

Every way in which a form can be wrong gets its own code here: no multipart at all, unreadable, cut off, a part
missing, twice there or of the wrong kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException, UnreadablePostError

from accounts import strict_json
from accounts.errors import Problem, RefusedError
from uploads.staging import CHUNK


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of an upload. `package` is None where it may be left out and was."""

    package: "UploadedFile[Any] | None"
    sidecar: bytes | None

    @property
    def content_type(self) -> str:
        return (self.package.content_type or "") if self.package is not None else ""

    def chunks(self) -> Iterator[bytes]:
        """The package's bytes, in pieces."""
        if self.package is not None:
            yield from self.package.chunks(CHUNK)


def read_parts(request: HttpRequest) -> Parts:
    """The parts `package` and `sidecar` of a multipart form.

    Raises RefusedError: `unsupported_content_type` (415), `form_unreadable` and `truncated` (400),
    `package_too_large` (413), `package_missing`, `part_repeated` (422).
    """
    if request.content_type != "multipart/form-data":
        raise RefusedError(
            "unsupported_content_type",
            f"The request came as {(request.content_type or 'nothing that it says')[:80]}.",
            "Send a form: multipart/form-data with the parts package and sidecar.",
            status=415,
        )
    read_form(request)
    for name in ("package", "sidecar"):
        if len(request.FILES.getlist(name)) + len(request.POST.getlist(name)) > 1:
            raise _wrong_part("part_repeated", f"The part {name} is there twice.", "Send it once.", name)
    package = request.FILES.get("package")
    if package is None:
        hint = "Send the ZIP as the file part named package, with a file name and the content type application/zip."
        raise _wrong_part("package_missing", "There is no package.", hint, "package")
    return Parts(package, _sidecar(request))


def read_form(request: HttpRequest) -> None:
    """Read the request's form, so that what is wrong with it is told here. Raises RefusedError (400, 413)."""
    try:
        _ = request.POST, request.FILES
    except RefusedError:
        raise
    except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent) as error:
        raise RefusedError(
            "form_too_large",
            "The form holds more than is taken beside the package.",
            "Send package and sidecar and nothing else; the package is a file part.",
            status=413,
        ) from error
    except (MultiPartParserError, UnreadablePostError, RawPostDataException) as error:
        raise RefusedError(
            "form_unreadable",
            f"The form can't be read: {error}",
            "Send it as multipart/form-data again.",
            status=400,
        ) from error


def _sidecar(request: HttpRequest) -> bytes | None:
    """The sidecar's bytes, from a file or a text part; one byte past the limit is enough to refuse it."""
    part = request.FILES.get("sidecar")
    if part is not None:
        return bytes(part.read(strict_json.MAX_BYTES + 1)) or None
    text = request.POST.get("sidecar", "")
    return text.encode("utf-8", "surrogatepass") if text.strip() else None


def _wrong_part(code: str, message: str, hint: str, name: str) -> RefusedError:
    return RefusedError(code, message, hint, problems=[Problem(code, message, hint, f"/{name}")])
