"""Differences, viewers and what else a reviewer sees: right, bounded, harmless."""

import random
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from accounts.audit import Action, record
from accounts.errors import RefusedError
from accounts.models import User
from accounts.roles import Relation
from moderation import (
    author,
    conversation,
    differences,
    evidence,
    history,
    members,
    notes,
    opened,
    relation,
    second_person,
    viewers,
)
from moderation.actions import decide
from moderation.differences import compare, seen
from tests import factories
from tests.factories import (
    add_revision,
    make_file,
    make_message,
    make_namespace,
    make_release,
    make_submission,
    make_user,
)
from tests.uploads.package.test_audio import wav
from uploads.models import Submission
from uploads.package import images

pytestmark = pytest.mark.django_db


class TestLines:
    """Line differences."""

    def test_they_always_lead_from_the_old_to_the_new(self) -> None:
        dice = random.Random(7)
        for _ in range(400):
            old = [dice.choice("abcdefgh") for _ in range(dice.randint(0, 30))]
            new = [line for line in old if dice.random() > 0.2]
            for _ in range(dice.randint(0, 5)):
                new.insert(dice.randint(0, len(new)), dice.choice("abcxyz"))
            i = j = 0
            for tag, i1, i2, j1, j2 in differences._merged(
                differences._blocks(old, new, 0, len(old), 0, len(new))
            ):
                assert (i1, j1) == (i, j)
                if tag == "equal":
                    assert old[i1:i2] == new[j1:j2]
                i, j = i2, j2
            assert (i, j) == (len(old), len(new))
            found = compare(old, new)
            assert found.added - found.removed == len(new) - len(old)
            assert bool(found.hunks) == (old != new)

    def test_changed_words_are_marked(self) -> None:
        (hunk,) = compare(["local f = load(code)"], ["local f = load(preload .. code)"]).hunks
        (row,) = hunk.rows
        assert row.right is not None
        assert "".join(part.text for part in row.right.parts if part.changed).strip() == "preload .."
        assert hunk.header == "@@ 1,1 to 1,1 @@"

    def test_lines_around_a_change_are_shown_and_far_changes_are_apart(self) -> None:
        old = [str(number) for number in range(100)]
        new = [*old[:10], "new", *old[11:60], *old[61:]]
        one, two = compare(old, new).hunks
        assert [line.kind for line in one.lines] == ["same"] * 3 + ["del", "add"] + ["same"] * 3
        assert (one.lines[3].number, one.lines[4].number, one.lines[0].number) == (11, 11, 8)
        assert two.rows[3].right is None

    def test_a_file_that_is_new_or_gone_is_all_added_or_removed(self) -> None:
        assert (compare([], ["a", "b"]).added, compare(["a"], []).removed) == (2, 1)
        assert compare(["a"], ["a"]).hunks == ()

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ([f"{n} a" for n in range(20000)], [f"{n} b" for n in range(20000)]),
            (["a b" * 150] * 20000, ["a c" * 150] * 20000),
            ([str(n % 40) for n in range(20000)], [str(n * 7 % 40) for n in range(20000)]),
            (["x" * 5_000_000], ["y" * 5_000_000]),
        ],
    )
    def test_hostile_files_cost_little(self, old: list[str], new: list[str]) -> None:
        start = time.process_time()
        found = compare(old, new)
        assert time.process_time() - start < 5
        shown = sum(len(hunk.rows) for hunk in found.hunks)
        assert shown <= differences.ROWS
        assert found.left_out >= 0
        assert len(compare(old, new, rows=10).hunks[0].rows) <= 10

    def test_hunks_beyond_the_limit_are_counted(self) -> None:
        old = [str(number) for number in range(60000)]
        new = ["x" if number % 10 == 0 else line for number, line in enumerate(old)]
        assert compare(old, new).left_out > 1000
        assert compare(old[:50], new[:50]).left_out == 0

    def test_notes_hang_on_the_lines_of_the_new_side(self) -> None:
        (hunk,) = compare(["a", "b"], ["a", "c", "d"], notes={1: "one", 3: "three"}).hunks
        assert [line.note for line in hunk.lines] == ["one", None, None, "three"]

    def test_long_lines_are_marked_between_their_ends(self) -> None:
        old = " ".join(f"w{number}" for number in range(180))
        new = old.replace("w90 ", "other ")
        (hunk,) = compare([old], [new]).hunks
        (row,) = hunk.rows
        assert row.right is not None
        assert [part.text for part in row.right.parts if part.changed] == ["other"]
        (hunk,) = compare(["x " * 180], ["y " * 179 + "z"]).hunks
        assert hunk.rows[0].right is not None
        assert hunk.rows[0].right.parts == ()

    def test_what_can_not_be_seen_is_shown(self) -> None:
        assert seen("a\u202eb\x1b") == "a⟦U+202E⟧b⟦U+001B⟧"
        assert seen("x" * 1005).endswith("… and 5 more characters")
        assert differences.unseen("\u200b\u200b\x07") == ["U+0007", "ZERO WIDTH SPACE"]


