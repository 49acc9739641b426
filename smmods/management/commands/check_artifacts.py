"""`manage.py check_artifacts`: are the published artifacts still the bytes that were reviewed?"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db.models import F

from catalog.models import Release
from smmods.management.portal_command import PortalCommand

PIECE = 1024 * 1024


def _problem(path: Path, release: Release) -> str:
    """What is wrong with the file of a public release, or nothing."""
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != release.size_bytes:
        return f"has {path.stat().st_size:,} bytes, not {release.size_bytes:,}"
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return "" if digest.hexdigest() == release.sha256 else f"has SHA-256 {digest.hexdigest()}"


class Command(PortalCommand):
    """Without `--all`: what the catalog offers as latest. With it: every release, and every other file."""

    help = "Hash published artifacts again and compare them with what was reviewed."
    example = "manage.py check_artifacts --all"

    def add_arguments(self, parser: CommandParser) -> None:
        """How much."""
        parser.add_argument(
            "--all", action="store_true", help="every release, what was taken back, and files of no release"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def work(self, **options: Any) -> None:
        """Hash, compare, say."""
        root = Path(settings.PUBLIC_ROOT)
        releases = Release.objects.select_related("mod").order_by("pk")
        if not options["all"]:
            releases = releases.filter(mod__latest=F("pk"))
        count, bad = 0, []
        for release in releases.iterator():
            count += 1
            path = root / release.artifact_path
            if release.taken_back_at is None:
                why = _problem(path, release)
            else:
                why = "was taken back and is still there" if path.exists() else ""
            if why:
                bad.append({"artifact": f"/{release.artifact_path}", "why": why})
        if options["all"]:
            bad += [{"artifact": f"/{path}", "why": "belongs to no release"} for path in _strangers(root)]
        if options["json"]:
            self.put_json({"passed": not bad, "checked": count, "problems": bad})
        if bad:
            raise CommandError("\n".join(f"{one['artifact']} {one['why']}" for one in bad), returncode=1)
        if not options["json"]:
            self.say(f"{count} artifacts are the bytes that were reviewed.")


def _strangers(root: Path) -> Iterator[str]:
    """Files below the mods' downloads that no release names, as paths in the tree."""
    known = {release.artifact_path for release in Release.objects.select_related("mod").iterator()}
    folder = root / "downloads" / "mods"
    for path in sorted(folder.rglob("*.zip")) if folder.is_dir() else ():
        name = path.relative_to(root).as_posix()
        if name not in known:
            yield name
