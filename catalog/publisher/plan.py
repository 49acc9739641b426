"""The plan of a publication: which names will show which bytes, in which order. Stored in the journal.

Rules
- Only what a change touches is rendered: the mods changed, the index, the catalog; the blocklist where
  something was taken back or restored; the platform's documents and the contract when they are refreshed.
- A refreshed document that would differ in its time alone is left as it is.
- Adding, names are switched in the order in which nothing points at what is not there: a mod's documents,
  the platform's, the blocklist, the index, `catalog.json` last. Taking back goes the other way round, the
  artifact last.
- The plan is enough to finish: every document can be rendered again by its path, with the plan's revision
  and time, and every artifact lies in the vault by its hash.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from catalog import contract_documents, documents, platform_documents
from catalog.models import Mod, PublishedDocument, Release
from catalog.publisher.changes import Applied
from catalog.publisher.tree import PublicTree

ADD, TAKE_BACK = "add", "take_back"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlannedArtifact:
    """Bytes from the vault that get a public name."""

    path: str
    sha256: str
    size_bytes: int
    mod_id: str = ""
    version: str = ""
    submission_id: str = ""


@dataclass(slots=True)
class Plan:
    """What a publication will do to the tree, as plain values; `documents` maps paths to hashes, in order."""

    direction: str
    generated_at: datetime
    artifacts: list[PlannedArtifact] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)
    restored: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    portal: bool = False

    def as_json(self) -> Json:
        """As the journal keeps it."""
        return {
            "direction": self.direction,
            "generatedAt": documents.timestamp(self.generated_at),
            "artifacts": [
                {
                    "path": a.path,
                    "sha256": a.sha256,
                    "sizeBytes": a.size_bytes,
                    "modId": a.mod_id,
                    "version": a.version,
                    "submissionId": a.submission_id,
                }
                for a in self.artifacts
            ],
            "documents": [{"path": path, "sha256": sha256} for path, sha256 in self.documents.items()],
            "restored": self.restored,
            "withdrawn": self.withdrawn,
            "applied": [done.as_dict() for done in self.applied],
            "portal": self.portal,
        }

    @classmethod
    def from_json(cls, body: Json) -> "Plan":
        """As the journal kept it."""
        return cls(
            body["direction"],
            documents.time_of(body["generatedAt"]),
            [
                PlannedArtifact(
                    a["path"], a["sha256"], a["sizeBytes"], a["modId"], a["version"], a["submissionId"]
                )
                for a in body["artifacts"]
            ],
            {row["path"]: row["sha256"] for row in body["documents"]},
            list(body["restored"]),
            list(body["withdrawn"]),
            [Applied.from_dict(row) for row in body["applied"]],
            bool(body["portal"]),
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned tree, for the checks before the switch: what will be read where, if they agree."""

    revision: int
    generated_at: datetime
    documents: Mapping[str, bytes]
    artifacts: tuple[PlannedArtifact, ...]
    mods: tuple[str, ...]
    applied: tuple[Applied, ...]
    tree: PublicTree

    def read(self, path: str) -> bytes | None:
        """A document as it will be: the planned one, else the one there now; None where there is none."""
        return self.documents.get(path) or self.tree.read(path)

    def open_artifact(self, artifact: PlannedArtifact) -> BinaryIO:
        """An artifact's bytes as they will be published."""
        return self.tree.open_kept(artifact.sha256)


Renderer = Callable[[int, datetime], bytes]


def render(path: str, revision: int, at: datetime) -> bytes:
    """A document by its path, from the rows as they are. Raises KeyError for a path that nobody renders."""
    fixed: dict[str, Renderer] = {
        documents.CATALOG: documents.catalog,
        documents.MODS_INDEX: documents.mods_index,
        documents.BLOCKLIST: documents.blocklist,
    }
    if path in fixed:
        return fixed[path](revision, at)
    if path in platform_documents.DOCUMENTS:
        return platform_documents.DOCUMENTS[path](at)
    if path in contract_documents.DOCUMENTS:
        return contract_documents.DOCUMENTS[path](at)
    folder, _, rest = path.partition("api/v1/mods/")
    mod_id, _, name = rest.partition("/")
    renderers = {"index.json": documents.mod_document, "versions.json": documents.versions_document}
    if folder or name not in renderers:
        raise KeyError(path)
    return renderers[name](Mod.objects.select_related("namespace", "latest").get(mod_id=mod_id), at)


def standing_paths() -> list[str]:
    """The documents that do not belong to one mod, catalog and index aside."""
    return [*platform_documents.DOCUMENTS, *contract_documents.DOCUMENTS]


def stale(tree: PublicTree, paths: Sequence[str]) -> list[str]:
    """Those of `paths` whose document is gone, was changed by hand, or would say more than another time."""
    rows = PublishedDocument.objects.filter(path__in=paths)
    shown = dict(rows.values_list("path", "sha256"))
    return [path for path in paths if _differs(path, tree, shown.get(path))]


def _differs(path: str, tree: PublicTree, shown: str | None) -> bool:
    current = tree.read(path)
    if current is None or documents.hash_of(current) != shown:
        return True
    if path.endswith(".schema.json"):  # the documents that do not say when they were made
        return render(path, 0, datetime.now(UTC)) != current
    body = json.loads(current)
    return render(path, body.get("revision", 0), documents.time_of(body["generatedAt"])) != current


def paths_for(direction: str, mods: list[str], *, blocklist: bool, standing: list[str]) -> list[str]:
    """The documents to switch, in the order in which nothing points at what is not there."""
    of_mods = [path(mod_id) for mod_id in mods for path in (documents.versions_path, documents.mod_path)]
    black = [documents.BLOCKLIST] if blocklist else []
    lists = [documents.MODS_INDEX, documents.CATALOG]
    if direction == ADD:
        return [*of_mods, *standing, *black, *lists]
    return [*reversed(lists), *black, *reversed(of_mods), *standing]


def artifact_of(release: Release) -> PlannedArtifact:
    """A release's bytes under their public name."""
    return PlannedArtifact(
        documents.artifact_path(release.mod.mod_id, release.version),
        release.sha256,
        release.size_bytes,
        release.mod.mod_id,
        release.version,
        release.submission_id,
    )
