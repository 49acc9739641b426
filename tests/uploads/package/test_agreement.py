"""What this reader accepts, every other reader opens as the same files with the same bytes."""

import hashlib
import io
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.packages import LUA, Part, deflate, descriptor_of, extra, good_parts, mod, png, with_parts, zip_of
from uploads.package import read_package

ACCEPTED = {
    "mod": mod(
        files={"Content/logo.png": png(), "Content/größe.lua": LUA, "Content/日本.txt": b"text"}
    ).package,
    "stored": with_parts(Part("Content/stored.lua", LUA, method=0), Part("Content/empty.lua", method=0)),
    "descriptors": with_parts(
        Part(
            "Content/a.lua",
            LUA,
            flags=8,
            descriptor=descriptor_of(LUA, deflate(LUA)),
            local={"crc": 0, "compressed": 0, "size": 0},
        )
    ),
    "folders": zip_of([Part("Content/", method=0, attributes=0o040755 << 16 | 0x10), *good_parts()]),
    "extras": with_parts(Part("Content/a.lua", LUA, extra=extra(0x5455, b"\1" + bytes(4)))),
    "a ZIP's marks inside": with_parts(Part("Content/a.ucas", b"\0PK\3\4PK\1\2PK\5\6" * 50, method=0)),
}

TOOLS = {
    "unzip": ["unzip", "-q", "package.zip", "-d", "out"],
    "7z": ["7z", "x", "-y", "-oout", "package.zip"],
    "bsdtar": ["bsdtar", "-x", "-f", "package.zip", "-C", "out"],
}


def own_reading(raw: bytes) -> dict[str, str]:
    report = read_package(io.BytesIO(raw), len(raw))
    assert report.problems == ()
    return {member.path: member.sha256 for member in report.members}


def extracted(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("raw", ACCEPTED.values(), ids=ACCEPTED)
def test_zipfile_reads_the_same(raw: bytes):
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        assert package.testzip() is None
        files = {
            name: hashlib.sha256(package.read(name)).hexdigest()
            for name in package.namelist()
            if not name.endswith("/")
        }
    assert files == own_reading(raw)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("raw", ACCEPTED.values(), ids=ACCEPTED)
def test_other_programs_read_the_same(raw: bytes, tool: str, tmp_path: Path):
    if shutil.which(tool) is None:
        if os.environ.get("SMMODS_REQUIRE_SERVICES") == "1":
            pytest.fail(f"{tool} is required here and not installed (make services installs it)")
        pytest.skip(f"{tool} is not installed")
    (tmp_path / "package.zip").write_bytes(raw)
    (tmp_path / "out").mkdir()
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    subprocess.run(TOOLS[tool], cwd=tmp_path, check=True, capture_output=True, env=environment)
    assert extracted(tmp_path / "out") == own_reading(raw)
