"""The manager's view: an independent reader takes the catalog that will be, or was, published, and finds this release.

Rules
- The reader shares no code with the publisher (`catalog.client`): it reads the bytes that the world will read.
- The catalog is read strictly, and the release's mod stands in it.
- The mod's list of versions is read strictly; the release stands in it with the bytes that were reviewed.
- The release can be installed with all that it needs, as the manager works it out.
"""

from collections.abc import Iterator

from accounts.errors import Problem
from catalog.client.errors import ClientError
from catalog.client.reading import Catalog, VersionRow, read_catalog, read_versions
from catalog.client.resolve import UnresolvableError, resolve
from uploads.checks.base import Check, Phase, PublishedRelease, Result, judged

ID = "manager_catalog_parse"
CATALOG = "api/v1/catalog.json"
_AGAIN = "Publish again; if it stays, look at what the publisher writes."


def run(release: PublishedRelease) -> Result:
    """Read the catalog and the release in it, as the manager does."""
    return judged(
        ID, list(_problems(release)), "The manager's reader takes the catalog and finds the release."
    )


def _problems(release: PublishedRelease) -> Iterator[Problem]:
    raw = release.get(CATALOG)
    if raw is None:
        yield Problem("catalog_missing", "There is no catalog.json.", _AGAIN, path=CATALOG)
        return
    try:
        catalog = read_catalog(raw)
    except ClientError as error:
        yield from _told("catalog_unreadable", error, CATALOG)
        return
    mod = catalog.mods.get(release.mod_id)
    if mod is None or mod.slug != release.slug:
        said = f"{release.mod_id} is not listed with its page {release.slug}."
        yield Problem("release_not_listed", said, _AGAIN, path=CATALOG)
        return
    path = mod.versions_url.removeprefix("/")
    try:
        rows = _versions(release, release.mod_id, path)
    except ClientError as error:
        yield from _told("versions_unreadable", error, path)
        return
    row = next((row for row in rows if row.version == release.version), None)
    if row is None:
        yield Problem("release_not_listed", f"{release.version} is not in the list.", _AGAIN, path=path)
    elif not _is_it(row, release):
        said = f"{release.version} is listed with another address, hash or size than were reviewed."
        yield Problem("release_listed_wrongly", said, _AGAIN, path=path)
    else:
        yield from _install(release, row, catalog)


def _versions(release: PublishedRelease, mod_id: str, path: str) -> tuple[VersionRow, ...]:
    """A mod's releases as the reader takes them. Raises ClientError."""
    raw = release.get(path)
    if raw is None:
        raise ClientError("not_found", f"There is no {path}.")
    return read_versions(raw, mod_id)


def _is_it(row: VersionRow, release: PublishedRelease) -> bool:
    listed = (row.artifact_url, row.sha256, row.size_bytes)
    return listed == (f"/{release.artifact_path}", release.sha256, release.size)


def _install(release: PublishedRelease, row: VersionRow, catalog: Catalog) -> Iterator[Problem]:
    """Work out what a player would get who asks for this very release."""

    def versions(mod_id: str) -> tuple[VersionRow, ...]:
        return _versions(release, mod_id, f"api/v1/mods/{mod_id}/versions.json")

    try:
        resolve(
            {row.mod_id: row.version},
            versions,
            game_build=row.target_game_build,
            framework=catalog.framework,
        )
    except UnresolvableError as error:
        yield Problem(
            "release_not_installable",
            " ".join(error.reasons),
            "Publish what it needs first, or ask the author for other ranges.",
            path=CATALOG,
        )
    except ClientError as error:
        yield from _told("versions_unreadable", error, CATALOG)


def _told(code: str, error: ClientError, path: str) -> Iterator[Problem]:
    if not error.problems:
        yield Problem(code, error.message, _AGAIN, path=path)
    for problem in error.problems:
        yield Problem(code, f"{problem.code}: {problem.message}", _AGAIN, problem.pointer, path)


CHECK = Check(
    ID,
    "Manager reads it",
    "The current smmodmanager build must parse catalog.json after publication.",
    Phase.PUBLICATION,
    (
        "catalog_missing",
        "catalog_unreadable",
        "release_not_listed",
        "release_listed_wrongly",
        "release_not_installable",
        "versions_unreadable",
    ),
    run,
)
