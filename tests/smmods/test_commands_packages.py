"""pack and validate_package: a mod's folder as a package, and what the checks say of one."""

import json
import zipfile
from pathlib import Path

import pytest

from accounts.errors import Problem
from catalog import schema_registry
from tests import factories
from tests.packages import LUA, Part, encoded, zip_of
from tests.smmods.running import run
from uploads import rehearsal
from uploads.checks import CHECKS
from uploads.checks.base import warned

SAMPLES = Path(__file__).resolve().parents[2] / "catalog" / "samples"
MOD_IDS = {
    "example.hello-lua": "0.1.3",
    "example.hello-lua-companion": "0.1.2",
    "starminer.object-catalog-export": "0.1.1",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mod = tmp_path / "mod"
    (mod / "Content").mkdir(parents=True)
    (mod / "manifest.json").write_text(json.dumps(factories.manifest("a.mod", "1.2.3")), encoding="utf-8")
    (mod / "Content" / "init.lua").write_text("return 1\n", encoding="utf-8")
    return mod


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands are run in."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def test_pack_writes_the_same_bytes_every_time_under_the_releases_name(folder: Path, inside: Path) -> None:
    first = run("pack", str(folder))
    assert first.status == 0, first.err
    path = inside / "a.mod-v1.2.3.zip"
    assert "2 files" in first.out
    before = path.read_bytes()
    (folder / ".DS_Store").write_bytes(b"x")
    again = run("pack", str(folder), "--output", str(inside / "again.zip"))
    assert "left out .DS_Store" in again.out
    assert (inside / "again.zip").read_bytes() == before


def test_pack_into_the_packed_folder_takes_nothing_of_its_own_along(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert run("pack", ".").status == 0
    with zipfile.ZipFile("a.mod-v1.2.3.zip") as archive:
        assert archive.namelist() == ["Content/init.lua", "manifest.json"]


def test_pack_overwrites_only_when_told(folder: Path, inside: Path) -> None:
    run("pack", str(folder))
    refused = run("pack", str(folder))
    assert (refused.status, "--force" in refused.err) == (1, True)
    assert run("pack", str(folder), "--force").status == 0
    assert [path.name for path in inside.iterdir()] == ["a.mod-v1.2.3.zip"]


def test_pack_says_what_it_did_as_one_document(folder: Path, inside: Path) -> None:
    document = run("pack", str(folder), "--json").json
    assert document["mod_id"] == "a.mod"
    assert document["sha256"] in run("pack", str(folder), "--output", "b.zip").out


def test_pack_refuses_what_is_no_mod(folder: Path, inside: Path) -> None:
    (folder / "manifest.json").unlink()
    refused = run("pack", str(folder))
    assert refused.status == 1
    assert "[manifest_missing]" in refused.err
    assert list(inside.iterdir()) == []
    assert run("pack", str(inside / "nowhere")).status == 2
    assert run("pack").status == 2
    assert run("pack", str(folder), "--output", str(inside / "no" / "x.zip")).status == 1


def test_pack_refuses_a_folder_that_breaks_the_profile(folder: Path, inside: Path) -> None:
    (folder / "run.bat").write_text("echo", encoding="utf-8")
    refused = run("pack", str(folder))
    assert refused.status == 1
    assert "run.bat" in refused.err


@pytest.mark.parametrize(("mod_id", "version"), MOD_IDS.items())
def test_the_samples_pack_and_pass_every_check_with_their_metadata(
    mod_id: str, version: str, inside: Path
) -> None:
    assert run("pack", str(SAMPLES / mod_id)).status == 0
    package = f"{mod_id}-v{version}.zip"
    done = run("validate_package", package, "--metadata", str(SAMPLES / f"{mod_id}.release.json"), "--json")
    assert done.status == 0, done.err
    assert done.json["accepted"]
    assert {"failed", "warned"}.isdisjoint(check["status"] for check in done.json["checks"])
    with zipfile.ZipFile(package) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert {"manifest.json", "README.md", "LICENSE.txt"} <= names
    for entrypoint in manifest["entrypoints"]:
        assert (entrypoint["type"], entrypoint["path"] in names) == ("lua", True)
    if "modConfig" in manifest:
        defaults = json.loads((SAMPLES / mod_id / manifest["modConfig"]["path"]).read_bytes())
        assert defaults == {one["key"]: one["default"] for one in manifest["modConfig"]["settings"]}


def test_the_samples_need_what_they_say() -> None:
    companion = json.loads((SAMPLES / "example.hello-lua-companion" / "manifest.json").read_bytes())
    assert [wish["id"] for wish in companion["dependencies"]] == ["example.hello-lua"]
    settings = json.loads((SAMPLES / "example.hello-lua" / "manifest.json").read_bytes())["modConfig"]
    assert {one["type"] for one in settings["settings"]} == {"select", "boolean"}


def test_the_report_has_every_check_once_and_says_what_was_not_run(inside: Path) -> None:
    Path("good.zip").write_bytes(factories.good_package("a.mod"))
    done = run("validate_package", "good.zip", "--json")
    assert done.status == 0, done.err
    report = done.json
    assert set(report) == {"accepted", "sha256", "sizeBytes", "files", "checks", "signals", "repack"}
    assert (report["sizeBytes"], report["files"]) == (Path("good.zip").stat().st_size, 2)
    assert [check["id"] for check in report["checks"]] == [check.id for check in CHECKS]
    keys = {"id", "status", "code", "message", "hint", "path", "evidence", "problems", "rulesVersion"}
    assert all(set(check) == keys for check in report["checks"])
    not_run = {check["id"] for check in report["checks"] if check["status"] == "not_run"}
    assert not_run >= {"backend_readiness", "public_smoke", "sidecar_schema"}
    common = schema_registry.schema("smmods.common.v1")["$defs"]["checkResult"]["required"]
    assert set(common) <= keys


def test_a_refused_package_ends_with_1_and_every_reason(inside: Path) -> None:
    Path("bad.zip").write_bytes(factories.package(factories.manifest("a.mod"), {"Content/other.lua": b""}))
    Path("bad.release.json").write_text(json.dumps(factories.sidecar("b.mod")), encoding="utf-8")
    done = run("validate_package", "bad.zip", "--metadata", "bad.release.json", "--json")
    assert done.status == 1
    assert not done.json["accepted"]
    failed = [check for check in done.json["checks"] if check["status"] == "failed"]
    assert {check["id"] for check in failed} == {"manifest_identity", "entrypoint_presence"}
    for check in failed:
        assert check["code"] == check["problems"][0]["code"]
        assert check["code"] in done.err
    told = run("validate_package", "bad.zip")
    assert told.status == 1
    assert "entrypoint_presence" in told.out


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x05\x06" + b"\0" * 18])
def test_bytes_that_are_no_package_are_refused_and_never_a_crash(data: bytes, inside: Path) -> None:
    Path("x.zip").write_bytes(data)
    done = run("validate_package", "x.zip", "--json")
    assert done.status == 1
    assert not done.json["accepted"]
    assert len(done.json["sha256"]) == 64


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"a": NaN}', b" " * 300_000])
def test_metadata_that_is_none_is_refused(raw: bytes, inside: Path) -> None:
    Path("good.zip").write_bytes(factories.good_package("a.mod"))
    Path("bad.release.json").write_bytes(raw)
    done = run("validate_package", "good.zip", "--metadata", "bad.release.json", "--json")
    assert done.status == 1
    assert next(c for c in done.json["checks"] if c["id"] == "sidecar_schema")["status"] == "failed"


def test_wrong_usage(inside: Path) -> None:
    assert run("validate_package").status == 2
    assert run("validate_package", "nowhere.zip").status == 2
    Path("good.zip").write_bytes(factories.good_package("a.mod"))
    assert run("validate_package", "good.zip", "--metadata", "nowhere.json").status == 2


def test_warnings_are_signals_and_refuse_nothing(inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem("odd_thing", "This deserves a look.", "Look.", path="Content/init.lua")
    real = rehearsal.run
    monkeypatch.setattr(
        rehearsal,
        "run",
        lambda subject: [
            warned("file_signature", [problem]) if r.check_id == "file_signature" else r
            for r in real(subject)
        ],
    )
    Path("good.zip").write_bytes(factories.good_package("a.mod"))
    done = run("validate_package", "good.zip", "--json")
    assert (done.status, done.json["accepted"]) == (0, True)
    signal = done.json["signals"][0]
    known = {"code": "odd_thing", "message": "This deserves a look.", "path": "Content/init.lua"}
    assert signal.items() >= (known | {"rule": "file_signature", "weight": 1, "blocking": False}).items()
    assert signal["title"]
    assert signal["explanation"]
    told = run("validate_package", "good.zip")
    assert "passes" in told.out
    assert "Content/init.lua: This deserves a look." in told.out
    assert signal["explanation"] in told.out


def spoiled(*more: Part) -> bytes:
    manifest = encoded(factories.manifest("a.mod"))
    return zip_of([Part("manifest.json", manifest), Part("Content\\init.lua", LUA), *more])


def test_repack_writes_what_pack_writes(inside: Path) -> None:
    Path("bad.zip").write_bytes(spoiled(Part(".DS_Store", b"x")))
    done = run("repack", "bad.zip", "--output", "good.zip")
    assert done.status == 0, done.err
    assert "Renamed: Content\\init.lua -> Content/init.lua" in done.out
    assert ".DS_Store" in done.out
    assert run("validate_package", "good.zip").status == 0
    with zipfile.ZipFile("good.zip") as archive:
        archive.extractall("tree")
    assert run("pack", "tree", "--output", "packed.zip").status == 0
    assert Path("packed.zip").read_bytes() == Path("good.zip").read_bytes()


def test_repack_as_one_document(inside: Path) -> None:
    Path("bad.zip").write_bytes(spoiled())
    document = run("repack", "bad.zip", "--output", "good.zip", "--json").json
    assert document["accepted"]
    assert document["sizeBytes"] == Path("good.zip").stat().st_size


def test_repack_overwrites_only_when_told_and_leaves_nothing_half_written(inside: Path) -> None:
    Path("bad.zip").write_bytes(spoiled())
    Path("good.zip").write_bytes(b"mine")
    refused = run("repack", "bad.zip", "--output", "good.zip")
    assert (refused.status, "--force" in refused.err) == (1, True)
    assert Path("good.zip").read_bytes() == b"mine"
    assert run("repack", "bad.zip", "--output", "good.zip", "--force").status == 0
    assert run("repack", "bad.zip", "--output", "no/good.zip").status == 1
    assert run("repack", "bad.zip").status == 2
    assert sorted(path.name for path in inside.iterdir()) == ["bad.zip", "good.zip"]


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("repack_unreadable", b"no zip"),
        ("repack_nothing_to_mend", factories.good_package("a.mod")),
        ("repack_not_enough", spoiled(Part("Content/run.bat", b"echo"))),
    ],
)
def test_repack_refuses_with_the_reason_and_writes_nothing(code: str, data: bytes, inside: Path) -> None:
    Path("bad.zip").write_bytes(data)
    refused = run("repack", "bad.zip", "--output", "good.zip")
    assert refused.status == 1
    assert f"[{code}]" in refused.err
    assert [path.name for path in inside.iterdir()] == ["bad.zip"]


def test_a_refused_package_says_what_repacking_would_do(inside: Path) -> None:
    Path("bad.zip").write_bytes(spoiled())
    told = run("validate_package", "bad.zip")
    assert told.status == 1
    assert "Repacking makes a package of it that keeps the rules:" in told.out
    assert "Renamed: Content\\init.lua -> Content/init.lua" in told.out
    assert "manage.py repack bad.zip --output bad-repacked.zip" in told.out
    repack = run("validate_package", "bad.zip", "--json").json["repack"]
    assert (repack["possible"], repack["accepted"]) == (True, True)
    Path("worse.zip").write_bytes(spoiled(Part("Content/run.bat", b"echo")))
    told = run("validate_package", "worse.zip")
    assert "Repacking mends a part of it:" in told.out
    assert "remains  Content/run.bat" in told.out
    assert "manage.py repack" not in told.out


def test_the_example_in_the_documentation_is_good_metadata() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    document = json.loads((docs / "mod-release-submission.example.json").read_bytes())
    assert schema_registry.problems("smmods.mod-release-submission.v1", document) == []
    assert "mod-release-submission.example.json" in (docs / "manual-publishing.md").read_text(
        encoding="utf-8"
    )
