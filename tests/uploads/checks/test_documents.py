"""The checks on sidecar and manifest."""

from typing import Any

import pytest

from tests.packages import Part, encoded, good_parts, manifest, mod, sidecar, with_parts, zip_of
from tests.uploads.checks.subjects import of_bytes, offline, portal, subject, told, with_manifest_bytes
from uploads.checks import (
    manifest_identity,
    manifest_schema,
    mod_config_contract,
    prepare,
    semantic_version,
    sidecar_schema,
    target_game_build,
)


def test_a_good_sidecar():
    assert told(sidecar_schema.run(subject())) == ("passed", [])
    assert told(sidecar_schema.run(offline(sidecar_changes={"categories": ["anything"]}))) == ("passed", [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schema": "x"}, "wrong_schema"),
        ({"summary": None}, "property_missing"),
        ({"license": "Foo"}, "wrong_licence"),
        ({"extra": 1}, "property_unknown"),
        ({"categories": ["cooking"]}, "category_unknown"),
        ({"package": {"fileName": "other.zip"}}, "sidecar_package_differs"),
        ({"package": {"sha256": "0" * 64}}, "sidecar_package_differs"),
        ({"package": {"sizeBytes": 1}}, "sidecar_package_differs"),
    ],
)
def test_bad_sidecars(changes: dict[str, Any], code: str):
    assert told(sidecar_schema.run(subject(sidecar_changes=changes))) == ("failed", [code])


def test_a_sidecar_that_is_no_json_or_no_object():
    package = mod().package
    assert told(sidecar_schema.run(of_bytes(package, b"{", portal()))) == ("failed", ["json_syntax"])
    assert told(sidecar_schema.run(of_bytes(package, b"[]", portal()))) == ("failed", ["wrong_type"])
    assert of_bytes(package, b"[]", portal()).sidecar is None


def test_no_sidecar_is_missing_in_the_portal_and_not_asked_for_without():
    package = mod().package
    assert told(sidecar_schema.run(of_bytes(package, None, portal()))) == ("failed", ["sidecar_missing"])
    assert sidecar_schema.run(of_bytes(package, None, None)).code == "sidecar_not_given"


def test_a_sidecar_that_the_portal_wrote():
    made = mod()
    written = prepare(
        subject(made).open_package,
        len(made.package),
        sidecar=sidecar(made.manifest, summary=""),
        portal=portal(),
    )
    assert written.sha256 == made.sha256
    assert told(sidecar_schema.run(written)) == ("failed", ["too_short"])


def test_a_good_manifest():
    assert told(manifest_schema.run(subject())) == ("passed", [])


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "json_syntax"),
        (b"\xef\xbb\xbf{}", "json_bom"),
        (b'{"a": 1, "a": 2}', "json_duplicate_key"),
        (b" " * 300_000, "json_too_large"),
        (b"[]", "wrong_type"),
        (encoded(manifest(targetGameBuild=None)), "property_missing"),
        (encoded(manifest(version="v1")), "wrong_version"),
    ],
)
def test_bad_manifests(raw: bytes, code: str):
    result = manifest_schema.run(with_manifest_bytes(raw))
    assert told(result) == ("failed", [code])
    assert result.path == "manifest.json"


def test_no_manifest():
    def of(*parts: Part) -> Any:
        return manifest_schema.run(of_bytes(zip_of([*parts, *good_parts()[1:]]), None, portal()))

    assert told(of()) == ("failed", ["manifest_missing"])
    nested = of(Part("my-mod/Manifest.json", b"{}"))
    assert nested.code == "manifest_missing"
    assert nested.path == "my-mod/Manifest.json"
    assert told(of(Part("manifest.json", b"{}", raw=b"\xff\xff"))) == ("failed", ["manifest_unreadable"])
    unreadable = manifest_schema.run(of_bytes(b"no ZIP at all, but long enough", None, portal()))
    assert unreadable.code == "package_unreadable"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"modId": "example.other"}, "/modId"),
        ({"name": "Other"}, "/name"),
        ({"version": "0.1.4"}, "/version"),
        ({"targetGameBuild": "0.9.1"}, "/targetGameBuild"),
    ],
)
def test_identity(changes: dict[str, Any], pointer: str):
    assert told(manifest_identity.run(subject())) == ("passed", [])
    result = manifest_identity.run(subject(sidecar_changes=changes))
    assert told(result) == ("failed", ["identity_differs"])
    assert result.path == pointer


def test_identity_needs_both():
    assert manifest_identity.run(of_bytes(mod().package, None, portal())).code == "sidecar_not_given"
    assert manifest_identity.run(with_manifest_bytes(b"[]")).code == "manifest_unreadable"


def test_version():
    assert told(semantic_version.run(subject())) == ("passed", [])
    assert told(semantic_version.run(offline(version="0.1.0"))) == ("passed", [])
    assert told(semantic_version.run(subject(version="0.1.0"))) == ("failed", ["version_taken"])
    newer = portal(newest_stable="0.2.0")
    low = semantic_version.run(subject(facts=newer, version="0.1.9"))
    assert told(low) == ("warned", ["version_not_newer"])
    assert low.evidence == {"version": "0.1.9", "newest": "0.2.0"}
    assert told(semantic_version.run(subject(facts=newer, version="0.2.0-beta"))) == (
        "warned",
        ["version_not_newer"],
    )
    assert told(semantic_version.run(subject(facts=newer, version="0.10.0"))) == ("passed", [])
    assert told(semantic_version.run(subject(version="1.0"))) == ("failed", ["version_not_semantic"])
    # Where the manifest cannot be read, the sidecar's version is judged.
    assert told(semantic_version.run(with_manifest_bytes(b"{"))) == ("passed", [])
    assert semantic_version.run(of_bytes(b"no ZIP", None, portal())).status == "not_run"


