"""The task "inspect": read a package by its profile, look for signals beside that, and tell both as JSON.

`headers` is said as soon as they hold, before anything is unpacked. `answers` in the parent reads all of it.
"""

import base64
import hashlib
from typing import Any, BinaryIO

from uploads.isolation.child_channel import say
from uploads.package.hashing import Beside
from uploads.package.reader import PackageReport, read_package
from uploads.package.rules import Profile
from uploads.scanners import yara
from uploads.signals.examine import Examiner

Json = dict[str, Any]


_rules: list[yara.Rules] = []
_hashing: list[Beside] = []


def warm(parcel: bytes) -> None:
    """Start the thread that hashes; take the compiled YARA rules, and let the engine start its own.

    The engine's watches the time of its scans. No thread can be started later.
    """
    _hashing.append(Beside())
    if parcel:
        _rules.append(yara.Rules.unpacked(parcel))
        for _ in _rules[0].scan(b"", ""):
            pass


def inspect_task(asked: Json, source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Inspect the package of `asked["size"]` bytes by the numbers of `asked["profile"]`.

    Where no rules came along (`warm`), everything but the profile is left out.
    """
    del sink
    numbers = asked["profile"]
    profile = Profile(**(numbers | {"allowed": frozenset(numbers["allowed"])}))
    examiner = Examiner(_rules[0]) if _rules else None
    report = read_package(
        source,
        asked["size"],
        profile,
        examiner,
        lambda: say("headers", True),
        _hashing[0].sha256 if _hashing else hashlib.sha256,
    )
    answer: Json = {"report": _report(report), "signals": [], "programs": {}, "leakedKeys": []}
    if examiner is not None:
        examiner.finish()
        answer |= {
            "signals": [signal.as_dict() for signal in examiner.signals],
            "programs": examiner.programs,
            "leakedKeys": examiner.leaked_keys,
        }
    return answer


def _report(report: PackageReport) -> Json:
    raw = report.manifest_raw
    return {
        "accepted": report.accepted,
        "complete": report.complete,
        "problems": [problem.as_dict() for problem in report.problems],
        # Rows, not objects: a package may have ten thousand of them.
        "members": [
            [m.path, m.size, m.compressed, m.crc, m.sha256, m.kind, m.method, m.offset]
            for m in report.members
        ],
        "manifest": None if raw is None else base64.b64encode(raw).decode("ascii"),
        "manifestSize": report.manifest_size,
        "sha256": report.sha256,
        "size": report.size,
        "counts": report.counts,
    }
