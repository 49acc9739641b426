"""The pages of moderation: who gets in, what they show, and that typed words survive."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.audit import Action
from accounts.models import AuditEntry, User
from moderation import leases, notes
from moderation.actions import decide
from moderation.models import Decision, Lease, StaffNote
from tests import factories
from tests.factories import add_revision, make_file, make_message, make_submission, make_user
from uploads.models import Message, Submission
from uploads.package import read_package
from uploads.staging import open_staged
from uploads.states import State

pytestmark = pytest.mark.django_db

OLD = b"local f = loadstring(code)\nreturn f\n"
NEW = b"local f = loadstring(preload .. code)\nreturn f\n"
HOSTILE = b"<script>alert(1)</script>\xe2\x80\xae\n"


@pytest.fixture
def desk(client: Client, moderator: User) -> Client:
    """A moderator's browser."""
    client.force_login(moderator)
    return client


def with_files(submission: Submission, files: dict[str, bytes]) -> Submission:
    """A further revision with these files, staged and inventoried."""
    document = factories.manifest(submission.mod_id or "", submission.version or "")
    revision = add_revision(submission, data=factories.package(document, files), document=document, side={})
    with open_staged(revision) as package:
        for member in read_package(package, revision.size_bytes).members:
            revision.files.create(
                path=member.path,
                size_bytes=member.size,
                crc32=member.crc,
                sha256=member.sha256,
                kind=member.kind,
                executable=member.executable,
            )
    return submission


def update(moderator: User) -> Submission:
    """An update with a changed, an added, a removed and an unchanged file."""
    first = with_files(
        make_submission(mod_id="ore.lamp"),
        {"init.lua": OLD, "same.lua": b"return 1\n", "gone.lua": b"return 2\n"},
    )
    assert first.current is not None
    decide(
        moderator,
        first.submission_id,
        action="approve",
        revision=first.current.number,
        sha256=first.current.sha256,
    )
    later = make_submission(first.author, mod_id="ore.lamp", version="1.1.0")
    return with_files(
        later, {"init.lua": NEW, "same.lua": b"return 1\n", "new.lua": HOSTILE, "a.png": b"\x89PNG\r\n\x1a\n"}
    )


def form(submission: Submission, action: str, **more: Any) -> dict[str, Any]:
    """The fields of the decision form."""
    submission.refresh_from_db()
    assert submission.current is not None
    return {
        "action": action,
        "revision": submission.current.number,
        "sha256": submission.current.sha256,
    } | more


def address(submission: Submission, place: str = "") -> str:
    return f"/moderation/review/{submission.submission_id}/{place}"


def test_the_public_page_says_how_moderation_works(client: Client) -> None:
    page = client.get("/moderation/").content.decode()
    assert "Nobody decides on their own work" in page
    assert "not known yet" in page
    for word in ("Request changes", "Harmful code", "14 days"):
        assert word in page
    assert "/moderation/queue/" not in page


STAFF_PAGES = ("/moderation/queue/", "/moderation/audit/")


@pytest.mark.parametrize("role", ["", "player", "modder", "moderator", "admin"])
def test_the_workbench_admits_moderators_and_admins(client: Client, role: str) -> None:
    submission = make_submission()
    if role:
        client.force_login(make_user(role))
    for place in (*STAFF_PAGES, address(submission), address(submission, "file/?path=x")):
        status = client.get(place).status_code
        if not role:
            assert status == 302, place
        elif role in ("moderator", "admin"):
            assert status == (404 if "file" in place else 200), place
        else:
            assert status == 403, place
    for place in ("decide/", "lease/", "write/"):
        assert client.get(address(submission, place)).status_code == 405


def test_nobody_reviews_their_own_work(client: Client) -> None:
    author = make_user("moderator", display_name="Own Author")
    other = make_user("moderator", display_name="Secret Reviewer")
    submission = make_submission(author, mod_id="ore.lamp")
    leases.take(other, submission.submission_id)
    notes.write(other, submission, "Looks odd.")
    client.force_login(author)
    for place in ("", "file/?path=manifest.json"):
        answer = client.get(address(submission, place))
        assert answer.status_code == 403
        assert "Secret Reviewer" not in answer.content.decode()
    for place in ("lease/", "write/"):
        assert client.post(address(submission, place), {"text": "x", "do": "take"}).status_code == 403
    # The list of whom to assign to names all of staff; the item names nobody.
    rows = client.get("/moderation/queue/").content.decode().split('id="bulk"')[0]
    assert "Secret Reviewer" not in rows
    assert "Your own work" in rows
    items = client.get("/api/v1/moderation/queue").json()["items"]
    assert (items[0]["ownWork"], items[0]["lease"]) == (True, None)


