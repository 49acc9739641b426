"""How soon a person should look: 0 to 5. It orders work and decides nothing.

The risk is the sum of the weights of what was found, each code once (each YARA rule once, since it has a
weight of its own), and at most 5: twenty addresses are no worse than one, and five hints are as urgent as a
shell command beside a web address.
"""

from collections.abc import Iterable

from uploads.signals.found import Signal

MOST = 5


def risk_of(weights: Iterable[int]) -> int:
    """The sum of `weights`, at most 5. Give each code's weight once: see `once`."""
    return min(MOST, sum(weights))


def once(weighed: Iterable[tuple[Signal, int]]) -> list[int]:
    """The weights of signals, of each code (and YARA rule) the heaviest alone."""
    heaviest: dict[tuple[str, str], int] = {}
    for signal, weight in weighed:
        key = (signal.code, signal.rule if signal.code == "yara_match" else "")
        heaviest[key] = max(weight, heaviest.get(key, 0))
    return list(heaviest.values())
