"""clamd.conf as text: which of its limits are lower than the package profile's numbers.

It says what a clamd would do that was started with it; `clamd_probe` says what the one that runs does.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from uploads.package.rules import DEFAULT, Profile

_SIZE = re.compile(r"(?P<count>[0-9]+)(?P<unit>[kKmMgG]?)")
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_YES = frozenset({"yes", "true", "1"})


@dataclass(frozen=True, slots=True)
class Need:
    """A setting: clamd's own default (1.4), and what it must be more than; None for a switch that must be on."""

    default: str
    more_than: Callable[[Profile], int] | None = None


#: What the portal's own numbers ask of clamd. Source of names and defaults: clamd.conf(5).
NEEDS: dict[str, Need] = {
    "StreamMaxLength": Need("100M", lambda profile: profile.max_package),
    "MaxFileSize": Need("100M", lambda profile: max(profile.max_member, profile.max_package)),
    # The package itself counts as well as what is in it.
    "MaxScanSize": Need("400M", lambda profile: profile.max_package + profile.max_unpacked),
    "MaxFiles": Need("10000", lambda profile: profile.max_members),
    "PCREMaxFileSize": Need("100M", lambda profile: profile.max_member),
    "ScanArchive": Need("yes"),
    "AlertExceedsMax": Need("no"),
    "AlertEncrypted": Need("no"),
}


def read(text: str) -> dict[str, str]:
    """The settings in a clamd.conf; of one that is said twice the last counts."""
    found = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split(None, 1)
        if words:
            found[words[0]] = words[1].strip().strip('"') if len(words) > 1 else ""
    return found


def size(text: str) -> int | None:
    """`128M` as a number; None where it is none."""
    match = _SIZE.fullmatch(text)
    return int(match["count"]) * _UNITS[match["unit"].lower()] if match else None


def too_lax(text: str, profile: Profile = DEFAULT) -> list[str]:
    """A sentence for each setting in this clamd.conf that the profile's numbers rule out."""
    given, found = read(text), []
    for name, need in NEEDS.items():
        value = given.get(name, need.default)
        if need.more_than is None:
            if value.lower() not in _YES:
                found.append(f"{name} is {value}; it must be yes.")
            continue
        least, number = need.more_than(profile), size(value)
        # 0 means "no limit" to clamd.
        if number is None or 0 < number <= least:
            found.append(f"{name} is {value}; it must be more than {least:,}.")
    return found