def test_the_review_page_has_its_parts(desk: Client, moderator: User, second: User) -> None:
    submission = update(moderator)
    make_message(submission, submission.author, "The **preload** is text.")
    notes.write(second, submission, "Read it twice.")
    factories.make_result(
        submission, "file_signature", "warned", code="lua.load", message="Runs text", path="init.lua"
    )
    page = desk.get(address(submission, "?path=init.lua")).content.decode()
    for part in (
        "1.0.0</code>, the last approved release",
        "manifest.version",
        "1 of 5 files were reviewed before",
        "<ins>preload",
        "lua.load",
        "Staff only, the author never sees this",
        "Read it twice.",
        "preload</strong> is text",
        "Claim for",
        "Decide",
        "new.lua",
        "gone.lua",
    ):
        assert part in page, part
    unified = desk.get(address(submission, "?path=init.lua&view=unified")).content.decode()
    assert "diff__sign-cell" in unified
    assert "Decoded and written anew" in desk.get(address(submission, "?path=a.png")).content.decode()
    assert desk.get(address(submission, "?path=gone.lua")).status_code == 200
    assert desk.get("/moderation/review/sub_NOSUCH/").status_code == 404


def test_hostile_contents_are_text(desk: Client, moderator: User) -> None:
    submission = update(moderator)
    for place in ("?path=new.lua", "file/?path=new.lua"):
        page = desk.get(address(submission, place))
        body = page.content.decode()
        assert "<script>alert" not in body
        assert "&lt;script&gt;alert" in body
        assert "⟦U+202E⟧" in body
        assert "script-src" in page["Content-Security-Policy"]
    assert "RIGHT-TO-LEFT OVERRIDE" in desk.get(address(submission, "file/?path=new.lua")).content.decode()


def test_the_viewer_shows_text_hex_and_the_old_side(desk: Client, moderator: User) -> None:
    submission = update(moderator)
    assert "As hex" in desk.get(address(submission, "file/?path=init.lua")).content.decode()
    assert "6c 6f 63 61 6c" in desk.get(address(submission, "file/?path=init.lua&as=hex")).content.decode()
    assert "89 50 4e 47" in desk.get(address(submission, "file/?path=a.png&offset=x")).content.decode()
    assert "last approved" in desk.get(address(submission, "file/?path=gone.lua&side=old")).content.decode()
    assert desk.get(address(submission, "file/?path=gone.lua")).status_code == 404
    make_file(submission, "ghost.lua")
    assert "be read any more" in desk.get(address(submission, "file/?path=ghost.lua")).content.decode()


def test_a_decision_is_asked_once_more_with_the_mail(desk: Client, moderator: User) -> None:
    submission = update(moderator)
    data = form(submission, "request_changes", reason="quality", note="Please mend it.")
    data["blank:quality:place"] = "init.lua:1"
    page = desk.post(address(submission, "decide/"), data)
    body = page.content.decode()
    assert page.status_code == 200
    for part in (
        "Ask for this change",
        "Where: init.lua:1",
        "Please mend it.",
        "of 4 changed files",
        "Moderation team",
    ):
        assert part in body, part
    assert moderator.name not in body.split("mail-preview")[1].split("</div>")[0]
    assert Decision.objects.filter(submission=submission).count() == 0
    back = desk.post(address(submission, "decide/"), data | {"back": "1"}).content.decode()
    assert "init.lua:1" in back
    assert "Please mend it." in back
    assert f'href="{address(submission)}?path=new.lua#difference"' in back
    assert 'href="?' not in back
    done = desk.post(address(submission, "decide/"), data | {"confirmed": "1"})
    assert done.status_code == 302
    submission.refresh_from_db()
    assert submission.state == "changes_requested"
    assert (
        Decision.objects.filter(submission=submission).get().reasons[0]["text"].endswith("Where: init.lua:1")
    )


def test_what_is_missing_is_said_on_the_page_with_the_words_kept(desk: Client) -> None:
    submission = make_submission()
    page = desk.post(address(submission, "decide/"), form(submission, "reject", note="My words."))
    assert page.status_code == 422
    assert "needs at least one reason" in page.content.decode()
    assert "My words." in page.content.decode()
    assert desk.post(address(submission, "decide/"), {"action": "burn"}).status_code == 422


def test_a_conflict_keeps_the_words(desk: Client, second: User) -> None:
    submission = make_submission()
    data = form(submission, "reject", reason="quality", note="My long words.", confirmed="1")
    assert submission.current is not None
    decide(
        second,
        submission.submission_id,
        action="reject",
        revision=1,
        sha256=submission.current.sha256,
        reasons=[{"policy": "broken"}],
    )
    Decision.objects.update(at=timezone.now() - timedelta(seconds=40))
    page = desk.post(address(submission, "decide/"), data)
    body = page.content.decode()
    assert page.status_code == 409
    assert "Rejected by somebody else 40 seconds ago" in body
    assert "My long words." in body
    assert second.name not in body
    stale = desk.post(address(submission, "decide/"), data | {"sha256": "0" * 64, "revision": "x"})
    assert stale.status_code == 409


