"""The manifest: there, at the package's root, readable and in its schema."""

from accounts import strict_json
from accounts.errors import Problem, RefusedError
from catalog import schema_registry
from uploads.checks.base import Check, Phase, Result, Subject, failed, judged, not_run
from uploads.package.reader import MANIFEST
from uploads.package.rules import MAX_MANIFEST_BYTES

ID = "manifest_schema"
SCHEMA = "starminer.mod-manifest.v1"


def run(subject: Subject) -> Result:
    """Read manifest.json and judge it by its schema."""
    report = subject.report
    if report.manifest_raw is None:
        if not report.members:
            return not_run(
                ID, "package_unreadable", "The package could not be opened, so it has no manifest yet."
            )
        return failed(ID, [_why_absent(subject)])
    try:
        document = strict_json.loads(report.manifest_raw)
    except RefusedError as refused:
        return failed(ID, [Problem(p.code, p.message, p.hint, p.pointer, MANIFEST) for p in refused.problems])
    problems = [
        Problem(p.code, p.message, p.hint, p.pointer, MANIFEST)
        for p in schema_registry.problems(SCHEMA, document)
    ]
    return judged(ID, problems, f"The manifest keeps {SCHEMA}.")


def _why_absent(subject: Subject) -> Problem:
    size = subject.report.manifest_size
    if size is not None and size > MAX_MANIFEST_BYTES:
        return Problem(
            "json_too_large",
            f"{MANIFEST} has {size:,} bytes; at most {MAX_MANIFEST_BYTES:,} are read.",
            "Shorten it; long texts belong in files of their own.",
            path=MANIFEST,
        )
    if size is not None:
        return Problem(
            "manifest_unreadable",
            f"{MANIFEST} is there, but its data could not be unpacked.",
            "Pack the mod again.",
            path=MANIFEST,
        )
    near = [path for path in sorted(subject.report.paths) if path.rpartition("/")[2].lower() == MANIFEST]
    if near:
        return Problem(
            "manifest_missing",
            f"There is no {MANIFEST} at the package's root, but {near[0]}.",
            "Pack the folder's content, not the folder around it, and write the name in lower case.",
            path=near[0],
        )
    return Problem(
        "manifest_missing",
        f"There is no {MANIFEST} at the package's root.",
        "Write one (see Getting started) and pack again.",
        path=MANIFEST,
    )


CHECK = Check(
    ID,
    "Manifest",
    "Package manifest must match the Starminer mod manifest schema.",
    Phase.INTAKE,
    ("manifest_missing", "manifest_unreadable", *strict_json.CODES, *schema_registry.CODES),
    run,
)
