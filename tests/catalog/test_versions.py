import random

import pytest

from catalog import versions

# The order of SemVer 2.0.0, section 11, and numbers that sort otherwise as text.
ORDERED = [
    "0.9.0",
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-0",
    "1.2.0",
    "1.10.0",
    "2.0.0",
    "20210130.0.0",
]


def test_sort_key_is_precedence():
    shuffled = random.Random(7).sample(ORDERED, len(ORDERED))
    assert sorted(shuffled, key=versions.sort_key) == ORDERED
    assert sorted(shuffled, key=versions.parse) == ORDERED
    assert versions.newest_first(shuffled) == ORDERED[::-1]


def test_sort_key_fits_its_column_and_every_collation():
    longest = "0.0.0-" + ".".join(["0"] * 28) + ".10"
    assert len(longest) == versions.MAX_VERSION_LENGTH
    key = versions.sort_key(longest)
    assert len(key) <= 400
    assert set(key) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "SemVer"),
        ("1.0", "SemVer"),
        ("01.0.0", "SemVer"),
        ("1.0.0-01", "SemVer"),
        ("1.0.0 ", "SemVer"),
        ("1.0.0\n", "SemVer"),
        ("１.0.0", "SemVer"),
        ("v1.0.0", "write '1.0.0'"),
        ("1.0.0+5", "build metadata"),
        ("1.0.0-" + "a" * 59, "at most 64"),
    ],
)
def test_no_versions(text: str, words: str):
    with pytest.raises(ValueError, match=words):
        versions.parse(text)
    assert not versions.is_version(text)


def test_is_version_takes_anything():
    assert versions.is_version("1.0.0-beta.1")
    assert not versions.is_version(1)


def test_latest():
    assert versions.latest_stable(["1.0.0", "2.0.0-beta", "0.9.0"]) == "1.0.0"
    assert versions.latest(["1.0.0", "2.0.0-beta", "0.9.0"]) == "1.0.0"
    assert versions.latest_stable(["2.0.0-beta"]) is None
    assert versions.latest(["2.0.0-beta", "2.0.0-alpha"]) == "2.0.0-beta"
    assert versions.latest([]) is None
    assert versions.is_prerelease("2.0.0-beta")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("^1.2.0", "1.9.9", "2.0.0"),
        ("~1.2.0", "1.2.9", "1.3.0"),
        (">=0.5.8 <0.6.0", "0.5.9", "0.6.0"),
        (">= 0.5.8  < 0.6.0", "0.5.8", "0.5.7"),
        ("1.x", "1.9.0", "2.0.0"),
        ("1.0.0 - 1.4.0", "1.4.0", "1.4.1"),
        ("1.0.0 || ^3.0.0", "3.1.0", "2.0.0"),
        ("*", "0.0.1", "1.0.0-rc.1"),
        (">=1.0.0-rc.1", "1.0.0-rc.2", "1.0.0-beta"),
    ],
)
def test_ranges(text: str, inside: str, outside: str):
    assert versions.is_range(text)
    assert versions.fits(inside, text)
    assert not versions.fits(outside, text)


@pytest.mark.parametrize("text", ["", " ", "latest", "^", "1.0.0 - 2.0.0 - 3.0.0", "x - y", "^1.2.0" * 30, 1])
def test_no_ranges(text: object):
    assert not versions.is_range(text)


def test_fits_refuses_what_does_not_parse():
    with pytest.raises(ValueError, match="SemVer"):
        versions.fits("1", "*")
    with pytest.raises(ValueError, match="not a range"):
        versions.fits("1.0.0", "newest")
