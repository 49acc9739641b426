"""Repack for me: the conforming package that says the same as one which a harmless tool spoiled.

Rules
- Read leniently and without doubt (`lenient`, `lenient_headers`), named portably (`mending`), unpacked within
  the profile's bounds to the byte and with the right CRC, written by the writer of `pack`: the same tree gives
  the same SHA-256 as `manage.py pack` does.
- Nothing that a person must decide is decided here; it is refused with its code, place and hint.
- What is inside stays as it is. The profile judges the new package like any other.

Everything here may run where nothing else is at hand: a child process that has the two files and no more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from accounts.errors import RefusedError
from uploads.package.changes import Change, Changes
from uploads.package.lenient import Loose, read_directory, refused
from uploads.package.lenient_headers import read_locals
from uploads.package.mending import Mended, mend
from uploads.package.reader import PackageReport, read_package
from uploads.package.rules import ALLOWED_ENDINGS, DEFAULT, Profile
from uploads.package.streams import BadStreamError, crc32, expand
from uploads.package.writing import write_package

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Repacked:
    """A package that was written anew.

    `changes` are told, `more_changes` counted; `before` and `after` are numbers of files; `report` is the
    profile's on the new package, whose SHA-256 and size it has.
    """

    changes: tuple[Change, ...]
    more_changes: int
    before: int
    after: int
    report: PackageReport


@dataclass(frozen=True, slots=True)
class Plan:
    """What repacking would write, before anything is unpacked."""

    files: list[Mended]
    changes: Changes
    before: int


def plan(file: BinaryIO, size: int, profile: Profile = DEFAULT) -> Plan:
    """What repacking the package of `size` bytes in `file` would change. Reads headers only.

    Raises RefusedError with a code that begins with `repack_`.
    """
    changes = Changes()
    entries, directory = read_directory(file, size, profile, changes)
    read_locals(file, entries, directory, changes)
    files = mend(entries, changes)
    _ensure_bounded(files, size, profile)
    if not changes.mends:
        raise refused(
            "repack_nothing_to_mend",
            "Repacking would change nothing that the rules ask for.",
            "Mend what the report names, and make the ZIP again.",
        )
    return Plan(files, changes, len(entries))


def repack(source: BinaryIO, size: int, sink: BinaryIO, profile: Profile = DEFAULT) -> Repacked:
    """Write the package of `size` bytes in `source` anew into `sink`, an empty file that can seek and be read.

    Raises RefusedError as `plan` does, and `repack_stream` where a member can't be unpacked.
    """
    planned = plan(source, size, profile)
    written = write_package(
        sink,
        (
            (file.path, file.source.size, _content(source, file.source, sink, profile))
            for file in planned.files
        ),
    )
    report = read_package(sink, written, profile)
    told, more = planned.changes.told()
    return Repacked(tuple(told), more, planned.before, len(planned.files), report)


def repack_task(order: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """`repack` for a caller in another process: plain values in and out, a refusal among them.

    The order has `size` in bytes and may have `maxPackage` and `allowed` (endings); without a sink nothing
    is written, and the answer is that of the plan alone.
    """
    profile = Profile(
        max_package=int(order.get("maxPackage", DEFAULT.max_package)),
        allowed=frozenset(order.get("allowed", ALLOWED_ENDINGS)),
    )
    try:
        if sink is None:
            planned = plan(source, int(order["size"]), profile)
            told, more = planned.changes.told()
            return _document(told, more, planned.before, len(planned.files))
        done = repack(source, int(order["size"]), sink, profile)
    except RefusedError as error:
        problem = error.problems[0]
        return _document([], 0, 0, 0) | {"possible": False, "refused": _told(problem.as_dict())}
    return _document(done.changes, done.more_changes, done.before, done.after) | {
        "accepted": done.report.accepted,
        "sha256": done.report.sha256,
        "sizeBytes": done.report.size,
        "problems": [_told(problem.as_dict()) for problem in done.report.problems],
    }


def _told(problem: dict[str, str]) -> Json:
    return {key: problem[key] for key in ("code", "message", "hint", "path")}


def _document(changes: list[Change] | tuple[Change, ...], more: int, before: int, after: int) -> Json:
    return {
        "possible": True,
        "accepted": False,
        "refused": None,
        "changes": list(changes),
        "moreChanges": more,
        "membersBefore": before,
        "filesAfter": after,
        "sha256": "",
        "sizeBytes": 0,
        "problems": [],
    }


def _ensure_bounded(files: list[Mended], size: int, profile: Profile) -> None:
    total = sum(file.source.size for file in files)
    largest = max(files, key=lambda file: file.source.size)
    message = ""
    if len(files) > profile.max_members:
        message = f"The package has {len(files):,} files; at most {profile.max_members:,} are taken."
    elif largest.source.size > profile.max_member:
        message = f"A file unpacks to {largest.source.size:,} bytes; one may have {profile.max_member:,}."
    elif total > profile.max_unpacked:
        message = f"The package unpacks to {total:,} bytes; at most {profile.max_unpacked:,} are taken."
    elif total > profile.ratio_from and total > size * profile.max_ratio:
        message = f"The package unpacks to {total // size} times its size."
    if message:
        raise refused(
            "repack_too_large",
            message,
            "Split the mod, or leave out what the game does not need.",
            largest.path if largest.source.size > profile.max_member else "",
        )


def _content(source: BinaryIO, entry: Loose, sink: BinaryIO, profile: Profile) -> Iterator[bytes]:
    """A member's bytes, to the byte and with the right CRC. Raises RefusedError `repack_stream`."""
    source.seek(entry.data_offset)
    crc = 0
    try:
        for piece in expand(source.read, entry.method, entry.compressed, entry.size):
            if sink.tell() > profile.max_package:
                raise refused(
                    "repack_too_large",
                    f"Packed anew it has more than {profile.max_package:,} bytes.",
                    "Leave out what the game does not need, or split the mod.",
                )
            crc = crc32(piece, crc)
            yield piece
        if crc != entry.crc:
            raise BadStreamError(f"Its CRC is {crc:08x}, its header says {entry.crc:08x}.")
    except BadStreamError as error:
        raise refused(
            "repack_stream",
            str(error),
            "The file is damaged. Pack it again and upload the new file.",
            entry.shown,
        ) from error
