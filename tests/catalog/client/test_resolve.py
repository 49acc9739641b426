"""Which releases are chosen, in which order, and what is said when none can be."""

from collections.abc import Sequence
from typing import Any

import pytest

from catalog.client import ClientError, Relation, UnresolvableError, VersionRow, resolve
from catalog.client.resolve import MAX_STEPS


def row(mod_id: str, version: str, *needs: str, conflicts: Sequence[str] = (), **more: Any) -> VersionRow:
    """A release; `needs` and `conflicts` are written `mod@range`, optional ones with a `?` before them."""

    def relations(texts: Sequence[str]) -> tuple[Relation, ...]:
        split = [text.removeprefix("?").split("@", 1) for text in texts]
        return tuple(
            Relation(mod_id, version_range, optional=text.startswith("?"))
            for text, (mod_id, version_range) in zip(texts, split, strict=True)
        )

    values: dict[str, Any] = {
        "target_game_build": "0.9.0",
        "artifact_url": "/x",
        "sha256": "0" * 64,
        "size_bytes": 1,
        "framework": None,
        "state": "published",
        "superseded_by": None,
    }
    return VersionRow(
        mod_id=mod_id,
        version=version,
        dependencies=relations(needs),
        conflicts=relations(conflicts),
        **(values | more),
    )


class Shelf:
    """Releases by mod, the newest first as they are written; counts how often each is asked for."""

    def __init__(self, *rows: VersionRow) -> None:
        self.rows = rows
        self.asked: list[str] = []

    def __call__(self, mod_id: str) -> tuple[VersionRow, ...]:
        self.asked.append(mod_id)
        found = tuple(row for row in self.rows if row.mod_id == mod_id)
        if not found:
            raise ClientError("not_found", mod_id)
        return found

    def choose(self, *wanted: str, **player: Any) -> list[str]:
        wishes = dict((text + "@").split("@")[:2] for text in wanted)
        return [f"{r.mod_id} {r.version}" for r in resolve(wishes, self, **player)]


def test_the_latest_is_taken_with_what_it_needs_before_it() -> None:
    shelf = Shelf(
        row("a.top", "2.0.0", "a.mid@^1.0.0", "a.base@^1.0.0"),
        row("a.mid", "1.2.0", "a.base@>=1.1.0"),
        row("a.base", "1.3.0"),
        row("a.base", "1.0.0"),
    )
    assert shelf.choose("a.top") == ["a.base 1.3.0", "a.mid 1.2.0", "a.top 2.0.0"]
    assert sorted(shelf.asked) == ["a.base", "a.mid", "a.top"]


def test_it_goes_back_where_the_newest_leads_nowhere() -> None:
    shelf = Shelf(
        row("a.top", "2.0.0", "a.base@^2.0.0"),
        row("a.top", "1.0.0", "a.base@^1.0.0"),
        row("a.base", "2.0.0"),
        row("a.base", "1.0.0"),
        row("b.other", "1.0.0", "a.base@^1.0.0"),
    )
    assert shelf.choose("a.top", "b.other") == ["a.base 1.0.0", "a.top 1.0.0", "b.other 1.0.0"]


def test_a_wish_of_ones_own_has_a_range() -> None:
    shelf = Shelf(row("a.base", "2.0.0"), row("a.base", "1.5.0"), row("a.base", "1.4.0"))
    assert shelf.choose("a.base@>= 1.0.0 <2.0.0") == ["a.base 1.5.0"]


def test_prereleases_only_where_they_are_named_or_nothing_else_is_there() -> None:
    shelf = Shelf(row("a.base", "2.0.0-rc.1"), row("a.base", "1.0.0"), row("b.new", "0.1.0-alpha"))
    assert shelf.choose("a.base") == ["a.base 1.0.0"]
    assert shelf.choose("a.base@2.0.0-rc.1") == ["a.base 2.0.0-rc.1"]
    assert shelf.choose("b.new") == ["b.new 0.1.0-alpha"]


def test_superseded_releases_come_last() -> None:
    shelf = Shelf(row("a.base", "1.1.0", state="superseded"), row("a.base", "1.0.0"))
    assert shelf.choose("a.base") == ["a.base 1.0.0"]
    assert shelf.choose("a.base@1.1.0") == ["a.base 1.1.0"]


