"""Repack for me at every door: the offer in a report, the page of a submission, the file of any package."""

import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from tests import factories
from tests.factories import signed_in
from tests.packages import LUA, Part, encoded, pe, zip_of
from tests.uploads.sending import MOD, send, staged
from uploads import isolation, keeping, repacking, services, staging
from uploads.isolation.errors import IsolationError
from uploads.models import Submission
from uploads.package import read_package
from uploads.states import State

pytestmark = pytest.mark.django_db

LISTED = "Content/init.lua"


def spoiled(*more: Part, version: str = "1.0.0", top: str = "") -> bytes:
    """The good mod as Windows and macOS spoil it together: backslashes, leftovers, a folder on top."""
    manifest = encoded(factories.manifest(MOD, version))
    return zip_of(
        [
            Part(f"{top}manifest.json", manifest),
            Part(f"{top}Content\\init.lua", LUA),
            Part("__MACOSX/._manifest.json", b"\0\5\x16\7"),
            *more,
        ]
    )


@pytest.fixture(autouse=True)
def _live(settings: Any, db: None) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    factories.services_live()


@pytest.fixture
def ada() -> User:
    return factories.make_user("modder", display_name="Ada Lovelace")


def failed(ada: User, data: bytes | None = None) -> Submission:
    """A submission whose checks found what a tool left in it."""
    submission = send(ada, data=spoiled() if data is None else data)
    factories.drain()
    submission.refresh_from_db()
    assert submission.state == State.VALIDATION_FAILED
    return submission


def page_of(submission: Submission) -> str:
    return f"{submission.get_absolute_url()}repack/"


def zipped(data: bytes, name: str = "mod.zip") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "application/zip")


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


# The page of a submission


def test_the_status_page_offers_it_and_the_page_shows_every_change(ada: User) -> None:
    submission = failed(ada)
    browser = signed_in(ada)
    offered = text_of(browser.get(submission.get_absolute_url()))
    assert "Repack for me may mend this." in offered
    assert f'href="{page_of(submission)}"' in offered
    answer = browser.get(page_of(submission))
    assert answer.status_code == 200
    repack = answer.context["repack"]
    assert repack["accepted"]
    shown = text_of(answer)
    for words in (
        "Content\\init.lua",
        LISTED,
        "__MACOSX/._manifest.json",
        repack["sha256"],
        "Submit the repacked",
    ):
        assert words in shown
    assert (repack["membersBefore"], repack["filesAfter"]) == (3, 2)
    # What was found once is said on the status page too.
    assert "Repack for me mends this." in text_of(browser.get(submission.get_absolute_url()))


def test_one_button_makes_it_the_next_revision_which_passes(ada: User) -> None:
    submission = failed(ada)
    browser = signed_in(ada)
    sha256 = browser.get(page_of(submission)).context["repack"]["sha256"]
    answer = browser.post(page_of(submission), {"sha256": sha256}, follow=True)
    assert "The repacked package is in." in text_of(answer)
    submission.refresh_from_db()
    revision = services.current(submission)
    assert (revision.number, revision.sha256, submission.state) == (2, sha256, State.UPLOADED)
    with staging.open_staged(revision) as package:
        assert hashlib.sha256(package.read()).hexdigest() == sha256
    entry = AuditEntry.objects.get(action=Action.UPLOAD_REPLACED)
    assert entry.after["sha256"] == sha256
    assert entry.reason == "Repacked by the portal: 2 changes."
    factories.drain()
    submission.refresh_from_db()
    assert submission.state == State.PENDING_REVIEW
    paths = services.current(submission).files.values_list("path", flat=True)
    assert sorted(paths) == [LISTED, "manifest.json"]


def test_what_was_not_shown_is_not_submitted(ada: User) -> None:
    submission = failed(ada)
    before = staged()
    answer = signed_in(ada).post(page_of(submission), {"sha256": "0" * 64})
    assert (answer.status_code, answer.context["refused"].code) == (409, "repack_changed")
    assert answer.context["repack"]["sha256"] in text_of(answer)
    submission.refresh_from_db()
    assert (services.current(submission).number, staged()) == (1, before)


