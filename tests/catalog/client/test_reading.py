"""Documents are read strictly: each rule has a document that breaks just it."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from catalog.client import ClientError, parse_catalog, read_blocklist, read_catalog, read_versions
from catalog.client.fields import MAX_PROBLEMS
from tests.catalog.client.world import World, wish

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def catalog(world: World) -> dict[str, Any]:
    world.add("a.base", "1.0.0")
    world.add("a.top", "2.1.0", wish("a.base", ">= 1.0.0 <2"), framework=">=0.5.8 <0.6.0")
    return world.catalog()


def codes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(p.pointer, p.code) for p in parse_catalog(json.dumps(document).encode())]


def test_a_good_catalog_has_no_problem_and_is_read_whole(catalog: dict[str, Any]) -> None:
    assert codes(catalog) == []
    read = read_catalog(json.dumps(catalog).encode())
    assert (read.target_game_build, read.framework) == ("0.9.0", "0.5.8")
    top = read.mods["a.top"]
    assert (top.version, top.slug, top.deprecated, top.replaced_by) == ("2.1.0", "top", False, None)
    assert top.dependencies[0].fits("1.9.9")
    assert not top.dependencies[0].fits("2.0.0")


def test_what_a_manager_does_not_know_is_passed_over(catalog: dict[str, Any]) -> None:
    catalog["mods"][0]["stars"] = 5
    catalog["extension"] = {"x": 1}
    assert codes(catalog) == []


def test_an_empty_catalog_is_a_catalog(world: World) -> None:
    assert codes(world.catalog() | {"framework": None}) == []


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b'{"schema": "\xff"}', "not_json"),
        (b'{"schema": NaN}', "not_json"),
        (b'{"schema": 1, "schema": 2}', "said_twice"),
        (b"[]", "wrong_schema"),
        (b'{"schema": "smmods.catalog.v2"}', "wrong_schema"),
        (b"[" * 100_000, "not_json"),
    ],
)
def test_what_is_no_catalog_at_all(raw: bytes, code: str) -> None:
    assert [p.code for p in parse_catalog(raw)] == [code]


def drop(*path: str | int) -> Change:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        del document[path[-1]]

    return change


def put(value: Any, *path: str | int) -> Change:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value

    return change


LATEST = ("mods", 0, "latest")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        (drop("revision"), "/revision", "property_missing"),
        (put("7", "revision"), "/revision", "wrong_type"),
        (put(True, "revision"), "/revision", "wrong_type"),
        (put(-1, "revision"), "/revision", "wrong_form"),
        (put("one two", "targetGameBuild"), "/targetGameBuild", "wrong_form"),
        (drop("framework"), "/framework", "property_missing"),
        (put("0.5", "framework"), "/framework", "wrong_form"),
        (drop("mods"), "/mods", "property_missing"),
        (put({}, "mods"), "/mods", "wrong_type"),
        (put(3, "mods", 0), "/mods/0", "wrong_type"),
        (put("Base", "mods", 0, "id"), "/mods/0/id", "wrong_form"),
        (put("x", "mods", 0, "id"), "/mods/0/id", "wrong_form"),
        (put("a" * 60 + "." + "b" * 60, "mods", 0, "id"), "/mods/0/id", "wrong_form"),
        (put("a b", "mods", 0, "slug"), "/mods/0/slug", "wrong_form"),
        (put("  ", "mods", 0, "name"), "/mods/0/name", "wrong_form"),
        (drop("mods", 0, "summary"), "/mods/0/summary", "property_missing"),
        (put([1], "mods", 0, "authors"), "/mods/0/authors", "wrong_type"),
        (put("https://x/y", "mods", 0, "detailUrl"), "/mods/0/detailUrl", "wrong_form"),
        (put("//x/y", "mods", 0, "versionsUrl"), "/mods/0/versionsUrl", "wrong_form"),
        (put("no", "mods", 0, "deprecated"), "/mods/0/deprecated", "wrong_type"),
        (put("Two", "mods", 0, "replacedBy"), "/mods/0/replacedBy", "wrong_form"),
        (put("1.0", *LATEST, "version"), "/mods/0/latest/version", "wrong_form"),
        (put("1.0.0+b", *LATEST, "version"), "/mods/0/latest/version", "wrong_form"),
        (put("A" * 64, *LATEST, "sha256"), "/mods/0/latest/sha256", "wrong_form"),
        (put(0, *LATEST, "sizeBytes"), "/mods/0/latest/sizeBytes", "wrong_form"),
        (put("yesterday", *LATEST, "publishedAt"), "/mods/0/latest/publishedAt", "wrong_form"),
        (put(None, *LATEST, "dependencies"), "/mods/0/latest/dependencies", "wrong_type"),
        (drop("mods", 0, "latest"), "/mods/0/latest", "property_missing"),
        (
            put("/downloads/mods/a.top/1.0.0/x.zip", *LATEST, "artifactUrl"),
            "/mods/0/latest/artifactUrl",
            "wrong_address",
        ),
        (
            put(" ", "mods", 1, "latest", "dependencies", 0, "version"),
            "/mods/1/latest/dependencies/0/version",
            "wrong_form",
        ),
        (
            put("~>x", "mods", 1, "latest", "dependencies", 0, "version"),
            "/mods/1/latest/dependencies/0/version",
            "wrong_form",
        ),
        (put("a.base", "mods", 1, "id"), "/mods/1/id", "said_twice"),
        (put("base", "mods", 1, "slug"), "/mods/1/slug", "said_twice"),
    ],
)
def test_each_rule_is_broken_alone(catalog: dict[str, Any], change: Change, pointer: str, code: str) -> None:
    change(catalog)
    assert (pointer, code) in codes(catalog)


def test_every_problem_is_found_but_not_without_end(catalog: dict[str, Any]) -> None:
    broken = copy.deepcopy(catalog["mods"][0]) | {"id": "NO", "slug": "N O"}
    catalog["mods"] = [broken] * 100
    assert len(codes(catalog)) == MAX_PROBLEMS


def test_a_reader_that_needs_the_catalog_is_told_all_that_is_wrong(catalog: dict[str, Any]) -> None:
    del catalog["revision"]
    catalog["mods"][0]["slug"] = ""
    with pytest.raises(ClientError, match=r"/revision: revision is missing\. and 1 more") as caught:
        read_catalog(json.dumps(catalog).encode())
    assert caught.value.code == "bad_document"
    assert len(caught.value.problems) == 2


def test_versions_are_of_one_mod_once_each_and_the_newest_first(world: World) -> None:
    for version in ("1.0.0", "1.1.0-beta.1", "1.1.0"):
        world.add("a.base", version)
    document = world.versions("a.base")
    assert [r.version for r in read_versions(json.dumps(document).encode(), "a.base")] == [
        "1.1.0",
        "1.1.0-beta.1",
        "1.0.0",
    ]
    for change, code in (
        (put("a.other", "id"), "wrong_form"),
        (put(document["versions"][::-1], "versions"), "wrong_order"),
        (put(document["versions"][:1] * 2, "versions"), "said_twice"),
        (put("hidden", "versions", 0, "state"), "wrong_form"),
    ):
        bad = copy.deepcopy(document)
        change(bad)
        with pytest.raises(ClientError) as caught:
            read_versions(json.dumps(bad).encode(), "a.base")
        assert code in {p.code for p in caught.value.problems}
    with pytest.raises(ClientError, match="not JSON"):
        read_versions(b"", "a.base")


def test_the_blocklist_names_what_was_taken_back(world: World) -> None:
    world.add("a.base")
    world.take_back("a.base", "1.0.0")
    (row,) = read_blocklist(json.dumps(world.blocklist()).encode())
    assert (row.mod_id, row.version, row.level, row.advice) == ("a.base", "1.0.0", "hard", "Remove it.")
    world.blocked[0]["level"] = "medium"
    with pytest.raises(ClientError, match="soft, hard"):
        read_blocklist(json.dumps(world.blocklist()).encode())
    with pytest.raises(ClientError, match=r"not a smmods\.blocklist\.v1"):
        read_blocklist(b"{}")
