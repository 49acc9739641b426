"""A child may say anything: each lie that can be seen is seen."""

import base64
import copy
import hashlib
import io
from collections.abc import Callable
from typing import Any

import pytest

from tests import packages
from uploads.isolation import answers
from uploads.isolation.answers import NonsenseError
from uploads.isolation.child_inspect import inspect_task
from uploads.package import PackageReport, read_package
from uploads.package.rules import DEFAULT, Profile
from uploads.signals.found import Signal

PACKAGE = packages.mod().package
BROKEN = packages.with_parts(packages.Part("Content/last.lua", packages.LUA, raw=b"\xff" * 40))
PROFILE = {
    "max_package": DEFAULT.max_package,
    "max_members": DEFAULT.max_members,
    "max_member": DEFAULT.max_member,
    "max_unpacked": DEFAULT.max_unpacked,
    "ratio_from": DEFAULT.ratio_from,
    "max_ratio": DEFAULT.max_ratio,
    "allowed": sorted(DEFAULT.allowed),
}

Answer = dict[str, Any]


def answer_on(raw: bytes, capfd: pytest.CaptureFixture[str]) -> tuple[Answer, bool]:
    """What an honest child says of a package, and whether it said that the headers hold."""
    said = inspect_task({"size": len(raw), "profile": PROFILE}, io.BytesIO(raw), None)
    return said, "headers" in capfd.readouterr().out


def believed(
    answer: Answer, size: int = len(PACKAGE), *, headers: bool = True, profile: Profile = DEFAULT
) -> PackageReport:
    answers.ensure_form(answer)
    report = answers.report_of(answer, size, profile, headers=headers)
    answers.signals_of(answer, report)
    return report


@pytest.fixture
def honest(capfd: pytest.CaptureFixture[str]) -> Answer:
    answer, _ = answer_on(PACKAGE, capfd)
    return copy.deepcopy(answer)


