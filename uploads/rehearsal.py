"""A rehearsal: the intake checks over a package that is not submitted. Nothing is queued and nothing kept.

The report is the one of `manage.py validate_package --json`, with what the portal knows on top.
"""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from uploads import arrivals, facts, staging
from uploads.checks import (
    CHECKS,
    MustWaitError,
    Phase,
    Result,
    Status,
    Subject,
    prepare,
    run_intake,
    sidecar_schema,
)
from uploads.checks.base import not_run
from uploads.status import titled

Json = dict[str, Any]
#: What a rehearsal says of a check that belongs to a later phase.
LATER = {
    Phase.PUBLICATION: "It is asked while the release is published.",
    Phase.AFTER: "It is asked after the release is published.",
}


def rehearse(*, chunks: Iterable[bytes], content_type: str, sidecar_raw: bytes | None) -> Json:
    """Check a package as a submission would be checked, and report.

    Raises RefusedError for what the door refuses: `unsupported_content_type` (415), `package_too_large`
    (413), `package_empty` (422).
    """
    arrivals.ensure_zip(content_type)
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        package = Path(folder) / "package.zip"
        size, sha256 = _write(package, chunks)

        def open_package() -> BinaryIO:
            return package.open("rb")

        read = prepare(open_package, size, sha256=sha256, sidecar_raw=sidecar_raw)
        subject = Subject(
            open_package=open_package,
            size=size,
            sha256=sha256,
            report=read.report,
            manifest=read.manifest,
            sidecar=read.sidecar,
            sidecar_raw=sidecar_raw,
            portal=facts.gather(read.sidecar, read.manifest),
        )
        return report(subject, _run(subject))


def report(subject: Subject, results: list[Result]) -> Json:
    """The verdict as one document. `accepted` means that no check failed."""
    return {
        "accepted": all(result.status is not Status.FAILED for result in results),
        "sha256": subject.sha256,
        "sizeBytes": subject.size,
        "files": len(subject.report.members),
        "checks": [result.as_dict() for result in results],
        "signals": [
            {"check": result.check_id, "code": problem.code, "message": problem.message, "path": problem.path}
            for result in results
            if result.status is Status.WARNED
            for problem in result.problems
        ],
    }


def named(document: Json) -> list[Json]:
    """A report's checks with their titles, for the page."""
    titles = {check.id: check.title for check in CHECKS}
    return [titled(row, titles) for row in document["checks"]]


def _run(subject: Subject) -> list[Result]:
    """Every check in the list's order; what must wait for a service has said so by itself."""
    said: dict[str, Result] = {}

    def keep(result: Result) -> None:
        said[result.check_id] = result

    with contextlib.suppress(MustWaitError):
        run_intake(subject, keep)
    if subject.sidecar_raw is None:  # the form would write it; a rehearsal has none to judge
        said[sidecar_schema.ID] = not_run(sidecar_schema.ID, "sidecar_not_given", "No sidecar was given.")
    later = {
        check.id: not_run(check.id, "later_phase", LATER[check.phase])
        for check in CHECKS
        if check.phase is not Phase.INTAKE
    }
    return [(later | said)[check.id] for check in CHECKS]


def _write(place: Path, chunks: Iterable[bytes]) -> tuple[int, str]:
    """Write the bytes to a file, counted and hashed while they arrive: their number and SHA-256."""
    limit = settings.SMMODS_MAX_PACKAGE_BYTES
    size, digest = 0, hashlib.sha256()
    with place.open("wb") as out:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise staging.too_large(limit)
            digest.update(chunk)
            out.write(chunk)
    if not size:
        raise staging.empty()
    return size, digest.hexdigest()
