"""`manage.py import_release`: the manual lane, see docs/manual-publishing.md."""

from typing import Any

from django.core.management.base import CommandParser

from smmods.management.portal_command import PortalCommand, account, existing_file
from smmods.manual_lane import import_release, revision_of


class Command(PortalCommand):
    """Returns when the release is published."""

    help = (
        "Publish a package by hand: the same checks as an upload, the owner's submission, the moderator's "
        "recorded decision. Owner and moderator are different people. Works while uploads are off."
    )
    example = (
        "manage.py import_release --package a.mod-v1.0.0.zip --metadata a.mod-v1.0.0.release.json "
        "--owner modder@example.com --as moderator@example.com"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What, whose, decided by whom."""
        parser.add_argument("--package", type=existing_file, required=True, help="the ZIP")
        parser.add_argument("--metadata", type=existing_file, required=True, help="its *.release.json")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="whose release it is")
        parser.add_argument(
            "--as",
            required=True,
            metavar="MODERATOR",
            dest="moderator",
            help="who decides, by address of mail",
        )
        parser.add_argument("--wait", type=float, default=120, metavar="SECONDS", help="for each stage")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def work(self, **options: Any) -> None:
        """Import, and say where the release is."""
        submission = import_release(
            options["package"],
            options["metadata"],
            account(options["owner"]),
            account(options["moderator"]),
            seconds=options["wait"],
        )
        revision = revision_of(submission)
        if options["json"]:
            self.put_json(
                {
                    "submissionId": submission.submission_id,
                    "state": submission.state,
                    "modId": submission.mod_id,
                    "version": submission.version,
                    "sha256": revision.sha256,
                }
            )
            return
        self.say(
            f"{submission.mod_id} {submission.version} is {submission.state}: SHA-256 {revision.sha256}, "
            f"submission {submission.submission_id}."
        )
