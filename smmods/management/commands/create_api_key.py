"""`manage.py create_api_key`: a key for scripts, printed once and alone."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from accounts import services
from smmods.management.portal_command import PortalCommand, account


class Command(PortalCommand):
    """Prints the key and nothing else, so that a script can take it as it is."""

    help = "Make an API key for an account and print it; it can't be shown again."
    example = "manage.py create_api_key ada@example.com --scope uploads:write --scope uploads:read"

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, for what, for how long."""
        parser.add_argument("email", help="the account's address of mail")
        parser.add_argument(
            "--scope", action="append", required=True, choices=sorted(services.SCOPES), help="repeatable"
        )
        parser.add_argument("--name", default="command line", help="what uses it (at most 60 characters)")
        parser.add_argument("--days", type=int, help="runs out after so many days; without it, never")

    def work(self, **options: Any) -> None:
        """Issue the key for its owner."""
        days: int | None = options["days"]
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        issued = services.issue_key(account(options["email"]), options["name"], options["scope"], expires_at)
        self.say(issued.token)
