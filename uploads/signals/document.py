"""A signal as JSON: for reports, pages and the API, and over the wall between the child process and the portal.

What comes over the wall is not trusted: the child opened a hostile package and may say anything. Everything
that reads it is here, bounds it, and raises `ValueError` for what no honest child says.
"""

import re
from collections.abc import Mapping
from typing import Any, Protocol

from uploads.signals.found import MAX_EXCERPT, MAX_MESSAGE, MAX_SUBJECT, Signal
from uploads.signals.table import SIGNALS, kind_of

Json = dict[str, Any]

MAX_SIGNALS = 200
MAX_PROGRAMS = 200
MAX_FACTS = 2_000
MAX_PATH = 400
MAX_LINE = 2**31 - 1

_NAME = re.compile(r"[A-Za-z0-9_.:-]{0,100}")
_PREFIX = re.compile(r"[0-9A-Za-z]{8}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SIGNAL_KEYS = frozenset(Signal("", "").as_dict())


class Seen(Protocol):
    """A signal, or a row that one was kept in."""

    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def excerpt(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def blocking(self) -> bool: ...
    @property
    def weight(self) -> int | None: ...
    @property
    def fingerprint(self) -> str: ...


def as_document(signal: Seen, first_seen: str = "") -> Json:
    """The signal as every report writes it; `first_seen` is the first version that had it, where known."""
    kind = kind_of(signal.code)
    return {
        "code": signal.code,
        "title": kind.title,
        "message": signal.message,
        "explanation": kind.explanation,
        "path": signal.path,
        "line": signal.line,
        "excerpt": signal.excerpt,
        "rule": signal.rule,
        "weight": kind.weight if signal.weight is None else signal.weight,
        "blocking": signal.blocking,
        "fingerprint": signal.fingerprint,
        "firstSeen": first_seen,
    }


def signals_from(value: object) -> list[Signal]:
    """The signals that a child process told of. Raises ValueError for anything else."""
    if not isinstance(value, list) or len(value) > MAX_SIGNALS:
        raise ValueError("signals are no list of at most 200")
    return [signal_from(item) for item in value]


def signal_from(value: object) -> Signal:
    """One signal, from `Signal.as_dict()` as JSON. Raises ValueError where it is no such thing.

    Only kinds that a package alone can show are taken, and only YARA rules may bring a weight or block.
    """
    if not isinstance(value, dict) or value.keys() != _SIGNAL_KEYS:
        raise ValueError("a signal has other keys")
    kind = SIGNALS.get(_text(value, "code", 60))
    if kind is None or kind.portal:
        raise ValueError("a signal has an unknown code")
    line, blocking, weight = value["line"], value["blocking"], value["weight"]
    if type(line) is not int or not 0 <= line <= MAX_LINE or type(blocking) is not bool:
        raise ValueError("a signal has a bad line or mark")
    if weight is not None and (type(weight) is not int or not 0 <= weight <= 3):
        raise ValueError("a signal has a bad weight")
    if kind.code != "yara_match" and (blocking or weight is not None):
        raise ValueError("a signal weighs what it may not")
    rule = _text(value, "rule", 100)
    if not _NAME.fullmatch(rule):
        raise ValueError("a signal has a bad rule")
    signal = Signal(
        code=kind.code,
        message=_text(value, "message", MAX_MESSAGE),
        path=_text(value, "path", MAX_PATH),
        line=line,
        excerpt=_text(value, "excerpt", MAX_EXCERPT),
        rule=rule,
        subject=_text(value, "subject", MAX_SUBJECT),
        blocking=blocking,
        weight=weight,
    )
    if signal.fingerprint != value["fingerprint"]:
        raise ValueError("a signal has another fingerprint than its own")
    return signal


def leaked_keys_from(value: object) -> list[dict[str, str]]:
    """The portal's own API keys that lay in a package, as prefix and digest. Raises ValueError else."""
    if not isinstance(value, list) or len(value) > MAX_SIGNALS:
        raise ValueError("leaked keys are no list of at most 200")
    for item in value:
        if not isinstance(item, dict) or item.keys() != {"prefix", "sha256"}:
            raise ValueError("a leaked key has other keys")
        prefix, digest = item["prefix"], item["sha256"]
        if not (isinstance(prefix, str) and _PREFIX.fullmatch(prefix)):
            raise ValueError("a leaked key has a bad prefix")
        if not (isinstance(digest, str) and _SHA256.fullmatch(digest)):
            raise ValueError("a leaked key has a bad digest")
    return value


def programs_from(value: object) -> dict[str, Json]:
    """The facts of each Windows program, by path. Raises ValueError where they are too many or no plain JSON."""
    if not isinstance(value, dict) or len(value) > MAX_PROGRAMS:
        raise ValueError("programs are no object of at most 200")
    for path, facts in value.items():
        if not isinstance(path, str) or len(path) > MAX_PATH or not path.isprintable():
            raise ValueError("a program has a bad path")
        if not isinstance(facts, dict) or _count(facts, 0) > MAX_FACTS:
            raise ValueError("a program has no facts or too many")
    return value


def _text(value: Mapping[str, object], key: str, limit: int) -> str:
    text = value[key]
    if not isinstance(text, str) or len(text) > limit or not (text.isprintable() or key == "subject"):
        raise ValueError(f"a signal has a bad {key}")
    if "\0" in text:
        raise ValueError(f"a signal has a NUL in its {key}")
    return text


def _count(value: object, depth: int) -> int:
    """How many values there are in `value`. Raises ValueError for what is nested, long or no plain JSON."""
    if depth > 4:
        raise ValueError("facts are nested too deep")
    if isinstance(value, dict):
        if not all(isinstance(key, str) and len(key) <= 60 for key in value):
            raise ValueError("facts have bad keys")
        return 1 + sum(_count(item, depth + 1) for item in value.values())
    if isinstance(value, list):
        return 1 + sum(_count(item, depth + 1) for item in value)
    if isinstance(value, str):
        if len(value) > 300 or not value.isprintable():
            raise ValueError("facts have a text that is too long or does not print")
        return 1
    if value is None or isinstance(value, bool | int | float):
        return 1
    raise ValueError("facts are no plain JSON")
