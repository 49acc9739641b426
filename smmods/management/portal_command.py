"""What the portal's commands share: how they are asked, and how they answer.

Rules
- `--help` shows an example.
- Exit status: 0 done or accepted, 1 refused or failed with the reason on standard error, 2 wrong usage.
- With `--json` standard output holds one document and nothing else.
- What a command does is recorded as having come through the door "command".
- A refusal is shown as at every door: what happened, what is wrong where, what to do next.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import audit
from accounts.errors import RefusedError
from accounts.models import User


def refusal(refused: RefusedError) -> CommandError:
    """The end of a command that was refused: exit status 1, the reason on standard error."""
    lines = [f"{refused.message} [{refused.code}]"]
    lines += [
        f"  {problem.pointer or problem.path or '-'}: {problem.message} {problem.hint}".rstrip()
        for problem in refused.problems
    ]
    lines += [refused.hint] if refused.hint else []
    return CommandError("\n".join(lines), returncode=1)


class PortalCommand(BaseCommand):
    """A command with an example in its help, whose refusals end it with status 1."""

    #: One line that can be typed as it is.
    example = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """The parser, with the example at the end of its help."""
        return super().create_parser(prog_name, subcommand, epilog=f"Example: {self.example}", **kwargs)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command's work and turn refusals into their exit status."""
        try:
            with audit.origin("command"):
                self.work(**options)
        except RefusedError as refused:
            raise refusal(refused) from refused

    def work(self, **options: Any) -> None:
        """What the command does; raises RefusedError or CommandError."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """A line for people."""
        self.stdout.write(text)

    def put_json(self, document: Any) -> None:
        """One document on standard output."""
        self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))


def existing_file(text: str) -> Path:
    """An argument that names a file that is there."""
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path


def existing_folder(text: str) -> Path:
    """An argument that names a folder that is there."""
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return path


def account(email: str) -> User:
    """The person's account. Raises RefusedError where nobody has this address."""
    user = User.objects.people().filter(email=email.strip().lower()).first()
    if user is None:
        raise RefusedError(
            "account_unknown", f"Nobody has an account as {email}.", "Check the address.", status=404
        )
    return user
