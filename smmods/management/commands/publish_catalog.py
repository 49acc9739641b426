"""`manage.py publish_catalog`: publish whatever is due, by hand."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.models import User
from catalog.drift import differences
from moderation.publication import publish_due
from smmods.management.portal_command import PortalCommand

PATIENCE = 60.0


class Command(PortalCommand):
    """Waits up to 60 seconds for a publication that is running. Nothing due is fine, too: exit status 0."""

    help = (
        "Publish the catalog: what is approved, taken back or changed, and whatever a killed run left open."
    )
    example = "manage.py publish_catalog --check"

    def add_arguments(self, parser: CommandParser) -> None:
        """`--check` only looks."""
        parser.add_argument(
            "--check",
            action="store_true",
            help="publish nothing; exit 1 where the public tree is not what the database says",
        )

    def work(self, **options: Any) -> None:
        """Publish, or look."""
        if options["check"]:
            found = differences()
            if found:
                raise CommandError("\n".join(found), returncode=1)
            self.say("The public tree is what the database says.")
            return
        done = publish_due(User.objects.system(), PATIENCE)
        if options["verbosity"]:
            self.say(f"Published revision {done.revision}." if done else "Nothing was due.")
