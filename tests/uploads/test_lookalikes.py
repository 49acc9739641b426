"""Names that could be taken for another's: what looks alike, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def plain_distance(one: str, two: str) -> int:
    """The same by the textbook, with the whole table."""
    table = [
        [row + column if not row * column else 0 for column in range(len(two) + 1)]
        for row in range(len(one) + 1)
    ]
    for row in range(1, len(one) + 1):
        for column in range(1, len(two) + 1):
            same = one[row - 1] == two[column - 1]
            table[row][column] = min(
                table[row - 1][column] + 1,
                table[row][column - 1] + 1,
                table[row - 1][column - 1] + (not same),
            )
            swapped = (
                row > 1 and column > 1 and (one[row - 1], one[row - 2]) == (two[column - 2], two[column - 1])
            )
            if swapped:
                table[row][column] = min(table[row][column], table[row - 2][column - 2] + 1)
    return table[-1][-1]


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.integers(0, 4))
def test_the_band_gives_what_the_whole_table_gives(one: str, two: str, most: int) -> None:
    assert lookalikes.distance(one, two, most) == min(plain_distance(one, two), most + 1)
