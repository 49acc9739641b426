"""`manage.py rescan`: look again, by the rules in force, at what waits or is published."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from smmods.management.portal_command import PortalCommand, account
from uploads import rescan_work, rescans
from uploads.models import Rescan, RescanResult


def _document(row: RescanResult) -> dict[str, Any]:
    submission = row.revision.submission
    return {
        "submissionId": submission.submission_id,
        "modId": submission.mod_id,
        "version": submission.version,
        "sha256": row.revision.sha256,
        "outcome": row.outcome,
        "why": row.why,
        "checks": row.checks,
        "signals": row.signals,
    }


class Command(PortalCommand):
    """Works in this process, beside any worker, and returns when everything was looked at."""

    help = (
        "Look again, by the rules in force, at what waits for review or is published. A dry run unless --apply "
        "says otherwise, which an admin may after a dry run of the same; it moves nothing either way."
    )
    example = 'manage.py rescan --scope waiting --as moderator@example.com --reason "New YARA rules"'

    def add_arguments(self, parser: CommandParser) -> None:
        """What, by whom, why."""
        parser.add_argument("--scope", choices=Rescan.Scope.values, required=True, help="what to look at")
        parser.add_argument("--as", required=True, metavar="EMAIL", dest="actor", help="who looks")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for the audit trail")
        parser.add_argument("--apply", action="store_true", help="let what is found hold")
        parser.add_argument(
            "--wait",
            type=float,
            default=600,
            metavar="SECONDS",
            help="give up after so long without progress",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def work(self, **options: Any) -> None:
        """Start it, carry it out, say what is different."""
        rescan = rescans.start(
            account(options["actor"]),
            scope=options["scope"],
            reason=options["reason"],
            dry_run=not options["apply"],
        )
        rescan = rescan_work.run_here(rescan, options["wait"])
        counts = rescans.outcomes(rescan)
        changed = rescan.results.exclude(outcome="same").select_related("revision__submission").order_by("pk")
        if options["json"]:
            self.put_json(rescans.as_document(rescan, counts) | {"results": [_document(r) for r in changed]})
        else:
            self._tell(rescan, counts, list(changed))
        if rescan.finished_at is None:
            raise CommandError(
                f"Rescan {rescan.pk} has not finished: it waits. A worker goes on with it; "
                f"/moderation/rescans/{rescan.pk}/ says how far it is.",
                returncode=1,
            )

    def _tell(self, rescan: Rescan, counts: dict[str, int], changed: list[RescanResult]) -> None:
        for row in changed:
            submission = row.revision.submission
            outcome = row.outcome or "not yet"
            self.say(f"{outcome:8} {submission.mod_id} {submission.version}: {row.why}")
        words = ", ".join(f"{counts.get(word, 0)} {word}" for word in rescans.OUTCOMES)
        kind = "dry run" if rescan.dry_run else "applied"
        self.say(
            f"Rescan {rescan.pk} ({kind}), rules {rescan.rules_version}: {rescan.total} in all, {words}."
        )
