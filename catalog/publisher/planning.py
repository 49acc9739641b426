"""How a plan is made: which rows changed, what that makes of the documents, which bytes get which names."""

from collections.abc import Sequence
from datetime import datetime

from accounts.errors import RefusedError
from catalog import documents, platform_documents
from catalog.models import Mod, PlatformRelease, Publication, Release
from catalog.publisher import facts, plan, splice
from catalog.publisher.changes import Applied, Change, Publish, Refresh
from catalog.publisher.plan import Plan, Planned, PlannedArtifact
from catalog.publisher.tree import PublicTree, TreeError

#: What every publication renders anew, the blocklist where it changed.
LISTS = (documents.BLOCKLIST, documents.MODS_INDEX, documents.CATALOG)


def keep_platform_files(tree: PublicTree) -> list[PlannedArtifact]:
    """Bring the current platform releases' own files into the vault; returns them under their public names.

    Raises RefusedError (`bytes_differ`, 409) where a file is not what its row says.
    """
    kept = []
    for release in PlatformRelease.objects.filter(current=True):
        path = platform_documents.file_path(release)
        if not path:
            continue
        if not tree.keeps(release.sha256):
            _copy_platform(tree, release)
        kept.append(PlannedArtifact(path, release.sha256, release.size_bytes))
    return kept


def _copy_platform(tree: PublicTree, release: PlatformRelease) -> None:
    refused = RefusedError(
        "bytes_differ",
        f"The file of {release} is not the one that its row describes.",
        "Upload it again in the admin.",
        status=409,
    )
    try:
        with release.file.open("rb") as source:
            sha256, _ = tree.keep(source, release.size_bytes)
    except (FileNotFoundError, TreeError) as error:
        raise refused from error
    if sha256 != release.sha256:
        tree.forget(sha256)
        raise refused


def make(
    tree: PublicTree,
    changes: Sequence[Change],
    applied: list[Applied],
    direction: str,
    platform: list[PlannedArtifact],
    revision: int,
    at: datetime,
) -> tuple[Plan, Planned] | None:
    """The plan of what `applied` and the refreshes among `changes` make of the tree; None where nothing differs.

    Belongs into the transaction that wrote the facts. The first publication of all renders everything.
    """
    first = not Publication.objects.exists()
    refreshes = [change for change in changes if isinstance(change, Refresh)]
    before = None if first or refreshes else splice.remember(_touched(applied))
    mods = _renew(tree, applied, refreshes, at)
    asked = plan.standing_paths() + list(LISTS) if first or refreshes else []
    stale = plan.stale(tree, asked)
    blocklist = documents.BLOCKLIST in stale or any(done.op in ("hide", "restore") for done in applied)
    fresh = [artifact for artifact in platform if tree.size_of(artifact.path) != artifact.size_bytes]
    if not (mods or stale or blocklist or fresh):
        return None
    new = [change.release for change in changes if isinstance(change, Publish)]
    made = Plan(direction, at, applied=applied, portal=any(release.portal for release in new))
    _artifacts(made, fresh)
    standing = [path for path in stale if path not in LISTS]
    paths = plan.paths_for(direction, mods, blocklist=blocklist, standing=standing)
    lists = splice.lists(tree, before, revision, at) if before else {}
    bodies = {path: lists.get(path) or plan.render(path, revision, at) for path in paths}
    made.documents = {path: documents.hash_of(body) for path, body in bodies.items()}
    return made, Planned(revision, at, bodies, tuple(made.artifacts), tuple(mods), tuple(applied), tree)


def _touched(applied: list[Applied]) -> list[str]:
    return list(dict.fromkeys(done.mod_id for done in applied))


def _renew(tree: PublicTree, applied: list[Applied], refreshes: list[Refresh], at: datetime) -> list[str]:
    """Make the entries of the mods concerned anew; returns those of whose documents any differs."""
    touched = _touched(applied)
    for mod_id in touched:
        facts.renew(mod_id, at)
    asked = {mod_id for refresh in refreshes for mod_id in refresh.mods}
    for mod_id in Mod.objects.filter(mod_id__in=asked.difference(touched)).values_list("mod_id", flat=True):
        facts.renew(mod_id, None)
        if plan.stale(tree, [documents.versions_path(mod_id), documents.mod_path(mod_id)]):
            touched.append(mod_id)
    return touched


def _artifacts(made: Plan, platform: list[PlannedArtifact]) -> None:
    """Which bytes get their public name, which lose it, and which tombstones go."""
    made.artifacts = list(platform)
    for done in made.applied:
        if done.op in ("supersede", "listing"):
            continue
        artifact = plan.artifact_of(facts.find(done.mod_id, done.version))
        if done.op == "hide":
            made.withdrawn.append(artifact.path)
        else:
            made.artifacts.append(artifact)
        if done.op == "restore":
            made.restored.append(artifact.path)


def release_at(path: str) -> Release:
    """The release whose artifact has this public name."""
    _, _, mod_id, version, _ = path.split("/")
    return facts.find(mod_id, version)