def test_it_works_while_changes_are_asked_for(ada: User) -> None:
    submission = factories.make_submission(ada, "changes_requested", MOD, data=spoiled())
    browser = signed_in(ada)
    sha256 = browser.get(page_of(submission)).context["repack"]["sha256"]
    assert browser.post(page_of(submission), {"sha256": sha256}).status_code == 302
    submission.refresh_from_db()
    assert submission.state == State.UPLOADED


@pytest.mark.parametrize("state", sorted(set(State) - {State.VALIDATION_FAILED, State.CHANGES_REQUESTED}))
def test_in_any_other_state_there_is_nothing_to_repack(ada: User, state: str) -> None:
    submission = factories.make_submission(ada, state, MOD, data=spoiled())
    browser = signed_in(ada)
    assert browser.get(page_of(submission)).status_code == 302
    refused = browser.post(page_of(submission), {"sha256": "0" * 64})
    assert (refused.status_code, refused.context["refused"].code) == (409, "illegal_move")
    assert not repacking.may_help(submission)


def test_an_edit_of_a_listing_has_nothing_to_repack(ada: User) -> None:
    submission = factories.make_submission(ada, "changes_requested", MOD, data=spoiled())
    Submission.objects.update(kind=Submission.Kind.LISTING)
    browser = signed_in(ada)
    assert browser.get(page_of(submission)).status_code == 302
    assert browser.post(page_of(submission), {"sha256": "0" * 64}).status_code == 409
    submission.refresh_from_db()
    assert not repacking.may_help(submission)


def test_only_its_maintainers_may(ada: User) -> None:
    submission = failed(ada)
    stranger, moderator = factories.make_user("modder"), factories.make_user("moderator")
    assert signed_in(stranger).get(page_of(submission)).status_code == 404
    assert signed_in(stranger).post(page_of(submission), {"sha256": "0" * 64}).status_code == 404
    assert signed_in(moderator).get(page_of(submission)).status_code == 302
    assert signed_in(moderator).post(page_of(submission), {"sha256": "0" * 64}).status_code in (403, 404)
    assert Client().get(page_of(submission)).status_code == 302
    with pytest.raises(RefusedError):
        repacking.submit(stranger, submission, "")


def test_what_remains_is_said_and_nothing_offered(ada: User) -> None:
    submission = failed(ada, spoiled(Part("Content/tool.exe", pe(dll=False))))
    browser = signed_in(ada)
    answer = browser.get(page_of(submission))
    shown = text_of(answer)
    assert "The rules would still refuse it." in shown
    assert "Content/tool.exe" in shown
    assert "Submit the repacked package" not in shown
    forced = browser.post(page_of(submission), {"sha256": answer.context["repack"]["sha256"]})
    assert (forced.status_code, forced.context["refused"].code) == (422, "repack_not_enough")
    assert "Repack for me mends a part of this." in text_of(browser.get(submission.get_absolute_url()))


def test_what_only_a_person_can_mend_is_said_with_its_place(ada: User) -> None:
    submission = failed(ada, spoiled(Part("Content/init.lua", b"other")))
    answer = signed_in(ada).get(page_of(submission))
    assert answer.context["repack"]["refused"]["code"] == "repack_collision"
    assert "Repacking can’t mend this package." in text_of(answer)
    assert "Replace the package" in text_of(answer)
    # Now that it is known, the status page offers it no more.
    assert "Repack for me" not in text_of(signed_in(ada).get(submission.get_absolute_url()))


def test_a_mod_inside_of_one_folder_is_offered_to_be_moved_up(ada: User) -> None:
    manifest = encoded(factories.manifest(MOD))
    data = zip_of([Part("my-mod/manifest.json", manifest), Part(f"my-mod/{LISTED}", LUA)])
    submission = failed(ada, data)
    assert repacking.may_help(submission)
    changes = signed_in(ada).get(page_of(submission)).context["repack"]["changes"]
    assert changes[0]["what"].startswith("Moved up")


