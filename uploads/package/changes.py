"""What repacking changes, in words for the person whose package it is.

A change is `{"what", "path", "was", "now"}`: the act, the member's path in the package as it was sent (empty
where it is about the whole package), and the two sides. What is technical and the same for many members is one
line with their number. `mends` is False while nothing was found that the profile minds: folders that are listed
by themselves, for one.
"""

from collections import Counter
from dataclasses import dataclass, field

from uploads.package.rules import printable

#: Of the changes so many are told; the rest is counted.
MAX_TOLD = 200

Change = dict[str, str]


@dataclass(slots=True)
class Changes:
    """Changes as they are found."""

    whole: list[Change] = field(default_factory=list)
    technical: Counter[str] = field(default_factory=Counter)
    each: list[Change] = field(default_factory=list)
    mends: bool = False

    def of_package(self, what: str, was: str = "", now: str = "") -> None:
        """Something about the whole package."""
        self.mends = True
        self.whole.append({"what": what, "path": "", "was": was, "now": now})

    def of_headers(self, what: str) -> None:
        """Something about one member's headers, counted with others of its kind."""
        self.mends = True
        self.technical[what] += 1

    def of_member(self, what: str, path: str, was: str = "", now: str = "", *, mends: bool = True) -> None:
        """Something about one member's path, or that it is left out."""
        self.mends = self.mends or mends
        self.each.append(
            {"what": what, "path": printable(path), "was": printable(was), "now": printable(now)}
        )

    def told(self) -> tuple[list[Change], int]:
        """The changes that are told, the whole package's first, and how many more there are."""
        counted = [
            {"what": what, "path": "", "was": f"{count:,} member{'' if count == 1 else 's'}", "now": ""}
            for what, count in self.technical.items()
        ]
        rows = [*self.whole, *counted, *self.each]
        return rows[:MAX_TOLD], max(0, len(rows) - MAX_TOLD)
