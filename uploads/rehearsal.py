"""A rehearsal: the checks over a package that is not submitted. Nothing is queued and nothing kept.

One report for every door: `manage.py validate_package`, `POST /api/v1/validate` and the page that tries a package.
Offline there is no portal to ask: what needs it is `not_run`.

Signals in a report: they refuse nothing, and an honest author profits from them, so they are shown. The rules are
open, so `validate_package` shows all of them to whoever has them; the portal keeps to itself those that stop an
approval (YARA rules of the operator's own among them) and which version was the first to have one, since a
stranger may rehearse any mod's next version.
"""

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings

from uploads import arrivals, asked, facts, repacking, staging, weighing
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
from uploads.signals.document import as_document
from uploads.signals.found import Signal
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
    (413), `package_empty` (422); and for an inspection without an answer (`uploads.isolation.errors`).
    """
    arrivals.ensure_zip(content_type)
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        package = Path(folder) / "package.zip"
        size, sha256 = _write(package, chunks)
        read = prepare(
            lambda: package.open("rb"),
            size,
            sha256=sha256,
            sidecar_raw=sidecar_raw,
            profile=asked.profile(),
            scanner=asked.scanner(),
        )
        subject = replace(read, portal=facts.gather(read.sidecar, read.manifest))
        results = run(subject)
        weighed = weighing.weigh(None, subject, results)
        return report(subject, results, [row.signal for row in weighed if not row.signal.blocking])


def validate(open_package: Callable[[], BinaryIO], size: int, sidecar_raw: bytes | None) -> Json:
    """Check a package without a portal, and report."""
    subject = prepare(open_package, size, sidecar_raw=sidecar_raw, profile=asked.profile())
    results = run(subject)
    return report(subject, results, [*subject.signals, *weighing.warnings(results)])


def report(subject: Subject, results: list[Result], signals: Iterable[Signal]) -> Json:
    """The verdict as one document. `accepted` means that no check failed."""
    return {
        "accepted": all(result.status is not Status.FAILED for result in results),
        "sha256": subject.sha256,
        "sizeBytes": subject.size,
        "files": len(subject.report.members),
        "checks": [result.as_dict() for result in results],
        "signals": [as_document(signal) for signal in signals],
        "repack": repacking.offer(subject.open_package, subject.size, subject.report),
    }


def named(document: Json) -> list[Json]:
    """A report's checks with their titles, for the page."""
    titles = {check.id: check.title for check in CHECKS}
    return [titled(row, titles) for row in document["checks"]]


def run(subject: Subject) -> list[Result]:
    """Every check in the list's order; what must wait for a service has said so by itself."""
    said: dict[str, Result] = {}

    def keep(result: Result) -> None:
        said[result.check_id] = result

    with contextlib.suppress(MustWaitError):
        run_intake(subject, keep)
    if subject.sidecar is None and subject.sidecar_raw is None:  # the form would write it
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
