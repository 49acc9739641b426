"""The inspection of a package: profile, inventory, hashes and signals, found by a confined child, checked here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, BinaryIO

from uploads.isolation import answers, running
from uploads.isolation.errors import IsolationError
from uploads.package.reader import PackageReport
from uploads.package.rules import DEFAULT, Profile
from uploads.scanners import yara
from uploads.signals.document import leaked_keys_from, programs_from
from uploads.signals.found import Signal

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a package is.

    `signals`, `programs` (facts of each Windows program, by path) and `leaked_keys` are as
    `uploads.signals.examine` finds them, empty where they were not asked for; `scanners` names what looked,
    with versions; `confined_by` is `bubblewrap` or `limits`.
    """

    report: PackageReport
    signals: Sequence[Signal]
    programs: Mapping[str, Json]
    leaked_keys: Sequence[Mapping[str, str]]
    scanners: Mapping[str, str]
    confined_by: str


def inspect(
    open_package: Callable[[], BinaryIO],
    size: int,
    *,
    profile: Profile = DEFAULT,
    on_headers: Callable[[], None] | None = None,
    signals: bool = True,
    bounds: running.Bounds | None = None,
) -> Inspection:
    """Inspect the package of `size` bytes that `open_package` opens, in a child process.

    `on_headers` is called as soon as the headers hold, before anything is unpacked, and never where they
    refuse. `signals` false leaves everything out but the profile. Raises IsolationError and
    IsolationUnavailableError (`errors`); OSError of the storage comes through.
    """
    heard: list[str] = []

    def hear(word: str) -> None:
        if word == "headers" and not heard:
            heard.append(word)
            if on_headers is not None:
                on_headers()

    request = {
        "size": size,
        "profile": asdict(profile) | {"allowed": sorted(profile.allowed)},
    }
    confined_by = running.confined_by()
    with open_package() as package:
        answer = running.run(
            "inspect",
            package,
            request,
            bounds=bounds,
            on_word=hear,
            parcel=_compiled_rules() if signals else b"",
        )
    try:
        answers.ensure_form(answer)
        report = answers.report_of(answer, size, profile, headers=bool(heard))
        found = answers.signals_of(answer, report)
        programs = programs_from(answer["programs"])
        leaked = leaked_keys_from(answer["leakedKeys"])
    except ValueError as error:
        raise IsolationError("inspection_nonsense", str(error)) from error
    return Inspection(
        report, found, programs, leaked, {"yara": yara.version()} if signals else {}, confined_by
    )


@cache
def _compiled_rules() -> bytes:
    """The YARA rules, compiled once a process here instead of in each child."""
    return yara.load().packed()
