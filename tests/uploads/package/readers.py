"""Other readers of packages: Python's, one that never looks at the directory, and programs from outside."""

import hashlib
import io
import os
import shutil
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest

from uploads.package import read_package

Files = dict[str, str]

TOOLS = {
    "unzip": ["unzip", "-q", "package.zip", "-d", "out"],
    "7z": ["7z", "x", "-y", "-oout", "package.zip"],
    "bsdtar": ["bsdtar", "-x", "-f", "package.zip", "-C", "out"],
}


def own(raw: bytes) -> Files:
    """The files of an accepted package by path with their SHA-256, as the portal reads them."""
    report = read_package(io.BytesIO(raw), len(raw))
    assert report.problems == ()
    return {member.path: member.sha256 for member in report.members}


def by_zipfile(raw: bytes) -> Files:
    """As Python reads them, CRCs checked."""
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        names = [info.orig_filename for info in package.infolist()]
        assert len(set(names)) == len(names)
        return {name: _digest(package.read(name)) for name in names if not name.endswith("/")}


def by_stream(raw: bytes) -> Files:
    """As a reader does that knows no directory, but goes from one member to the next."""
    files: Files = {}
    at = 0
    while raw[at : at + 4] == b"PK\3\4":
        flags, method = struct.unpack_from("<HH", raw, at + 6)
        packed, _, names, extras = struct.unpack_from("<LLHH", raw, at + 18)
        name = raw[at + 30 : at + 30 + names].decode()
        at += 30 + names + extras
        if method == 0:
            data, at = raw[at : at + packed], at + packed
        else:
            inflater = zlib.decompressobj(-15)
            data = inflater.decompress(raw[at:]) + inflater.flush()
            assert inflater.eof
            at = len(raw) - len(inflater.unused_data)
        if flags & 8:
            assert struct.unpack_from("<4sL4xL", raw, at) == (b"PK\7\x08", zlib.crc32(data), len(data))
            at += 16
        assert name not in files
        if not name.endswith("/"):
            files[name] = _digest(data)
    assert raw[at : at + 4] == b"PK\1\2"
    return files


def by_tool(tool: str, raw: bytes, folder: Path) -> Files:
    """As a program from outside extracts them into `folder`, which is empty. Skips where it is not installed."""
    if shutil.which(tool) is None:
        if os.environ.get("SMMODS_REQUIRE_SERVICES") == "1":
            pytest.fail(f"{tool} is required here and not installed (make services installs it)")
        pytest.skip(f"{tool} is not installed")
    (folder / "package.zip").write_bytes(raw)
    (folder / "out").mkdir()
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    subprocess.run(TOOLS[tool], cwd=folder, check=True, capture_output=True, env=environment)
    return {
        path.relative_to(folder / "out").as_posix(): _digest(path.read_bytes())
        for path in (folder / "out").rglob("*")
        if path.is_file()
    }


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
