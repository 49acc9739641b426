import io
import os
from pathlib import Path

import pytest

from accounts.errors import RefusedError
from tests.packages import ENTRYPOINT, LUA, encoded, manifest
from uploads.package import read_package
from uploads.package.pack import pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "mod", {"manifest.json": encoded(manifest()), ENTRYPOINT: LUA, "Content/b.lua": LUA})
    return tmp_path / "mod"


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def packed(folder: Path) -> bytes:
    out = io.BytesIO()
    pack(folder, out)
    return out.getvalue()


def test_packs_what_the_reader_accepts(folder: Path):
    out = io.BytesIO()
    result = pack(folder, out)
    report = read_package(out, len(out.getvalue()))
    assert report.accepted
    assert [member.path for member in report.members] == ["Content/b.lua", ENTRYPOINT, "manifest.json"]
    assert (result.sha256, result.size, result.members) == (report.sha256, report.size, 3)
    assert (result.mod_id, result.version) == ("example.hello-lua", "0.1.3")
    assert result.file_name == "example.hello-lua-v0.1.3.zip"
    assert result.left_out == ()


def test_the_same_folder_gives_the_same_bytes(folder: Path, tmp_path: Path):
    first = packed(folder)
    other = tmp_path / "other"
    # Written in another order, at another time, with other modes.
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            write(other, {path.relative_to(folder).as_posix(): path.read_bytes()})
    for path in other.rglob("*.lua"):
        path.chmod(0o600)
        os.utime(path, (1_500_000_000, 1_500_000_000))
    assert packed(other) == first


def test_leaves_out_what_tools_leave_behind(folder: Path):
    before = packed(folder)
    write(folder, {".DS_Store": b"\0", "Content/._b.lua": b"\0", ".git/HEAD": b"ref", "__MACOSX/a": b""})
    out = io.BytesIO()
    assert pack(folder, out).left_out == (".DS_Store", ".git", "Content/._b.lua", "__MACOSX")
    assert out.getvalue() == before


def test_names_are_composed(folder: Path):
    write(folder, {"Content/u\u0308.lua": LUA})
    raw = packed(folder)
    assert "Content/ü.lua" in read_package(io.BytesIO(raw), len(raw)).paths


def refusal(folder: Path) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        packed(folder)
    assert caught.value.hint
    return caught.value


def test_refuses_a_folder_without_a_good_manifest(folder: Path):
    (folder / "manifest.json").write_bytes(b"{")
    assert refusal(folder).code == "json_syntax"
    (folder / "manifest.json").write_bytes(encoded(manifest(mod_id="../../x")))
    assert refusal(folder).code == "manifest_invalid"
    (folder / "manifest.json").unlink()
    assert refusal(folder).code == "manifest_missing"


def test_refuses_links(folder: Path):
    (folder / "Content/link.lua").symlink_to(folder / ENTRYPOINT)
    error = refusal(folder)
    assert (error.code, error.problems[0].path) == ("zip.kind", "Content/link.lua")


def test_refuses_what_the_profile_refuses(folder: Path):
    write(folder, {"Content/tool.exe": b"MZ\0"})
    error = refusal(folder)
    assert error.code == "content.executable"
    assert "Content/tool.exe" in error.message
