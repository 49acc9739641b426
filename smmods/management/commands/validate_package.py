"""`manage.py validate_package`: every check that a package can be asked without a portal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.strict_json import MAX_BYTES
from smmods.management.portal_command import PortalCommand, existing_file
from uploads import rehearsal

Json = dict[str, Any]


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
        package: Path = options["file"]
        sidecar = None
        if options["metadata"] is not None:
            with options["metadata"].open("rb") as file:
                sidecar = file.read(MAX_BYTES + 1)
        report = rehearsal.validate(lambda: package.open("rb"), package.stat().st_size, sidecar)
        if options["json"]:
            self.put_json(report)
        else:
            for line in (*_checks(report), *_signals(report), *repack_lines(report["repack"], package)):
                self.say(line)
        if not report["accepted"]:
            raise CommandError("\n".join([f"{package} is refused:", *_reasons(report)]), returncode=1)
        if not options["json"]:
            self.say(f"{package} passes: SHA-256 {report['sha256']}, {report['sizeBytes']:,} bytes.")


def _checks(report: Json) -> Iterator[str]:
    """Every check with its verdict; what it found comes with the reasons."""
    for check in report["checks"]:
        words = check["status"].replace("_", " ")
        yield f"{words:8} {check['id']:24} {check['message']}".rstrip()


def _reasons(report: Json) -> Iterator[str]:
    """Each problem: where, what, its code, and how to mend it."""
    for check in report["checks"]:
        for problem in check["problems"] if check["status"] == "failed" else ():
            place = problem["path"] or check["id"]
            yield f"{place}: {problem['message']} [{problem['code']}] {problem['hint']}".rstrip()


def _signals(report: Json) -> Iterator[str]:
    """What a person will look at, with its place and what it means."""
    if report["signals"]:
        yield "Signals refuse nothing. Whoever reviews the mod looks at them:"
    for signal in report["signals"]:
        line = f":{signal['line']}" if signal["line"] else ""
        place = f"{signal['path'] or 'the package'}{line}"
        yield f"signal   {signal['code']:24} {place}: {signal['message']}"
        yield f"         {signal['explanation']}"


def repack_lines(repack: Json, package: Path) -> Iterator[str]:
    """What repacking would do, and how to have it done."""
    if not repack["possible"]:
        return
    if repack["accepted"]:
        yield "Repacking makes a package of it that keeps the rules:"
    else:
        yield "Repacking mends a part of it:"
    for change in repack["changes"]:
        yield f"repack   {change_words(change)}"
    if repack["moreChanges"]:
        yield f"repack   and {repack['moreChanges']:,} changes more"
    if repack["accepted"]:
        yield f"Run: python manage.py repack {package} --output {package.stem}-repacked.zip"
    for problem in repack["problems"]:
        yield f"remains  {problem['path']}: {problem['message']} [{problem['code']}]"


def change_words(change: dict[str, str]) -> str:
    """A change as a line: what was done, where, from what to what."""
    if change["now"]:
        sides = f"{change['was']} -> {change['now']}"
    elif change["path"]:
        sides = f"{change['path']} ({change['was']})" if change["was"] else change["path"]
    else:
        sides = change["was"]
    return f"{change['what']}: {sides}" if sides else change["what"]
