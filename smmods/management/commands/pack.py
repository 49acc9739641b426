"""`manage.py pack`: a mod's folder as a package that keeps the profile."""

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import CommandError, CommandParser

from smmods.management.portal_command import PortalCommand, existing_folder
from uploads.package.pack import pack


class Command(PortalCommand):
    """The same folder always gives the same bytes."""

    help = "Pack a mod's folder (with manifest.json at its top): the same folder always gives the same bytes."
    example = "manage.py pack catalog/samples/example.hello-lua"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The folder, and where to."""
        parser.add_argument("directory", type=existing_folder, help="the mod's folder")
        parser.add_argument(
            "--output", type=Path, help="the file to write; without it, {modId}-v{version}.zip in this folder"
        )
        parser.add_argument("--force", action="store_true", help="overwrite a file that is there")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def work(self, **options: Any) -> None:
        """Pack aside, so that nothing half-written gets the name and nothing of ours gets into the package."""
        output: Path | None = options["output"]
        with tempfile.TemporaryFile() as file:
            result = pack(options["directory"], cast("BinaryIO", file))
            target = output or Path(result.file_name)
            if not target.parent.is_dir():
                raise CommandError(f"There is no folder {target.parent}.", returncode=1)
            if target.exists() and not options["force"]:
                raise CommandError(f"{target} is there already; --force overwrites it.", returncode=1)
            file.seek(0)
            new = target.with_name(f".{target.name}.new")
            with new.open("wb") as out:
                shutil.copyfileobj(file, out)
            new.replace(target)
        if options["json"]:
            self.put_json(json.loads(json.dumps(asdict(result))) | {"output": str(target)})
            return
        for path in result.left_out:
            self.say(f"left out {path}")
        self.say(f"{target}: {result.members} files, {result.size:,} bytes, SHA-256 {result.sha256}")
