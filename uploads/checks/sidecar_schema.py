"""The sidecar: readable, in its schema, true of the bytes, and its categories are the portal's own."""

from accounts import strict_json
from accounts.errors import Problem, RefusedError
from catalog import schema_registry
from uploads.checks.base import Check, Json, Phase, Result, Subject, failed, judged, not_run

ID = "sidecar_schema"
SCHEMA = "smmods.mod-release-submission.v1"


def run(subject: Subject) -> Result:
    """Read the sidecar's bytes where they are at hand, else judge the document that the portal wrote."""
    document: object = subject.sidecar
    if subject.sidecar_raw is not None:
        try:
            document = strict_json.loads(subject.sidecar_raw)
        except RefusedError as refused:
            return failed(ID, refused.problems)
    elif document is None:
        if subject.portal is None:
            return not_run(ID, "sidecar_not_given", "No sidecar was given.")
        missing = "Send the release's *.release.json beside the package, or fill in the form."
        return failed(ID, [Problem("sidecar_missing", "The release has no sidecar.", missing)])
    problems = schema_registry.problems(SCHEMA, document)
    if not problems and isinstance(document, dict):
        problems = [*_untrue(document, subject), *_unknown_categories(document, subject)]
    return judged(ID, problems, f"The sidecar keeps {SCHEMA}.")


def _untrue(document: Json, subject: Subject) -> list[Problem]:
    truth = {
        "fileName": f"{document['modId']}-v{document['version']}.zip",
        "sha256": subject.sha256,
        "sizeBytes": subject.size,
    }
    said: Json = document.get("package", {})
    return [
        Problem(
            "sidecar_package_differs",
            f"package.{key} says {said[key]!r}; the bytes received say {truth[key]!r}.",
            "Write the sidecar anew after packing, or leave package out of it.",
            f"/package/{key}",
        )
        for key in truth
        if key in said and said[key] != truth[key]
    ]


def _unknown_categories(document: Json, subject: Subject) -> list[Problem]:
    if subject.portal is None:
        return []
    known = subject.portal.categories
    return [
        Problem(
            "category_unknown",
            f"{category!r} is no category of the portal.",
            f"Choose from: {', '.join(sorted(known))}.",
            f"/categories/{number}",
        )
        for number, category in enumerate(document.get("categories", []))
        if category not in known
    ]


CHECK = Check(
    ID,
    "Sidecar",
    "Sidecar metadata must use smmods.mod-release-submission.v1.",
    Phase.INTAKE,
    (
        "sidecar_missing",
        "sidecar_package_differs",
        "category_unknown",
        *strict_json.CODES,
        *schema_registry.CODES,
    ),
    run,
)