def test_the_players_build_and_framework_are_respected() -> None:
    shelf = Shelf(
        row("a.base", "3.0.0", target_game_build="1.0.0"),
        row("a.base", "2.0.0", framework=">=0.6.0"),
        row("a.base", "1.0.0", framework=">=0.5.0 <0.6.0"),
    )
    assert shelf.choose("a.base") == ["a.base 3.0.0"]
    assert shelf.choose("a.base", game_build="0.9.0", framework="0.5.8") == ["a.base 1.0.0"]
    with pytest.raises(UnresolvableError) as caught:
        shelf.choose("a.base@>=2", game_build="0.9.0", framework="0.5.8")
    assert caught.value.reasons == (
        "a.base 3.0.0 is for build 1.0.0 of the game, not for 0.9.0.",
        "a.base 2.0.0 needs StarminerFramework >=0.6.0; there is 0.5.8.",
    )


def test_optional_wishes_pull_nothing_in_but_bind_what_is_there() -> None:
    shelf = Shelf(
        row("a.top", "1.0.0", "?a.base@^1.0.0"),
        row("a.base", "2.0.0"),
        row("a.base", "1.0.0"),
    )
    assert shelf.choose("a.top") == ["a.top 1.0.0"]
    assert shelf.choose("a.top", "a.base") == ["a.base 1.0.0", "a.top 1.0.0"]
    assert shelf.choose("a.base", "a.top") == ["a.base 1.0.0", "a.top 1.0.0"]


def test_conflicts_hold_both_ways() -> None:
    shelf = Shelf(
        row("a.one", "1.0.0", conflicts=["a.two@<2.0.0"]),
        row("a.two", "2.0.0"),
        row("a.two", "1.0.0"),
    )
    assert shelf.choose("a.one", "a.two") == ["a.one 1.0.0", "a.two 2.0.0"]
    for wanted in (("a.one", "a.two@1.0.0"), ("a.two@1.0.0", "a.one")):
        with pytest.raises(UnresolvableError, match=r"a\.one 1\.0\.0 conflicts with a\.two <2\.0\.0"):
            shelf.choose(*wanted)


def test_mods_that_need_each_other_are_installed_once() -> None:
    shelf = Shelf(row("a.one", "1.0.0", "a.two@*"), row("a.two", "1.0.0", "a.one@*"))
    assert sorted(shelf.choose("a.one")) == ["a.one 1.0.0", "a.two 1.0.0"]


def test_what_is_missing_is_named() -> None:
    shelf = Shelf(
        row("a.top", "1.0.0", "a.gone@^1.0.0"), row("b.top", "1.0.0", "b.base@^9.0.0"), row("b.base", "1.0.0")
    )
    with pytest.raises(UnresolvableError, match=r"a\.top 1\.0\.0 needs a\.gone \^1\.0\.0, which the catalog"):
        shelf.choose("a.top")
    with pytest.raises(UnresolvableError, match=r"b\.top 1\.0\.0 needs b\.base \^9\.0\.0; there is 1\.0\.0"):
        shelf.choose("b.top")
    with pytest.raises(UnresolvableError, match=r"You asked for x\.unknown, which the catalog"):
        shelf.choose("x.unknown")


def test_wishes_that_exclude_each_other_are_named() -> None:
    shelf = Shelf(
        row("a.one", "1.0.0", "a.base@^1.0.0"),
        row("a.two", "1.0.0", "a.base@^2.0.0"),
        row("a.base", "2.0.0"),
        row("a.base", "1.0.0"),
    )
    with pytest.raises(UnresolvableError) as caught:
        shelf.choose("a.one", "a.two")
    assert "a.two 1.0.0 needs a.base ^2.0.0, not 1.0.0." in caught.value.reasons


def test_a_mod_that_needs_another_version_of_itself() -> None:
    shelf = Shelf(row("a.self", "1.0.0", "a.self@^2.0.0"))
    with pytest.raises(UnresolvableError, match=r"needs a\.self \^2\.0\.0, but 1\.0\.0"):
        shelf.choose("a.self")


def test_a_source_that_fails_is_not_a_missing_mod() -> None:
    def away(mod_id: str) -> tuple[VersionRow, ...]:
        raise ClientError("unavailable", "no answer")

    with pytest.raises(ClientError, match="no answer"):
        resolve({"a.base": ""}, away)


def test_a_search_without_end_ends() -> None:
    versions = [f"1.0.{n}" for n in range(12, 0, -1)]
    rows = [
        row(f"a.m{n}", version, f"a.m{n + 1}@*", *(["a.none@^2.0.0"] if n == 5 else []))
        for n in range(6)
        for version in versions
    ]
    shelf = Shelf(*rows, row("a.m6", "1.0.0"), row("a.none", "1.0.0"))
    with pytest.raises(UnresolvableError, match=f"{MAX_STEPS:,} steps"):
        shelf.choose("a.m0")
