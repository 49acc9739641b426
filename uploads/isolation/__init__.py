"""Isolation: the bytes of packages are opened in a child process that can reach nothing.

* `inspect`  what a package is: profile, inventory, hashes, signals
* `run`      another task over a package (`tasks`): repacking, an image written anew

The child has no network, no database, no environment and no secrets; it gets the package as a descriptor that
is open for reading, and it answers with JSON that the parent does not believe unchecked (`answers`). It is
bounded in memory, processor time, wall-clock time, files and output. `child*` modules run in the child, the
others in the parent; so that the child loads none of the parent's modules, names are imported when asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uploads.isolation.errors import IsolationError, IsolationUnavailableError
    from uploads.isolation.inspection import Inspection, inspect
    from uploads.isolation.running import Bounds, run

__all__ = ["Bounds", "Inspection", "IsolationError", "IsolationUnavailableError", "inspect", "run"]

_HOMES = {
    "Bounds": "running",
    "Inspection": "inspection",
    "IsolationError": "errors",
    "IsolationUnavailableError": "errors",
    "inspect": "inspection",
    "run": "running",
}


def __getattr__(name: str) -> object:
    """The public names, each from its module. Raises AttributeError for any other."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
