"""A small mod manager: refresh, resolve, download, unpack, and say what was taken back.

Rules
- What is installed stands in `installed.json`, written anew by rename; folders below `mods/` follow it.
- A release is installed only after everything that it needs.
- A refresh that fails leaves the catalog that was there.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from catalog.client.download import download
from catalog.client.errors import ClientError
from catalog.client.reading import (
    Blocked,
    Catalog,
    VersionRow,
    read_blocklist,
    read_catalog,
    read_versions,
)
from catalog.client.resolve import resolve
from catalog.client.sources import Source
from catalog.client.unpack import unpack

CATALOG_ADDRESS = "/api/v1/catalog.json"
BLOCKLIST_ADDRESS = "/api/v1/blocklist.json"


@dataclass(frozen=True, slots=True)
class Installed:
    """A release that is installed, with its files."""

    mod_id: str
    version: str
    sha256: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An installed release that was taken back: why, how bad, and what to do."""

    installed: Installed
    blocked: Blocked


class Client:
    """A manager that keeps its downloads and mods below `home` and reads from `source`."""

    def __init__(self, source: Source, home: Path, *, game_build: str | None = None) -> None:
        self.source = source
        self.home = home
        self.game_build = game_build
        self.catalog: Catalog | None = None

    def refresh(self) -> Catalog:
        """Read the catalog anew. Raises ClientError; the catalog read before stays."""
        self.catalog = read_catalog(self.source.read(CATALOG_ADDRESS))
        return self.catalog

    def versions(self, mod_id: str) -> tuple[VersionRow, ...]:
        """A mod's releases, the newest first. Raises ClientError `not_found` for a mod that is not listed."""
        mod = self._catalog().mods.get(mod_id)
        if mod is None:
            raise ClientError("not_found", f"{mod_id} is not in the catalog.")
        return read_versions(self.source.read(mod.versions_url), mod_id)

    def plan(self, wanted: Iterable[str]) -> tuple[VersionRow, ...]:
        """The releases to install for `wanted` (`mod.id` or `mod.id@range`), in order. Raises ClientError."""
        wishes = dict(_wish(text) for text in wanted)
        build = self.game_build or self._catalog().target_game_build
        return resolve(wishes, self.versions, game_build=build, framework=self._catalog().framework)

    def install(self, *wanted: str) -> tuple[Installed, ...]:
        """Install `wanted` and all that they need; returns what is now there of it. Raises ClientError."""
        there = {one.mod_id: one for one in self.installed()}
        done: list[Installed] = []
        for row in self.plan(wanted):
            now = there.get(row.mod_id)
            if now is None or now.sha256 != row.sha256:
                now = self._install(row)
                there[row.mod_id] = now
                self._remember(there.values())
            done.append(now)
        return tuple(done)

    def installed(self) -> tuple[Installed, ...]:
        """What is installed."""
        path = self.home / "installed.json"
        if not path.exists():
            return ()
        rows = json.loads(path.read_bytes())
        return tuple(Installed(**(row | {"files": tuple(row["files"])})) for row in rows)

    def updates(self) -> tuple[tuple[Installed, VersionRow], ...]:
        """Installed mods for which the catalog has another latest release, with that release."""
        found = []
        for one in self.installed():
            mod = self._catalog().mods.get(one.mod_id)
            if mod is not None and mod.version != one.version:
                row = next(row for row in self.versions(one.mod_id) if row.version == mod.version)
                found.append((one, row))
        return tuple(found)

    def taken_back(self) -> tuple[TakenBack, ...]:
        """What is installed and was taken back since. Raises ClientError."""
        blocked = {
            (row.mod_id, row.version): row for row in read_blocklist(self.source.read(BLOCKLIST_ADDRESS))
        }
        return tuple(
            TakenBack(one, blocked[one.mod_id, one.version])
            for one in self.installed()
            if (one.mod_id, one.version) in blocked
        )

    def _catalog(self) -> Catalog:
        return self.catalog if self.catalog is not None else self.refresh()

    def _install(self, row: VersionRow) -> Installed:
        package = download(self.source, row.artifact_url, row.sha256, row.size_bytes, self.home / "downloads")
        files = unpack(package, self.home / "mods" / row.mod_id, mod_id=row.mod_id, version=row.version)
        return Installed(row.mod_id, row.version, row.sha256, files)

    def _remember(self, rows: Iterable[Installed]) -> None:
        path = self.home / "installed.json"
        new = path.with_suffix(".new")
        new.write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")
        new.replace(path)


def _wish(text: str) -> tuple[str, str]:
    mod_id, _, version_range = text.partition("@")
    return mod_id, version_range
