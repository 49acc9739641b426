"""The manager's view: an independent reader takes the catalog that will be, or was, published."""

from accounts.errors import Problem
from uploads.checks.base import Check, Phase, PublishedRelease, Result, failed, judged

ID = "manager_catalog_parse"
CATALOG = "api/v1/catalog.json"


def run(release: PublishedRelease) -> Result:
    """Give catalog.json to the reader that shares no code with the publisher."""
    raw = release.get(CATALOG)
    if raw is None:
        hint = "Publish again."
        return failed(ID, [Problem("catalog_missing", "There is no catalog.json.", hint, path=CATALOG)])
    problems = [
        Problem("catalog_unreadable", f"{p.code}: {p.message}", p.hint, p.pointer, CATALOG)
        for p in release.parse_catalog(raw)
    ]
    return judged(ID, problems, "The manager's reader takes the catalog.", sizeBytes=len(raw))


CHECK = Check(
    ID,
    "Manager reads it",
    "The current smmodmanager build must parse catalog.json after publication.",
    Phase.PUBLICATION,
    ("catalog_missing", "catalog_unreadable"),
    run,
)
