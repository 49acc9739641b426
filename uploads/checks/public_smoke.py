"""The public smoke: what a stranger fetched after the switch was all right."""

from accounts.errors import Problem
from catalog import schema_registry
from uploads.checks.base import Check, Phase, PublishedRelease, Result, failed, judged, not_run

ID = "public_smoke"
SCHEMA = "smmods.post-publish-smoke.v1"
_HINT = "Run `python manage.py smoke --kind public` against the site and look at the step."


def run(release: PublishedRelease) -> Result:
    """Judge the smoke's report: readable, and every step passed."""
    smoke = release.smoke
    if smoke is None:
        return not_run(ID, "smoke_not_run", "The public smoke has not run yet.")
    wrong = schema_registry.problems(SCHEMA, smoke)
    if wrong:
        first = wrong[0]
        return failed(ID, [Problem("smoke_unreadable", first.message, first.hint, first.pointer)])
    problems = [
        Problem("smoke_failed", f"{step['id']}: {step['message']}", _HINT, path=step.get("url", ""))
        for step in smoke["steps"]
        if step["status"] == "failed"
    ]
    if smoke["status"] != "passed" and not problems:
        problems = [Problem("smoke_failed", "The smoke failed and names no step.", _HINT)]
    return judged(ID, problems, f"{len(smoke['steps'])} steps passed.", steps=len(smoke["steps"]))


CHECK = Check(
    ID,
    "Public smoke",
    "Public smoke must fetch JSON endpoints, download artifacts, verify hashes, and run manager URL readers.",
    Phase.AFTER,
    ("smoke_failed", "smoke_unreadable"),
    run,
)
