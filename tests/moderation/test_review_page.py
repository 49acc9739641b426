"""The review page: findings with verdicts, the tree by pages, bad input with the words kept, and what it costs."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from moderation import evidence, findings, tree_page, verdicts
from moderation.actions import decide
from moderation.models import FindingVerdict
from tests import factories
from tests.factories import make_file, make_signal, make_submission
from tests.moderation.test_pages import address, form, update, with_files
from uploads.models import PackageFile, Revision, Submission

pytestmark = pytest.mark.django_db

#: What the page of any package may cost, in queries: the session and the reader are two of them.
MOST_QUERIES = 15


@pytest.fixture
def desk(client: Client, moderator: User) -> Client:
    """A moderator's browser."""
    client.force_login(moderator)
    return client


def body(desk: Client, submission: Submission, query: str = "") -> str:
    answer = desk.get(address(submission, query))
    assert answer.status_code == 200
    return answer.content.decode()


def judge(desk: Client, submission: Submission, fingerprint: str, **more: str) -> Any:
    given = {"fingerprint": fingerprint, "verdict": "false_alarm", "scope": "release"} | more
    return desk.post(address(submission, "findings/"), given)


class TestFindings:
    """Part two."""

    def test_a_finding_says_what_it_is_where_and_since_when(self, desk: Client) -> None:
        submission = make_submission()
        make_signal(
            submission,
            "lua_os_execute",
            message="Runs a command.",
            path="a/init.lua",
            line=12,
            excerpt="os.execute('x')",
            first_seen="1.0.0",
            weight=3,
        )
        page = body(desk, submission)
        for part in (
            "Lua runs a command",
            "<code>os.execute</code> hands a line",
            "Runs a command.",
            "os.execute(&#x27;x&#x27;)",
            "file/?path=a%2Finit.lua&amp;line=12#L12",
            "a/init.lua:12",
            "first seen in 1.0.0",
            "weight 3 of 3",
            "1 of 1 finding",
        ):
            assert part in page, part

    def test_what_stops_an_approval_comes_first_then_the_heavier(self) -> None:
        submission = make_submission()
        for message, weight, blocking in (("light", 0, False), ("heavy", 3, False), ("stops", 1, True)):
            make_signal(submission, message=message, weight=weight, blocking=blocking)
        assert submission.current is not None
        found = findings.of(submission, submission.current)
        assert [one.message for one in found.shown] == ["stops", "heavy", "light"]
        assert [one.message for one in found.stopping] == ["stops"]

    def test_one_finding_in_many_places_is_one(self, desk: Client) -> None:
        submission = make_submission()
        for number in range(findings.PLACES + 3):
            make_signal(submission, fingerprint="f" * 32, path=f"{number}.lua", line=1)
        page = body(desk, submission)
        assert page.count('name="fingerprint" value="' + "f" * 32) == 1
        assert "and 3 more places" in page

    def test_a_verdict_is_given_and_seen_with_who_and_when(self, desk: Client, moderator: User) -> None:
        submission = make_submission()
        row = make_signal(submission, blocking=True)
        assert "Stops an approval until it is judged" in body(desk, submission)
        assert f'href="#finding-{row.fingerprint}"' in body(desk, submission)
        done = judge(desk, submission, row.fingerprint, note="A saved table.", here="view=unified&path=x")
        assert done["Location"] == f"{address(submission)}?path=x&view=unified#finding-{row.fingerprint}"
        page = body(desk, submission)
        assert "Noted: False alarm, this release." in page
        assert "False alarm, this release</strong>, by Ines Kowalczyk" in page
        assert "A saved table." in page
        assert "Approve is not possible" not in page
        assert FindingVerdict.objects.get().judge == moderator

    def test_what_the_mod_was_cleared_of_folds_away(self, desk: Client, moderator: User) -> None:
        first = make_submission(mod_id="ore.lamp")
        row = make_signal(first, blocking=True)
        verdicts.judge(moderator, first.submission_id, row.fingerprint, "accepted_risk", "mod")
        later = make_submission(mod_id="ore.lamp", version="1.1.0")
        make_signal(later, blocking=True, fingerprint=row.fingerprint)
        page = body(desk, later)
        assert "1 known finding" in page
        assert "in ore.lamp 1.0.0" in page
        assert "needs a verdict" not in page

    def test_what_was_said_of_another_release_is_told(self, desk: Client, moderator: User) -> None:
        first = make_submission(mod_id="ore.lamp")
        row = make_signal(first)
        verdicts.judge(moderator, first.submission_id, row.fingerprint, "false_alarm", "release")
        later = make_submission(mod_id="ore.lamp", version="1.1.0")
        make_signal(later, fingerprint=row.fingerprint)
        page = body(desk, later)
        assert "1.0.0: false alarm, that release alone" in page
        assert "1 finding needs a verdict" in page

    def test_everywhere_waits_for_a_second_person(self, desk: Client, second: User) -> None:
        submission = make_submission()
        row = make_signal(submission)
        judge(desk, submission, row.fingerprint, scope="everywhere")
        page = body(desk, submission)
        assert "once a second person says the same" in page
        assert "waits for a second person" in page
        assert judge(desk, submission, row.fingerprint, scope="everywhere").status_code == 409
        desk.force_login(second)
        judge(desk, submission, row.fingerprint, scope="everywhere")
        assert "by Ines Kowalczyk and Tobias Brandt" in body(desk, submission)

    @pytest.mark.parametrize(
        ("given", "status", "says"),
        [
            ({"note": "w" * 501}, 422, "at most 500 are taken"),
            ({"verdict": "maybe"}, 422, "There is no verdict"),
            ({"scope": ""}, 422, "There is no scope"),
            ({"fingerprint": "gone"}, 404, "has no such finding"),
        ],
    )
    def test_a_refusal_stays_on_the_page_with_the_note(
        self, desk: Client, given: dict[str, str], status: int, says: str
    ) -> None:
        submission = make_submission()
        row = make_signal(submission)
        answer = judge(desk, submission, **({"fingerprint": row.fingerprint, "note": "My words."} | given))
        assert answer.status_code == status
        page = answer.content.decode()
        assert says in page
        if "fingerprint" not in given:
            assert f'value="{given.get("note", "My words.")}"' in page

    def test_many_findings_come_by_pages(self, desk: Client) -> None:
        submission = make_submission()
        for number in range(findings.PAGE + 5):
            make_signal(submission, message=f"Number {number} of them.")
        first, second = body(desk, submission), body(desk, submission, "?findings=2")
        assert first.count('class="finding') - first.count('class="finding__') == findings.PAGE
        assert "Number 24 of them." in second
        assert "Number 0 of them." not in second
        assert "Number 24 of them." in body(desk, submission, "?findings=999999")

    def test_a_finding_shows_again_under_its_line(self, desk: Client, moderator: User) -> None:
        submission = update(moderator)
        row = make_signal(submission, path="init.lua", line=1, message="Loads joined text.")
        for query in ("?path=init.lua", "?path=init.lua&view=unified", "file/?path=init.lua"):
            page = body(desk, submission, query)
            assert f"#finding-{row.fingerprint}" in page.split("diff-finding")[1][:300], query


