"""Which files of a revision a reviewer has opened, kept in the session; a note for the eye, not a rule."""

from collections.abc import MutableMapping
from typing import Any

KEY, ITEMS, PATHS = "opened_files", 20, 500


def opened(session: MutableMapping[str, Any], item: str) -> set[str]:
    """The paths opened so far of `item` (submission and revision)."""
    return set(session.get(KEY, {}).get(item, ()))


def note(session: MutableMapping[str, Any], item: str, path: str) -> None:
    """Remember that `path` was opened; the oldest items are forgotten first."""
    items = dict(session.get(KEY, {}))
    paths = items.pop(item, [])
    if path not in paths:
        paths = [*paths, path][-PATHS:]
    items[item] = paths
    session[KEY] = dict(list(items.items())[-ITEMS:])
