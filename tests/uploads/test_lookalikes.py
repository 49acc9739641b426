"""Names that could be taken for another's: what looks alike, and what does not."""

import pytest

from uploads import lookalikes

SAME = "reads the same"
ORDER = "has the same words in another order"
NEAR = "differs by a letter or two"


@pytest.mark.parametrize(
    ("one", "two", "how"),
    [
        ("Hello Lua", "hello-lua", SAME),
        ("HeIlo Lua", "Hello Lua", SAME),
        ("Hello Luа", "Hello Lua", SAME),
        ("H3ll0 Lua", "Hello Lua", SAME),
        ("Ĥéllo Lua", "Hello Lua", SAME),
        ("Οre Ledger", "Ore Ledger", SAME),
        ("rnodern tugs", "modern tugs", SAME),
        ("vvelder", "welder", SAME),
        ("lua-hello", "hello-lua", ORDER),
        ("hello.lua.mod", "mod.hello-lua", ORDER),
        ("helo-lua", "hello-lua", NEAR),
        ("hlelo-lua", "hello-lua", NEAR),
        ("hello-luaa", "hello-lua", NEAR),
        ("hallo-luo", "hello-lua", NEAR),
        ("beacn", "beacon", NEAR),
        ("becaon", "beacon", NEAR),
        ("bxacxn", "beacon", ""),
        ("hello-moon", "hello-lua", ""),
        ("ore ledger", "ore lamp", ""),
        ("map", "map", ""),
        ("ore", "oar", ""),
        ("core", "cure", NEAR),
        ("", "hello", ""),
    ],
)
def test_what_looks_alike(one: str, two: str, how: str) -> None:
    assert lookalikes.alike(one, two) == how
    assert lookalikes.alike(two, one) == how


@pytest.mark.parametrize(
    ("one", "two", "far"),
    [("abcd", "abcd", 0), ("abcd", "abdc", 1), ("abcd", "abc", 1), ("abcd", "axcd", 1), ("ca", "abc", 3)],
)
def test_the_distance_counts_swaps_of_neighbours_once(one: str, two: str, far: int) -> None:
    assert lookalikes.distance(one, two, 5) == far


def test_the_distance_is_not_worked_out_beyond_what_is_asked() -> None:
    assert lookalikes.distance("a" * 100, "b" * 100, 2) == 3
    assert lookalikes.distance("a" * 100, "a" * 90, 2) == 3
