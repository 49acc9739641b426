"""The checks over the planned tree, and after the switch."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from accounts.errors import Problem
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
ROW = {
    "version": "0.1.3",
    "sha256": MOD.sha256,
    "sizeBytes": len(MOD.package),
    "artifactUrl": f"/{ARTIFACT}",
}
VERSIONS = "api/v1/mods/example.hello-lua/versions.json"
TREE = {"api/v1/catalog.json": b"{}", VERSIONS: json.dumps({"versions": [ROW]}).encode()}
SMOKE = {
    "schema": "smmods.post-publish-smoke.v1",
    "generatedAt": "2026-06-01T12:00:00Z",
    "revision": 1,
    "baseUrl": "https://mods.example.com",
    "status": "passed",
    "steps": [{"id": "catalog", "status": "passed", "message": "Read."}],
}


def release(**changes: Any) -> PublishedRelease:
    good = PublishedRelease(
        mod_id="example.hello-lua",
        version="0.1.3",
        name="Hello & Lua",
        slug="hello-lua",
        sha256=MOD.sha256,
        size=len(MOD.package),
        artifact_path=ARTIFACT,
        get=TREE.get,
        open_artifact=lambda: io.BytesIO(MOD.package),
        parse_catalog=lambda _: [],
        detail_html=f"<h1>Hello &amp;\n Lua</h1><p>Version 0.1.3</p><a data-sha='{MOD.sha256}'>Get</a>",
        smoke=SMOKE,
    )
    return replace(good, **changes)


def tree(**documents: object) -> Callable[[str], bytes | None]:
    return {VERSIONS: json.dumps(documents).encode()}.get


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
        ({"get": tree(versions=[ROW | {"version": "0.1.2"}])}, ["artifact_not_listed"]),
        ({"get": tree(versions=[ROW | {"sha256": "0" * 64}])}, ["artifact_listed_wrongly"]),
        ({"get": tree(versions=[ROW | {"sizeBytes": 1}])}, ["artifact_listed_wrongly"]),
        ({"get": tree(versions=[ROW | {"artifactUrl": "/other.zip"}])}, ["artifact_listed_wrongly"]),
    ],
)
def test_artifact_hash(changes: dict[str, Any], codes: list[str]):
    assert told(artifact_hash.run(release(**changes))) == ("failed", codes)


@pytest.mark.parametrize(
    ("html", "codes"),
    [
        (" ", ["detail_page_missing"]),
        (f"<p>Hello &amp; Lua 0.1.3</p><!-- {MOD.sha256} -->", ["detail_page_incomplete"]),
        (f"<p>Hello &amp; Lua</p><p>{MOD.sha256}</p>", ["detail_page_incomplete"]),
        ("<p>Not found</p>", ["detail_page_incomplete"] * 3),
    ],
)
def test_detail_page(html: str, codes: list[str]):
    assert told(detail_page.run(release(detail_html=html))) == ("failed", codes)


def test_manager_reads_the_catalog():
    wrong = [Problem("wrong_type", "revision is no number.", "Publish again.", "/revision")]
    assert told(manager_catalog_parse.run(release(parse_catalog=lambda _: wrong))) == (
        "failed",
        ["catalog_unreadable"],
    )
    missing = release(get=lambda _: None)
    assert told(manager_catalog_parse.run(missing)) == ("failed", ["catalog_missing"])


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
