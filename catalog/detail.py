"""What the page of a mod shows, gathered in a number of queries that does not depend on the mod.

Rules
- A release that was taken back is named with its reason and never offered for download.
- "Fits" means that a public release was made for that very build; what is guessed is not said.
- What was checked is what the release itself carries; that a person reviewed it is said, never who.
- Dependants are mods whose latest release asks for this one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F

from catalog.models import Dependency, GameBuild, Mod, Release

MAX_DEPENDANTS = 200
#: Fields of a manifest that two releases are compared by, in this order.
COMPARED = (
    ("Version", "version"),
    ("Game build", "targetGameBuild"),
    ("Framework", "framework"),
    ("Licence", "license"),
    ("Authors", "authors"),
    ("Entrypoints", "entrypoints"),
    ("Dependencies", "dependencies"),
    ("Conflicts", "conflicts"),
    ("Settings", "modConfig"),
    ("Description", "description"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Another mod that a release asks for; `mod` is None where the portal has none of that id."""

    mod_id: str
    range: str
    optional: bool
    mod: Mod | None


@dataclass(frozen=True, slots=True)
class Fit:
    """How a mod stands to a game build: made for it, or which older release is."""

    build: str
    current: bool
    version: str
    latest: bool

    @property
    def status(self) -> str:
        return "passed" if self.latest else "warned" if self.version else "not_run"


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of what was checked: status, sentence, and a count where there is one."""

    status: str
    sentence: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModPage:
    """All that the tabs and the side of a mod's page show."""

    mod: Mod
    releases: list[Release]
    shown: Release
    wishes: list[Wish]
    dependants: list[Mod]
    fits: list[Fit]

    @property
    def latest(self) -> Release | None:
        """The release that is offered; none where every one was taken back."""
        return next((release for release in self.releases if release.pk == self.mod.latest_id), None)

    @property
    def gone(self) -> bool:
        """Whether every release was taken back."""
        return self.mod.latest_id is None

    @property
    def brings(self) -> list[Wish]:
        """What the manager installs along with the release shown."""
        return [wish for wish in self.wishes if not wish.optional]

    @property
    def fits_current(self) -> bool:
        """Whether the release shown was made for the current build."""
        return any(fit.current and fit.build == self.shown.target_game_build for fit in self.fits)

    @property
    def successor(self) -> Mod | None:
        """The mod that a deprecated one names, where the portal has it."""
        return (
            Mod.objects.public().filter(mod_id=self.mod.replaced_by).first() if self.mod.replaced_by else None
        )


def find(slug: str, version: str = "") -> ModPage | None:
    """The page of the mod with that slug, showing its latest release or the one of `version`.

    None for a mod or version that is not there; a mod that never had a release has no page.
    """
    mod = Mod.objects.filter(slug=slug).prefetch_related("categories").first()
    if mod is None:
        return None
    releases = list(mod.releases.newest_first().defer("sidecar"))
    for release in releases:
        release.mod = mod
    latest = next((release for release in releases if release.pk == mod.latest_id), None)
    if version:
        shown = next((release for release in releases if release.version == version), None)
    else:
        shown = latest or next(iter(releases), None)
    if shown is None:
        return None
    return ModPage(
        mod=mod,
        releases=releases,
        shown=shown,
        wishes=_wishes(shown.dependencies),
        dependants=_dependants(mod.mod_id),
        fits=_fits(releases, latest),
    )


def _wishes(dependencies: Sequence[Mapping[str, Any]]) -> list[Wish]:
    known = Mod.objects.public().in_bulk([wish["id"] for wish in dependencies], field_name="mod_id")
    return [
        Wish(wish["id"], wish["version"], bool(wish.get("optional")), known.get(wish["id"]))
        for wish in dependencies
    ]


def _dependants(mod_id: str) -> list[Mod]:
    asking = Dependency.objects.filter(mod_id_wanted=mod_id, release=F("release__mod__latest"))
    rows = Mod.objects.filter(pk__in=asking.values("release__mod_id")).order_by("-downloads", "name")
    return list(rows.only("mod_id", "slug", "name", "summary", "authors")[:MAX_DEPENDANTS])


def _fits(releases: list[Release], latest: Release | None) -> list[Fit]:
    newest: dict[str, Release] = {}
    for release in releases:
        if release.taken_back_at is None:
            newest.setdefault(release.target_game_build, release)
    return [
        Fit(
            build=build.build,
            current=build.pinned,
            version=newest[build.build].version if build.build in newest else "",
            latest=latest is not None and newest.get(build.build) is latest,
        )
        for build in GameBuild.objects.exclude(status=GameBuild.Status.REFUSED)
    ]


def checked(release: Release) -> list[Checked]:
    """What was checked of a release, in three lines at most; the full list is `release.checks`."""
    rows = []
    asked = [check for check in release.checks if check.get("status") != "not_run"]
    passed = sum(check.get("status") in ("passed", "warned") for check in asked)
    if asked:
        status = "passed" if passed == len(asked) else "partial"
        rows.append(Checked(status, "Package checks", f"{passed} of {len(asked)}"))
    scan = next((check for check in release.checks if check.get("id") == "antivirus_scan"), None)
    if scan is not None:
        clean = scan.get("status") == "passed"
        rows.append(Checked(str(scan.get("status")), "Virus scan clean" if clean else "Virus scan not run"))
    rows.append(Checked("passed", "Read and approved by a person"))
    return rows


def install_link(release: Release) -> str:
    """The address that the manager opens: `smmods://v1/install/{host}/{modId}/{version}`."""
    host = urlsplit(settings.SMMODS_SITE_URL).netloc
    return f"smmods://v1/install/{host}/{release.mod.mod_id}/{release.version}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which two releases differ, as text."""

    name: str
    old: str
    new: str


def compare(older: Release, newer: Release) -> list[Difference]:
    """The fields of the manifest in which two releases differ, then size and hash."""
    rows = [
        Difference(name, _said(older.manifest.get(key)), _said(newer.manifest.get(key)))
        for name, key in COMPARED
        if older.manifest.get(key) != newer.manifest.get(key)
    ]
    rows.append(Difference("Size", f"{older.size_bytes:,} bytes", f"{newer.size_bytes:,} bytes"))
    rows.append(Difference("SHA-256", older.sha256, newer.sha256))
    return rows


def _said(value: Any) -> str:
    """A manifest's value as a person would write it."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(_said(item) for item in value)
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if not isinstance(part, bool))
    return str(value)
