"""Reads settings from the environment and from `.env`, and keeps what was wrong with them.

Rules
- The environment beats `.env`.
- A value that can't be read never stops the import of the settings: the safe default is used, and the
  problem is kept for the start-up checks, which name the setting and the remedy (`smmods.checks`).
- Every name that is asked for is remembered, so that a test can compare them with the documentation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})
LINE = re.compile(r"^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$")


@dataclass(frozen=True)
class Problem:
    """One setting that could not be read: its name, what is wrong, how to mend it."""

    setting: str
    message: str
    hint: str


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a `.env` file: `NAME=value` a line, `#` comments, single or double quotes taken off.

    A missing file is empty. Nothing is expanded: a `$` stands for itself.
    """
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = LINE.match(line.strip())
        if match is None:
            continue
        name, value = match[1], match[2].strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        else:
            value = re.split(r"\s+#", value, maxsplit=1)[0]
        found[name] = value
    return found


class Environment:
    """The variables, read by type. `problems` and `names` fill while the settings are read."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.problems: list[Problem] = []
        self.names: set[str] = set()

    def refuse(self, setting: str, message: str, hint: str) -> None:
        """Keep a problem for the start-up checks."""
        self.problems.append(Problem(setting, message, hint))

    def given(self, name: str) -> bool:
        """Whether the variable is set to something."""
        self.names.add(name)
        return bool(self._variables.get(name, "").strip())

    def text(self, name: str, default: str = "") -> str:
        """The variable as it stands, without white space around it; an empty one counts as unset."""
        self.names.add(name)
        return self._variables.get(name, "").strip() or default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """1, true, yes, on; 0, false, no, off."""
        value = self.text(name, "1" if default else "0").lower()
        if value in TRUE:
            return True
        if value not in FALSE:
            self.refuse(name, f"{name} is neither on nor off.", f"Set {name} to 1 or 0.")
            return default
        return False

    def number(self, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        """A whole number between `least` and `most`."""
        value = self.text(name, str(default))
        bounds = f"at least {least}" if most is None else f"from {least} to {most}"
        if (
            not re.fullmatch(r"\d{1,18}", value)
            or int(value) < least
            or (most is not None and int(value) > most)
        ):
            self.refuse(
                name, f"{name} is not a whole number {bounds}.", f"Set it, for example, to {default}."
            )
            return default
        return int(value)

    def words(self, name: str, default: str = "") -> list[str]:
        """A list, divided by commas or white space."""
        return [word for word in re.split(r"[,\s]+", self.text(name, default)) if word]

    def networks(self, name: str, default: str) -> list[str]:
        """A list of networks (`10.0.0.0/8`) or single addresses."""
        words = self.words(name, default)
        try:
            return [str(ip_network(word)) for word in words]
        except ValueError:
            self.refuse(name, f"{name} holds something that is no network.", f"Write them like {default}.")
            return default.split()

    def counts(self, name: str) -> dict[str, int]:
        """Numbers by name: `upload=30 mail=10`."""
        words = self.words(name)
        if not all(re.fullmatch(r"[a-z_]+=[1-9]\d{0,8}", word) for word in words):
            self.refuse(name, f"{name} is not a list of name=count.", "Write it like upload=30 mail=10.")
            return {}
        return {key: int(count) for key, _, count in (word.partition("=") for word in words)}

    def choice(self, name: str, choices: tuple[str, ...], default: str, otherwise: str) -> str:
        """One of the choices; `default` where unset, `otherwise` (the strictest) where it is none of them."""
        value = self.text(name, default)
        if value not in choices:
            self.refuse(name, f"{name} is none of {', '.join(choices)}.", f"Set {name} to one of them.")
            return otherwise
        return value

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> SplitResult:
        """A URL with one of the schemes. The value is never repeated in a problem: it may hold a password."""
        value = self.text(name, default)
        try:
            parts = urlsplit(value)
            _ = parts.port, parts.hostname
        except ValueError:
            parts = SplitResult("", "", "", "", "")
        if parts.scheme not in schemes or (default and value != default and "://" not in value):
            named = ", ".join(f"{scheme}://" for scheme in schemes)
            self.refuse(name, f"{name} is not a URL that the portal knows.", f"Start it with one of {named}.")
            return urlsplit(default)
        return parts


def query(parts: SplitResult) -> dict[str, str]:
    """The query of a URL, the last of equal names winning."""
    return {name: values[-1] for name, values in parse_qs(parts.query).items()}


def credentials(parts: SplitResult) -> tuple[str, str]:
    """User name and password of a URL, decoded; empty where there are none."""
    return unquote(parts.username or ""), unquote(parts.password or "")


def file_path(parts: SplitResult) -> Path:
    """The path of a `file://` URL. `file:///a` is absolute; `file://a/b` is taken from the working directory."""
    return Path(unquote(parts.netloc + parts.path)).absolute()
