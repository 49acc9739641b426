"""The sample production environment with real values in it, and Django's own deployment checks over it.

`python -m tests.production` runs `check --deploy` that way; warnings count.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from smmods.environment import read_env_file

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "deploy" / "production.env.sample"


def environment(folder: Path) -> dict[str, str]:
    """The variables of the sample, secrets drawn, folders below `folder`; nothing of the shell but the PATH."""
    given = read_env_file(SAMPLE)
    values = {name: value.replace("CHANGEME", secrets.token_urlsafe(48)) for name, value in given.items()}
    for name in ("VAR", "STATIC_ROOT"):
        values[name] = str(folder / name.lower())
    for name in ("STORAGE_URL", "PUBLIC_STORAGE_URL"):
        values[name] = f"file://{folder}/{name.lower()}"
    return values | {
        "PATH": os.environ["PATH"],
        "SMMODS_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "smmods.settings",
    }


def main() -> int:
    """Returns the exit status of the checks."""
    with tempfile.TemporaryDirectory(prefix="smmods-check-") as folder:
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        return subprocess.run(command, cwd=ROOT, env=environment(Path(folder)), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
