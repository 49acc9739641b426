"""`manage.py demo`: sample people, mods and a queue, in development only."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from smmods.demo import tell
from smmods.management.portal_command import PortalCommand


class Command(PortalCommand):
    """Safe to repeat: it does what is missing and leaves everything else as it is."""

    help = (
        "Fill a development installation: people in every role, the three sample mods and some more, published "
        "through the same services as everybody's, and a queue with good, doubtful and hostile submissions."
    )
    example = "manage.py demo"

    def work(self, **options: Any) -> None:
        """Tell the story; refused anywhere but in development."""
        if settings.SMMODS_ENVIRONMENT != "development":
            raise CommandError(
                f"This installation is for {settings.SMMODS_ENVIRONMENT}; samples belong into development only.",
                returncode=1,
            )
        began = time.monotonic()
        quiet = options["verbosity"] == 0
        told = tell((lambda _: None) if quiet else self.say)
        if not quiet:
            self.say(f"{len(told.added)} sample submissions were added in {time.monotonic() - began:.1f} s.")
            self.say(f"Sign in as any of them at {settings.SMMODS_SITE_URL}/dev/:")
            for user in told.accounts:
                self.say(f"  {user.email:28} {user.name:16} {user.role}")