def test_the_first_of_two_is_said_to_wait(desk: Client, second: User) -> None:
    submission = make_submission(mod_id="ore.lamp")
    file = make_file(submission, "Binaries/Win64/version.dll", b"MZ", "pe")
    file.executable = True
    file.save()
    asked = desk.post(address(submission, "decide/"), form(submission, "approve")).content.decode()
    assert "a second person must say the same" in asked
    page = desk.post(address(submission, "decide/"), form(submission, "approve", confirmed="1"), follow=True)
    assert "waits for a second person" in page.content.decode()
    assert "Second person" in desk.get("/moderation/queue/?view=second").content.decode()
    assert "a second person is needed" in desk.get(address(submission)).content.decode()
    desk.force_login(second)
    assert (
        "You are the second person"
        in desk.post(address(submission, "decide/"), form(submission, "approve")).content.decode()
    )


def test_published_work_can_be_taken_back_from_its_page(desk: Client) -> None:
    submission = make_submission(state=State.PUBLISHED)
    assert (
        "Take this release back"
        in desk.post(
            address(submission, "decide/"), form(submission, "hide", reason="malware")
        ).content.decode()
    )
    done = desk.post(
        address(submission, "decide/"), form(submission, "hide", reason="malware", confirmed="1")
    )
    assert done["Location"] == address(submission)
    assert "Restore" in desk.get(address(submission)).content.decode()


def test_holding_letting_go_and_taking_over(desk: Client, moderator: User, second: User) -> None:
    submission = make_submission()
    lease = address(submission, "lease/")
    assert desk.post(lease, {"do": "take"})["Location"] == address(submission)
    assert "You hold this" in desk.get(address(submission)).content.decode()
    assert desk.post(lease, {"do": "renew"}).status_code == 200
    assert desk.post(lease, {"do": "release"}).status_code == 302
    assert not Lease.objects.exists()
    assert desk.post(lease, {"do": "renew"}).status_code == 409
    leases.take(second, submission.submission_id)
    page = desk.post(lease, {"do": "take"})
    assert page.status_code == 409
    assert f"{second.name} is reviewing this" in page.content.decode()
    assert "Why do you take over?" in desk.get(address(submission)).content.decode()
    empty = desk.post(lease, {"do": "over", "reason": " "})
    assert empty.status_code == 422
    assert "audit log keeps it" in empty.content.decode()
    assert desk.post(lease, {"do": "over", "reason": "She asked me to"}).status_code == 302
    assert Lease.objects.get().holder == moderator


def test_after_a_decision_the_list_goes_on_or_the_next_item_opens(desk: Client, moderator: User) -> None:
    first, then, last = (make_submission() for _ in range(3))
    desk.get("/moderation/queue/", {"view": "new"})
    done = desk.post(address(first, "decide/"), form(first, "approve", confirmed="1"))
    assert done["Location"] == "/moderation/queue/?view=new"
    assert "and take the next" in desk.post(address(then, "decide/"), form(then, "approve")).content.decode()
    done = desk.post(address(then, "decide/"), form(then, "approve", confirmed="next"))
    assert done["Location"] == address(last)
    assert Lease.objects.get().submission == last
    done = desk.post(address(last, "decide/"), form(last, "approve", confirmed="next"), follow=True)
    assert "Nothing is free in this list" in done.content.decode()


def test_a_decision_on_what_somebody_else_holds_offers_to_take_over(desk: Client, second: User) -> None:
    submission = make_submission()
    leases.take(second, submission.submission_id)
    page = desk.post(
        address(submission, "decide/"), form(submission, "approve", note="My words.", confirmed="1")
    )
    assert page.status_code == 409
    body = page.content.decode()
    assert "Why do you take over?" in body
    assert "My words." in body


def test_next_takes_the_first_free_item(desk: Client, moderator: User, second: User) -> None:
    mine = make_submission(moderator, mod_id="own.mod")
    held = make_submission()
    leases.take(second, held.submission_id)
    free = make_submission()
    assert desk.post("/moderation/queue/next/")["Location"] == address(free)
    assert Lease.objects.filter(holder=moderator).get().submission == free
    page = desk.post("/moderation/queue/next/", follow=True).content.decode()
    assert "Nothing is free" in page
    assert mine.submission_id not in page.split("Your own work")[0].split("<tbody>")[0]


def test_writing_to_the_author_and_to_staff(desk: Client, moderator: User) -> None:
    submission = make_submission()
    desk.post(address(submission, "write/"), {"to": "author", "text": "Why is it there?"})
    desk.post(address(submission, "write/"), {"to": "staff", "text": "I wonder."})
    assert Message.objects.get().from_staff
    note = StaffNote.objects.get()
    assert note.writer == moderator
    assert AuditEntry.objects.get(action=Action.MODERATION_NOTE_WRITTEN).after == {"note": note.pk}
    assert desk.post(address(submission, "write/"), {"to": "staff", "text": " "}).status_code == 422
