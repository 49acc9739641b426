"""One report for the command, the API and the page: every rule says what, where and how to mend it."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape

from tests import factories, packages
from tests.factories import signed_in
from tests.packages import LUA, Part, encoded, zip_of
from tests.smmods.running import run
from tests.uploads.sending import MOD, send
from uploads import rehearsal, weighing
from uploads.package import RULES
from uploads.signals.found import Signal
from uploads.signals.table import SIGNALS

pytestmark = pytest.mark.django_db

#: Of each rule one package that breaks it, with a place inside of the package where the rule has one.
BROKEN = {code: raw for code, _, raw in reversed(packages.HOSTILE)}
#: Rules about the package as a whole have no place but the package.
OF_THE_WHOLE = {"zip.layout"}


def zipped(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("mod.zip", data, "application/zip")


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def problem_of(report: dict[str, Any], code: str) -> dict[str, str]:
    """The first problem of this rule, which must be told by the rule's own check."""
    check = next(row for row in report["checks"] if row["id"] == RULES[code].check)
    assert check["status"] == "failed"
    return next(problem for problem in check["problems"] if problem["code"] == code)


@pytest.mark.parametrize("code", RULES)
def test_every_rule_says_what_where_and_how_to_mend_it_at_every_door(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    document = client.post("/api/v1/validate", {"package": zipped(BROKEN[code])}).json()
    problem = problem_of(document, code)
    assert not document["accepted"]
    assert problem["message"].endswith(".")
    assert problem["hint"]
    assert bool(problem["path"]) is (code not in OF_THE_WHOLE)
    words = [problem["message"], problem["hint"], problem["path"], code]

    # The same document at the other doors: that they get the same one is shown below.
    monkeypatch.setattr(rehearsal, "rehearse", lambda **_: document)
    page = text_of(client.post("/upload/try/", {"package": zipped(BROKEN[code])}))
    assert [word for word in words if escape(word) not in page] == []

    monkeypatch.setattr(rehearsal, "validate", lambda *_: document)
    (tmp_path / "bad.zip").write_bytes(BROKEN[code])
    told = run("validate_package", str(tmp_path / "bad.zip"))
    assert [word for word in words if word not in told.err] == []

    author = factories.make_user("modder")
    submission = factories.make_submission(author, "validation_failed", MOD)
    for place, row in enumerate(document["checks"]):
        said = {key: row[key] for key in ("code", "message", "hint", "path", "evidence", "problems")}
        factories.make_result(submission, row["id"], row["status"], position=place, **said)
    browser = signed_in(author)
    own = browser.get(f"/api/v1/uploads/{submission.submission_id}").json()
    assert problem_of(own, code) == problem
    page = text_of(browser.get(submission.get_absolute_url()))
    assert [word for word in words if escape(word) not in page] == []


def test_a_backslash_is_shown_as_one() -> None:
    raw = packages.with_parts(Part("Content\\a.lua.", LUA))
    report = Client().post("/api/v1/validate", {"package": zipped(raw)}).json()
    problems = next(row for row in report["checks"] if row["id"] == "zip_path_safety")["problems"]
    assert [problem["message"] for problem in problems] == [
        "The path holds '\\', which is not portable.",
        "'Content\\a.lua.' begins with a space, or ends in a dot or space, which Windows drops.",
    ]


def verdicts(report: dict[str, Any], statuses: set[str]) -> dict[str, Any]:
    """What the checks with these statuses said, but for what only a portal knows."""
    return {row["id"]: row["problems"] for row in report["checks"] if row["status"] in statuses}


def test_the_three_doors_say_the_same(tmp_path: Path) -> None:
    raw = zip_of(
        [
            Part("manifest.json", encoded(factories.manifest(MOD))),
            Part("Content\\init.lua", b'os.execute("calc")\n'),
            Part(".DS_Store", b"x"),
        ]
    )
    (tmp_path / "mod.zip").write_bytes(raw)
    offline = run("validate_package", str(tmp_path / "mod.zip"), "--json").json
    client = Client()
    online = client.post("/api/v1/validate", {"package": zipped(raw)}).json()
    shown = client.post("/upload/try/", {"package": zipped(raw)})
    assert shown.context["report"] == online
    assert offline.keys() == online.keys()
    assert [row["id"] for row in offline["checks"]] == [row["id"] for row in online["checks"]]
    assert verdicts(offline, {"failed", "warned"}) == verdicts(online, {"failed", "warned"})
    assert len(verdicts(offline, {"failed", "warned"})) > 1
    # What needs the portal is not run offline; whatever both asked, both answered alike.
    passed = {"passed", "not_run"}
    assert verdicts(offline, passed).keys() == verdicts(online, passed).keys()
    assert {key: offline[key] for key in ("repack", "sha256", "sizeBytes", "files")} == {
        key: online[key] for key in ("repack", "sha256", "sizeBytes", "files")
    }


def spoiled(*more: Part) -> bytes:
    manifest = encoded(factories.manifest(MOD))
    return zip_of([Part("manifest.json", manifest), Part("Content\\init.lua", LUA), *more])


def test_the_page_offers_the_repacked_file(client: Client) -> None:
    answer = client.post("/upload/try/", {"package": zipped(spoiled())})
    repack = answer.context["report"]["repack"]
    shown = text_of(answer)
    assert repack["accepted"]
    for words in (
        "Repack for me mends this.",
        "Content\\init.lua",
        repack["sha256"],
        'action="/upload/try/repack/"',
    ):
        assert words in shown
    part = client.post("/upload/try/", {"package": zipped(spoiled(Part("a.bat", b"echo")))})
    assert "Repack for me mends a part of this." in text_of(part)
    assert "The rules would still refuse it." in text_of(part)
    assert 'action="/upload/try/repack/"' not in text_of(part)
    good = client.post("/upload/try/", {"package": zipped(factories.good_package(MOD))})
    assert "Repack for me" not in text_of(good)


def test_the_offer_is_part_of_every_report(client: Client) -> None:
    offered = client.post("/api/v1/validate", {"package": zipped(spoiled())}).json()["repack"]
    assert (offered["possible"], offered["accepted"], offered["refused"]) == (True, True, None)
    assert offered["changes"] == [
        {
            "what": "Renamed",
            "path": "Content\\init.lua",
            "was": "Content\\init.lua",
            "now": "Content/init.lua",
        }
    ]
    refused = client.post("/api/v1/validate", {"package": zipped(b"no zip")}).json()["repack"]
    assert (refused["possible"], refused["refused"]["code"]) == (False, "repack_unreadable")
    good = client.post("/api/v1/validate", {"package": zipped(factories.good_package(MOD))}).json()["repack"]
    assert (good["possible"], good["refused"], good["changes"]) == (False, None, [])


SIGNAL_KEYS = {
    "code",
    "title",
    "message",
    "explanation",
    "path",
    "line",
    "excerpt",
    "rule",
    "weight",
    "blocking",
    "fingerprint",
    "firstSeen",
}
DOUBTFUL = factories.package(
    factories.manifest(MOD), {"Content/init.lua": b'-- start\nos.execute("calc.exe")\nreturn 1\n'}
)


def test_signals_are_in_the_report_with_place_and_explanation(client: Client, tmp_path: Path) -> None:
    online = client.post("/api/v1/validate", {"package": zipped(DOUBTFUL)}).json()
    assert online["accepted"]
    assert online["signals"]
    for signal in online["signals"]:
        assert set(signal) == SIGNAL_KEYS
        assert signal["explanation"] == SIGNALS[signal["code"]].explanation
        assert signal["firstSeen"] == ""
    found = next(one for one in online["signals"] if one["line"])
    assert (found["path"], found["line"]) == ("Content/init.lua", 2)
    page = text_of(client.post("/upload/try/", {"package": zipped(DOUBTFUL)}))
    for words in (found["title"], found["message"], found["explanation"], "Content/init.lua:2"):
        assert escape(words) in page
    assert "Signals refuse nothing." in page
    (tmp_path / "mod.zip").write_bytes(DOUBTFUL)
    told = run("validate_package", str(tmp_path / "mod.zip"))
    assert told.status == 0
    assert f"Content/init.lua:2: {found['message']}" in told.out
    assert found["explanation"] in told.out


def test_the_portal_keeps_what_stops_an_approval_to_its_reviewers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocking = Signal("bytes_taken_back", "A secret of the reviewers.", path="a.dll", blocking=True)
    open_one = Signal("url_found", "An address.", path="Content/init.lua", line=1)
    rows = [weighing.Weighed(blocking, 3), weighing.Weighed(open_one, 0, "9.9.9")]
    monkeypatch.setattr(weighing, "weigh", lambda *_: rows)
    answer = client.post("/api/v1/validate", {"package": zipped(DOUBTFUL)})
    assert [signal["code"] for signal in answer.json()["signals"]] == ["url_found"]
    # A stranger may rehearse any mod: which unpublished version had something first is not theirs to know.
    assert "9.9.9" not in json.dumps(answer.json())
    page = text_of(client.post("/upload/try/", {"package": zipped(DOUBTFUL)}))
    assert "A secret of the reviewers." not in page
    assert "Some are for reviewers alone and not listed." in page


def test_offline_everything_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = rehearsal.prepare
    blocking = Signal(
        "yara_match", "A rule matches.", path="Content/init.lua", rule="own", blocking=True, weight=3
    )

    def with_a_match(*given: Any, **named: Any) -> Any:
        subject = real(*given, **named)
        return rehearsal.replace(subject, signals=[blocking])

    monkeypatch.setattr(rehearsal, "prepare", with_a_match)
    (tmp_path / "mod.zip").write_bytes(DOUBTFUL)
    document = run("validate_package", str(tmp_path / "mod.zip"), "--json").json
    assert [(one["code"], one["blocking"], one["weight"]) for one in document["signals"]] == [
        ("yara_match", True, 3)
    ]


def test_a_submissions_page_shows_no_signals_to_its_author(settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    factories.services_live()
    author = factories.make_user("modder")
    submission = send(author, data=DOUBTFUL)
    factories.drain()
    assert submission.revisions.get().signals.exists()
    page = text_of(signed_in(author).get(submission.get_absolute_url()))
    assert [
        row.message for row in submission.revisions.get().signals.all() if escape(row.message) in page
    ] == []
