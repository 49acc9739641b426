"""`manage.py assign_role`: how an installation gets its first admin; the portal itself acts."""

from typing import Any

from django.core.management.base import CommandParser

from accounts import services
from accounts.models import User
from accounts.roles import LADDER
from smmods.management.portal_command import PortalCommand, account


class Command(PortalCommand):
    """The same service as the page's, the API's and the admin's; the audit trail names the portal as actor."""

    help = "Give an account a role, with a reason that the audit trail keeps."
    example = 'manage.py assign_role ada@example.com admin --reason "first admin of this installation"'

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, which, why."""
        parser.add_argument("email", help="the account's address of mail")
        parser.add_argument("role", choices=[role.value for role in LADDER])
        parser.add_argument("--reason", required=True, help="why; kept in the audit trail and mailed")

    def work(self, **options: Any) -> None:
        """Assign, and say what it was and is."""
        user = account(options["email"])
        done = services.assign_roles(
            User.objects.system(), user.account_id, [options["role"]], options["reason"]
        )
        if done.changed:
            self.say(f"{user.email}: {done.before} -> {done.after}")
        else:
            self.say(f"{user.email} is {done.after} already.")