class TestTree:
    """Part three."""

    def test_it_comes_by_pages_and_what_was_known_is_shown_when_asked_for(
        self, desk: Client, moderator: User
    ) -> None:
        submission = update(moderator)
        page = body(desk, submission)
        assert "same.lua" not in page
        assert "same.lua" in body(desk, submission, "?show=all")
        assert "4 added" not in page

    def test_pages_hold_each_file_once(self) -> None:
        rows = {f"d{number % 7}/{number:05}.lua": (9, "a" * 64, "text", False) for number in range(1234)}
        files = evidence.Tree({}, rows, set())
        seen: list[str] = []
        page = 1
        while True:
            listing = tree_page.of(files, None, set(), {}, lambda **more: str(more), page=page)
            seen += [
                f"{folder['name']}/{file['name']}" for folder in listing.folders for file in folder["files"]
            ]
            if not listing.after:
                break
            page += 1
        assert sorted(seen) == sorted(rows)
        assert page == 13
        chosen = files.changed[700]
        held = tree_page.of(files, chosen, set(), {}, lambda **more: str(more))
        assert (held.first, held.last) == (701, 800)

    def test_files_are_found_by_a_part_of_their_path(self, desk: Client, moderator: User) -> None:
        submission = update(moderator)
        page = body(desk, submission, "?find=SAME")
        assert "file/?path=same.lua" in page
        assert "reviewed before" in page
        assert "No file of the package has" in body(desk, submission, "?find=%3Cb%3Enone")

    def test_executables_are_marked(self, desk: Client) -> None:
        submission = make_submission()
        file = make_file(submission, "Binaries/a.dll", b"MZ", "pe")
        file.executable = True
        file.facts = {"imports": ["KERNEL32.dll Sleep"]}
        file.save()
        page = body(desk, submission, "?path=Binaries/a.dll")
        assert "executable" in page
        assert "KERNEL32.dll Sleep" in page
        assert "It is never run" in page
        assert "it is never run" in body(desk, submission, "file/?path=Binaries/a.dll")

    def test_pictures_lie_side_by_side(self, desk: Client, moderator: User) -> None:
        first = with_files(make_submission(mod_id="ore.lamp"), {"a.png": b"\x89PNG\r\n\x1a\nold"})
        assert first.current is not None
        decide(
            moderator,
            first.submission_id,
            action="approve",
            revision=first.current.number,
            sha256=first.current.sha256,
        )
        later = with_files(
            make_submission(first.author, mod_id="ore.lamp", version="1.1.0"),
            {"a.png": b"\x89PNG\r\n\x1a\nnew"},
        )
        page = body(desk, later, "?path=a.png")
        assert "image/?side=old&amp;path=a.png" in page
        assert "image/?path=a.png" in page

    def test_a_long_difference_is_cut_and_can_be_lengthened(self, desk: Client, moderator: User) -> None:
        submission = with_files(make_submission(), {"a.lua": b"x = 1\n" * 3000})
        page = body(desk, submission, "?path=a.lua")
        assert "2,500 more rows" in page
        assert len(page) < 600_000
        longer = body(desk, submission, "?path=a.lua&rows=8000")
        assert "more row" not in longer


