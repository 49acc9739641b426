"""Findings as a reviewer meets them: those that ask for a verdict first, those that are known folded away.

Rules
- Signals of one fingerprint are one finding with several places: a verdict is about the finding.
- First what stops an approval, then by weight; what was judged here stays in sight with its verdict.
- What was judged harmless for the whole mod or everywhere before this release folds away, with who said so.
- `PAGE` findings are shown at a time; whatever a package holds, the queries are the same.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from moderation import verdicts
from moderation.verdicts import UNJUDGED, Standing
from uploads.models import Revision, Signal, Submission
from uploads.signals.table import kind_of

PAGE = 20
#: How many places of one finding are shown.
PLACES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: what it means, where it is, since when, and what people said of it."""

    number: int
    fingerprint: str
    code: str
    title: str
    message: str
    explanation: str
    excerpt: str
    rule: str
    weight: int
    blocking: bool
    first_seen: str
    places: tuple[tuple[str, int], ...]
    more_places: int
    standing: Standing

    @property
    def stops(self) -> bool:
        """Whether it stops an approval now."""
        return self.blocking and not self.standing.settled


@dataclass(frozen=True, slots=True)
class Findings:
    """A page of findings to look at, those known before, and counts over all."""

    shown: tuple[Finding, ...]
    known: tuple[Finding, ...]
    page: int
    pages: int
    total: int
    open: int
    stopping: tuple[Finding, ...]
    by_line: Mapping[str, Mapping[int, tuple[Finding, ...]]]
    by_path: Mapping[str, int]


def of(submission: Submission, current: Revision, page: int = 1) -> Findings:
    """The findings of the current revision; two queries, one where there are none."""
    grouped: dict[str, list[Signal]] = defaultdict(list)
    for row in Signal.objects.filter(revision=current).order_by("position"):
        grouped[row.fingerprint].append(row)
    standing = verdicts.standing(submission, grouped)
    ordered = sorted(
        grouped.items(),
        key=lambda item: _urgency(item[1][0], standing.get(item[0], UNJUDGED)),
    )
    every = [
        _finding(number, rows, standing.get(fingerprint, UNJUDGED))
        for number, (fingerprint, rows) in enumerate(ordered, 1)
    ]
    known = [one for one in every if one.standing.known_before(submission)]
    asked = [one for one in every if one not in known]
    pages = max(-(-len(asked) // PAGE), 1)
    page = min(max(page, 1), pages)
    by_line: dict[str, dict[int, tuple[Finding, ...]]] = defaultdict(dict)
    by_path: dict[str, int] = defaultdict(int)
    for one in asked:
        for row in grouped[one.fingerprint]:
            lines = by_line[row.path]
            lines[row.line] = (*lines.get(row.line, ()), one)
            by_path[row.path] += 1
    return Findings(
        tuple(asked[(page - 1) * PAGE : page * PAGE]),
        tuple(known),
        page,
        pages,
        len(every),
        sum(not one.standing.verdict for one in asked),
        tuple(one for one in every if one.stops),
        by_line,
        by_path,
    )


def _urgency(row: Signal, standing: Standing) -> tuple[bool, bool, int, int]:
    stops = row.blocking and not standing.settled
    return (not stops, bool(standing.verdict), -row.weight, row.position)


def _finding(number: int, rows: list[Signal], standing: Standing) -> Finding:
    first, kind = rows[0], kind_of(rows[0].code)
    places = list(dict.fromkeys((row.path, row.line) for row in rows if row.path))
    return Finding(
        number,
        first.fingerprint,
        first.code,
        kind.title,
        first.message,
        kind.explanation,
        first.excerpt,
        first.rule,
        max(row.weight for row in rows),
        any(row.blocking for row in rows),
        first.first_seen,
        tuple(places[:PLACES]),
        max(len(places) - PLACES, 0),
        standing,
    )
