"""The artifact: the bytes that will be served are those that were reviewed, and the documents say so."""

import hashlib
import json
from typing import Any

from accounts.errors import Problem
from uploads.checks.base import Check, Phase, PublishedRelease, Result, judged

ID = "artifact_hash"
_AGAIN = "Nothing was switched. Publish again; if it happens again, look at the storage."
_PIECE = 1024 * 1024


def run(release: PublishedRelease) -> Result:
    """Hash the artifact, and compare it with the review and with what versions.json will say."""
    digest = hashlib.sha256()
    size = 0
    with release.open_artifact() as artifact:
        while piece := artifact.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    served = digest.hexdigest()
    problems: list[Problem] = []
    if (served, size) != (release.sha256, release.size):
        problems.append(
            Problem(
                "artifact_differs",
                f"The artifact has SHA-256 {served} and {size:,} bytes; reviewed were {release.sha256} and "
                f"{release.size:,}.",
                _AGAIN,
                path=release.artifact_path,
            )
        )
    problems += _listed(release, served, size)
    return judged(ID, problems, "The artifact is the one that was reviewed.", sha256=served, sizeBytes=size)


def _listed(release: PublishedRelease, sha256: str, size: int) -> list[Problem]:
    path = f"api/v1/mods/{release.mod_id}/versions.json"
    raw = release.get(path)
    document: Any = json.loads(raw) if raw else {}
    row = next((row for row in document.get("versions", []) if row["version"] == release.version), None)
    if row is None:
        return [Problem("artifact_not_listed", f"{path} does not list {release.version}.", _AGAIN, path=path)]
    said = (row["sha256"], row["sizeBytes"], row["artifactUrl"])
    if said != (sha256, size, f"/{release.artifact_path}"):
        return [
            Problem("artifact_listed_wrongly", f"{path} says {said} of {release.version}.", _AGAIN, path=path)
        ]
    return []


CHECK = Check(
    ID,
    "Artifact hash",
    "Publication computes SHA256 from the exact immutable artifact served by smmods.com.",
    Phase.PUBLICATION,
    ("artifact_differs", "artifact_not_listed", "artifact_listed_wrongly"),
    run,
)