def large(moderator: User, many: int) -> Submission:
    """An update with findings and verdicts; of `many` members the last approved release had all but twenty."""
    first = make_submission(mod_id="ore.lamp")
    later = make_submission(first.author, mod_id="ore.lamp", version="1.1.0")
    for version in ("0.9.0", "0.9.1"):
        older = make_submission(first.author, mod_id="ore.lamp", version=version)
        assert older.current is not None
        decide(moderator, older.submission_id, action="approve", revision=1, sha256=older.current.sha256)
    for submission in (first, later):
        assert submission.current is not None
        fill(submission.current, many, "b" if submission is later else "a")
    assert first.current is not None
    decide(moderator, first.submission_id, action="approve", revision=1, sha256=first.current.sha256)
    for number in range(min(many, 40)):
        row = make_signal(later, path=f"d/{number:05}.lua", line=1)
        if number % 2:
            verdicts.judge(moderator, later.submission_id, row.fingerprint, "false_alarm", "mod")
    return later


def fill(revision: Revision, many: int, mark: str) -> None:
    PackageFile.objects.bulk_create(
        [
            PackageFile(
                revision=revision,
                path=f"d/{number:05}.lua",
                size_bytes=9,
                crc32=0,
                sha256=f"{mark if number < 20 else 'c'}{number:063}",
                kind="text",
            )
            for number in range(many)
        ]
    )


def test_what_it_costs_does_not_depend_on_the_package(desk: Client, moderator: User) -> None:
    counts, sizes = [], []
    for many in (30, 5000):
        submission = large(moderator, many) if many == 5000 else large_elsewhere(moderator, many)
        for query in ("", "?show=all"):
            with CaptureQueriesContext(connection) as queries:
                page = body(desk, submission, query)
            counts.append(len(queries))
            sizes.append(len(page))
    assert "4,980 of 5,000 files were reviewed before" in page
    assert len(set(counts)) == 1
    assert counts[0] <= MOST_QUERIES
    assert max(sizes) < 250_000


def large_elsewhere(moderator: User, many: int) -> Submission:
    """The same under another mod id."""
    submission = large(moderator, many)
    Submission.objects.filter(mod_id="ore.lamp").update(mod_id="ice.lamp")
    FindingVerdict.objects.update(mod_id="ice.lamp")
    submission.refresh_from_db()
    return submission


