"""Reading the published documents strictly, as a manager must before it believes them.

Rules
- JSON is UTF-8 without a byte order mark, without a key said twice, without NaN or Infinity.
- Every property that the manager uses is there, of its kind and in its form; others are passed over, so that
  the documents may grow.
- A mod stands once in the catalog; a version stands once in its list, the newest first.
- Addresses are root-relative. An artifact's address names its mod and its version.

Problems have these codes: `not_json`, `wrong_schema`, `property_missing`, `wrong_type`, `wrong_form`,
`said_twice`, `wrong_order`, `wrong_address`.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from semantic_version import Version

from accounts.errors import Problem
from catalog.client.errors import ClientError
from catalog.client.fields import Fields, load
from catalog.client.ranges import in_range

CATALOG = "smmods.catalog.v1"
VERSIONS = "smmods.mod-versions.v1"
BLOCKLIST = "smmods.blocklist.v1"


@dataclass(frozen=True, slots=True)
class Relation:
    """A wish for, or against, versions of another mod."""

    mod_id: str
    range: str
    optional: bool = False

    def fits(self, version: str) -> bool:
        """Whether the version lies in the range."""
        return in_range(version, self.range)


@dataclass(frozen=True, slots=True)
class CatalogMod:
    """A mod with its latest release, as the catalog lists it."""

    mod_id: str
    slug: str
    name: str
    detail_url: str
    versions_url: str
    version: str
    target_game_build: str
    artifact_url: str
    sha256: str
    size_bytes: int
    dependencies: tuple[Relation, ...]
    deprecated: bool
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class Catalog:
    """The whole catalog of one revision."""

    revision: int
    target_game_build: str
    framework: str | None
    mods: dict[str, CatalogMod]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One release of a mod, as `versions.json` lists it."""

    mod_id: str
    version: str
    target_game_build: str
    artifact_url: str
    sha256: str
    size_bytes: int
    dependencies: tuple[Relation, ...]
    conflicts: tuple[Relation, ...]
    framework: str | None
    state: str
    superseded_by: str | None


@dataclass(frozen=True, slots=True)
class Blocked:
    """A release that was taken back. `level` is "soft" (warn) or "hard" (disable)."""

    mod_id: str
    version: str
    sha256: str
    level: str
    reason: str
    advice: str


def parse_catalog(raw: bytes) -> list[Problem]:
    """What keeps a manager from reading these bytes as its catalog; empty if nothing does."""
    return _catalog(raw)[1]


def read_catalog(raw: bytes) -> Catalog:
    """The catalog. Raises ClientError `bad_document` with every problem."""
    catalog, problems = _catalog(raw)
    if catalog is None or problems:
        raise _bad("catalog.json", problems)
    return catalog


def read_versions(raw: bytes, mod_id: str) -> tuple[VersionRow, ...]:
    """The releases of `mod_id`, the newest first. Raises ClientError `bad_document`."""
    problems: list[Problem] = []
    document = load(raw, VERSIONS, problems)
    rows: list[VersionRow] = []
    if document is not None:
        if document.text("id", "mod id") != mod_id:
            document.complain("id", "wrong_form", f"This document is not about {mod_id}.")
        rows = [_version_row(mod_id, part) for part in document.objects("versions")]
        if not problems:
            _check_order([row.version for row in rows], problems)
    if problems:
        raise _bad(f"versions.json of {mod_id}", problems)
    return tuple(rows)


def read_blocklist(raw: bytes) -> tuple[Blocked, ...]:
    """Every release that was taken back. Raises ClientError `bad_document`."""
    problems: list[Problem] = []
    document = load(raw, BLOCKLIST, problems)
    rows: list[Blocked] = []
    if document is not None:
        rows = [
            Blocked(
                mod_id=part.text("modId", "mod id"),
                version=part.text("version", "version"),
                sha256=part.text("sha256", "sha256"),
                level=part.one_of("level", ("soft", "hard")),
                reason=part.text("reason"),
                advice=part.text("advice"),
            )
            for part in document.objects("releases")
        ]
    if problems:
        raise _bad("blocklist.json", problems)
    return tuple(rows)


