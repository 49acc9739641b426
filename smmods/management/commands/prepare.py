"""`manage.py prepare`: everything that must be there before the portal serves."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from accounts.models import User
from smmods.routers import CACHE
from uploads import rescans, scanner


class Command(BaseCommand):
    """Migrate, make the cache's table, collect static files, publish the first catalog, fill in the samples.

    Safe to repeat; a second run changes nothing that is there. The samples come in development only, into an
    installation where nobody has an account yet.
    """

    help = (
        "Make the database, the cache, static files and the first catalog ready. Example: manage.py prepare"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """`--no-samples` leaves out the sample people and mods."""
        parser.add_argument("--no-samples", action="store_true", help="leave out the sample people and mods")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do each step, in order. What fails raises; the steps after it are not done."""
        call_command("migrate", interactive=False, verbosity=0)
        if CACHE in connections:
            call_command("createcachetable", database=CACHE, verbosity=0)
        if settings.SMMODS_ENVIRONMENT != "development":
            call_command("collectstatic", interactive=False, verbosity=0)
        call_command("publish_catalog", verbosity=0, stdout=self.stdout)
        self._scanner()
        self._rescan()
        if settings.SMMODS_ENVIRONMENT == "development" and not options["no_samples"]:
            self._samples()

    def _scanner(self) -> None:
        """Try the scanner and say what is wrong with it. The portal serves all the same; packages wait."""
        seen = scanner.watch()
        if not seen.fit:
            self.stderr.write(
                f"Packages will wait: the scanner is {seen.word}. {seen.why} See docs/scanner.md."
            )

    def _rescan(self) -> None:
        """What waits for review and was looked at by older rules is looked at again; the worker does it."""
        rescan = rescans.start_automatic()
        if rescan is not None:
            self.stdout.write(
                f"The rules changed: rescan {rescan.pk} looks at {rescan.total} waiting item(s) again."
            )

    def _samples(self) -> None:
        """Fill in the samples once. A mark says when they were begun, so an interrupted run is taken up again."""
        begun, done = settings.VAR / "samples.begun", settings.VAR / "samples.done"
        if done.exists() or (not begun.exists() and User.objects.people().exists()):
            return
        Path(begun).touch()
        call_command("demo", stdout=self.stdout)
        Path(begun).rename(done)