def staged(files: dict[str, bytes], **more: Any) -> Submission:
    """A submission with these files, inventoried as what they are."""
    submission = make_submission(data=factories.package(factories.manifest("ore.lamp"), files), **more)
    for path, data in files.items():
        make_file(submission, path, data, "text")
    return submission


def test_a_text_is_shown_in_pieces_with_its_line_numbers() -> None:
    text = b"".join(b"line %06d \xe2\x9c\x93\n" % number for number in range(20000))
    submission = staged({"long.lua": text})
    assert submission.current is not None
    file = submission.current.files.get()
    shown, offset = [], 0
    while True:
        piece = viewers.view(submission.current, file, offset)
        assert piece.is_text
        shown += [row.number for row in piece.lines]
        if piece.after is None:
            break
        offset = piece.after
    assert set(shown) == set(range(1, 20001))
    assert viewers.view(submission.current, file, 999_999_999).before is not None


def test_bytes_are_shown_as_hex_in_pieces() -> None:
    submission = staged({"noise.bin": bytes(range(256)) * 40, "empty.txt": b""})
    assert submission.current is not None
    file = submission.current.files.get(path="noise.bin")
    first = viewers.view(submission.current, file)
    assert len(first.rows) == viewers.HEX // 16
    assert (first.rows[4].offset, first.rows[4].text) == ("00000040", "@ABCDEFGHIJKLMNO")
    assert first.after == viewers.HEX
    following = viewers.view(submission.current, file, first.after)
    assert following.before == 0
    empty = viewers.view(submission.current, submission.current.files.get(path="empty.txt"))
    assert (empty.rows, empty.lines, empty.missing) == ((), (), False)


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x20", (16, 32)),
        (b"GIF89a\x03\x00\x04\x00", (3, 4)),
        (b"BM" + bytes(16) + b"\x05\x00\x00\x00\xfa\xff\xff\xff", (5, 6)),
        (b"\x89PNG", None),
        (b"", None),
    ],
)
def test_a_pictures_own_words_about_its_size(head: bytes, size: tuple[int, int] | None) -> None:
    assert viewers.picture_size(head) == size


def test_a_piece_ends_with_a_line_and_goes_on_with_the_next() -> None:
    text = b"".join(b"line %06d\n" % number for number in range(20000))
    submission = staged({"long.lua": text})
    assert submission.current is not None
    file = submission.current.files.get()
    first = viewers.view(submission.current, file)
    assert first.after is not None
    assert text[first.after - 1 : first.after] == b"\n"
    following = viewers.view(submission.current, file, first.after)
    assert following.lines[0].number == first.lines[-1].number + 1


@pytest.mark.parametrize(("line", "first"), [(1, 1), (5, 1), (9000, 8995), (20000, 19995), (99999, 20000)])
def test_a_line_can_be_asked_for(line: int, first: int) -> None:
    text = b"".join(b"line %06d\n" % number for number in range(1, 20001))
    submission = staged({"long.lua": text})
    assert submission.current is not None
    note = ("finding",)
    found = viewers.view(submission.current, submission.current.files.get(), line=line, notes={line: note})
    assert found.lines[0].number == first
    assert found.lines[0].text == f"line {first:06}"
    asked = [row for row in found.lines if row.asked]
    assert [row.number for row in asked] == ([line] if line <= 20000 else [])
    assert all(row.notes == note for row in asked)


