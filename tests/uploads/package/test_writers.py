"""Packages by other programs: each is taken, or Repack for me makes one of it that is.

Rules
- The programs that are at hand are run; the samples in `writers/` were written once by libraries of Node
  (`writers/make.js` says how); shapes that no program here writes are built field by field and say what they
  imitate.
- Whatever wrote it, the files and their bytes come out as they went in.
"""

import hashlib
import io
import os
import shutil
import struct
import subprocess
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest

from tests.packages import ENTRYPOINT, LUA, Part, deflate, descriptor_of, encoded, extra, manifest, zip_of
from uploads.package import read_package
from uploads.package.repack import repack_task

UMLAUT = "Content/größe.lua"
TREE = {
    "manifest.json": encoded(manifest()),
    ENTRYPOINT: LUA,
    "LICENSE": b"MIT License\n",
    UMLAUT: LUA,
}
HASHES = {path: hashlib.sha256(data).hexdigest() for path, data in TREE.items()}
SAMPLES = Path(__file__).parent / "writers"

ENVIRONMENT = os.environ | {"LC_ALL": "C.UTF-8"}
#: Run in the folder of the mod; `{out}` is the file to write.
COMMANDS: dict[str, list[str]] = {
    "zip": ["zip", "-q", "-r", "{out}", "."],
    "zip without extra fields": ["zip", "-q", "-r", "-X", "-D", "{out}", "."],
    "zip, stored": ["zip", "-q", "-r", "-0", "{out}", "."],
    "zip, ZIP64": ["zip", "-q", "-r", "-fz", "{out}", "."],
    "zip into a pipe": ["sh", "-c", "zip -q -r - . | cat > {out}"],
    "zip of a folder": ["sh", "-c", "cd .. && zip -q -r {out} mod"],
    "zip with a comment": ["sh", "-c", "echo made by zip | zip -q -r -z {out} . > /dev/null"],
    "7z": ["7z", "a", "-tzip", "-bd", "{out}", "."],
    "7z, best": ["7z", "a", "-tzip", "-mx=9", "-mcu=on", "-bd", "{out}", "."],
    "7z of a folder": ["7z", "a", "-tzip", "-bd", "{out}", "../mod"],
    "bsdtar": ["bsdtar", "--format", "zip", "-c", "-f", "{out}", "."],
    "bsdtar, stored": [
        "bsdtar",
        "--format",
        "zip",
        "--options",
        "zip:compression=store",
        "-c",
        "-f",
        "{out}",
        ".",
    ],
    "jar": ["jar", "--create", "--no-manifest", "--file", "{out}", "-C", ".", "."],
    "java.util.zip": ["java", str(SAMPLES / "Pack.java"), ".", "{out}"],
}
REFUSED: dict[str, tuple[str, list[str]]] = {
    "7z, Deflate64": ("repack_method", ["7z", "a", "-tzip", "-mm=Deflate64", "-bd", "{out}", "."]),
    "7z, LZMA": ("repack_method", ["7z", "a", "-tzip", "-mm=LZMA", "-bd", "{out}", "."]),
    "7z, encrypted": ("repack_encrypted", ["7z", "a", "-tzip", "-psecret", "-bd", "{out}", "."]),
    "7z, AES": ("repack_encrypted", ["7z", "a", "-tzip", "-psecret", "-mem=AES256", "-bd", "{out}", "."]),
    "7z, not a ZIP": ("repack_unreadable", ["7z", "a", "-t7z", "-bd", "{out}", "."]),
    "zip with a link": ("repack_link", ["sh", "-c", "ln -s LICENSE link.txt && zip -q -r -y {out} ."]),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, data in TREE.items():
        (tmp_path / "mod" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mod" / path).write_bytes(data)
    return tmp_path / "mod"


def written_by(command: list[str], folder: Path) -> bytes:
    """What the command writes; skipped, naming it, where the program is not installed."""
    tool = "zip" if command[0] == "sh" else command[0]
    if shutil.which(tool) is None:
        if os.environ.get("SMMODS_REQUIRE_SERVICES") == "1":
            pytest.fail(f"{tool} is required here and not installed (make services installs it)")
        pytest.skip(f"{tool} is not installed")
    out = folder.parent / "package.zip"
    filled = [part.replace("{out}", str(out)) for part in command]
    subprocess.run(filled, cwd=folder, check=True, capture_output=True, env=ENVIRONMENT)
    return out.read_bytes()


def taken(raw: bytes) -> dict[str, str]:
    """The files of the package, or of what Repack for me makes of it; both must keep the profile."""
    report = read_package(io.BytesIO(raw), len(raw))
    if not report.accepted or "manifest.json" not in report.paths:
        out = io.BytesIO()
        document = repack_task({"size": len(raw)}, io.BytesIO(raw), out)
        assert document["accepted"], document
        assert document["changes"]
        report = read_package(out, document["sizeBytes"])
    assert report.accepted, report.problems
    return {member.path: member.sha256 for member in report.members}


@pytest.mark.parametrize("name", COMMANDS)
def test_programs(name: str, folder: Path) -> None:
    assert taken(written_by(COMMANDS[name], folder)) == HASHES


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_repacking_can_mend_says_so(name: str, folder: Path) -> None:
    code, command = REFUSED[name]
    raw = written_by(command, folder)
    assert not read_package(io.BytesIO(raw), len(raw)).accepted
    document = repack_task({"size": len(raw)}, io.BytesIO(raw), io.BytesIO())
    assert document["refused"]["code"] == code
    assert document["refused"]["hint"]


@pytest.mark.parametrize("sample", sorted(path.name for path in SAMPLES.glob("*.zip")))
def test_libraries_of_node(sample: str) -> None:
    assert taken((SAMPLES / sample).read_bytes()) == HASHES


class Pipe(io.BytesIO):
    """A file that can't seek, so that its writer must use data descriptors."""

    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = 0) -> int:
        raise OSError("this is a pipe")

    def tell(self) -> int:
        raise OSError("this is a pipe")


def _python(out: io.BytesIO, method: int = zipfile.ZIP_DEFLATED, *, zip64: bool = False) -> bytes:
    with zipfile.ZipFile(out, "w", method) as package:
        for path, data in TREE.items():
            with package.open(path, "w", force_zip64=zip64) as member:
                member.write(data)
    return out.getvalue()


def _python_with_backslashes() -> bytes:
    """`str(PureWindowsPath(…))` as a member's name, which zipfile keeps as it is on other systems."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for path, data in TREE.items():
            info = zipfile.ZipInfo("x")
            info.filename = str(PureWindowsPath(path))
            package.writestr(info, data)
    return out.getvalue()


def _python_with_comment() -> bytes:
    out = io.BytesIO()
    _python(out)
    with zipfile.ZipFile(out, "a") as package:
        package.comment = b"made by Python"
    return out.getvalue()


def _python_archive(folder: Path) -> bytes:
    return Path(shutil.make_archive(str(folder.parent / "made"), "zip", folder.parent, "mod")).read_bytes()


PYTHON: dict[str, Callable[[], bytes]] = {
    "deflated": lambda: _python(io.BytesIO()),
    "stored": lambda: _python(io.BytesIO(), zipfile.ZIP_STORED),
    "ZIP64": lambda: _python(io.BytesIO(), zip64=True),
    "into a pipe": lambda: _python(Pipe()),
    "stored into a pipe": lambda: _python(Pipe(), zipfile.ZIP_STORED),
    "ZIP64 into a pipe": lambda: _python(Pipe(), zip64=True),
    "Windows paths": _python_with_backslashes,
    "a comment": _python_with_comment,
}


@pytest.mark.parametrize("how", PYTHON)
def test_python(how: str) -> None:
    assert taken(PYTHON[how]()) == HASHES


def test_pythons_make_archive(folder: Path) -> None:
    assert taken(_python_archive(folder)) == HASHES


def _streamed(name: str | bytes, data: bytes, **fields: Any) -> Part:
    """A member as writers leave it that learn sizes last: empty in the local header, told by a descriptor."""
    empty = {"crc": 0, "compressed": 0, "size": 0} | fields.pop("local", {})
    descriptor = descriptor_of(data, deflate(data))
    return Part(name, data, flags=8 | fields.pop("flags", 0), descriptor=descriptor, local=empty, **fields)


def _ditto() -> bytes:
    """macOS's `ditto -c -k --keepParent` and Finder's "Compress": descriptors, an Info-ZIP Unix field, names in
    decomposed UTF-8 that no flag marks, the folder on top, a shadow of each file below `__MACOSX`."""
    owner = extra(0x5855, bytes(8))
    parts = [Part("my-mod/", method=0, attributes=0o040755 << 16, extra=owner)]
    for path, data in TREE.items():
        raw = unicodedata.normalize("NFD", f"my-mod/{path}").encode()
        top, _, name = f"my-mod/{path}".rpartition("/")
        parts.append(_streamed(raw, data, extra=owner))
        shadow = unicodedata.normalize("NFD", f"__MACOSX/{top}/._{name}").encode()
        parts.append(_streamed(shadow, b"\0\5\x16\7\0\2\0\0Mac OS X        ", extra=owner))
    parts.append(_streamed("my-mod/.DS_Store", b"\0\0\0\1Bud1", extra=owner))
    return zip_of(parts)


def _explorer() -> bytes:
    """Windows Explorer's "compressed folder": attributes of MS-DOS, version 2.0, the folder on top, a name that
    is not ASCII in the machine's code page, Thumbs.db."""
    dos = {"attributes": 0x20}
    parts = [Part(f"my-mod/{path}".encode("cp437"), data, **dos) for path, data in TREE.items()]
    return zip_of([*parts, Part("my-mod/Content/Thumbs.db", b"\xd0\xcf\x11\xe0", **dos)])


def _explorer_of_windows_11() -> bytes:
    """Explorer since 23H2, which writes by libarchive: descriptors, UTF-8 marked, times in extra fields."""
    times = extra(0x000A, bytes(4) + struct.pack("<HH", 1, 24) + bytes(24))
    return zip_of(
        [
            _streamed(path.encode(), data, flags=0x800, attributes=0x20, central={"extra": times})
            for path, data in TREE.items()
        ]
    )


def _old_dotnet() -> bytes:
    """.NET Framework before 4.6.1, `ZipFile.CreateFromDirectory`: backslashes, no attributes."""
    return zip_of(
        [
            Part(path.replace("/", "\\").encode(), data, flags=0x800, attributes=0)
            for path, data in TREE.items()
        ]
    )


def _dotnet() -> bytes:
    """.NET's `ZipArchive` into a stream that can't seek: descriptors on stored members too."""
    stored = TREE["LICENSE"]
    return zip_of(
        [
            *(_streamed(path.encode(), data, flags=0x800) for path, data in TREE.items() if data != stored),
            Part(
                "LICENSE",
                stored,
                method=0,
                flags=8,
                descriptor=descriptor_of(stored, stored),
                local={"crc": 0, "compressed": 0, "size": 0},
            ),
        ]
    )


def _go() -> bytes:
    """Go's `archive/zip`: descriptors on everything, an extended timestamp in the directory too."""
    times = extra(0x5455, b"\1" + bytes(4))
    return zip_of([_streamed(path.encode(), data, flags=0x800, extra=times) for path, data in TREE.items()])


def _github() -> bytes:
    """GitHub's "Download ZIP" (git archive): the commit in a comment, everything below one folder."""
    raw = zip_of(
        [
            Part("my-mod-main/", method=0, attributes=0x10, extra=extra(0x5455, b"\1" + bytes(4))),
            *(Part(f"my-mod-main/{path}", data, attributes=0) for path, data in TREE.items()),
            Part("my-mod-main/.gitignore", b"*.zip\n", attributes=0),
        ]
    )
    commit = b"0123456789abcdef0123456789abcdef01234567"
    return raw[:-2] + struct.pack("<H", len(commit)) + commit


def _info_zip_on_windows() -> bytes:
    """Info-ZIP on Windows: a name in the machine's code page, its Unicode in an extra field."""
    parts = []
    for path, data in TREE.items():
        raw = path.encode("cp850")
        field = extra(0x7075, b"\x01" + struct.pack("<L", zlib.crc32(raw)) + path.encode())
        parts.append(Part(raw, data, extra=b"" if path.isascii() else field))
    return zip_of(parts)


SHAPES = {
    "ditto": _ditto,
    "Explorer": _explorer,
    "Explorer of Windows 11": _explorer_of_windows_11,
    ".NET Framework": _old_dotnet,
    ".NET": _dotnet,
    "Go": _go,
    "GitHub": _github,
    "Info-ZIP on Windows": _info_zip_on_windows,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_programs_that_are_not_here(shape: str) -> None:
    assert taken(SHAPES[shape]()) == HASHES
