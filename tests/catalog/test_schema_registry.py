import json
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta

from catalog import schema_registry

MANIFEST = "starminer.mod-manifest.v1"
SIDECAR = "smmods.mod-release-submission.v1"


def manifest(**changes: Any) -> dict[str, Any]:
    return {
        "schema": MANIFEST,
        "id": "example.hello-lua",
        "name": "Hello",
        "version": "0.1.3",
        "targetGameBuild": "0.9.0",
        "entrypoints": [{"type": "lua", "path": "Content/init.lua"}],
    } | changes


def sidecar(**changes: Any) -> dict[str, Any]:
    return {
        "schema": SIDECAR,
        "modId": "example.hello-lua",
        "name": "Hello",
        "version": "0.1.3",
        "targetGameBuild": "0.9.0",
        "dependencies": [],
        "summary": "Says hello.",
        "license": "MIT",
    } | changes


def told(schema_id: str, document: object) -> list[tuple[str, str]]:
    return [(problem.code, problem.pointer) for problem in schema_registry.problems(schema_id, document)]


@pytest.mark.parametrize("schema_id", schema_registry.ids())
def test_each_schema_is_sound_and_complete_in_itself(schema_id: str):
    document = schema_registry.schema(schema_id)
    assert document["$id"] == schema_id
    assert meta.is_valid(document)
    assert json.loads(schema_registry.raw(schema_id)) == document
    # Nothing is fetched, and nothing outside is needed.
    Draft202012Validator(json.loads(schema_registry.raw(schema_id)), offline=True)
    assert document["properties"]["schema"] == {"const": schema_id}


def objects(part: object):
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield part
        for child in part.values():
            yield from objects(child)
    elif isinstance(part, list):
        for child in part:
            yield from objects(child)


@pytest.mark.parametrize("schema_id", schema_registry.ids())
def test_unknown_properties_are_refused_everywhere(schema_id: str):
    open_objects = [part for part in objects(schema_registry.schema(schema_id)) if "properties" in part]
    assert all(part["additionalProperties"] is False for part in open_objects)


def test_ids():
    assert MANIFEST in schema_registry.ids()
    assert len(schema_registry.ids()) >= 15
    for call in (schema_registry.schema, schema_registry.raw):
        with pytest.raises(KeyError):
            call("smmods.absent.v1")


def test_common_part_is_readable_too():
    assert "modId" in schema_registry.schema(schema_registry.COMMON)["$defs"]


@pytest.mark.parametrize(
    "document",
    [
        manifest(),
        manifest(
            description="",
            authors=["A"],
            license="MIT OR Apache-2.0",
            framework=">=0.5.8 <0.6.0",
            dependencies=[{"id": "example.other", "version": "^1.2.0", "optional": True}],
            conflicts=[{"id": "example.foe", "version": "*"}],
            modConfig={
                "path": "Config/sub/hello.json",
                "settings": [
                    {
                        "key": "greeting",
                        "label": "Greeting",
                        "type": "select",
                        "default": "hi",
                        "options": [{"value": "hi", "label": "Hi"}],
                        "description": "What is said.",
                    },
                    {"key": "n", "label": "N", "type": "integer", "default": 1, "minimum": 0, "maximum": 9},
                ],
            },
        ),
    ],
)
def test_good_manifests(document: dict[str, Any]):
    assert schema_registry.problems(MANIFEST, document) == []