def test_build():
    assert told(target_game_build.run(subject())) == ("passed", [])
    assert told(target_game_build.run(subject(targetGameBuild="0.8.0"))) == ("warned", ["build_deprecated"])
    assert told(target_game_build.run(subject(targetGameBuild="0.7.0"))) == ("failed", ["build_refused"])
    assert told(target_game_build.run(subject(targetGameBuild="0.9.1"))) == ("failed", ["build_unknown"])
    assert told(target_game_build.run(offline())) == ("passed", [])
    assert told(target_game_build.run(offline(targetGameBuild="0.8.0"))) == ("failed", ["build_unknown"])
    assert target_game_build.run(of_bytes(b"no ZIP", None, portal())).status == "not_run"


def select(**changes: Any) -> dict[str, Any]:
    return {
        "key": "mood",
        "label": "Mood",
        "type": "select",
        "default": "calm",
        "options": [{"value": "calm", "label": "Calm"}, {"value": "wild", "label": "Wild"}],
    } | changes


def number(**changes: Any) -> dict[str, Any]:
    return {"key": "n", "label": "N", "type": "integer", "default": 5, "minimum": 1, "maximum": 9} | changes


def without(setting: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in setting.items() if name != key}


def configured(*settings: dict[str, Any], path: str = "Config/hello.json") -> Any:
    return subject(modConfig={"path": path, "settings": list(settings)})


@pytest.mark.parametrize(
    "offered",
    [
        [],
        [select(), number()],
        [select(options=[{"value": 1, "label": "1"}, {"value": "1", "label": "one"}], default=1)],
        [number(type="number", default=1.5)],
        [{"key": "b", "label": "B", "type": "boolean", "default": True}],
        [{"key": "s", "label": "S", "type": "string", "default": ""}],
    ],
)
def test_good_settings(offered: list[dict[str, Any]]):
    assert told(mod_config_contract.run(configured(*offered))) == ("passed", [])


@pytest.mark.parametrize(
    ("offered", "code"),
    [
        ([number(), number()], "setting_twice"),
        ([without(select(), "options")], "options_missing"),
        ([number(options=select()["options"])], "options_misplaced"),
        ([select(options=[{"value": "calm", "label": "a"}] * 2)], "option_twice"),
        ([select(default="gone")], "default_not_an_option"),
        ([select(options=[{"value": 1, "label": "1"}], default=True)], "default_not_an_option"),
        (
            [select(options=[{"value": 1, "label": "a"}, {"value": 1.0, "label": "b"}], default=1)],
            "option_twice",
        ),
        ([select(minimum=1)], "bound_misplaced"),
        ([number(default=10)], "default_out_of_bounds"),
        ([number(minimum=8, maximum=2)], "default_out_of_bounds"),
        ([number(default=1.5)], "default_wrong_type"),
        ([number(default=True)], "default_wrong_type"),
        ([number(type="number", default="5")], "default_wrong_type"),
        ([{"key": "b", "label": "B", "type": "boolean", "default": 1}], "default_wrong_type"),
        ([{"key": "s", "label": "S", "type": "string", "default": 1}], "default_wrong_type"),
        ([select(type="choice")], "wrong_value"),
    ],
)
def test_bad_settings(offered: list[dict[str, Any]], code: str):
    result = mod_config_contract.run(configured(*offered))
    assert told(result) == ("failed", [code])
    assert result.path == "manifest.json"


@pytest.mark.parametrize(
    "path", ["../hello.json", "Config/../../hello.json", "/Config/a.json", "Config/a.lua"]
)
def test_unsafe_settings_paths(path: str):
    assert told(mod_config_contract.run(configured(path=path))) == ("failed", ["wrong_form"])


@pytest.mark.parametrize(
    ("path", "files", "codes"),
    [
        ("Config/CON.json", {}, ["config_path_unsafe"]),
        ("Config/a<b.json", {}, ["config_path_unsafe"]),
        ("Config/folder /a.json", {}, ["config_path_unsafe"]),
        ("Config/hello.json", {"Config/Hello.json": b"{}"}, ["config_path_taken"]),
        ("Config/hello.json", {"config/hello.json": b"{}"}, ["config_path_taken"]),
        ("Config/hello.json", {"Config/hello.json/a.json": b"{}"}, ["config_path_taken"]),
        ("Config/hello.json", {"Config/hello.json": b"{}"}, []),
        ("Config/hello.json", {"Config/hello.json.txt": b"{}"}, []),
    ],
)
def test_the_manager_can_write_the_settings(path: str, files: dict[str, bytes], codes: list[str]):
    arrived = subject(files=files, modConfig={"path": path, "settings": [number()]})
    assert told(mod_config_contract.run(arrived)) == ("failed" if codes else "passed", codes)


def test_no_settings_and_no_manifest():
    assert told(mod_config_contract.run(subject())) == ("passed", [])
    assert mod_config_contract.run(with_manifest_bytes(b"{")).status == "not_run"


def test_a_refused_package_still_tells_of_its_manifest():
    bad = with_parts(Part("Content/aux.lua", b""))
    assert told(manifest_schema.run(of_bytes(bad, None, portal()))) == ("passed", [])


def test_a_problem_says_the_file_and_the_place_in_it():
    arrived = with_manifest_bytes(encoded(manifest(version="v1")))
    in_file = manifest_schema.run(arrived).as_dict()["problems"][0]
    assert (in_file["path"], in_file["pointer"]) == ("manifest.json", "/version")
    in_sidecar = sidecar_schema.run(subject(sidecar_changes={"license": "Foo"})).as_dict()["problems"][0]
    assert (in_sidecar["path"], in_sidecar["pointer"]) == ("/license", "/license")
