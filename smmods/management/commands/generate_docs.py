"""Write the pages of the documentation that come from tables in the code."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from smmods.generated_docs import PAGES


class Command(BaseCommand):
    """`manage.py generate_docs`"""

    help = (
        "Write docs/roles.md, docs/states.md and the like from the tables. Example: manage.py generate_docs"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for name, page in PAGES.items():
            path = Path(settings.BASE_DIR) / name
            path.write_text(page(), encoding="utf-8")
            self.stdout.write(name)
