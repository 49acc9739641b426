"""Writing packages: deterministic, and in the profile.

The same folder always gives the same bytes: members sorted by path, one fixed time, one compression level
(zlib's default), the same mode for each file, nothing from the machine that packs.
"""

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from accounts.errors import Problem, RefusedError
from accounts.strict_json import loads
from catalog import schema_registry
from uploads.package.content import left_behind
from uploads.package.reader import MANIFEST, read_package
from uploads.package.rules import MAX_MANIFEST_BYTES
from uploads.package.streams import CHUNK
from uploads.package.writing import write_package

MANIFEST_SCHEMA = "starminer.mod-manifest.v1"


@dataclass(frozen=True, slots=True)
class PackResult:
    """A packed mod: its identity, the package's name, SHA-256 and size in bytes, and what was left out."""

    mod_id: str
    version: str
    file_name: str
    sha256: str
    size: int
    members: int
    left_out: tuple[str, ...]


def pack(directory: Path, out: BinaryIO) -> PackResult:
    """Write the folder as a package into `out`, an empty file that can seek and be read.

    What systems and tools leave behind (`.DS_Store`, `.git`) is left out. Raises RefusedError where the
    folder has no readable manifest, holds a link or something that is no file, or where the result does not
    keep the profile.
    """
    manifest = _manifest(directory)
    files, left_out = _files(directory)
    size = write_package(
        out, ((path, source.stat().st_size, _pieces(source)) for path, source in sorted(files.items()))
    )
    report = read_package(out, size)
    if not report.accepted:
        first = report.problems[0]
        raise RefusedError(first.code, f"{first.path}: {first.message}", first.hint, problems=report.problems)
    mod_id, version = manifest
    return PackResult(
        mod_id, version, f"{mod_id}-v{version}.zip", report.sha256, size, len(report.members), tuple(left_out)
    )


def _pieces(source: Path) -> Iterator[bytes]:
    with source.open("rb") as content:
        while piece := content.read(CHUNK):
            yield piece


def _manifest(directory: Path) -> tuple[str, str]:
    path = directory / MANIFEST
    if not path.is_file():
        raise RefusedError(
            "manifest_missing",
            f"There is no {MANIFEST} in {directory}.",
            "Name the folder that has manifest.json at its top.",
        )
    with path.open("rb") as file:
        document: Any = loads(file.read(MAX_MANIFEST_BYTES + 1), limit=MAX_MANIFEST_BYTES)
    problems = schema_registry.problems(MANIFEST_SCHEMA, document)
    if problems:
        raise RefusedError(
            "manifest_invalid",
            f"{MANIFEST} does not fit: {problems[0].message}",
            problems[0].hint,
            problems=problems,
        )
    return document["id"], document["version"]


def _files(directory: Path) -> tuple[dict[str, Path], list[str]]:
    files: dict[str, Path] = {}
    left_out: list[str] = []
    for folder, folders, names in os.walk(directory):
        here = Path(folder)
        for name in sorted(folders + names):
            source = here / name
            path = unicodedata.normalize("NFC", source.relative_to(directory).as_posix())
            if left_behind(path):
                left_out.append(path)
            elif source.is_symlink() or not (source.is_file() or source.is_dir()):
                problem = Problem(
                    "zip.kind", "It is a link, or no file.", "Replace it by the file itself.", path=path
                )
                raise RefusedError(
                    problem.code, f"{path}: {problem.message}", problem.hint, problems=[problem]
                )
            elif source.is_file():
                files[path] = source
        folders[:] = [name for name in folders if not left_behind(name)]
    return files, sorted(left_out)
