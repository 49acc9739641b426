"""Unpacking a package into a folder of its own: safely, wholly or not at all.

Rules
- Every member lands inside the folder: no absolute path, no `..`, no drive letter, backslash or control
  character, no symlink or device, no two members with one name where case does not count.
- At most 10,000 members and 400 MiB; a member that yields more than it declares is refused.
- The package says itself which mod and version it is (`manifest.json`), and must be the one that was asked for.
- The folder appears by rename when all of it is written; what was there before goes then, and not earlier.
"""

import json
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from catalog.client.errors import ClientError
from catalog.client.sources import PIECE

MAX_MEMBERS = 10_000
MAX_TOTAL = 400 * 1024 * 1024
MAX_MANIFEST = 256 * 1024


def unpack(package: Path, folder: Path, *, mod_id: str, version: str) -> tuple[str, ...]:
    """Write the package's files to `folder`, in place of what is there; returns their paths.

    Raises ClientError: `unsafe_package` or `wrong_package`.
    """
    new = folder.with_name(f".{folder.name}.new")
    old = folder.with_name(f".{folder.name}.old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        with zipfile.ZipFile(package) as archive:
            members = _members(archive)
            _is_wanted(archive, mod_id, version)
            for info, path in members:
                _write(archive, info, new.joinpath(*path.parts))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        shutil.rmtree(new)
        raise ClientError("unsafe_package", f"{package.name} can't be unpacked: {error}") from error
    except ClientError:
        shutil.rmtree(new)
        raise
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return tuple(str(path) for _, path in members)


def _members(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The files, each with the path that it will have. Raises ClientError for the first unsafe one."""
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise ClientError("unsafe_package", f"The package has {len(infos):,} members.")
    if sum(info.file_size for info in infos) > MAX_TOTAL:
        raise ClientError("unsafe_package", "The package is too large when unpacked.")
    found: list[tuple[zipfile.ZipInfo, PurePosixPath]] = []
    taken: set[str] = set()
    for info in infos:
        path = _safe_path(info)
        if str(path).casefold() in taken:
            raise ClientError("unsafe_package", f"{info.filename!r} is in the package twice.")
        taken.add(str(path).casefold())
        if not info.is_dir():
            found.append((info, path))
    files = {str(path).casefold() for _, path in found}
    for _, path in found:
        if any(str(above).casefold() in files for above in path.parents):
            raise ClientError("unsafe_package", f"{path} lies inside a file.")
    return found


def _safe_path(info: zipfile.ZipInfo) -> PurePosixPath:
    # zipfile turns backslashes into slashes on Windows and cuts at NUL; what is judged is the raw name.
    name = info.orig_filename
    parts = name.rstrip("/").split("/")
    if not name or any(part in ("", ".", "..") or part.endswith((".", " ")) for part in parts):
        raise ClientError("unsafe_package", f"{name!r} leads out of its folder.")
    if any(ord(character) < 32 or character in '\\:*?"<>|\x7f' for character in name):
        raise ClientError("unsafe_package", f"{name!r} has a character that a path may not have.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ClientError("unsafe_package", f"{name!r} is neither a file nor a folder.")
    return PurePosixPath(*parts)


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(info) as member, path.open("xb") as file:
        while piece := member.read(PIECE):
            written += len(piece)
            if written > info.file_size:
                raise ClientError("unsafe_package", f"{info.filename!r} is larger than it says.")
            file.write(piece)


def _is_wanted(archive: zipfile.ZipFile, mod_id: str, version: str) -> None:
    """Refuse a package that says that it is another mod or version."""
    try:
        with archive.open("manifest.json") as member:
            manifest = json.loads(member.read(MAX_MANIFEST).decode("utf-8"))
        said = (manifest["id"], manifest["version"])
    except (KeyError, TypeError, ValueError) as error:
        raise ClientError("wrong_package", f"The package's manifest can't be read: {error}") from error
    if said != (mod_id, version):
        raise ClientError("wrong_package", f"This is {said[0]} {said[1]}, not {mod_id} {version}.")
