"""A change becomes facts: rows of mods and releases, written here and nowhere else.

Rules
- A release is written once and never deleted; what happens to it later is facts beside it.
- A mod's listing is that of its latest release, or what was approved for it since (`listings`).
- Latest is the highest stable version that is not superseded, else the highest stable one, else the highest
  prerelease; releases taken back never count.
- A newer stable version supersedes every public release of its mod with a lower version.
- The first release in a namespace that nobody has claims it for its sender.
"""

from datetime import datetime

from accounts.audit import Action, record_as_system
from accounts.errors import RefusedError
from accounts.strict_json import canonical
from catalog import documents, namespaces, search, versions
from catalog.models import Category, Dependency, Maintainer, Mod, Namespace, Release
from catalog.publisher import listings
from catalog.publisher.changes import (
    Applied,
    Change,
    EditListing,
    Hide,
    NewRelease,
    Publish,
    Refresh,
    Restore,
    Supersede,
)


def apply(change: Change, at: datetime) -> list[Applied]:
    """Write the facts of one change; returns what it did, nothing where the facts held already.

    Raises RefusedError (404, 409) where the change speaks of what is not there. Belongs into the transaction
    that plans the publication.
    """
    match change:
        case Publish(release):
            return _publish(release, at)
        case EditListing():
            return listings.apply(change)
        case Hide():
            return _hide(change, at)
        case Restore():
            return _restore(change)
        case Supersede():
            return _supersede(change, at)
        case Refresh():
            return []


def find(mod_id: str, version: str) -> Release:
    """The release, published or taken back. Raises RefusedError (404 `release_unknown`)."""
    release = Release.objects.select_related("mod").filter(mod__mod_id=mod_id, version=version).first()
    if release is None:
        raise RefusedError(
            "release_unknown",
            f"{mod_id} {version} was never published.",
            "Check the mod id and the version.",
            status=404,
        )
    return release


def _publish(new: NewRelease, at: datetime) -> list[Applied]:
    namespace = _claim(new)
    manifest, sidecar = new.manifest, new.sidecar
    mod, _ = Mod.objects.get_or_create(
        mod_id=new.mod_id,
        defaults={
            "slug": free_slug(new.mod_id),
            "namespace": namespace,
            "name": manifest["name"],
            "created_at": at,
            "updated_at": at,
        },
    )
    release = Release.objects.create(
        mod=mod,
        version=new.version,
        version_key=versions.sort_key(new.version),
        prerelease=versions.is_prerelease(new.version),
        target_game_build=manifest["targetGameBuild"],
        framework=manifest.get("framework", ""),
        file_name=f"{new.mod_id}-v{new.version}.zip",
        sha256=new.sha256,
        size_bytes=new.size_bytes,
        dependencies=manifest.get("dependencies", []),
        conflicts=manifest.get("conflicts", []),
        entrypoints=manifest["entrypoints"],
        mod_config=manifest.get("modConfig"),
        manifest=manifest,
        sidecar=sidecar,
        changelog=sidecar.get("changelog", ""),
        checks=new.checks,
        submission_id=new.submission_id,
        uploaded_by=new.uploaded_by,
        reviewed_at=new.reviewed_at,
        published_at=at,
    )
    Dependency.objects.bulk_create(
        Dependency(
            release=release,
            mod_id_wanted=wish["id"],
            version_range=wish["version"],
            optional=bool(wish.get("optional", False)),
        )
        for wish in release.dependencies
    )
    done = [Applied("publish", new.mod_id, new.version, new.submission_id)]
    if not release.prerelease:
        done += _supersede_older(release, at)
    return done


def _claim(new: NewRelease) -> Namespace:
    refusal = namespaces.refusal(new.uploaded_by, new.mod_id)
    if refusal:
        raise RefusedError(*refusal, status=403)
    namespace, _ = Namespace.objects.get_or_create(name=namespaces.of(new.mod_id))
    if not namespace.maintainers.exists():
        Maintainer.objects.create(namespace=namespace, user=new.uploaded_by, owner=True)
        record_as_system(
            Action.CATALOG_NAMESPACE_CLAIMED,
            "namespace",
            namespace.name,
            after={"owner": new.uploaded_by.account_id, "modId": new.mod_id},
        )
    return namespace


