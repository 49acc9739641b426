"""`manage.py run_portal`: the whole portal in one terminal, for development."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from smmods.supervisor import PROCESSES, Supervisor


class Command(BaseCommand):
    """Prepare, then run web server, workers and scheduler until Ctrl-C. Uploads are on unless set otherwise."""

    help = "Run the whole portal for development: web, workers, scheduler. Example: manage.py run_portal"

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal comes. Raises CommandError where a process won't start."""
        call_command("prepare", stdout=self.stdout)
        connections.close_all()
        environment = os.environ | {
            "VAR": str(settings.VAR),
            "PORT": str(settings.PORT),
            "PYTHONUNBUFFERED": "1",
        }
        if "SMMODS_LIVE_UPLOADS" not in settings.SMMODS_GIVEN:
            environment["SMMODS_LIVE_UPLOADS"] = "1"
        self.stdout.write(self._addresses())
        commands = {name: (sys.executable, *arguments) for name, arguments in PROCESSES.items()}
        if Supervisor(commands, environment).run():
            raise CommandError("A part of the portal would not start; its last lines are above.")

    @staticmethod
    def _addresses() -> str:
        here = f"http://127.0.0.1:{settings.PORT}"
        lines = [f"The portal:          {here}/", f"API description:     {here}/api/v1/docs"]
        if settings.SMMODS_ENVIRONMENT == "development":
            lines += [
                f"Sign in as a sample: {here}/dev/",
                f"Mails that it sent:  {here}/dev/mail/",
            ]
        return "\n".join(["", *lines, f"Data:                {settings.VAR}", "Ctrl-C stops it.", ""])
