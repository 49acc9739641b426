"""Versions and ranges as a manager reads them: SemVer 2.0.0 and npm's syntax."""

import re
from functools import lru_cache

from semantic_version import NpmSpec, Version

# npm allows a space between a comparator and its version; the parser does not.
_SPACED = re.compile(r"([<>=^~])\s+")


@lru_cache(maxsize=8192)
def is_version(text: str) -> bool:
    """Whether it is a version, without build metadata."""
    try:
        return not Version(text).build
    except ValueError:
        return False


@lru_cache(maxsize=8192)
def _spec(text: str) -> NpmSpec:
    return NpmSpec(" ".join(_SPACED.sub(r"\1", text).split()))


def is_range(text: str) -> bool:
    """Whether it is a range."""
    try:
        _spec(text)
    except (ValueError, AttributeError):  # the parser trips over some texts instead of refusing them
        return False
    return bool(text.strip())


def in_range(version: str, text: str) -> bool:
    """Whether the version lies in the range; everything lies in the empty one."""
    return not text or bool(_spec(text).match(Version(version)))


def is_prerelease(version: str) -> bool:
    """Whether it is a prerelease."""
    return bool(Version(version).prerelease)
