"""Rows to published documents: every document that the mod manager reads, rendered here and nowhere else.

Rules
- A document is canonical JSON (`accounts.strict_json.canonical`): the same rows and the same time give the
  same bytes, so a publication that was cut off can render what it had planned once more.
- Every address of ours is root-relative; times are UTC to the second.
- `catalog.json` and the mods index are put together from the entry that each mod keeps as stored bytes;
  nothing is recomputed for a mod that did not change.
- Nobody who reviewed a release is named, and of the people only maintainers' public names appear.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from accounts.strict_json import canonical
from catalog.models import GameBuild, Maintainer, Mod, PlatformRelease, Release

CATALOG = "api/v1/catalog.json"
MODS_INDEX = "api/v1/mods/index.json"
BLOCKLIST = "api/v1/blocklist.json"

#: What a player is told to do about a release that was taken back.
ADVICE = {
    Release.Level.SOFT: "Update to another version, or remove this one.",
    Release.Level.HARD: "Disable this version and remove it. It can do harm.",
}
Json = dict[str, Any]


def mod_path(mod_id: str) -> str:
    """Where a mod's own document lies in the tree."""
    return f"api/v1/mods/{mod_id}/index.json"


def versions_path(mod_id: str) -> str:
    """Where the list of a mod's releases lies in the tree."""
    return f"api/v1/mods/{mod_id}/versions.json"


def artifact_path(mod_id: str, version: str) -> str:
    """Where a release's bytes lie in the tree; its file name follows from the release."""
    return f"downloads/mods/{mod_id}/{version}/{mod_id}-v{version}.zip"


def timestamp(at: datetime) -> str:
    """A time as the documents write it: `2026-01-02T03:04:05Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_of(text: str) -> datetime:
    """The time that `timestamp` wrote. Raises ValueError for any other text."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def hash_of(body: bytes) -> str:
    """The SHA-256 of a document, in hex."""
    return hashlib.sha256(body).hexdigest()


def pinned_build() -> str:
    """The build of the game that the platform targets. Raises GameBuild.DoesNotExist where none is pinned."""
    return GameBuild.objects.values_list("build", flat=True).get(pinned=True)


def _relations(rows: Iterable[Json]) -> list[Json]:
    return [
        {"id": row["id"], "version": row["version"], "optional": bool(row.get("optional", False))}
        for row in rows
    ]


def _latest(mod: Mod, release: Release) -> Json:
    return {
        "version": release.version,
        "targetGameBuild": release.target_game_build,
        "artifactUrl": "/" + artifact_path(mod.mod_id, release.version),
        "sha256": release.sha256,
        "sizeBytes": release.size_bytes,
        "dependencies": _relations(release.dependencies),
        "framework": release.framework or None,
        "publishedAt": timestamp(release.published_at),
    }


def _listing(mod: Mod) -> Json:
    return {
        "id": mod.mod_id,
        "slug": mod.slug,
        "name": mod.name,
        "summary": mod.summary,
        "authors": mod.authors,
        "license": mod.license,
        "categories": sorted(mod.categories.values_list("code", flat=True)),
        "detailUrl": f"/mods/{mod.slug}/",
        "versionsUrl": "/" + versions_path(mod.mod_id),
        "deprecated": mod.deprecated,
        "replacedBy": mod.replaced_by or None,
    }


def catalog_entry(mod: Mod) -> Json:
    """A mod's part of catalog.json. Raises ValueError for a mod without a public release."""
    if mod.latest is None:
        raise ValueError(f"{mod.mod_id} has no public release")
    return _listing(mod) | {"latest": _latest(mod, mod.latest)}


def index_entry(mod: Mod) -> Json:
    """A mod's row in the mods index. Raises ValueError for a mod without a public release."""
    if mod.latest is None:
        raise ValueError(f"{mod.mod_id} has no public release")
    return {
        "id": mod.mod_id,
        "slug": mod.slug,
        "name": mod.name,
        "summary": mod.summary,
        "version": mod.latest.version,
        "targetGameBuild": mod.latest.target_game_build,
        "detailUrl": f"/mods/{mod.slug}/",
        "indexUrl": "/" + mod_path(mod.mod_id),
        "versionsUrl": "/" + versions_path(mod.mod_id),
        "updatedAt": timestamp(mod.updated_at),
    }


def mod_document(mod: Mod, at: datetime) -> bytes:
    """The mod itself, its description and its latest release (null when all were taken back)."""
    people = (
        Maintainer.objects.filter(namespace=mod.namespace).select_related("user").order_by("-owner", "pk")
    )
    return canonical(
        _listing(mod)
        | {
            "schema": "smmods.mod.v1",
            "generatedAt": timestamp(at),
            "description": mod.description,
            "links": mod.links,
            "maintainers": [maintainer.user.name for maintainer in people],
            "latest": _latest(mod, mod.latest) if mod.latest else None,
            "createdAt": timestamp(mod.created_at),
            "updatedAt": timestamp(mod.updated_at),
        }
    )