@pytest.mark.parametrize("raw", [PACKAGE, BROKEN, *(raw for _, _, raw in packages.HOSTILE[::5])])
def test_the_truth_is_believed(raw: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    answer, headers = answer_on(raw, capfd)
    report = believed(answer, len(raw), headers=headers)
    assert report == read_package(io.BytesIO(raw), len(raw))


def rows(change: Callable[[list[list[Any]]], Any]) -> Callable[[Answer], None]:
    """A lie about the members."""

    def lie(answer: Answer) -> None:
        change(answer["report"]["members"])

    return lie


def told(**values: Any) -> Callable[[Answer], None]:
    """A lie in the report itself."""

    def lie(answer: Answer) -> None:
        answer["report"].update(values)

    return lie


def field(place: int, value: Any, row: int = 1) -> Callable[[Answer], None]:
    """A lie in one field of a member."""
    return rows(lambda members: members[row].__setitem__(place, value))


def signal(**values: Any) -> Callable[[Answer], None]:
    """A signal that no honest child tells of."""
    base = Signal("url_found", "An address.", "Content/init.lua").as_dict()

    def lie(answer: Answer) -> None:
        answer["signals"].append(base | values)

    return lie


def swap_manifest(answer: Answer) -> None:
    raw = base64.b64decode(answer["report"]["manifest"])
    answer["report"]["manifest"] = base64.b64encode(raw[::-1]).decode()


PROBLEM = {"code": "zip.path", "message": "A path.", "hint": "Mend it.", "pointer": "", "path": ""}
OTHER = hashlib.sha256(b"other").hexdigest()

FORM: list[tuple[str, Callable[[Answer], None]]] = [
    ("another key", lambda answer: answer.update(more=1)),
    ("another key in the report", told(more=1)),
    ("no report", lambda answer: answer.pop("report")),
    ("a report of another kind", lambda answer: answer.update(report=[])),
    ("accepted as a text", told(accepted="true")),
    ("a hash that is none", told(sha256="0" * 63)),
    ("an upper-case hash", told(sha256=OTHER.upper())),
    ("a member too short", rows(lambda members: members[0].pop())),
    ("a member too long", rows(lambda members: members[0].append(1))),
    ("a negative size", field(1, -1)),
    ("a size as a text", field(1, "5")),
    ("a broken number", field(1, 1.5)),
    ("a member's hash that is none", field(4, "xyz")),
    ("a kind in markup", field(5, "<b>")),
    ("an empty path", field(0, "")),
    ("a path without end", field(0, "a" * 201)),
    ("a problem of another form", told(problems=["zip.path"])),
    ("a message without end", told(problems=[PROBLEM | {"message": "a" * 1001}])),
    ("a pointer", told(problems=[PROBLEM | {"pointer": "/a"}])),
    ("a count of none", told(counts={"zip.path": 0})),
    ("a manifest without end", told(manifest="a" * 349_529)),
    ("too many signals", lambda answer: answer.update(signals=[{}] * 201)),
]

SENSE: list[tuple[str, Callable[[Answer], None]]] = [
    ("another size", told(size=5)),
    ("refused without a problem", told(accepted=False)),
    ("accepted with problems", told(problems=[PROBLEM], counts={"zip.path": 1})),
    ("an unknown rule", told(accepted=False, problems=[PROBLEM | {"code": "zip.x"}], counts={"zip.x": 1})),
    ("problems that are not counted", told(accepted=False, problems=[PROBLEM], counts={})),
    ("counted and not told", told(accepted=False, problems=[PROBLEM], counts={"zip.path": 2})),
    ("incomplete with a hash", told(complete=False)),
    ("complete without a hash", told(sha256="")),
    ("no members", told(members=[], manifest=None, manifestSize=None)),
    ("one path twice", rows(lambda members: members.append([*members[-1][:-1], members[-1][-1] + 200]))),
    ("members that overlap", field(7, 50)),
    ("a member beyond the end", field(2, len(PACKAGE))),
    ("a member that was not unpacked", rows(lambda members: members[1].__setitem__(slice(4, 6), ["", ""]))),
    ("a kind without a hash", field(4, "")),
    ("a hash without a kind", field(5, "")),
    ("a member that is too large", field(1, 200_000_000)),
    ("an unknown method", field(6, 14)),
    ("a stored member of two sizes", field(6, 0)),
    ("a manifest that is not Base64", told(manifest="%%%%")),
    ("another manifest", told(manifest=base64.b64encode(b"{}").decode())),
    ("another manifest of the same size", swap_manifest),
    ("a manifest that was not read", told(manifest=None)),
    ("a manifest of another size", told(manifestSize=3)),
    ("no manifest and yet its bytes", told(manifestSize=None)),
    ("a signal in no file", signal(path="Content/elsewhere.lua")),
    ("a signal with a forged fingerprint", signal(fingerprint="0" * 32)),
    ("a signal of the portal's", signal(code="bytes_taken_back")),
    ("a signal that blocks and may not", signal(blocking=True)),
]


@pytest.mark.parametrize(("lie"), [lie for _, lie in FORM], ids=[name for name, _ in FORM])
def test_other_forms_are_nonsense(honest: Answer, lie: Callable[[Answer], None]) -> None:
    lie(honest)
    with pytest.raises(NonsenseError):
        answers.ensure_form(honest)


@pytest.mark.parametrize(("lie"), [lie for _, lie in SENSE], ids=[name for name, _ in SENSE])
def test_contradictions_are_nonsense(honest: Answer, lie: Callable[[Answer], None]) -> None:
    lie(honest)
    answers.ensure_form(honest)
    with pytest.raises(NonsenseError):
        believed(honest)


def test_headers_and_data_must_say_the_same(honest: Answer) -> None:
    with pytest.raises(NonsenseError):
        believed(honest, headers=False)


@pytest.mark.parametrize(
    "profile", [Profile(max_members=1), Profile(max_unpacked=10), Profile(max_member=10)]
)
def test_what_the_profile_bounds_is_counted_again(honest: Answer, profile: Profile) -> None:
    with pytest.raises(NonsenseError):
        believed(honest, profile=profile)


def test_members_of_a_refused_package_were_not_unpacked(honest: Answer) -> None:
    honest["report"].update(
        accepted=False, complete=False, sha256="", problems=[PROBLEM], counts={"zip.path": 1}
    )
    with pytest.raises(NonsenseError):
        believed(honest, headers=False)
