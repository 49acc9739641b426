"""`manage.py repack`: a package that a tool spoiled, written anew so that it keeps the profile."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from smmods.management.commands.validate_package import change_words
from smmods.management.portal_command import PortalCommand, existing_file
from uploads import repacking


class Command(PortalCommand):
    """The same files always give the same bytes, those of `pack`; what a person must decide is refused."""

    help = "Write a package anew that a harmless tool spoiled (macOS, Windows, backslashes, a top folder)."
    example = "manage.py repack my-mod.zip --output my-mod-v1.0.0.zip"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The package, and where to."""
        parser.add_argument("file", type=existing_file, help="the package")
        parser.add_argument("--output", type=Path, required=True, help="the file to write")
        parser.add_argument("--force", action="store_true", help="overwrite a file that is there")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def work(self, **options: Any) -> None:
        """Repack aside, so that nothing half-written gets the name; exit status 1 where it can't be."""
        package: Path = options["file"]
        target: Path = options["output"]
        if not target.parent.is_dir():
            raise CommandError(f"There is no folder {target.parent}.", returncode=1)
        if target.exists() and not options["force"]:
            raise CommandError(f"{target} is there already; --force overwrites it.", returncode=1)
        new = target.with_name(f".{target.name}.new")
        try:
            with package.open("rb") as source, new.open("w+b") as sink:
                document = repacking.rewrite(source, package.stat().st_size, sink)
            if options["json"]:
                self.put_json(document)
            repacking.ensure_good(document)
            new.replace(target)
        finally:
            new.unlink(missing_ok=True)
        if options["json"]:
            return
        for change in document["changes"]:
            self.say(change_words(change))
        if document["moreChanges"]:
            self.say(f"and {document['moreChanges']:,} changes more")
        self.say(
            f"{target}: {document['filesAfter']} files, {document['sizeBytes']:,} bytes, "
            f"SHA-256 {document['sha256']}"
        )
