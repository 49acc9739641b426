"""The shipped clamd.conf lies above the package profile's own numbers, and keeps to this machine."""

from dataclasses import replace

import pytest

from tests.uploads.scanners.daemons import ROOT, SHIPPED
from uploads.package.rules import DEFAULT
from uploads.scanners.clamd_config import NEEDS, read, size, too_lax

TEXT = SHIPPED.read_text(encoding="utf-8")


def test_the_shipped_file_is_above_the_profile() -> None:
    assert too_lax(TEXT) == []
    given = read(TEXT)
    assert set(NEEDS) <= set(given)
    for name, need in NEEDS.items():
        if need.more_than is not None:
            number = size(given[name])
            assert number is not None
            assert number > need.more_than(DEFAULT)


def test_it_would_not_be_if_the_profile_grew() -> None:
    grown = replace(DEFAULT, max_package=200 * 1024**2, max_members=20_000)
    told = " ".join(too_lax(TEXT, grown))
    assert "StreamMaxLength is 128M" in told
    assert "MaxFiles is 12000" in told
    assert "more than 20,000" in told


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_each_setting_matters(name: str) -> None:
    """Clamd's own defaults are too lax, but for opening archives at all."""
    without = "\n".join(line for line in TEXT.splitlines() if not line.startswith(f"{name} "))
    assert bool(too_lax(without)) == (name != "ScanArchive")
    wrong = "no" if NEEDS[name].more_than is None else "1M" if name != "MaxFiles" else "9"
    assert [sentence.split()[0] for sentence in too_lax(f"{without}\n{name} {wrong}")] == [name]
    assert bool(too_lax(f"{without}\n{name} 0")) == (NEEDS[name].more_than is None)
    assert too_lax(f"{without}\n{name} nonsense")


def test_sizes_and_comments() -> None:
    assert (size("1K"), size("2m"), size("3G"), size("4"), size("5T")) == (
        1024,
        2 * 1024**2,
        3 * 1024**3,
        4,
        None,
    )
    assert read("# A comment\nMaxFiles 5 # more\n\nFixStaleSocket\nMaxFiles 6\n") == {
        "MaxFiles": "6",
        "FixStaleSocket": "",
    }


def test_it_listens_on_this_machine_alone() -> None:
    given = read(TEXT)
    assert "LocalSocket" in given
    assert given.get("TCPAddr", "127.0.0.1") == "127.0.0.1"
    assert "TCPSocket" not in given or "TCPAddr" in given
    assert given["ConcurrentDatabaseReload"] == "yes"


def test_the_services_for_development_use_the_same_file() -> None:
    text = (ROOT / "deploy" / "services.sh").read_text(encoding="utf-8")
    assert "clamd.conf" in text
    assert not any(name in text for name in NEEDS), "limits stand in deploy/clamd.conf alone"


def test_the_documentation_names_every_limit() -> None:
    page = (ROOT / "docs" / "scanner.md").read_text(encoding="utf-8")
    assert [name for name in NEEDS if f"`{name}`" not in page] == []
