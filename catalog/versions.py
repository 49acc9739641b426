"""Versions and version ranges: the rules that a schema cannot say.

* A version is SemVer 2.0.0 without build metadata, at most 64 characters: two versions that differ only in
  build metadata would have the same precedence, and so no order.
* A range has npm's syntax (`^1.2.0`, `>=0.5.8 <0.6.0`, `1.x`), at most 100 characters.
* A prerelease is never the latest while a stable version exists.
"""

import re
from collections.abc import Iterable

import semver
from semantic_version import NpmSpec
from semantic_version import Version as NpmVersion

MAX_VERSION_LENGTH = 64
MAX_RANGE_LENGTH = 100

# npm allows a space between a comparator and its version; the parser below does not.
_SPACED_COMPARATOR = re.compile(r"([<>=^~])\s+")


def parse(text: str) -> semver.Version:
    """The version that `text` writes. Raises ValueError with a sentence that says what is wrong."""
    if len(text) > MAX_VERSION_LENGTH:
        raise ValueError(f"A version has at most {MAX_VERSION_LENGTH} characters; this has {len(text)}.")
    if text[:1] in ("v", "V"):
        raise ValueError(f"{text!r} begins with a letter; write {text[1:]!r}.")
    if not text.isascii():
        raise ValueError(f"{text!r} is not a SemVer 2.0.0 version like 1.4.0 or 2.0.0-beta.1.")
    try:
        version = semver.Version.parse(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a SemVer 2.0.0 version like 1.4.0 or 2.0.0-beta.1.") from None
    if version.build is not None:
        raise ValueError(f"{text!r} has build metadata; leave out everything from the '+' on.")
    return version


def is_version(text: object) -> bool:
    """Whether `text` is a version that `parse` takes."""
    try:
        return isinstance(text, str) and bool(parse(text))
    except ValueError:
        return False


def is_prerelease(text: str) -> bool:
    """Whether the version is a prerelease. Raises ValueError as `parse` does."""
    return parse(text).prerelease is not None


def sort_key(text: str) -> str:
    """A string whose plain order is the precedence of versions, for `sorted` and for a database's ORDER BY.

    It has hexadecimal digits only, which every database collation orders alike. Raises ValueError.
    """
    version = parse(text)
    core = "".join(_number(str(number)) for number in (version.major, version.minor, version.patch))
    if version.prerelease is None:
        return (core + "~").encode().hex()
    # A number is lower than a word and a list lower than the same list with more in it (SemVer 2.0.0, 11.4).
    parts = [f"0{_number(part)}" if part.isdigit() else f"1{part}" for part in version.prerelease.split(".")]
    return "".join([core, "!", *(part + " " for part in parts)]).encode().hex()


def newest_first(versions: Iterable[str]) -> list[str]:
    """The versions by falling precedence. Raises ValueError."""
    return sorted(versions, key=sort_key, reverse=True)


def latest_stable(versions: Iterable[str]) -> str | None:
    """The highest version that is no prerelease; None if there is none. Raises ValueError."""
    return max((text for text in versions if not is_prerelease(text)), key=sort_key, default=None)


def latest(versions: Iterable[str]) -> str | None:
    """What a reader gets as the latest: the highest stable version, or else the highest prerelease."""
    known = list(versions)
    return latest_stable(known) or max(known, key=sort_key, default=None)


def parse_range(text: str) -> NpmSpec:
    """The range that `text` writes. Raises ValueError with a sentence that says what is wrong."""
    if len(text) > MAX_RANGE_LENGTH:
        raise ValueError(f"A range has at most {MAX_RANGE_LENGTH} characters; this has {len(text)}.")
    try:
        return NpmSpec(" ".join(_SPACED_COMPARATOR.sub(r"\1", text).split()))
    except (ValueError, AttributeError):
        # The parser trips over its own missing match on some texts instead of refusing them.
        raise ValueError(f"{text!r} is not a range like ^1.2.0, >=0.5.8 <0.6.0 or 1.x.") from None


def is_range(text: object) -> bool:
    """Whether `text` is a range that `parse_range` takes."""
    try:
        return isinstance(text, str) and bool(text.strip()) and bool(parse_range(text))
    except ValueError:
        return False


def fits(version: str, version_range: str) -> bool:
    """Whether the version lies in the range. Raises ValueError if either does not parse."""
    parse(version)
    return bool(parse_range(version_range).match(NpmVersion(version)))


def _number(digits: str) -> str:
    return f"{len(digits):02}{digits}"