def versions_document(mod: Mod, at: datetime) -> bytes:
    """Every visible release of a mod, the newest first.

    A release superseded by one that was taken back since stays superseded, by nothing that a reader could find.
    """
    releases = list(mod.releases.filter(taken_back_at__isnull=True).order_by("-version_key"))
    public = {release.version for release in releases}
    return canonical(
        {
            "schema": "smmods.mod-versions.v1",
            "generatedAt": timestamp(at),
            "id": mod.mod_id,
            "slug": mod.slug,
            "name": mod.name,
            "versions": [
                _latest(mod, release)
                | {
                    "fileName": release.file_name,
                    "conflicts": _relations(release.conflicts),
                    "entrypoints": release.entrypoints,
                    "modConfig": release.mod_config,
                    "changelog": release.changelog,
                    "state": "superseded" if release.superseded_at else "published",
                    "supersededBy": release.superseded_by if release.superseded_by in public else None,
                }
                for release in releases
            ],
        }
    )


#: Where the entries begin and end in the canonical form of a document that lists mods.
_BEGIN, _END = b'"mods":[', b'],"revision":'


def _joined(fields: Json, entries: bytes) -> bytes:
    """Canonical JSON of `fields` with `mods`, whose entries are canonical already and joined by commas."""
    head, _, tail = canonical(fields | {"mods": []}).partition(_BEGIN)
    return b"".join((head, _BEGIN, entries, tail))


def _entries(name: str) -> bytes:
    rows = Mod.objects.filter(latest__isnull=False).order_by("mod_id")
    return ",".join(rows.values_list(name, flat=True)).encode()


def entries_of(listing: bytes) -> bytes:
    """The entries of a document that lists mods, as they stand in it."""
    return listing[listing.find(_BEGIN) + len(_BEGIN) : listing.rfind(_END)]


def excerpt(listing: bytes, mod_ids: Sequence[str]) -> bytes:
    """The catalog with the entries of these mods alone; the whole where one of them is not in it as it should be.

    For readers that have taken the other entries before.
    """
    rows = Mod.objects.filter(mod_id__in=mod_ids, latest__isnull=False).order_by("mod_id")
    entries = [entry.encode() for entry in rows.values_list("catalog_entry", flat=True)]
    begin, end = listing.find(_BEGIN) + len(_BEGIN), listing.rfind(_END)
    if not all(entry in listing for entry in entries):
        return listing
    return listing[:begin] + b",".join(entries) + listing[end:]


def catalog(revision: int, at: datetime, entries: bytes | None = None) -> bytes:
    """Every visible mod with its latest release, put together from the mods' own entries.

    `entries` are those, joined, where the caller has them already.
    """
    framework = PlatformRelease.objects.filter(kind=PlatformRelease.Kind.FRAMEWORK, current=True).first()
    fields = {
        "schema": "smmods.catalog.v1",
        "revision": revision,
        "generatedAt": timestamp(at),
        "targetGameBuild": pinned_build(),
        "framework": framework.version if framework else None,
    }
    return _joined(fields, _entries("catalog_entry") if entries is None else entries)


def mods_index(revision: int, at: datetime, entries: bytes | None = None) -> bytes:
    """One light row for every visible mod; `entries` as for the catalog."""
    fields = {"schema": "smmods.mods-index.v1", "revision": revision, "generatedAt": timestamp(at)}
    return _joined(fields, _entries("index_entry") if entries is None else entries)


def blocklist(revision: int, at: datetime) -> bytes:
    """Every release that was taken back, and what to do about it."""
    taken = Release.objects.filter(taken_back_at__isnull=False).select_related("mod")
    releases = []
    for release in taken.order_by("mod__mod_id", "version_key"):
        level = Release.Level(release.taken_back_level or Release.Level.SOFT)
        releases.append(
            {
                "modId": release.mod.mod_id,
                "version": release.version,
                "sha256": release.sha256,
                "level": level.value,
                "reason": release.taken_back_reason,
                "advice": ADVICE[level],
                "takenBackAt": timestamp(release.taken_back_at) if release.taken_back_at else None,
            }
        )
    return canonical(
        {
            "schema": "smmods.blocklist.v1",
            "revision": revision,
            "generatedAt": timestamp(at),
            "releases": releases,
        }
    )


def tombstone(release: Release) -> bytes:
    """What the address of a release that was taken back answers with: a problem document (RFC 9457)."""
    level = Release.Level(release.taken_back_level or Release.Level.SOFT)
    return canonical(
        {
            "type": "/api/v1/problems/taken_back",
            "title": "Gone",
            "status": 410,
            "code": "taken_back",
            "detail": f"{release.mod.mod_id} {release.version} was taken back.",
            "hint": ADVICE[level],
            "modId": release.mod.mod_id,
            "version": release.version,
            "level": level.value,
            "reason": release.taken_back_reason,
            "takenBackAt": timestamp(release.taken_back_at) if release.taken_back_at else None,
        }
    )
