"""Which files of a revision a reviewer has opened, kept in the session; a note for the eye, not a rule.

Paths are kept as short digests, so that a session stays small whatever packages name their files.
"""

import hashlib
from collections.abc import Iterable, MutableMapping
from typing import Any

KEY, ITEMS, PATHS, DIGITS = "opened_files", 10, 500, 10


def _mark(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:DIGITS]


def note(session: MutableMapping[str, Any], item: str, path: str) -> None:
    """Remember that `path` of `item` (submission and revision) was opened; the oldest items are forgotten first."""
    items = dict(session.get(KEY, {}))
    if list(items)[-1:] == [item] and _mark(path) in items[item]:
        return  # Nothing new: the session need not be written.
    marks = items.pop(item, [])
    if _mark(path) not in marks:
        marks = [*marks, _mark(path)][-PATHS:]
    items[item] = marks
    session[KEY] = dict(list(items.items())[-ITEMS:])


def unopened(session: MutableMapping[str, Any], item: str, paths: Iterable[str]) -> list[str]:
    """Those of `paths` that were not opened so far, in their order."""
    seen = set(session.get(KEY, {}).get(item, ()))
    return [path for path in paths if _mark(path) not in seen]
