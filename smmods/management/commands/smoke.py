"""`manage.py smoke`: a running portal, asked as a stranger asks."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from smmods import smoke
from smmods.management.portal_command import PortalCommand


class Command(PortalCommand):
    """Exit status 0: every step passed. The report is written in either case."""

    help = "Ask a running portal as a stranger does, over HTTP, and write down what it answered."
    example = "manage.py smoke --kind public --base-url http://127.0.0.1:8000"

    def add_arguments(self, parser: CommandParser) -> None:
        """Which smoke, and where."""
        parser.add_argument("--kind", choices=smoke.KINDS, required=True)
        parser.add_argument("--base-url", help="the portal's address; else SMMODS_BACKEND_SMOKE_BASE_URL")
        parser.add_argument(
            "--reports", type=Path, default=Path(settings.BASE_DIR) / "reports", help="where the report goes"
        )
        parser.add_argument("--json", action="store_true", help="print the report")

    def work(self, **options: Any) -> None:
        """Run, write the report, say what failed."""
        base_url = options["base_url"] or os.environ.get("SMMODS_BACKEND_SMOKE_BASE_URL", "")
        if not base_url.startswith(("http://", "https://")):
            raise CommandError(
                "Give the portal's address with --base-url or SMMODS_BACKEND_SMOKE_BASE_URL.", returncode=2
            )
        report = smoke.run(options["kind"], base_url, settings.SMMODS_COMMIT)
        path = smoke.keep(report, options["reports"])
        if options["json"]:
            self.put_json(report)
        wrong = list(smoke.failed(report))
        if wrong:
            raise CommandError("\n".join([f"{report['kind']} smoke of {base_url}:", *wrong]), returncode=1)
        if not options["json"]:
            self.say(f"{report['kind']} smoke of {base_url}: {len(report['steps'])} steps passed, {path}")
