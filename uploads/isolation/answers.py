"""What an inspection may answer: its form by `inspection.schema.json`, its sense here. The child is not believed.

It opened hostile bytes, so it may be anybody by now. What is checked: that the answer agrees with itself, with
the package's size, with the profile and with the table of rules; that paths are unique and members lie inside the
package one after the other; that hashes are hashes. Whoever hashed the bytes compares `sha256` besides. What
a lie could still do is to call a bad package good; against that stand confinement and, after approval, people.
"""

import base64
import binascii
import hashlib
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

from accounts.errors import Problem
from uploads.package.kinds import EXECUTABLES
from uploads.package.reader import MANIFEST, Member, PackageReport
from uploads.package.rules import MAX_MANIFEST_BYTES, RULES, Profile, printable
from uploads.signals.document import signals_from
from uploads.signals.found import Signal

Json = dict[str, Any]

_SCHEMA = Path(__file__).with_name("inspection.schema.json")
_TOLD = 20


class NonsenseError(ValueError):
    """The answer is none that an honest child gives; the text says in which way."""


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(_SCHEMA.read_bytes()))


def ensure_form(answer: Json) -> None:
    """Raise NonsenseError unless the answer has the schema's form."""
    if not _validator().is_valid(answer):
        error = next(iter(_validator().iter_errors(answer)))
        raise NonsenseError(f"at {list(error.instance_path)[:4]}: {error.kind}"[:300])


def report_of(answer: Json, size: int, profile: Profile, *, headers: bool) -> PackageReport:
    """The report in an answer that has the form, on a package of `size` bytes.

    `headers` is whether the child said before that they hold. Raises NonsenseError.
    """
    told = answer["report"]
    members = tuple(_member(row) for row in told["members"])
    report = PackageReport(
        accepted=told["accepted"],
        complete=told["complete"],
        problems=tuple(Problem(**problem) for problem in told["problems"]),
        members=members,
        manifest_raw=_bytes(told["manifest"]),
        manifest_size=told["manifestSize"],
        sha256=told["sha256"],
        size=told["size"],
        counts=told["counts"],
    )
    _ensure(report.size == size, "it speaks of another size")
    _ensure(report.complete == headers, "headers and data say different things")
    _ensure(report.complete == bool(report.sha256), "it is complete without a hash, or has one and is not")
    _check_problems(report)
    _check_members(report, profile)
    _check_manifest(report)
    return report


def signals_of(answer: Json, report: PackageReport) -> list[Signal]:
    """The signals in an answer, each with a place in the package that there is. Raises NonsenseError."""
    try:
        signals = signals_from(answer["signals"])
    except ValueError as error:
        raise NonsenseError(str(error)) from error
    paths = {printable(path) for path in report.paths}
    _ensure(all(not s.path or s.path in paths for s in signals), "a signal lies in no file of the package")
    return signals


def _check_problems(report: PackageReport) -> None:
    told = Counter(problem.code for problem in report.problems)
    _ensure(report.accepted == (not told), "it is accepted with problems, or refused without")
    _ensure(not report.accepted or report.complete, "it is accepted unopened")
    _ensure(told.keys() == report.counts.keys() and told.keys() <= RULES.keys(), "it breaks unknown rules")
    honest = all(count == min(_TOLD, report.counts[code]) for code, count in told.items())
    _ensure(honest, "it tells other problems than it counts")


def _check_members(report: PackageReport, profile: Profile) -> None:
    members = report.members
    _ensure(len(report.paths) == len(members), "a path stands twice")
    _ensure(len(members) <= profile.max_members, "it has too many members")
    for member in members:
        _ensure(bool(member.sha256) == bool(member.kind), "a member has a kind without a hash")
        _ensure(not member.sha256 or report.complete, "a member was unpacked and the package was not")
    if report.complete:
        _check_places(report)
    if not report.accepted:
        return
    _ensure(bool(members) and all(member.sha256 for member in members), "a member was not unpacked")
    _ensure(sum(member.size for member in members) <= profile.max_unpacked, "it unpacks to too much")
    for member in members:
        _ensure(member.size <= profile.max_member, "a member is too large")
        _ensure(member.method in (0, 8), "a member is packed by an unknown method")
        _ensure(member.method == 8 or member.compressed == member.size, "a stored member has two sizes")


def _check_places(report: PackageReport) -> None:
    at = 0
    for member in report.members:
        _ensure(member.offset > at, "members overlap")
        at = member.offset + member.compressed
    _ensure(at < report.size, "members lie beyond the end")


def _check_manifest(report: PackageReport) -> None:
    raw = report.manifest_raw
    member = next((member for member in report.members if member.path == MANIFEST), None)
    _ensure((member is None) == (report.manifest_size is None), "a manifest is there and is not")
    _ensure(member is None or member.size == report.manifest_size, "the manifest has two sizes")
    if raw is None:
        there = report.accepted and member is not None and member.size <= MAX_MANIFEST_BYTES
        _ensure(not there, "the manifest was not read")
        return
    _ensure(len(raw) == report.manifest_size and len(raw) <= MAX_MANIFEST_BYTES, "the manifest has two sizes")
    if member is not None and member.sha256:
        _ensure(
            hashlib.sha256(raw).hexdigest() == member.sha256, "the manifest is not the one that was hashed"
        )


def _member(row: list[Any]) -> Member:
    path, size, compressed, crc, sha256, kind, method, offset = row
    return Member(path, size, compressed, crc, sha256, kind, kind in EXECUTABLES, method, offset)


def _bytes(text: str | None) -> bytes | None:
    try:
        return None if text is None else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NonsenseError("the manifest is no Base64") from error


def _ensure(sensible: bool, otherwise: str) -> None:
    if not sensible:
        raise NonsenseError(otherwise)
