"""The reader of packages: the only code that opens an upload.

Headers first: end record, directory, names and every local header, a few kilobytes wherever they lie, so a
refusal by them costs the same for any size. Then one pass over the bytes from first to last, which unpacks
each member once and gives its kind, CRC and SHA-256 and the package's own SHA-256. Memory is bounded: no
member is ever held, `manifest.json` (at most 256 KiB) apart.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from accounts.errors import Problem
from uploads.package import attributes, headers, kinds, names
from uploads.package.content import Inspector, check_folders
from uploads.package.hashing import Hash
from uploads.package.layout import Directory, Entry, read_directory
from uploads.package.observing import Observer
from uploads.package.rules import DEFAULT, MAX_MANIFEST_BYTES, Findings, Profile, printable
from uploads.package.streams import CHUNK, BadStreamError, crc32, expand

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a package. Sizes are in bytes; `offset` is where its data begins in the package.

    `path` is what the package calls it, and made harmless (`rules.printable`) where the headers are refused.
    `sha256` and `kind` are empty where the member was not unpacked.
    """

    path: str
    size: int
    compressed: int
    crc: int
    sha256: str
    kind: str
    executable: bool
    method: int
    offset: int


@dataclass(frozen=True, slots=True)
class PackageReport:
    """What the reader found.

    `accepted`: the package keeps the profile. `complete`: every member was unpacked; where the headers
    refuse, nothing but the manifest is, and `sha256` (of the package) is empty. `counts` has how often each
    rule is broken; `problems` tells the first 20 of each.
    """

    accepted: bool
    complete: bool
    problems: tuple[Problem, ...]
    members: tuple[Member, ...]
    manifest_raw: bytes | None
    manifest_size: int | None
    sha256: str
    size: int
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def paths(self) -> frozenset[str]:
        """The paths of all files inside."""
        return frozenset(member.path for member in self.members)


def read_package(
    file: BinaryIO,
    size: int,
    profile: Profile = DEFAULT,
    observer: Observer | None = None,
    on_headers: Callable[[], None] | None = None,
    sha256: Callable[[], Hash] = hashlib.sha256,
) -> PackageReport:
    """Read the package of `size` bytes in `file`, which can seek. Never raises on hostile bytes.

    `observer` sees each file while it is unpacked; `on_headers` is called once the headers hold, before
    anything is unpacked, and never where they refuse; `sha256` makes the hashes (`hashing`). Errors of the
    storage itself (OSError) come through: they say nothing about the package.
    """
    found = Findings()
    directory = read_directory(file, size, profile, found)
    if directory is None:
        return _report(found, size)
    entries = directory.entries
    names.check_paths(entries, found)
    names.check_collisions(entries, found)
    attributes.check_kinds(entries, found)
    check_folders(entries, found)
    headers.check_entries(directory, size, profile, found)
    seamless = headers.walk(file, directory, found)
    if found.problems:
        manifest = _manifest_alone(file, entries) if seamless else None
        members = _unique(
            [_member(entry, path=printable(entry.path)) for entry in entries if not entry.folder]
        )
        return _report(found, size, members, manifest, _manifest_size(entries))
    if on_headers is not None:
        on_headers()
    return _read_data(file, size, directory, profile, found, observer, sha256)


def _read_data(
    file: BinaryIO,
    size: int,
    directory: Directory,
    profile: Profile,
    found: Findings,
    observer: Observer | None,
    sha256: Callable[[], Hash],
) -> PackageReport:
    package = sha256()

    def read(count: int) -> bytes:
        data = file.read(count)
        package.update(data)
        return data

    def skip_to(offset: int) -> None:
        while (gap := offset - package_at()) > 0:
            if not read(min(CHUNK, gap)):
                break

    package_at = file.tell
    file.seek(0)
    # Hashes are asked for at the end: they may be under way in another thread until then.
    unpacked: list[tuple[Entry, Hash | None, str]] = []
    manifest: bytes | None = None
    for entry in directory.entries:
        skip_to(entry.data_offset)
        if entry.folder:
            continue
        inspector = Inspector()
        digest = sha256()
        kept: list[bytes] = []
        lookers = [digest.update, inspector.feed]
        if _is_manifest(entry):
            lookers.append(kept.append)
        if observer is not None:
            observer.begin(entry.path, entry.size)
            lookers.append(observer.feed)
        try:
            _unpack(entry, read, lookers)
        except BadStreamError as error:
            found.add("zip.stream", str(error), entry.path)
            unpacked.append((entry, None, ""))
            kind = ""
        else:
            kind = inspector.judge(entry.path, profile, found)
            unpacked.append((entry, digest, kind))
            manifest = b"".join(kept) if _is_manifest(entry) else manifest
        if observer is not None:
            observer.end(kind)
    skip_to(size)
    members = [
        _member(entry, "" if digest is None else digest.hexdigest(), kind) for entry, digest, kind in unpacked
    ]
    return _report(found, size, members, manifest, _manifest_size(directory.entries), package.hexdigest())


def _unpack(entry: Entry, read: Callable[[int], bytes], lookers: Sequence[Callable[[bytes], object]]) -> None:
    """Show each piece of a member to everybody who looks. Raises BadStreamError, its CRC included."""
    crc = 0
    for piece in expand(read, entry.method, entry.compressed, entry.size):
        crc = crc32(piece, crc)
        for look in lookers:
            look(piece)
    if crc != entry.crc:
        raise BadStreamError(f"Its CRC is {crc:08x}, its header says {entry.crc:08x}.")


def _report(
    found: Findings,
    size: int,
    members: list[Member] | None = None,
    manifest: bytes | None = None,
    manifest_size: int | None = None,
    sha256: str = "",
) -> PackageReport:
    return PackageReport(
        accepted=not found.problems,
        complete=bool(sha256),
        problems=tuple(found.problems),
        members=tuple(members or ()),
        manifest_raw=manifest,
        manifest_size=manifest_size,
        sha256=sha256,
        size=size,
        counts=dict(found.counts),
    )


def _member(entry: Entry, sha256: str = "", kind: str = "", *, path: str = "") -> Member:
    return Member(
        path=path or entry.path,
        size=entry.size,
        compressed=entry.compressed,
        crc=entry.crc,
        sha256=sha256,
        kind=kind,
        executable=kind in kinds.EXECUTABLES,
        method=entry.method,
        offset=entry.data_offset,
    )


def _unique(members: list[Member]) -> list[Member]:
    """The first of each path: a refused package may say one twice, or cut two long ones to the same."""
    return list({member.path: member for member in reversed(members)}.values())[::-1]


def _is_manifest(entry: Entry) -> bool:
    return entry.path == MANIFEST and entry.size <= MAX_MANIFEST_BYTES


def _manifest_size(entries: list[Entry]) -> int | None:
    return next((entry.size for entry in entries if entry.path == MANIFEST), None)


def _manifest_alone(file: BinaryIO, entries: list[Entry]) -> bytes | None:
    """The manifest of a package that its headers refuse, so that its own mistakes are told at once too."""
    entry = next((entry for entry in entries if _is_manifest(entry)), None)
    if (
        entry is None
        or entry.flags & headers.ENCRYPTED
        or entry.method not in (headers.STORED, headers.DEFLATED)
    ):
        return None
    file.seek(entry.data_offset)
    try:
        raw = b"".join(expand(file.read, entry.method, entry.compressed, entry.size))
    except BadStreamError:
        return None
    return raw if len(raw) == entry.size and crc32(raw) == entry.crc else None
