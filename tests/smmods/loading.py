"""Loads the settings afresh under an environment, as a start of the portal does."""

import os
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

SETTINGS = Path(__file__).resolve().parents[2] / "smmods" / "settings.py"


def load(variables: dict[str, str]) -> Any:
    """The settings under exactly these variables (and no `.env`), as an object."""
    with mock.patch.dict(os.environ, {"SMMODS_ENV_FILE": ""} | variables, clear=True):
        return SimpleNamespace(**runpy.run_path(str(SETTINGS)))
