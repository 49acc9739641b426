"""Which releases to install so that every wish is met: plain backtracking, newest first, with an explanation.

Rules
- One release a mod. A release fits if its range is met, it is for the player's build of the game, and the
  framework that is there lies in the range that it names.
- Wishes lead to further wishes. Optional ones pull nothing in, but a mod that is there must fit them.
- A mod that conflicts with another one that is there is not taken.
- Prereleases are taken where a range names them, or where a mod has nothing else and no range is given.
- The answer is in the order in which to install: what is needed stands before what needs it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.client.errors import ClientError
from catalog.client.ranges import in_range, is_prerelease
from catalog.client.reading import Relation, VersionRow

MAX_STEPS = 20_000

Versions = Callable[[str], Sequence[VersionRow]]


class UnresolvableError(ClientError):
    """No choice of releases meets every wish; `reasons` says what stood in the way, one sentence each.

    `gave_up` tells that the search was cut off before every choice was tried.
    """

    def __init__(self, reasons: tuple[str, ...], *, gave_up: bool = False) -> None:
        super().__init__("unresolvable", "These mods can't be installed together: " + " ".join(reasons))
        self.reasons = reasons
        self.gave_up = gave_up


@dataclass(frozen=True, slots=True)
class Wish:
    """A mod that is wanted, in a range ("" for any), and by whom ("" for the player)."""

    mod_id: str
    range: str
    by: str = ""

    def __str__(self) -> str:
        what = f"{self.mod_id} {self.range}".rstrip()
        return f"{self.by} needs {what}" if self.by else f"You asked for {what}"


def resolve(
    wanted: Mapping[str, str],
    versions: Versions,
    *,
    game_build: str | None = None,
    framework: str | None = None,
) -> tuple[VersionRow, ...]:
    """The releases to install for `wanted` (mod id to range, "" for the latest), in order.

    `versions` gives a mod's releases, the newest first, and raises ClientError `not_found` for a mod that the
    catalog does not have. `game_build` and `framework` are what the player has; None asks nothing of them.
    Raises UnresolvableError.
    """
    search = _Search(versions, game_build, framework)
    wishes = tuple(Wish(mod_id, text) for mod_id, text in wanted.items())
    chosen = search.solve({}, wishes)
    if chosen is None:
        raise UnresolvableError(search.explanation(), gave_up=search.steps > MAX_STEPS)
    return tuple(_in_order(chosen))


@dataclass(slots=True)
class _Search:
    versions: Versions
    game_build: str | None
    framework: str | None
    steps: int = 0
    known: dict[str, tuple[VersionRow, ...]] = field(default_factory=dict)
    reasons: dict[str, None] = field(default_factory=dict)

    def solve(self, chosen: dict[str, VersionRow], wishes: tuple[Wish, ...]) -> dict[str, VersionRow] | None:
        """A choice that meets `wishes` and everything that they lead to, or None."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            self.reasons = {f"No answer was found in {MAX_STEPS:,} steps.": None}
            return None
        if not wishes:
            return chosen
        wish, rest = wishes[0], wishes[1:]
        there = chosen.get(wish.mod_id)
        if there is not None:
            if in_range(there.version, wish.range):
                return self.solve(chosen, rest)
            self.note(f"{wish}, but {there.version} is the one that the others leave.")
            return None
        for row in self.candidates(wish):
            if self.agrees(row, chosen):
                further = tuple(
                    Wish(need.mod_id, need.range, f"{row.mod_id} {row.version}")
                    for need in row.dependencies
                    if not need.optional
                )
                answer = self.solve({**chosen, row.mod_id: row}, rest + further)
                if answer is not None:
                    return answer
        return None

    def candidates(self, wish: Wish) -> Iterator[VersionRow]:
        """The releases that could meet the wish, the best first."""
        rows = self.releases(wish)
        fitting = [row for row in rows if in_range(row.version, wish.range)]
        if not wish.range:
            stable = [row for row in fitting if not is_prerelease(row.version)]
            fitting = stable or fitting
        if rows and not fitting:
            offered = ", ".join(row.version for row in rows[:5])
            self.note(f"{wish}; there is {offered}.")
        for row in sorted(fitting, key=lambda row: row.state == "superseded"):
            if self.game_build is not None and row.target_game_build != self.game_build:
                self.note(
                    f"{row.mod_id} {row.version} is for build {row.target_game_build} of the game, "
                    f"not for {self.game_build}."
                )
            elif not self.framework_fits(row):
                self.note(
                    f"{row.mod_id} {row.version} needs StarminerFramework {row.framework}; "
                    f"there is {self.framework or 'none'}."
                )
            else:
                yield row

    def releases(self, wish: Wish) -> tuple[VersionRow, ...]:
        """The mod's releases, asked for once."""
        if wish.mod_id not in self.known:
            try:
                self.known[wish.mod_id] = tuple(self.versions(wish.mod_id))
            except ClientError as error:
                if error.code != "not_found":
                    raise
                self.known[wish.mod_id] = ()
        if not self.known[wish.mod_id]:
            self.note(f"{wish}, which the catalog does not have.")
        return self.known[wish.mod_id]

    def framework_fits(self, row: VersionRow) -> bool:
        return self.framework is None or row.framework is None or in_range(self.framework, row.framework)

    def agrees(self, row: VersionRow, chosen: dict[str, VersionRow]) -> bool:
        """Whether the release goes with what is chosen: conflicts and optional wishes, both ways."""
        for other in chosen.values():
            for one, two in ((row, other), (other, row)):
                if clash := _first(one.conflicts, two, hit=True):
                    self.note(f"{one.mod_id} {one.version} conflicts with {two.mod_id} {clash.range}.")
                    return False
                if miss := _first(one.dependencies, two, hit=False):
                    self.note(
                        f"{one.mod_id} {one.version} needs {two.mod_id} {miss.range}, not {two.version}."
                    )
                    return False
        return True

    def note(self, reason: str) -> None:
        self.reasons.setdefault(reason)

    def explanation(self) -> tuple[str, ...]:
        """What stood in the way, in the order in which it was met, at most twelve sentences."""
        return tuple(self.reasons)[:12]


def _first(relations: tuple[Relation, ...], row: VersionRow, *, hit: bool) -> Relation | None:
    """The first relation to the row's mod whose range it meets (`hit`) or misses."""
    for relation in relations:
        if relation.mod_id == row.mod_id and relation.fits(row.version) is hit:
            return relation
    return None


def _in_order(chosen: Mapping[str, VersionRow]) -> Iterator[VersionRow]:
    """What is needed before what needs it; mods that need one another stay in the order of the wishes."""
    done: set[str] = set()

    def visit(row: VersionRow) -> Iterator[VersionRow]:
        if row.mod_id in done:
            return
        done.add(row.mod_id)
        for need in row.dependencies:
            if need.mod_id in chosen:
                yield from visit(chosen[need.mod_id])
        yield row

    for row in chosen.values():
        yield from visit(row)
