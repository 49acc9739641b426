"""Which signals of a package are kept: bounded, the heaviest first, and nothing buried.

Rules
- At most 20 of one kind and 200 in all; the rest is counted in one signal `signals_cut`.
- Within a kind, what another rule found takes the place of the last of the rule that found most.
- What blocks is kept whatever comes before it, once for each rule that says so.
- What was cut is part of that signal's fingerprint: other findings behind the limit are not "seen before".
- The same finding at the same place is one.
"""

from collections import Counter

from uploads.signals.found import Signal
from uploads.signals.table import weight_of

MOST_OF_A_CODE = 20
MOST = 200


class Kept:
    """Takes signals as they are found."""

    def __init__(self) -> None:
        self._signals: list[Signal] = []
        self._counts: Counter[str] = Counter()
        self._places: set[tuple[str, str, int]] = set()
        self._blocking: set[str] = set()
        self._cut = 0
        self._cut_sum = 0

    def add(self, signal: Signal) -> None:
        """Keep `signal`, or count it where there are enough of its kind."""
        fingerprint = signal.fingerprint
        place = (fingerprint, signal.path, signal.line)
        if place in self._places:
            return
        must = signal.blocking and signal.rule not in self._blocking
        if self.full(signal.code) and not must and not self._make_room(signal):
            self._drop(signal)
            return
        self._counts[signal.code] += 1
        self._places.add(place)
        self._signals.append(signal)
        if signal.blocking:
            self._blocking.add(signal.rule)

    def full(self, code: str) -> bool:
        """Whether signals of this kind are no more than counted."""
        return self._counts[code] >= MOST_OF_A_CODE

    def cut(self, count: int) -> None:
        """Note that `count` more were not even made out."""
        self._cut += count

    def all(self) -> list[Signal]:
        """What is kept: what blocks first, then by weight, then as found."""
        ordered = sorted(self._signals, key=lambda signal: (not signal.blocking, -weight_of(signal)))
        for signal in ordered[MOST - 1 :] if len(ordered) > MOST - bool(self._cut) else ():
            self._drop(signal)
        if not self._cut:
            return ordered
        return [
            *ordered[: MOST - 1],
            Signal(
                "signals_cut",
                f"{self._cut} more findings are not shown.",
                subject=f"{self._cut}:{self._cut_sum:032x}",
            ),
        ]

    def _make_room(self, signal: Signal) -> bool:
        """Whether the first finding of a rule could be given the place of another rule's twentieth or so."""
        rivals = [s for s in self._signals if s.code == signal.code and not s.blocking]
        rules = Counter(s.rule for s in rivals)
        if signal.rule in rules or not rules:
            return False
        rule, count = rules.most_common(1)[0]
        if count < 2:
            return False
        last = next(s for s in reversed(rivals) if s.rule == rule)
        self._signals.remove(last)
        self._counts[signal.code] -= 1
        self._drop(last)
        return True

    def _drop(self, signal: Signal) -> None:
        self._cut += 1
        self._cut_sum = (self._cut_sum + int(signal.fingerprint, 16)) % 2**128
