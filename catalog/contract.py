"""What lower rooms must know of higher ones: a register that the higher app fills in `AppConfig.ready`.

Rules
- A name is filled once; a second filling is a mistake and raises.
- An empty place refuses: `value` raises LookupError, it never guesses.
"""

from collections.abc import Callable
from typing import Any

_register: dict[str, Callable[[], Any]] = {}

#: What the published contract and the public pages ask for, and which app fills it.
NAMES = {
    "states": "uploads: the states, as workflow.json lists them",
    "transitions": "uploads: the moves, as workflow.json lists them",
    "checks": "uploads: the checks, as workflow.json and the validation contract list them",
    "package_rules": "uploads: the package profile's rules for readers",
    "rules_version": "uploads: the version of the rules that the checks follow now",
    "listing_rules": "uploads: the checks of a listing's words, and the version of their rules",
    "waived_checks": "uploads: intake checks that this installation may leave not run",
    "publish": "moderation: the function that publishes whatever is approved (see moderation.publication)",
    "decision_actions": "moderation: the table of actions",
    "policies": "moderation: the policies in force, for readers",
    "waits": "moderation: how long review usually takes",
    "limits": "uploads: the numbers of the package profile and of documents, by name",
}


def fill(name: str, supplier: Callable[[], Any]) -> None:
    """Put `supplier` in the place `name`. Raises KeyError for an unknown name, ValueError if it is filled."""
    if name not in NAMES:
        raise KeyError(name)
    if _register.setdefault(name, supplier) is not supplier:
        raise ValueError(f"{name} is filled already")


def value(name: str) -> Any:
    """What the app in charge says now. Raises LookupError while the place is empty."""
    if name not in _register:
        raise LookupError(f"nobody has filled {name!r} ({NAMES[name]})")
    return _register[name]()