def test_a_very_long_line_is_shown_whole_a_piece_at_a_time() -> None:
    submission = staged({"min.lua": b"x" * 10_000_000})
    assert submission.current is not None
    file = submission.current.files.get()
    first = viewers.view(submission.current, file)
    assert [row.number for row in first.lines] == [1] + [0] * (len(first.lines) - 1)
    assert sum(len(row.text) for row in first.lines) == viewers.PIECE
    last = viewers.view(submission.current, file, 10_000_000 - 5)
    assert (last.lines[0].text, last.after) == ("xxxxx", None)
    tree = evidence.tree(submission, None, submission.current)
    found = evidence.file_difference(tree.files[0], None, submission.current)
    assert found.difference is None
    assert "10,000,000 bytes" in found.why


def test_broken_text_says_where_it_breaks() -> None:
    submission = staged(
        {"bad.txt": b"caf\xe9 au lait\n", "odd.txt": b"a" * 70_000 + b"\0b", "bin.txt": b"\0\1"}
    )
    assert submission.current is not None
    tree = evidence.tree(submission, None, submission.current)
    why = {file.path: evidence.file_difference(file, None, submission.current).why for file in tree.files}
    assert "byte e9 at offset 3" in why["bad.txt"]
    assert "byte 00 at offset 70,000" in why["odd.txt"]
    assert why["bin.txt"].startswith("It is not text.")
    view = viewers.view(submission.current, submission.current.files.get(path="bad.txt"))
    assert "byte e9 at offset 3" in view.why
    assert view.rows


def test_sounds_tell_how_long_they_play() -> None:
    submission = staged({"a.wav": wav(2)})
    assert submission.current is not None
    file = submission.current.files.get()
    file.kind = "wav"
    facts = dict(viewers.view(submission.current, file).facts)
    assert (facts["Sound"], facts["Plays"]) == ("WAV, stereo, 8,000 Hz", "2.0 seconds")


def test_pictures_are_the_kinds_that_the_child_reads() -> None:
    assert set(images.READERS) == viewers.PICTURES


def test_programs_are_compared_by_what_they_say_of_themselves() -> None:
    facts = {
        "imports": [{"library": "KERNEL32.dll", "count": 1, "functions": ["Sleep"]}],
        "signer": None,
        "sections": [".text"],
    }
    assert evidence.facts_lines(facts) == [
        "imports: count 1, library KERNEL32.dll",
        "imports.functions of KERNEL32.dll: Sleep",
        "sections: .text",
        "signer: none",
    ]
    first, later = (
        staged({"a.dll": b"MZ" + mark}, mod_id="ore.lamp", version=version)
        for mark, version in ((b"1", "1.0.0"), (b"2", "1.1.0"))
    )
    assert first.current is not None
    assert later.current is not None
    for submission, more in (
        (first, []),
        (later, [{"library": "WININET.dll", "functions": ["InternetOpenW"]}]),
    ):
        assert submission.current is not None
        submission.current.files.update(kind="pe", facts=facts | {"imports": [*facts["imports"], *more]})
    tree = evidence.tree(later, first.current, later.current)
    found = evidence.file_difference(tree.files[0], first.current, later.current)
    assert found.of_facts
    assert found.difference is not None
    added = [line.text for hunk in found.difference.hunks for line in hunk.lines if line.kind == "add"]
    assert added == ["imports: library WININET.dll", "imports.functions of WININET.dll: InternetOpenW"]
    later.current.files.update(facts={})
    assert "nothing is known" in evidence.file_difference(tree.files[0], None, later.current).why


def test_files_of_any_approved_release_are_known(moderator: User) -> None:
    for version, data in (("1.0.0", b"one"), ("1.1.0", b"two")):
        submission = staged({"a.lua": data}, mod_id="ore.lamp", version=version)
        assert submission.current is not None
        decide(
            moderator,
            submission.submission_id,
            action="approve",
            revision=1,
            sha256=submission.current.sha256,
        )
    back = staged({"a.lua": b"one", "b.lua": b"three"}, mod_id="ore.lamp", version="1.2.0")
    assert back.current is not None
    tree = evidence.tree(back, evidence.baseline(back), back.current)
    assert [(file.path, file.change, file.known) for file in tree.files] == [
        ("a.lua", "changed", True),
        ("b.lua", "added", False),
    ]