def test_what_no_tool_did_is_not_offered(ada: User) -> None:
    data = factories.package(factories.manifest(MOD), {LISTED: LUA, "Content/tool.exe": pe(dll=False)})
    submission = failed(ada, data)
    assert not repacking.may_help(submission)
    assert "Repack for me" not in text_of(signed_in(ada).get(submission.get_absolute_url()))


def test_while_uploads_are_closed_nothing_is_submitted(ada: User, settings: Any) -> None:
    submission = failed(ada)
    settings.SMMODS_LIVE_UPLOADS = False
    browser = signed_in(ada)
    answer = browser.get(page_of(submission))
    assert "Uploads are not taken" in text_of(answer)
    refused = browser.post(page_of(submission), {"sha256": answer.context["repack"]["sha256"]})
    assert (refused.status_code, refused.context["refused"].code) == (503, "uploads_disabled")


def test_looking_counts_as_a_rehearsal_once(ada: User, settings: Any) -> None:
    settings.SMMODS_LIMITS = {"rehearsal": 1}
    submission, other = failed(ada), failed_too(ada)
    browser = signed_in(ada)
    assert browser.get(page_of(submission)).status_code == 200
    assert browser.get(page_of(submission)).status_code == 200
    answer = browser.get(page_of(other))
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert browser.post(page_of(other), {"sha256": "0" * 64}).status_code == 429


def failed_too(ada: User) -> Submission:
    submission = send(
        ada,
        data=spoiled(version="2.0.0"),
        side=factories.sidecar(MOD, "2.0.0"),
        version="2.0.0",
    )
    factories.drain()
    submission.refresh_from_db()
    return submission


def test_bytes_that_are_gone_are_said_to_be(ada: User) -> None:
    submission = failed(ada)
    revision = services.current(submission)
    staging.discard(revision.staging_name)
    answer = signed_in(ada).get(page_of(submission))
    assert (answer.status_code, answer.context["refused"].code) == (409, "bytes_gone")
    keeping.clean(timezone.now() + timedelta(days=31))
    submission = Submission.objects.select_related("current").get()
    assert not repacking.may_help(submission)
    assert "taken away" in text_of(signed_in(ada).get(submission.get_absolute_url()))


def test_until_when_bytes_are_kept_is_on_the_page(ada: User) -> None:
    assert "Bytes kept until" in text_of(signed_in(ada).get(failed(ada).get_absolute_url()))


# The file of any package


def test_anybody_gets_the_repacked_file_and_nothing_is_kept(client: Client) -> None:
    assert client.get("/upload/try/repack/").status_code == 200
    answer = client.post("/upload/try/repack/", {"package": zipped(spoiled(), "My mod.zip")})
    made = body_of(answer)
    assert read_package(io.BytesIO(made), len(made)).accepted
    assert answer["Content-Disposition"] == 'attachment; filename="My mod-repacked.zip"'
    assert answer["Content-Type"] == "application/zip"
    assert answer["X-Content-Type-Options"] == "nosniff"
    again = client.post("/upload/try/repack/", {"package": zipped(spoiled())})
    assert body_of(again) == made
    assert (staged(), Submission.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("status", "code", "data"),
    [
        (422, "repack_unreadable", b"not a zip"),
        (422, "repack_nothing_to_mend", factories.good_package(MOD)),
        (422, "repack_not_enough", spoiled(Part("Content/tool.exe", pe(dll=False)))),
        (422, "package_empty", b""),
    ],
)
def test_a_file_that_repacking_cannot_give(client: Client, status: int, code: str, data: bytes) -> None:
    answer = client.post("/upload/try/repack/", {"package": zipped(data)})
    assert (answer.status_code, answer.context["refused"].code) == (status, code)
    assert answer.context["refused"].hint
    assert code in text_of(answer)


