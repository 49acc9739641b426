"""`manage.py verify_audit`: walk the audit trail and name the first entry that does not agree."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import audit
from smmods.management.portal_command import PortalCommand


class Command(PortalCommand):
    """Exit status 1 names the first bad entry; 0 means that every entry follows from the one before it."""

    help = "Check the whole audit trail: every entry, its hash, the chain, and its end."
    example = "manage.py verify_audit --json"

    def add_arguments(self, parser: CommandParser) -> None:
        """For people or for programs."""
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def work(self, **options: Any) -> None:
        """Walk, and say what was found."""
        verdict = audit.verify()
        if options["json"]:
            self.put_json(
                {
                    "intact": verdict.intact,
                    "entries": verdict.entries,
                    "head": verdict.head,
                    "firstBad": verdict.bad_sequence,
                    "why": verdict.why,
                }
            )
        if not verdict.intact:
            raise CommandError(
                f"The audit trail is broken at entry {verdict.bad_sequence}: {verdict.why}. "
                f"The {verdict.entries} before it agree.",
                returncode=1,
            )
        if not options["json"]:
            self.say(f"The audit trail is whole: {verdict.entries} entries, head {verdict.head}.")
