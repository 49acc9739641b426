"""Line differences that stay quick whatever the files hold.

Rules
- The same beginning and end are cut off first; lines that occur once on both sides anchor the rest
  (patience); only what lies between two anchors is compared closely, and only while it is small.
- What is too large to be compared closely is shown as removed and added, never left out.
- Within a changed line the changed words are marked, until the budget for that (`WORDS`) is used up.
- At most `ROWS` rows are made unless more are asked for; the rest is counted.
- A line is shown up to `SHOWN` characters, and says how many more it has; invisible and direction-changing
  characters are shown by their code points.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

CONTEXT = 3
#: Products of line counts up to which two stretches are compared closely.
CLOSE = 250_000
#: Products of word counts, over all lines of one difference, that are spent on marking words.
WORDS = 300_000
#: The product for one line from which on only its ends are compared.
LINE = 20_000
ROWS, SHOWN = 500, 1000
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
#: Characters that change what a reader sees without being seen: controls, directions, zero widths.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)

Block = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a line; `changed` where it differs from the other side."""

    text: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one side, or of both: `kind` is same, add or del."""

    kind: str
    text: str
    old_number: int | None = None
    new_number: int | None = None
    parts: tuple[Part, ...] = ()
    #: What hangs on it: the findings in this line.
    note: Any = None

    @property
    def number(self) -> int | None:
        """Its number on the side that it is shown on."""
        return self.old_number if self.kind == "del" else self.new_number


@dataclass(frozen=True, slots=True)
class Row:
    """Two lines side by side; None where a side has none."""

    left: Line | None
    right: Line | None


@dataclass(slots=True)
class Hunk:
    """Changes with the lines around them, as one column and as two."""

    header: str
    words: str = ""
    lines: list[Line] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Difference:
    """The hunks, how many lines were added and removed, and how many rows are not shown."""

    hunks: tuple[Hunk, ...]
    added: int
    removed: int
    left_out: int = 0


@dataclass(slots=True)
class Budget:
    """What is left to spend on marking words."""

    left: int = WORDS

    def spend(self, cost: int) -> bool:
        """Whether `cost` was still there; once it was not, nothing is left."""
        self.left -= cost
        return self.left >= 0


def seen(line: str) -> str:
    """A line as it is shown: unseen characters by their code points, cut at `SHOWN` characters."""
    shown = _UNSEEN.sub(lambda match: f"⟦U+{ord(match[0]):04X}⟧", line[:SHOWN])
    return shown if len(line) <= SHOWN else f"{shown} … and {len(line) - SHOWN:,} more characters"


def unseen(text: str) -> list[str]:
    """The names of the unseen characters in a text, each once; controls by their code points."""
    found = sorted(set(_UNSEEN.findall(text)))
    return [unicodedata.name(char, f"U+{ord(char):04X}") for char in found]


def compare(
    old: Sequence[str],
    new: Sequence[str],
    *,
    notes: Mapping[int, Any] | None = None,
    rows: int = ROWS,
) -> Difference:
    """The difference of two lists of lines, in at most `rows` rows.

    `notes` hang on lines of the new side, by their numbers.
    """
    blocks = list(_merged(_blocks(old, new, 0, len(old), 0, len(new))))
    budget, left, left_out = Budget(), rows, 0
    hunks: list[Hunk] = []
    for group in _groups(blocks):
        due = sum(max(i2 - i1, j2 - j1) for _, i1, i2, j1, j2 in group)
        if left > 0:
            hunks.append(_hunk(old, new, group, budget, left, notes or {}))
            left -= len(hunks[-1].rows)
            due -= len(hunks[-1].rows)
        left_out += due
    added = sum(j2 - j1 for tag, _, _, j1, j2 in blocks if tag != "equal")
    removed = sum(i2 - i1 for tag, i1, i2, _, _ in blocks if tag != "equal")
    return Difference(tuple(hunks), added, removed, left_out)


def _blocks(old: Sequence[str], new: Sequence[str], a1: int, a2: int, b1: int, b2: int) -> Iterator[Block]:
    start = 0
    while a1 + start < a2 and b1 + start < b2 and old[a1 + start] == new[b1 + start]:
        start += 1
    end = 0
    while a2 - end > a1 + start and b2 - end > b1 + start and old[a2 - end - 1] == new[b2 - end - 1]:
        end += 1
    if start:
        yield ("equal", a1, a1 + start, b1, b1 + start)
    yield from _between(old, new, a1 + start, a2 - end, b1 + start, b2 - end)
    if end:
        yield ("equal", a2 - end, a2, b2 - end, b2)


def _between(old: Sequence[str], new: Sequence[str], a1: int, a2: int, b1: int, b2: int) -> Iterator[Block]:
    if a1 == a2 or b1 == b2:
        if a1 != a2 or b1 != b2:
            yield ("replace", a1, a2, b1, b2)
        return
    anchors = _anchors(old, new, a1, a2, b1, b2)
    if not anchors:
        yield from _closely(old, new, a1, a2, b1, b2)
        return
    for i, j in [*anchors, (a2, b2)]:
        if i < a1 or j < b1:
            continue
        yield from _closely(old, new, a1, i, b1, j)
        if (i, j) != (a2, b2):
            yield ("equal", i, i + 1, j, j + 1)
            a1, b1 = i + 1, j + 1


def _anchors(
    old: Sequence[str], new: Sequence[str], a1: int, a2: int, b1: int, b2: int
) -> list[tuple[int, int]]:
    """Lines that occur once on both sides, in the longest row in which both sides ascend."""
    counts, others = Counter(old[a1:a2]), Counter(new[b1:b2])
    places = {old[i]: i for i in range(a1, a2) if counts[old[i]] == 1 and others[old[i]] == 1}
    pairs = [(places[new[j]], j) for j in range(b1, b2) if new[j] in places]
    tails: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for at, (i, _) in enumerate(pairs):
        slot = bisect_left(tails, i)
        before.append(last[slot - 1] if slot else -1)
        tails[slot : slot + 1] = [i]
        last[slot : slot + 1] = [at]
    row: list[tuple[int, int]] = []
    at = last[-1] if last else -1
    while at >= 0:
        row.append(pairs[at])
        at = before[at]
    return row[::-1]


def _closely(old: Sequence[str], new: Sequence[str], a1: int, a2: int, b1: int, b2: int) -> Iterator[Block]:
    if a1 == a2 and b1 == b2:
        return
    if (a2 - a1) * (b2 - b1) > CLOSE or a1 == a2 or b1 == b2:
        yield ("replace", a1, a2, b1, b2)
        return
    matcher = SequenceMatcher(None, old[a1:a2], new[b1:b2], autojunk=True)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        yield ("equal" if tag == "equal" else "replace", a1 + i1, a1 + i2, b1 + j1, b1 + j2)


def _merged(blocks: Iterator[Block]) -> Iterator[Block]:
    """Neighbours of the same kind as one."""
    held: Block | None = None
    for block in blocks:
        if held is not None and held[0] == block[0] and (held[2], held[4]) == (block[1], block[3]):
            held = (held[0], held[1], block[2], held[3], block[4])
            continue
        if held is not None:
            yield held
        held = block
    if held is not None:
        yield held


def _groups(blocks: list[Block]) -> Iterator[list[Block]]:
    """Changes that lie near each other, with `CONTEXT` lines around them."""
    group: list[Block] = []
    for place, (tag, i1, i2, j1, j2) in enumerate(blocks):
        if tag != "equal":
            group.append((tag, i1, i2, j1, j2))
            continue
        first, final = not group, place == len(blocks) - 1
        if first and not final:
            group.append(("equal", max(i1, i2 - CONTEXT), i2, max(j1, j2 - CONTEXT), j2))
        elif final and not first:
            group.append(("equal", i1, min(i2, i1 + CONTEXT), j1, min(j2, j1 + CONTEXT)))
        elif not first and i2 - i1 <= 2 * CONTEXT:
            group.append((tag, i1, i2, j1, j2))
        elif not first:
            group.append(("equal", i1, i1 + CONTEXT, j1, j1 + CONTEXT))
            yield group
            group = [("equal", i2 - CONTEXT, i2, j2 - CONTEXT, j2)]
    if any(tag != "equal" for tag, *_ in group):
        yield group


def _hunk(
    old: Sequence[str],
    new: Sequence[str],
    group: list[Block],
    budget: Budget,
    room: int,
    notes: Mapping[int, Any],
) -> Hunk:
    first, final = group[0], group[-1]
    hunk = Hunk(
        f"@@ {_span(first[1], final[2])} to {_span(first[3], final[4])} @@", f"from line {first[3] + 1} on"
    )
    for tag, i1, i2, j1, j2 in group:
        left = room - len(hunk.rows)
        if tag == "equal":
            for i, j in list(zip(range(i1, i2), range(j1, j2), strict=True))[: max(left, 0)]:
                line = Line("same", seen(old[i]), i + 1, j + 1, note=notes.get(j + 1))
                hunk.lines.append(line)
                hunk.rows.append(Row(Line("same", line.text, i + 1, i + 1), line))
            continue
        gone, come = [], []
        for offset in range(min(max(i2 - i1, j2 - j1), left)):
            i, j = i1 + offset, j1 + offset
            before, after = old[i] if i < i2 else None, new[j] if j < j2 else None
            left_parts, right_parts = words(before, after, budget)
            one = None if before is None else Line("del", seen(before), i + 1, None, left_parts)
            two = (
                None
                if after is None
                else Line("add", seen(after), None, j + 1, right_parts, notes.get(j + 1))
            )
            gone.append(one)
            come.append(two)
            hunk.rows.append(Row(one, two))
        hunk.lines += [line for line in gone if line is not None] + [
            line for line in come if line is not None
        ]
    return hunk


def _span(start: int, end: int) -> str:
    return f"{start + 1},{end - start}"


def words(before: str | None, after: str | None, budget: Budget) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The changed words of two lines that face each other; empty where marking them would say nothing."""
    if before is None or after is None or budget.left <= 0 or max(len(before), len(after)) > SHOWN:
        return (), ()
    left, right = _TOKEN.findall(before), _TOKEN.findall(after)
    cost = len(left) * len(right)
    if cost > LINE:
        return _by_their_ends(left, right)
    if not budget.spend(cost):
        return (), ()
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.quick_ratio() < 0.3 or matcher.ratio() < 0.3:
        return (), ()
    one: list[Part] = []
    two: list[Part] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        for parts, tokens in ((one, left[i1:i2]), (two, right[j1:j2])):
            if tokens:
                parts.append(Part(seen("".join(tokens)), tag != "equal"))
    return tuple(one), tuple(two)


def _by_their_ends(left: list[str], right: list[str]) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Long lines: what lies between the beginning and the end that both share is marked."""
    shorter = min(len(left), len(right))
    start = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    rest = range(shorter - start)
    end = next((at for at in rest if left[-1 - at] != right[-1 - at]), len(rest))
    if not start and not end:
        return (), ()
    sides = []
    for tokens in (left, right):
        cuts = (tokens[:start], tokens[start : len(tokens) - end], tokens[len(tokens) - end :])
        parts = zip(cuts, (False, True, False), strict=True)
        sides.append(tuple(Part(seen("".join(part)), changed) for part, changed in parts if part))
    return sides[0], sides[1]
