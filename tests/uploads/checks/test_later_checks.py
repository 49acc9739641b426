"""The checks over the planned tree, and after the switch."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.client.world import World
from tests.packages import mod
from tests.uploads.checks.subjects import told
from uploads.checks import (
    PublishedRelease,
    artifact_hash,
    detail_page,
    manager_catalog_parse,
    public_smoke,
    run_after,
    run_publication,
)

MOD = mod()
ARTIFACT = "downloads/mods/example.hello-lua/0.1.3/example.hello-lua-v0.1.3.zip"
VERSIONS = "api/v1/mods/example.hello-lua/versions.json"
CATALOG = "api/v1/catalog.json"
SMOKE = {
    "schema": "smmods.post-publish-smoke.v1",
    "generatedAt": "2026-06-01T12:00:00Z",
    "revision": 1,
    "baseUrl": "https://mods.example.com",
    "status": "passed",
    "steps": [{"id": "catalog", "status": "passed", "message": "Read."}],
}


LINK = f"<a href='/{ARTIFACT}'>Get</a>"
PAGE = f"<h1>Hello &amp;\n Lua</h1><p>Version 0.1.3</p><i data-sha='{MOD.sha256}'></i>{LINK}"


class Documents(World):
    """A tree of which only the documents are asked for."""

    def put(self, address: str, data: bytes) -> None:
        """Nothing is written."""


def world(*wishes: dict[str, Any], **row: Any) -> World:
    """A tree in which the release stands."""
    made = Documents(Path())
    made.add("example.hello-lua", "0.1.3", *wishes, data=MOD.package).update(row)
    return made


def documents(made: World) -> dict[str, bytes]:
    """The tree's documents by path, as they are read."""
    lists = {f"api/v1/mods/{mod_id}/versions.json": made.versions(mod_id) for mod_id in made.releases}
    return {path: json.dumps(value).encode() for path, value in ({CATALOG: made.catalog()} | lists).items()}


def release(**changes: Any) -> PublishedRelease:
    good = PublishedRelease(
        mod_id="example.hello-lua",
        version="0.1.3",
        name="Hello & Lua",
        slug="hello-lua",
        sha256=MOD.sha256,
        size=len(MOD.package),
        artifact_path=ARTIFACT,
        get=documents(world()).get,
        open_artifact=lambda: io.BytesIO(MOD.package),
        detail_html=PAGE,
        smoke=SMOKE,
    )
    return replace(good, **changes)


def tree(**row: object) -> Callable[[str], bytes | None]:
    """The documents of a tree in which the release's row differs."""
    return documents(world(**row)).get


def test_all_is_well():
    assert [result.status for result in run_publication(release())] == ["passed"] * 3
    assert [result.check_id for result in run_after(release())] == ["manager_catalog_parse", "public_smoke"]
    assert [result.status for result in run_after(release())] == ["passed"] * 2


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"open_artifact": lambda: io.BytesIO(b"other")}, ["artifact_differs", "artifact_listed_wrongly"]),
        ({"size": 1}, ["artifact_differs"]),
        ({"get": {}.get}, ["artifact_not_listed"]),
        ({"get": tree(version="0.1.2")}, ["artifact_not_listed"]),
        ({"get": tree(sha256="0" * 64)}, ["artifact_listed_wrongly"]),
        ({"get": tree(sizeBytes=1)}, ["artifact_listed_wrongly"]),
        ({"get": tree(artifactUrl="/other.zip")}, ["artifact_listed_wrongly"]),
    ],
)
def test_artifact_hash(changes: dict[str, Any], codes: list[str]):
    assert told(artifact_hash.run(release(**changes))) == ("failed", codes)


@pytest.mark.parametrize(
    ("html", "codes"),
    [
        (" ", ["detail_page_missing"]),
        (
            PAGE.replace(f"<i data-sha='{MOD.sha256}'></i>", f"<!-- {MOD.sha256} -->"),
            ["detail_page_incomplete"],
        ),
        (PAGE.replace("Version 0.1.3", "").replace(LINK, ""), ["detail_page_incomplete"] * 2),
        (PAGE.replace(LINK, f"<p>/{ARTIFACT}</p>"), ["detail_page_incomplete"]),
        ("<p>Not found</p>", ["detail_page_incomplete"] * 4),
        (PAGE + "<script>alert(1)</script>", ["detail_page_unsafe"]),
        (PAGE + "<script src='https://cdn.example/x.js'></script>", ["detail_page_unsafe"]),
        (PAGE + "<img src=x OnError=alert(1)>", ["detail_page_unsafe"]),
        (PAGE + "<a href=' java\nscript:alert(1)'>x</a>", ["detail_page_unsafe"]),
        (PAGE + "<a href='data:text/html,x'>x</a>", ["detail_page_unsafe"]),
        (PAGE + "<iframe src='/x'></iframe>", ["detail_page_unsafe"]),
        (PAGE + "<base href='https://evil.example/'>", ["detail_page_unsafe"]),
        (PAGE + "<form action='javascript:x'></form><object></object>", ["detail_page_unsafe"] * 2),
    ],
)
def test_detail_page(html: str, codes: list[str]):
    assert told(detail_page.run(release(detail_html=html))) == ("failed", codes)


