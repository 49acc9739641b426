"""Names that could be taken for another mod's: what they look like, and how far apart they are.

Rules
- Two texts look alike where they are the same once characters that resemble each other, marks, case and
  separators are put aside; where their words are the same in another order; or where few letters differ.
- Few: one insertion, deletion, replacement or swap of neighbours up to 7 characters, two from 8 on
  (Damerau-Levenshtein, optimal string alignment); none below 4, where every word is near to many.
Sources: Unicode UTS 39 for confusables, in a small table of those that names are imitated with.
"""

import re
import unicodedata

SHORTEST = 4
LONG = 8

#: What resembles a Latin letter: digits and signs, Cyrillic, Greek and Armenian letters.
_LIKE = {
    **dict(zip("01345789$@|!", "oleastbgsali", strict=True)),
    **dict(zip("авеёзіїјкмнорстухѕԁԛԝһӏ", "abee3iijkmhopctyxsdqwhl", strict=True)),
    **dict(zip("αβεηικμνορτυχω", "abenikuvoptuxw", strict=True)),
    **dict(zip("օսցհո", "ougho", strict=True)),
    "ı": "i",
    "ø": "o",
    "ł": "l",
    "đ": "d",
}
_TABLE = str.maketrans(_LIKE)
_SEPARATORS = re.compile(r"[\s._\-–—·'’]+")
#: Two letters that together look like one.
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def skeleton(text: str) -> str:
    """`text` as it looks at a glance: without separators, marks and case, each letter as its Latin double."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = _SEPARATORS.sub("", plain).translate(_TABLE).replace("3", "e")
    for pair, one in _PAIRS:
        plain = plain.replace(pair, one)
    return plain.replace("i", "l")


def words(text: str) -> tuple[str, ...]:
    """The words of a name in a fixed order, each as its skeleton."""
    return tuple(sorted(skeleton(part) for part in _SEPARATORS.split(text) if part))


def near(one: str, two: str) -> bool:
    """Whether two skeletons differ by as little as a slip of the hand."""
    shorter = min(len(one), len(two))
    if shorter < SHORTEST:
        return False
    most = 2 if shorter >= LONG else 1
    return distance(one, two, most) <= most


def distance(one: str, two: str, most: int) -> int:
    """The optimal string alignment distance, or `most` + 1 where it is greater.

    Only cells within `most` of the diagonal are worked out, so the time grows with the length alone.
    """
    if abs(len(one) - len(two)) > most:
        return most + 1
    far = most + 1
    before: dict[int, int] = {}
    last = {column: column for column in range(min(len(two), most) + 1)}
    for row, letter in enumerate(one, start=1):
        line = {0: row} if row <= most else {}
        for column in range(max(1, row - most), min(len(two), row + most) + 1):
            other = two[column - 1]
            cost = min(
                last.get(column, far) + 1,
                line.get(column - 1, far) + 1,
                last.get(column - 1, far) + (letter != other),
            )
            if row > 1 and column > 1 and letter == two[column - 2] and one[row - 2] == other:
                cost = min(cost, before.get(column - 2, far) + 1)
            line[column] = cost
        if min(line.values(), default=far) > most:
            return far
        before, last = last, line
    return min(last.get(len(two), far), far)


def alike(one: str, two: str) -> str:
    """How two names resemble each other, as the end of a sentence; empty where they don't."""
    first, second = skeleton(one), skeleton(two)
    if len(first) < SHORTEST or len(second) < SHORTEST:
        return ""
    if first == second:
        return "reads the same"
    if words(one) == words(two):
        return "has the same words in another order"
    return "differs by a letter or two" if near(first, second) else ""