def test_the_doors_bounds_hold_for_repacking(client: Client, settings: Any) -> None:
    wrong = SimpleUploadedFile("a.txt", b"hi", "text/plain")
    assert client.post("/upload/try/repack/", {"package": wrong}).status_code == 415
    assert client.post("/upload/try/repack/", {}).context["refused"].code == "package_missing"
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/upload/try/repack/", {"package": zipped(spoiled())}).status_code == 403
    settings.SMMODS_MAX_PACKAGE_BYTES = 100
    assert client.post("/upload/try/repack/", {"package": zipped(spoiled())}).status_code == 413


def test_repacking_a_file_counts_as_a_rehearsal(client: Client, settings: Any) -> None:
    settings.SMMODS_LIMITS = {"rehearsal": 1}
    assert client.post("/upload/try/repack/", {"package": zipped(spoiled())}).status_code == 200
    refused = client.post("/upload/try/repack/", {"package": zipped(spoiled())})
    assert refused.status_code == 429
    assert refused["Retry-After"]


# The child's answer


def test_the_portals_own_profile_counts(client: Client, settings: Any) -> None:
    settings.SMMODS_ALLOWED_ENDINGS = [".json"]
    answer = client.post("/upload/try/repack/", {"package": zipped(spoiled())})
    assert answer.context["refused"].code == "repack_not_enough"


def _answer(**changes: Any) -> dict[str, Any]:
    change = {"what": "Renamed", "path": "a", "was": "a", "now": "b"}
    return repacking.NOT_NEEDED | {"possible": True, "changes": [change]} | changes


WHY = {"code": "c", "message": "m", "hint": "h", "path": ""}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        _answer(more=1),
        _answer(possible="yes"),
        _answer(possible=False),
        _answer(refused=WHY),
        _answer(refused="no"),
        _answer(changes=[{"what": "x"}]),
        _answer(changes=["x"]),
        _answer(changes=[{"what": "x", "path": "", "was": "", "now": 1}]),
        _answer(changes=[{"what": "x\x1b[2J", "path": "", "was": "", "now": ""}]),
        _answer(changes=[{"what": "x" * 3_000, "path": "", "was": "", "now": ""}]),
        _answer(changes=[{"what": "x", "path": "", "was": "", "now": ""}] * 201),
        _answer(problems=[WHY] * 1_001),
        _answer(problems=[{"code": "x"}]),
        _answer(sizeBytes=-1),
        _answer(filesAfter=True),
    ],
)
def test_an_answer_that_no_honest_child_gives_is_not_believed(answer: dict[str, Any]) -> None:
    with pytest.raises(IsolationError) as broken:
        repacking.believed(answer)
    assert broken.value.code == "inspection_nonsense"


def test_an_honest_answer_is_believed() -> None:
    assert repacking.believed(_answer()) == _answer()
    refused = repacking.NOT_NEEDED | {"refused": WHY}
    assert repacking.believed(refused) == refused


def test_the_new_bytes_are_hashed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def lying(task: str, source: Any, request: Any, *, sink: Any = None) -> dict[str, Any]:
        sink.write(b"other bytes")
        sink.flush()
        return _answer(accepted=True, sha256="0" * 64, sizeBytes=1)

    monkeypatch.setattr(isolation, "run", lying, raising=False)
    document, file = repacking.repacked([spoiled()])
    with file:
        assert file.read() == b"other bytes"
    assert document["sha256"] == hashlib.sha256(b"other bytes").hexdigest()
    assert document["sizeBytes"] == 11


def test_a_child_that_breaks_off_costs_the_offer_and_not_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> dict[str, Any]:
        raise IsolationError("inspection_timeout")

    raw = spoiled()
    report = read_package(io.BytesIO(raw), len(raw))
    monkeypatch.setattr(isolation, "run", broken, raising=False)
    offer = repacking.offer(lambda: io.BytesIO(raw), len(raw), report)
    assert (offer["possible"], offer["refused"]["code"]) == (False, "inspection_timeout")


def test_a_good_package_is_not_opened_for_an_offer(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = factories.good_package(MOD)
    report = read_package(io.BytesIO(raw), len(raw))

    def never() -> Any:
        raise AssertionError("it was opened")

    assert repacking.offer(never, len(raw), report) == repacking.NOT_NEEDED