@pytest.mark.parametrize("stands", ["author", "maintainer", "uploader", "other"])
def test_the_relation_is_the_same_as_a_column(stands: str) -> None:
    actor = make_user("moderator")
    submission = make_submission(actor if stands == "author" else None, mod_id="ore.lamp")
    make_namespace("or", actor)
    make_namespace("ore", *([actor] if stands == "maintainer" else []))
    if stands == "uploader":
        add_revision(submission, data=b"PK", uploader=actor)
    column = Submission.objects.annotate(stands=relation.relation_column(actor)).get().stands
    assert Relation(column) is relation.relation_of(actor, submission)


def test_approved_words_of_a_listing_are_no_baseline(moderator: User) -> None:
    first = make_submission(mod_id="ore.lamp")
    assert first.current is not None
    decide(moderator, first.submission_id, action="approve", revision=1, sha256=first.current.sha256)
    words = make_submission(mod_id="ore.lamp", version="1.0.1")
    assert words.current is not None
    decide(moderator, words.submission_id, action="approve", revision=1, sha256=words.current.sha256)
    Submission.objects.filter(pk=words.pk).update(kind=Submission.Kind.LISTING)
    later = make_submission(mod_id="ore.lamp", version="1.1.0")
    assert evidence.baseline(later) == first.current


def test_history_finds_what_waits_for_a_second_person(moderator: User) -> None:
    submission = make_submission(mod_id="ore.lamp")
    file = make_file(submission, "version.dll", b"MZ", "pe")
    file.executable = True
    file.save()
    assert submission.current is not None
    assert history.of(submission).waiting(submission) is None
    decide(
        moderator, submission.submission_id, action="approve", revision=1, sha256=submission.current.sha256
    )
    waiting = history.of(submission).waiting(submission)
    assert waiting is not None
    assert waiting == second_person.waiting(submission)


def test_what_is_gone_or_broken_is_said(moderator: User) -> None:
    submission = staged({"a.lua": b"return 1\n"})
    assert submission.current is not None
    revision = submission.current
    assert members.read(revision, "b.lua", limit=10) is None
    revision.staging_name = "uploads/staging/none.zip"
    assert members.read(revision, "a.lua", limit=10) is None
    other = make_submission(data=b"PK is not enough")
    assert other.current is not None
    make_file(other, "a.lua")
    tree = evidence.tree(other, None, other.current)
    found = evidence.file_difference(tree.files[0], None, other.current)
    assert "can't be read" in found.why
    make_file(other, "huge.lua").__class__.objects.filter(path="huge.lua").update(
        size_bytes=evidence.TEXT + 1
    )
    tree = evidence.tree(other, None, other.current)
    huge = tree.find("huge.lua")
    assert huge is not None
    assert "too large" in evidence.file_difference(huge, None, other.current).why


def test_fields_are_compared_one_by_one() -> None:
    assert evidence.flatten({"a": {"b": [1, {"c": True}]}, "d": None, "e": [], "f": "x"}) == {
        "a.b[0]": "1",
        "a.b[1].c": "true",
        "d": "none",
        "f": "x",
    }
    old, new = (
        make_submission(version="1.0.0"),
        make_submission(version="1.1.0", manifest_more={"license": "0BSD"}),
    )
    assert old.current is not None
    assert new.current is not None
    found = {
        change.path: (change.old, change.new) for change in evidence.field_changes(old.current, new.current)
    }
    assert found["manifest.license"] == ("MIT", "0BSD")
    assert found["manifest.version"] == ("1.0.0", "1.1.0")
    first = evidence.field_changes(None, new.current)
    assert {change.old for change in first} == {""}


def test_the_baseline_is_what_was_approved_last_before_it(moderator: User) -> None:
    assert evidence.baseline(Submission(mod_id=None)) is None
    rows: list[Submission] = []
    for version, state in (("1.0.0", "published"), ("1.1.0", "hidden"), ("1.2.0", "published")):
        submission = make_submission(mod_id="ore.lamp", version=version)
        assert evidence.baseline(submission) == (rows[0].current if rows else None)
        assert submission.current is not None
        decide(
            moderator,
            submission.submission_id,
            action="approve",
            revision=1,
            sha256=submission.current.sha256,
        )
        Submission.objects.filter(pk=submission.pk).update(state=state)
        rows.append(submission)
    assert evidence.baseline(rows[0]) is None
    assert evidence.baseline(rows[2]) == rows[0].current
    assert evidence.baseline(make_submission(mod_id="ore.lamp", version="2.0.0")) == rows[2].current


