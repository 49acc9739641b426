"""What the portal costs, measured beside the floor of the same machine.

Figures drift from machine to machine and from run to run; the ratio to a floor of the same run holds. Every
benchmark prints its figures and keeps them, with machine and date, in `benchmarks/results/`.

A benchmark uses a database of its own below `var/bench`, or the one that `VAR` or `DATABASE_URL` names.
"""

import os
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent

if "DJANGO_SETTINGS_MODULE" not in os.environ:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    os.environ.setdefault("VAR", str(ROOT / "var" / "bench"))
django.setup()
