"""`manage.py validate_package`: every check that a package can be asked without a portal."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.strict_json import MAX_BYTES
from smmods.management.portal_command import PortalCommand, existing_file
from uploads.checks import CHECKS, Phase, Result, Status, Subject, prepare, run_intake
from uploads.checks.base import not_run
from uploads.rehearsal import report


def judge(package: Path, metadata: Path | None) -> tuple[Subject, list[Result]]:
    """The package as it was read, and what every check says of it, in the checks' order."""
    sidecar = None
    if metadata is not None:
        with metadata.open("rb") as file:
            sidecar = file.read(MAX_BYTES + 1)
    subject = prepare(lambda: package.open("rb"), package.stat().st_size, sidecar_raw=sidecar)
    said = {result.check_id: result for result in run_intake(subject)}
    later = {
        check.id: not_run(check.id, "portal_needed", "It is asked when the release is published.")
        for check in CHECKS
        if check.phase is not Phase.INTAKE
    }
    return subject, [(said | later)[check.id] for check in CHECKS]


class Command(PortalCommand):
    """Needs no server, no database and no network; what needs the portal is not run."""

    help = "Check a package, and its release metadata if given, as the portal's worker would."
    example = "manage.py validate_package my-mod-v1.0.0.zip --metadata my-mod-v1.0.0.release.json"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The package, and what comes with it."""
        parser.add_argument("file", type=existing_file, help="the package")
        parser.add_argument("--metadata", type=existing_file, help="its *.release.json")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def work(self, **options: Any) -> None:
        """Check, and say what was found; exit status 1 where a check failed."""
        subject, results = judge(options["file"], options["metadata"])
        verdict = report(subject, results)
        if options["json"]:
            self.put_json(verdict)
        else:
            self._tell(results)
        failed = [result for result in results if result.status is Status.FAILED]
        if failed:
            reasons = [
                f"{problem.path or problem.pointer or result.check_id}: {problem.message} [{problem.code}] "
                f"{problem.hint}".rstrip()
                for result in failed
                for problem in result.problems
            ]
            raise CommandError("\n".join([f"{options['file']} is refused:", *reasons]), returncode=1)
        if not options["json"]:
            self.say(f"{options['file']} passes: SHA-256 {subject.sha256}, {subject.size:,} bytes.")

    def _tell(self, results: list[Result]) -> None:
        for result in results:
            words = result.status.value.replace("_", " ")
            self.say(f"{words:8} {result.check_id:24} {result.message}".rstrip())