class TestMail:
    """What the author would read, beside the form that is being filled."""

    def ask(self, desk: Client, submission: Submission, action: str, **more: Any) -> str:
        answer = desk.post(
            address(submission, "decide/"), form(submission, action, **more), headers={"HX-Request": "true"}
        )
        assert answer.status_code == 200
        page: str = answer.content.decode()
        assert "<html" not in page
        return page

    def test_it_is_shown_as_it_would_be_sent(self, desk: Client, moderator: User) -> None:
        submission = make_submission()
        page = self.ask(desk, submission, "request_changes", reason="quality", note="Mend the door.")
        assert "Mend the door." in page
        assert moderator.name not in page
        submission.refresh_from_db()
        assert submission.state == "pending_review"
        assert "gets no mail" in self.ask(desk, submission, "escalate", question="Is it fine?")

    def test_what_is_missing_is_said_there(self, desk: Client) -> None:
        assert "needs at least one reason" in self.ask(desk, make_submission(), "reject")

    def test_a_first_of_two_sends_nothing(self, desk: Client) -> None:
        submission = make_submission()
        file = make_file(submission, "version.dll", b"MZ", "pe")
        file.executable = True
        file.save()
        assert "a second person must say the same" in self.ask(desk, submission, "approve")


class TestBadInput:
    """Each a clear answer, with what was typed."""

    @pytest.mark.parametrize("to", ["author", "staff"])
    def test_an_empty_or_too_long_message_stays_in_its_field(self, desk: Client, to: str) -> None:
        submission = make_submission()
        answer = desk.post(address(submission, "write/"), {"to": to, "text": "long words " * 600})
        assert answer.status_code == 422
        assert "long words long words" in answer.content.decode()
        assert "at most 5,000 " in answer.content.decode()
        assert desk.post(address(submission, "write/"), {"to": to, "text": " "}).status_code == 422

    @pytest.mark.parametrize(
        "query",
        [
            "?path=%00",
            "?path=" + "x" * 5000,
            "?files=-1&findings=x&rows=99999999",
            "?files=%D9%A1",
            "?view=<script>",
            "?find=" + "%00%ff" * 50,
            "?path=../../etc/passwd",
        ],
    )
    def test_an_address_that_makes_no_sense_shows_the_page(
        self, desk: Client, moderator: User, query: str
    ) -> None:
        page = body(desk, update(moderator), query)
        assert "<script>" not in page.replace("<script src", "")

    @pytest.mark.parametrize("place", ["file/", "image/"])
    @pytest.mark.parametrize("query", ["", "?path=%00", "?path=nope", "?path=init.lua&side=new&offset=-1"])
    def test_a_viewer_without_its_file_is_absent(
        self, desk: Client, moderator: User, place: str, query: str
    ) -> None:
        submission = update(moderator)
        expected = 404
        if "init.lua" in query:
            expected = 200 if place == "file/" else 422
        assert desk.get(address(submission, place + query)).status_code == expected

    def test_hostile_names_are_words(self, desk: Client, moderator: User) -> None:
        name = '"><img src=x onerror=alert(1)>.lua'
        submission = make_submission()
        make_file(submission, name)
        make_signal(submission, path=name, message="<script>alert(2)</script>", excerpt="<b>")
        for query in ("", "?show=all", "?find=img", f"file/?path={name}"):
            page = desk.get(address(submission, query)).content.decode()
            assert "<img src=x" not in page
            assert "<script>alert" not in page
            assert "&lt;img src=x" in page

    def test_a_blocking_finding_refuses_the_approval_and_keeps_the_words(self, desk: Client) -> None:
        submission = make_submission()
        row = make_signal(submission, blocking=True, message="Opens a door.")
        answer = desk.post(
            address(submission, "decide/"), form(submission, "approve", confirmed="1", note="My own words.")
        )
        assert answer.status_code == 409
        assert "Opens a door." in answer.content.decode()
        assert "My own words." in answer.content.decode()
        judge(desk, submission, row.fingerprint)
        done = desk.post(address(submission, "decide/"), form(submission, "approve", confirmed="1"))
        assert done.status_code == 302

    def test_bytes_taken_out_of_staging_are_said_to_be_gone(self, desk: Client, moderator: User) -> None:
        submission = update(moderator)
        assert submission.current is not None
        factories.storages["staging"].delete(submission.current.staging_name)
        assert "can&#x27;t be read any more" in body(desk, submission, "?path=init.lua").replace(
            "can't", "can&#x27;t"
        )
        assert desk.get(address(submission, "image/?path=a.png")).status_code in (410, 422)