def test_a_detail_page_may_use_the_portals_own_scripts_and_drawn_pictures():
    html = PAGE + "<script src='/static/x.js' defer></script><img src='data:image/svg+xml,x'>"
    assert told(detail_page.run(release(detail_html=html))) == ("passed", [])


def wish(mod_id: str, wanted: str = "*") -> dict[str, Any]:
    return {"id": mod_id, "version": wanted}


def beside(*needs: dict[str, Any], other: tuple[Any, ...] = (), **more: Any) -> Callable[[str], bytes | None]:
    """The release needs `needs`; `base.lib` is there in version 1.0.0."""
    made = world(*needs)
    made.add("base.lib", "1.0.0", *other, **more)
    return documents(made).get


def without(path: str, raw: bytes | None = None) -> Callable[[str], bytes | None]:
    """The tree with a document missing, or with other bytes."""
    return {**documents(world()), path: raw}.get


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"get": without(CATALOG)}, "catalog_missing"),
        ({"get": without(CATALOG, b"{}")}, "catalog_unreadable"),
        ({"get": without(CATALOG, b"[")}, "catalog_unreadable"),
        ({"get": without(VERSIONS)}, "versions_unreadable"),
        ({"get": without(VERSIONS, b"{}")}, "versions_unreadable"),
        ({"mod_id": "example.other"}, "release_not_listed"),
        ({"slug": "other"}, "release_not_listed"),
        ({"version": "0.1.4"}, "release_not_listed"),
        ({"sha256": "0" * 64}, "release_listed_wrongly"),
        ({"size": 1}, "release_listed_wrongly"),
        ({"artifact_path": "downloads/mods/other.zip"}, "release_listed_wrongly"),
        ({"get": tree(framework="^9.0.0")}, "release_not_installable"),
        ({"get": beside(wish("gone.mod"))}, "release_not_installable"),
        ({"get": beside(wish("base.lib", "^2.0.0"))}, "release_not_installable"),
        ({"get": beside(wish("base.lib"), targetGameBuild="0.8.0")}, "release_not_installable"),
        (
            {"get": beside(wish("base.lib"), other=(wish("example.hello-lua", "^9.0.0"),))},
            "release_not_installable",
        ),
        (
            {"get": beside(wish("base.lib"), conflicts=[wish("example.hello-lua")])},
            "release_not_installable",
        ),
    ],
)
def test_what_the_manager_does_not_take(changes: dict[str, Any], code: str):
    status, codes = told(manager_catalog_parse.run(release(**changes)))
    assert (status, set(codes)) == ("failed", {code})


def test_the_manager_finds_and_installs_the_release():
    assert told(manager_catalog_parse.run(release(get=beside(wish("base.lib", "^1.0.0"))))) == ("passed", [])
    older = world()
    older.add("example.hello-lua", "0.2.0")
    assert told(manager_catalog_parse.run(release(get=documents(older).get))) == ("passed", [])


def step(status: str) -> dict[str, str]:
    return {"id": "download", "status": status, "message": "It has another hash.", "url": "/downloads/a.zip"}


@pytest.mark.parametrize(
    ("smoke", "told_codes"),
    [
        (SMOKE | {"steps": [step("passed"), step("failed")], "status": "failed"}, ["smoke_failed"]),
        (SMOKE | {"steps": [step("failed")]}, ["smoke_failed"]),
        (SMOKE | {"status": "failed"}, ["smoke_failed"]),
        (SMOKE | {"steps": []}, ["smoke_unreadable"]),
        ({}, ["smoke_unreadable"]),
    ],
)
def test_bad_smokes(smoke: dict[str, Any], told_codes: list[str]):
    assert told(public_smoke.run(release(smoke=smoke))) == ("failed", told_codes)


def test_before_the_smoke():
    assert public_smoke.run(release(smoke=None)).status == "not_run"


def test_a_crash_over_the_tree_is_a_failure():
    def broken() -> io.BytesIO:
        raise OSError("disk")

    results = {result.check_id: result for result in run_publication(release(open_artifact=broken))}
    assert results["artifact_hash"].code == "check_crashed"
