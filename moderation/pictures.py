"""A picture of a package for a reviewer: decoded and written anew in the confined child, never sent as it is.

Rules
- What is sent begins as a PNG does and has at most `LIMIT` bytes, whatever the child says of it.
- A picture that can't be shown is a refusal that says why; it is no failure.
"""

import tempfile
from dataclasses import dataclass
from typing import Any

from accounts.errors import RefusedError
from uploads import isolation, staging
from uploads.models import Revision

LIMIT = 16 * 1024 * 1024
#: What decoding one picture may use: seconds by the clock, seconds of processor time, MiB of address space.
SECONDS, PROCESSOR, MEBIBYTES = 20, 15, 1024
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG of ours, and what was found out about the original."""

    png: bytes
    facts: dict[str, Any]


def picture(revision: Revision, path: str) -> Picture:
    """The image at `path`, written anew.

    Raises RefusedError: 422 `image_not_shown` with the reason, 410 `bytes_gone` where the package was taken out
    of staging, and what `isolation.run` refuses (503 where no child can be started).
    """
    asked = {"path": path, "size": revision.size_bytes}
    bounds = isolation.Bounds(SECONDS, PROCESSOR, MEBIBYTES, file_bytes=LIMIT)
    with tempfile.TemporaryFile() as sink:
        try:
            with staging.open_staged(revision) as source:
                answer = isolation.run("image", source, asked, sink=sink, bounds=bounds)
        except FileNotFoundError as error:
            raise RefusedError(
                "bytes_gone",
                "The package does not lie in staging any more.",
                "Its inventory and hashes are kept; the bytes are not.",
                status=410,
            ) from error
        sink.seek(0)
        png = sink.read(LIMIT + 1)
    if answer.get("ok") is not True:
        raise _not_shown(str(answer.get("why", ""))[:300])
    if not png.startswith(_PNG) or len(png) > LIMIT:
        raise _not_shown("What was made of it is no picture of ours.")
    return Picture(png, {name: value for name, value in answer.items() if name != "ok"})


def _not_shown(why: str) -> RefusedError:
    return RefusedError(
        "image_not_shown", why or "It can't be shown.", "Look at its bytes in the viewer.", status=422
    )
