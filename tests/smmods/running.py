"""Running a command as the command line does, without a process of its own."""

import contextlib
import io
import json
from dataclasses import dataclass
from typing import Any

from django.core.management import load_command_class
from django.core.management.base import CommandError


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: exit status, standard output, and the reason on standard error."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one document that it must be."""
        return json.loads(self.out)


def run(name: str, *arguments: str) -> Ran:
    """Run `manage.py name arguments…`."""
    command = load_command_class("smmods", name)
    vars(command)["_called_from_command_line"] = True
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stderr(err), contextlib.redirect_stdout(out):
            parser = command.create_parser("manage.py", name)
            options = vars(parser.parse_args(list(arguments)))
    except SystemExit as end:
        return Ran(int(end.code or 0), out.getvalue(), err.getvalue())
    positional = options.pop("args", ())
    try:
        command.execute(
            *positional, **options | {"stdout": out, "stderr": err, "no_color": True, "skip_checks": True}
        )
    except CommandError as error:
        return Ran(error.returncode, out.getvalue(), err.getvalue() + str(error))
    return Ran(0, out.getvalue(), err.getvalue())
