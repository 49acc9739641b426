"""What a second look found, beside what was known: a pure comparison.

Rules
- A check that fails now and did not, and a signal that is new, are worse; a check that failed and passes, and a
  signal that is gone, are better; worse wins. A check that could be asked and can't any more is worse.
- A signal is known again by its fingerprint, whatever file and line it moved to.
- A hit is what somebody must look at: a check that newly fails, a new signal that blocks or has the most weight.
  Of what is published, checks that ask what is around a release (`AROUND`) are shown and make it neither worse nor
  a hit: a dependency that was taken back, or a newer version, says nothing about the bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from uploads.checks import Result, Status
from uploads.signals.document import as_document
from uploads.weighing import Weighed

Json = dict[str, Any]

SAME, WORSE, BETTER, WAITS, GONE = "same", "worse", "better", "waits", "gone"
#: The weight from which on a new signal is a hit.
HEAVY = 3
#: Checks of what is around a release rather than in it.
AROUND = frozenset({"backend_readiness", "dependency_contract", "semantic_version", "target_game_build"})
NEW, NO_MORE = "new", "gone"
_RANK = {Status.FAILED: 0, Status.NOT_RUN: 1, Status.WARNED: 2, Status.PASSED: 3}


@dataclass(frozen=True, slots=True)
class Known:
    """What was known: how each check ended, and each signal by its fingerprint."""

    checks: Mapping[str, str] = field(default_factory=dict)
    signals: Mapping[str, Json] = field(default_factory=dict)

    def after(self, difference: "Difference") -> "Known":
        """What is known once this difference is taken into account."""
        checks, signals = dict(self.checks), dict(self.signals)
        for row in difference.checks:
            checks[row["id"]] = row["after"]
        for row in difference.signals:
            if row["change"] == NEW:
                signals[row["fingerprint"]] = row
            else:
                signals.pop(row["fingerprint"], None)
        return Known(checks, signals)


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed: the outcome, the checks that ended otherwise, the signals that came or went, in words."""

    outcome: str
    checks: list[Json]
    signals: list[Json]
    why: str = ""

    def hits(self, *, published: bool) -> list[str]:
        """A sentence for each thing that somebody must look at."""
        found = [
            f"{row['id']}: {row['message']}"
            for row in self.checks
            if row["after"] == Status.FAILED and not (published and row["id"] in AROUND)
        ]
        found += [
            f"{row['code']}: {row['message']}"
            for row in self.signals
            if row["change"] == NEW and (row["blocking"] or row["weight"] >= HEAVY)
        ]
        return found


def compare(
    known: Known, results: Sequence[Result], found: Sequence[Weighed], *, published: bool = False
) -> Difference:
    """Hold new results and signals against what was known; `published` is whether the release is out already."""
    checks = [
        {
            "id": result.check_id,
            "before": known.checks.get(result.check_id, ""),
            "after": result.status.value,
            "code": result.code,
            "message": result.message,
            "path": result.path,
        }
        for result in results
        if known.checks.get(result.check_id, "") != result.status
    ]
    now: dict[str, Json] = {}
    for row in found:
        document = as_document(row.signal, row.first_seen) | {"weight": row.weight}
        now.setdefault(document["fingerprint"], document)
    signals = [row | {"change": NEW} for key, row in now.items() if key not in known.signals]
    signals += [row | {"change": NO_MORE} for key, row in known.signals.items() if key not in now]
    left_out = AROUND if published else frozenset[str]()
    outcome = _outcome(
        [row for row in checks if row["id"] not in left_out],
        [row for row in signals if row["rule"] not in left_out],
    )
    return Difference(outcome, checks, signals, _words(checks, signals))


def _outcome(checks: Sequence[Json], signals: Sequence[Json]) -> str:
    turns = [_turn(row["before"], row["after"]) for row in checks]
    turns += [-1 if row["change"] == NEW else 1 for row in signals]
    if any(turn < 0 for turn in turns):
        return WORSE
    return BETTER if any(turns) else SAME


def _turn(before: str, after: str) -> int:
    """Below 0 where `after` is worse than `before`; a check that is new is worse only where it fails."""
    if not before:
        return -1 if after == Status.FAILED else 0
    return _RANK[Status(after)] - _RANK[Status(before)]


def _words(checks: Sequence[Json], signals: Sequence[Json]) -> str:
    parts = [
        f"{row['id']} {row['after'].replace('_', ' ')}"
        + (f" (was {row['before'].replace('_', ' ')})" if row["before"] else "")
        for row in checks
    ]
    for change, word in ((NEW, "new"), (NO_MORE, "gone")):
        count = sum(row["change"] == change for row in signals)
        if count:
            parts.append(f"{count} signal{'' if count == 1 else 's'} {word}")
    return "; ".join(parts)