def _bad(what: str, problems: list[Problem]) -> ClientError:
    first = problems[0]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return ClientError(
        "bad_document",
        f"{what} can't be read: {first.pointer or '/'}: {first.message}{more}",
        tuple(problems),
    )


def _catalog(raw: bytes) -> tuple[Catalog | None, list[Problem]]:
    problems: list[Problem] = []
    document = load(raw, CATALOG, problems)
    if document is None:
        return None, problems
    mods: dict[str, CatalogMod] = {}
    slugs: set[str] = set()
    catalog = Catalog(
        revision=document.whole("revision", least=0),
        target_game_build=document.text("targetGameBuild", "build"),
        framework=document.text_or_null("framework", "version"),
        mods=mods,
    )
    for part in document.objects("mods"):
        mod = _catalog_mod(part)
        if mod.mod_id in mods:
            part.complain("id", "said_twice", f"{mod.mod_id} stands in the catalog twice.")
        if mod.slug in slugs:
            part.complain("slug", "said_twice", f"{mod.slug} is the slug of two mods.")
        mods[mod.mod_id] = mod
        slugs.add(mod.slug)
    return catalog, problems


def _catalog_mod(part: Fields) -> CatalogMod:
    for name in ("summary", "license"):
        part.text(name)
    for name in ("authors", "categories"):
        part.texts(name)
    mod_id = part.text("id", "mod id")
    latest = part.object("latest")
    latest.text_or_null("framework", "range")
    latest.text("publishedAt", "time")
    version = latest.text("version", "version")
    return CatalogMod(
        mod_id=mod_id,
        slug=part.text("slug", "slug"),
        name=part.text("name", "name"),
        detail_url=part.text("detailUrl", "address"),
        versions_url=part.text("versionsUrl", "address"),
        version=version,
        target_game_build=latest.text("targetGameBuild", "build"),
        artifact_url=_artifact_url(latest, mod_id, version),
        sha256=latest.text("sha256", "sha256"),
        size_bytes=latest.whole("sizeBytes", least=1),
        dependencies=_relations(latest, "dependencies"),
        deprecated=part.flag("deprecated"),
        replaced_by=part.text_or_null("replacedBy", "mod id"),
    )


def _version_row(mod_id: str, part: Fields) -> VersionRow:
    version = part.text("version", "version")
    return VersionRow(
        mod_id=mod_id,
        version=version,
        target_game_build=part.text("targetGameBuild", "build"),
        artifact_url=_artifact_url(part, mod_id, version),
        sha256=part.text("sha256", "sha256"),
        size_bytes=part.whole("sizeBytes", least=1),
        dependencies=_relations(part, "dependencies"),
        conflicts=_relations(part, "conflicts"),
        framework=part.text_or_null("framework", "range"),
        state=part.one_of("state", ("published", "superseded")),
        superseded_by=part.text_or_null("supersededBy", "version"),
    )


def _artifact_url(part: Fields, mod_id: str, version: str) -> str:
    address = part.text("artifactUrl", "address")
    if address and mod_id and version and not address.startswith(f"/downloads/mods/{mod_id}/{version}/"):
        part.complain("artifactUrl", "wrong_address", f"{address} is not the place of {mod_id} {version}.")
    return address


def _relations(part: Fields, name: str) -> tuple[Relation, ...]:
    return tuple(
        Relation(row.text("id", "mod id"), row.text("version", "range"), row.flag("optional", default=False))
        for row in part.objects(name)
    )


def _check_order(versions: list[str], problems: list[Problem]) -> None:
    parsed: list[Any] = [Version(version) for version in versions]
    for place, (newer, older) in enumerate(pairwise(parsed), start=1):
        if newer == older:
            problems.append(Problem("said_twice", f"{older} is listed twice.", pointer=f"/versions/{place}"))
        elif newer < older:
            problems.append(
                Problem("wrong_order", f"{older} stands below {newer}.", pointer=f"/versions/{place}")
            )