def free_slug(mod_id: str) -> str:
    """A slug for a new mod: its id without the namespace, the whole id on a clash, a number after that."""
    whole = mod_id.replace(".", "-")
    candidates = [mod_id.partition(".")[2].replace(".", "-"), whole]
    candidates += [f"{whole[:95]}-{number}" for number in range(2, 100)]
    taken = set(Mod.objects.filter(slug__in=candidates).values_list("slug", flat=True))
    return next(slug for slug in candidates if slug not in taken)


def _supersede_older(release: Release, at: datetime) -> list[Applied]:
    older = Release.objects.filter(
        mod=release.mod, taken_back_at=None, superseded_at=None, version_key__lt=release.version_key
    ).order_by("version_key")
    done = [
        Applied("supersede", release.mod.mod_id, row.version, row.submission_id, release.version)
        for row in older
    ]
    older.update(superseded_at=at, superseded_by=release.version)
    return done


def _hide(change: Hide, at: datetime) -> list[Applied]:
    release = find(change.mod_id, change.version)
    level = Release.Level(change.level or Release.Level.SOFT)
    held = (release.taken_back_level, release.taken_back_reason)
    if release.taken_back_at is not None and held == (level.value, change.reason):
        return []
    Release.objects.filter(pk=release.pk).update(
        taken_back_at=release.taken_back_at or at,
        taken_back_reason=change.reason,
        taken_back_level=level.value,
    )
    return [Applied("hide", change.mod_id, change.version, release.submission_id)]


def _restore(change: Restore) -> list[Applied]:
    release = find(change.mod_id, change.version)
    if release.taken_back_at is None:
        return []
    Release.objects.filter(pk=release.pk).update(
        taken_back_at=None, taken_back_reason="", taken_back_level=""
    )
    return [Applied("restore", change.mod_id, change.version, release.submission_id)]


def _supersede(change: Supersede, at: datetime) -> list[Applied]:
    release = find(change.mod_id, change.version)
    successor = find(change.mod_id, change.successor)
    if successor.pk == release.pk or successor.taken_back_at is not None or release.taken_back_at is not None:
        raise RefusedError(
            "successor_unfit",
            f"{change.version} can't be superseded by {change.successor}.",
            "Name another release of the same mod; neither may have been taken back.",
            status=409,
        )
    if release.superseded_at is not None and release.superseded_by == change.successor:
        return []
    Release.objects.filter(pk=release.pk).update(superseded_at=at, superseded_by=change.successor)
    return [Applied("supersede", change.mod_id, change.version, release.submission_id, change.successor)]


def latest_of(mod: Mod) -> Release | None:
    """The release that a reader gets when it asks for none in particular."""
    public = list(mod.releases.filter(taken_back_at=None).order_by("-version_key"))
    stable = [release for release in public if not release.prerelease]
    current = [release for release in stable if release.superseded_at is None]
    return next(iter(current or stable or public), None)


def renew(mod_id: str, at: datetime | None) -> Mod:
    """Make a mod's listing that of its latest release, and its entries in catalog and index anew.

    `at` is when a release of it changed; None leaves the time of its last update as it is.
    """
    mod = Mod.objects.select_related("namespace").get(mod_id=mod_id)
    release = latest_of(mod)
    mod.latest = release
    mod.updated_at = at or mod.updated_at
    if release is None:
        mod.catalog_entry = mod.index_entry = ""
    else:
        sidecar, manifest = release.sidecar, release.manifest
        words = listings.words(mod, release)
        mod.latest_build = release.target_game_build
        mod.name = manifest["name"]
        mod.summary = words["summary"]
        mod.description = words["description"]
        mod.authors = manifest.get("authors") or [release.uploaded_by.name[:80]]
        mod.license = sidecar["license"]
        mod.links = words["links"]
        shelves = Category.objects.filter(code__in=words["categories"])
        mod.categories.set(shelves)
        on_shelves = [f"{shelf.code} {shelf.name}" for shelf in shelves]
        mod.search_text = search.text_of(mod.name, mod.mod_id, mod.summary, mod.authors, on_shelves)
        mod.catalog_entry = canonical(documents.catalog_entry(mod)).decode()
        mod.index_entry = canonical(documents.index_entry(mod)).decode()
    mod.save()
    return mod