def test_good_sidecars():
    assert schema_registry.problems(SIDECAR, sidecar()) == []
    full = sidecar(
        description="# Hello",
        changelog="- first",
        categories=["gameplay"],
        links={"homepage": "https://example.com", "source": "https://example.com/a?b#c"},
        package={"fileName": "example.hello-lua-v0.1.3.zip", "sha256": "0" * 64, "sizeBytes": 1},
    )
    assert schema_registry.problems(SIDECAR, full) == []


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"schema": "smmods.mod-manifest.v1"}, "wrong_schema", "/schema"),
        ({"id": "Example.Hello"}, "wrong_form", "/id"),
        ({"id": "hello"}, "wrong_form", "/id"),
        ({"id": "a.b\n"}, "wrong_form", "/id"),
        ({"id": "a." + "b" * 99}, "too_long", "/id"),
        ({"id": "a."}, "too_short", "/id"),
        ({"name": ""}, "too_short", "/name"),
        ({"name": "n" * 81}, "too_long", "/name"),
        ({"name": "a\nb"}, "wrong_form", "/name"),
        ({"version": 1.0}, "wrong_type", "/version"),
        ({"version": "1.0"}, "wrong_version", "/version"),
        ({"version": "v1.0.0"}, "wrong_version", "/version"),
        ({"version": "1.0.0+linux"}, "wrong_version", "/version"),
        ({"targetGameBuild": "-1"}, "wrong_form", "/targetGameBuild"),
        ({"targetGameBuild": "1" * 41}, "too_long", "/targetGameBuild"),
        ({"entrypoints": []}, "too_few", "/entrypoints"),
        ({"entrypoints": ["a.lua"]}, "wrong_type", "/entrypoints/0"),
        ({"entrypoints": [{"type": "exe", "path": "a"}]}, "wrong_value", "/entrypoints/0/type"),
        ({"entrypoints": [{"type": "lua", "path": "/a.lua"}]}, "wrong_form", "/entrypoints/0/path"),
        ({"entrypoints": [{"type": "lua", "path": "a"}] * 33}, "too_many", "/entrypoints"),
        ({"description": "d" * 301}, "too_long", "/description"),
        ({"authors": "Ada"}, "wrong_type", "/authors"),
        ({"authors": []}, "too_few", "/authors"),
        ({"license": "My own"}, "wrong_licence", "/license"),
        ({"framework": "newest"}, "wrong_range", "/framework"),
        ({"dependencies": {"a.b": "1"}}, "wrong_type", "/dependencies"),
        ({"dependencies": [{"id": "a.b"}]}, "property_missing", "/dependencies/0/version"),
        ({"dependencies": [{"id": "a.b", "version": ""}]}, "wrong_range", "/dependencies/0/version"),
        ({"dependencies": [{"id": "a.b", "version": "*"}] * 101}, "too_many", "/dependencies"),
        ({"conflicts": [{"id": "a.b", "version": "*", "why": ""}]}, "property_unknown", "/conflicts/0/why"),
        ({"modConfig": {"path": "Config/../a.json", "settings": []}}, "wrong_form", "/modConfig/path"),
        ({"modConfig": {"path": "config/a.json", "settings": []}}, "wrong_form", "/modConfig/path"),
        ({"modConfig": {"path": "Config/a.lua", "settings": []}}, "wrong_form", "/modConfig/path"),
        ({"Name": "Hello"}, "property_unknown", "/Name"),
    ],
)
def test_bad_manifests(changes: dict[str, Any], code: str, pointer: str):
    assert told(MANIFEST, manifest(**changes)) == [(code, pointer)]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"summary": "two\nlines"}, "wrong_form", "/summary"),
        ({"summary": "s" * 201}, "too_long", "/summary"),
        ({"categories": ["a", "a"]}, "said_twice", "/categories"),
        ({"categories": list("abcdef")}, "too_many", "/categories"),
        ({"links": {"source": "http://example.com"}}, "wrong_form", "/links/source"),
        ({"links": {"source": "javascript:alert(1)"}}, "wrong_form", "/links/source"),
        ({"links": {"source": "https://a@example.com/"}}, "wrong_form", "/links/source"),
        ({"package": {"sizeBytes": 0}}, "too_small", "/package/sizeBytes"),
        ({"package": {"sha256": "F" * 64}}, "wrong_form", "/package/sha256"),
        ({"description": "d" * 50_001}, "too_long", "/description"),
    ],
)
def test_bad_sidecars(changes: dict[str, Any], code: str, pointer: str):
    assert told(SIDECAR, sidecar(**changes)) == [(code, pointer)]


def test_every_problem_has_words():
    wrong = manifest(schema="x", id="X", version=1, entrypoints="a", authors="A", license="?", modconfig={})
    found = schema_registry.problems(MANIFEST, wrong)
    assert len(found) == 7
    for problem in found:
        assert problem.message.endswith(".")
        assert problem.hint


def test_says_what_was_meant():
    by_pointer = {
        p.pointer: p for p in schema_registry.problems(SIDECAR, sidecar(modid="a.b", licence="MIT"))
    }
    assert by_pointer["/modid"].hint == 'Did you mean "modId"?'
    assert by_pointer["/licence"].hint == 'Did you mean "license"?'
    unlike = schema_registry.problems(SIDECAR, sidecar(zzz=1))[0]
    assert unlike.hint.startswith("Take it out. Known here: schema, modId")
    assert schema_registry.problems(MANIFEST, manifest(version="v1.0.0"))[0].message == (
        "'v1.0.0' begins with a letter; write '1.0.0'."
    )
    assert (
        "SPDX does not know 'Foo'" in schema_registry.problems(MANIFEST, manifest(license="Foo"))[0].message
    )


def test_missing_and_not_an_object():
    document = manifest()
    del document["entrypoints"]
    missing = schema_registry.problems(MANIFEST, document)[0]
    assert (missing.code, missing.pointer) == ("property_missing", "/entrypoints")
    assert '"type": "lua"' in missing.hint
    assert told(MANIFEST, []) == [("wrong_type", "")]


def test_null_or_something_is_told_as_the_something():
    document = {
        "schema": "smmods.catalog.v1",
        "revision": -1,
        "generatedAt": "2026-02-30T00:00:00Z",
        "targetGameBuild": "0.9.0",
        "framework": "1",
        "mods": [],
    }
    assert set(told("smmods.catalog.v1", document)) == {
        ("too_small", "/revision"),
        ("wrong_time", "/generatedAt"),
        ("wrong_version", "/framework"),
    }


def test_at_most_fifty_problems():
    wrong = manifest(**{f"x{number}": 1 for number in range(200)})
    assert len(schema_registry.problems(MANIFEST, wrong)) == 50


def test_numbers_have_bounds():
    step = {"id": "a", "status": "passed", "message": "", "milliseconds": -1}
    contract = {"statuses": [99, 600]}
    assert ("too_small", "/steps/0/milliseconds") in told("smmods.post-publish-smoke.v1", {"steps": [step]})
    found = told("smmods.publishing-backend-contract.v1", {"calls": [contract]})
    assert ("too_small", "/calls/0/statuses/0") in found
    assert ("too_big", "/calls/0/statuses/1") in found


def test_the_contract_s_own_keys_are_there():
    workflow = schema_registry.schema("smmods.publishing-workflow.v1")
    assert set(workflow["required"]) == {
        "schema",
        "generatedAt",
        "status",
        "liveBackend",
        "summary",
        "auth",
        "upload",
        "backendRequirements",
        "states",
        "transitions",
        "validationChecks",
        "publicationOutputs",
        "manualFallback",
    }
    readiness = schema_registry.schema("smmods.production-readiness.v1")
    assert set(readiness["required"]) == {
        "schema",
        "generatedAt",
        "overallStatus",
        "liveBackend",
        "summary",
        "releaseBlockers",
        "evidence",
        "gates",
    }