def test_the_authors_panel(moderator: User) -> None:
    submission = make_submission(mod_id="ore.lamp")
    make_release(submission.author, "ore.one")
    gone = make_release(submission.author, "ore.two")
    gone.__class__.objects.filter(pk=gone.pk).update(taken_back_at=timezone.now())
    other = make_submission(submission.author)
    assert other.current is not None
    decide(
        moderator,
        other.submission_id,
        action="reject",
        revision=1,
        sha256=other.current.sha256,
        reasons=[{"policy": "quality"}, {"policy": "broken"}],
    )
    notes.write(moderator, other, "Second time.")
    make_namespace("ore", submission.author, make_user("modder", display_name="Co Maintainer"))
    past = history.of(submission)
    panel, figures = author.panel(submission, past.authors)
    assert (panel.published, panel.taken_back, panel.submitted, panel.uploader) == (2, 1, 2, "")
    assert (panel.second_factor, panel.factors, panel.changed) == (False, (), ())
    assert panel.decisions == (("rejected", 1),)
    assert dict(panel.policies) == {"quality": 1, "broken": 1}
    assert panel.maintainers == ("Co Maintainer",)
    assert (figures.waiting, figures.dependants, figures.taken_back_before) == (1, 0, False)
    talk = conversation.of(submission)
    assert (talk.rows, talk.elsewhere_count, talk.elsewhere[0].text) == ((), 1, "Second time.")
    assert submission.current is not None
    submission.current.uploader = make_user("modder", display_name="Helper")
    assert author.panel(submission)[0].uploader == "Helper"


def test_the_panel_tells_of_factors_and_of_recent_changes() -> None:
    submission = make_submission()
    Authenticator.objects.create(user=submission.author, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.create(user=submission.author, type=Authenticator.Type.RECOVERY_CODES, data={})
    with transaction.atomic():
        for action in (Action.ACCOUNT_EMAIL_CHANGED, Action.ACCOUNT_FACTOR_CHANGED):
            account = submission.author.account_id
            at = (
                timezone.now() - timedelta(days=author.RECENT + 1)
                if action.name.endswith("FACTOR_CHANGED")
                else None
            )
            record(submission.author, action, "account", account, at=at)
    panel, _ = author.panel(submission)
    assert panel.factors == ("authenticator",)
    assert [word for word, _ in panel.changed] == ["mail address"]


def test_the_panel_counts_what_depends_on_it_and_bytes_taken_back() -> None:
    submission = make_submission(mod_id="ore.lamp")
    wish = ({"id": "ore.lamp", "version": "^1.0.0"},)
    make_release(mod_id="ice.a", dependencies=wish)
    make_release(mod_id="ice.a", version="1.1.0", dependencies=wish)
    make_release(mod_id="ice.b", dependencies=wish)
    assert submission.current is not None
    make_release(mod_id="ice.c", sha256=submission.current.sha256, taken_back_at=timezone.now())
    _, figures = author.panel(submission)
    assert (figures.dependants, figures.taken_back_before) == (2, True)


def test_a_conversation_is_in_order_and_tells_notes_from_messages(moderator: User) -> None:
    submission = make_submission()
    make_message(submission, text="Mine.")
    make_message(submission, moderator, "The team's.")
    notes.write(moderator, submission, "Ours.")
    rows = conversation.of(submission).rows
    assert [(row["text"], row["team"], row["staff"]) for row in rows] == [
        ("Mine.", False, False),
        ("The team's.", True, False),
        ("Ours.", False, True),
    ]
    assert rows[1]["about"] == f"revision 1, written by {moderator.name}"


def test_notes_are_staffs(moderator: User) -> None:
    submission = make_submission()
    with pytest.raises(RefusedError) as refused:
        notes.write(submission.author, submission, "Hm.")
    assert refused.value.status == 403


def test_what_was_opened_is_remembered_within_bounds() -> None:
    session: dict[str, Any] = {}
    for number in range(opened.ITEMS + 5):
        opened.note(session, f"item{number}", "a.lua")
    opened.note(session, "item14", "b.lua")
    opened.note(session, "item14", "b.lua")
    assert opened.unopened(session, "item14", ["b.lua", "c.lua", "a.lua"]) == ["c.lua"]
    assert opened.unopened(session, "item0", ["a.lua"]) == ["a.lua"]
    assert len(session[opened.KEY]) == opened.ITEMS
    assert "a.lua" not in str(session)
