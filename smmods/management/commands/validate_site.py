"""`manage.py validate_site`: everything that a site publishes, looked at as a stranger does."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.urls import Resolver404, resolve

from catalog.client import source_for
from catalog.models import Mod
from smmods.management.portal_command import PortalCommand
from smmods.site_validation import SiteReport, validate

SHOWN = 20


def _of_this_installation(address: str) -> bool:
    """Whether this installation has the detail page: the address resolves and the mod is public."""
    try:
        resolve(address)
    except Resolver404:
        return False
    return any(mod.get_absolute_url() == address for mod in Mod.objects.public().filter(slug=_slug(address)))


def _slug(address: str) -> str:
    return address.strip("/").rpartition("/")[2]


class Command(PortalCommand):
    """For a folder that is this installation's own tree, detail pages are looked up in its database."""

    help = "Check a published site: schemas, links, hashes, detail pages, and that its documents agree."
    example = "manage.py validate_site http://127.0.0.1:8000"

    def add_arguments(self, parser: CommandParser) -> None:
        """Which site."""
        parser.add_argument(
            "place", nargs="?", help="an address, or a folder with a published tree; without it, our own tree"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def work(self, **options: Any) -> None:
        """Look, and say what was found."""
        place: str = options["place"] or str(settings.PUBLIC_ROOT)
        remote = place.startswith(("http://", "https://"))
        if not remote and not Path(place).is_dir():
            raise CommandError(f"There is no folder {place}.", returncode=2)
        report = validate(source_for(place), None if remote else _of_this_installation)
        if options["json"]:
            self.put_json(report.as_dict())
        self._conclude(report, place, quiet=options["json"])

    def _conclude(self, report: SiteReport, place: str, *, quiet: bool) -> None:
        looked = (
            f"{report.documents} documents, {report.artifacts} artifacts and "
            f"{report.detail_pages} detail pages of {place}"
        )
        if not report.passed:
            shown = [f"{one.code} {one.path}: {one.message}" for one in report.findings[:SHOWN]]
            more = len(report.findings) - len(shown)
            shown += [f"and {more} more"] if more else []
            raise CommandError("\n".join([f"Looked at {looked}:", *shown]), returncode=1)
        if not quiet:
            self.say(f"{looked} are as they should be (revision {report.revision}).")
