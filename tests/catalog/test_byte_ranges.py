"""Ranges and conditions of HTTP."""

import pytest

from catalog.byte_ranges import Part, UnsatisfiableError, asked_part, matches


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", Part(0, 1)),
        ("bytes=2-5", Part(2, 4)),
        ("bytes=7-", Part(7, 3)),
        ("bytes=-3", Part(7, 3)),
        ("bytes=-99", Part(0, 10)),
        ("bytes=5-99", Part(5, 5)),
        ("bytes = 0 - 4", Part(0, 5)),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_which_part_is_asked_for(header: str, part: Part | None) -> None:
    assert asked_part(header, 10) == part


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99-"])
def test_what_lies_behind_the_end(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        asked_part(header, 10)


def test_nothing_of_an_empty_file_can_be_asked_for() -> None:
    with pytest.raises(UnsatisfiableError):
        asked_part("bytes=0-", 0)


@pytest.mark.parametrize(
    ("header", "same"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("", False)],
)
def test_tags_are_compared_weakly(header: str, same: bool) -> None:
    assert matches(header, '"a"') is same
