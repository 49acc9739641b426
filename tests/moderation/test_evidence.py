"""Differences, viewers and what else a reviewer sees: right, bounded, harmless."""

import random
import time
from typing import Any

import pytest

from accounts.errors import RefusedError
from accounts.models import User
from moderation import author, differences, evidence, members, notes, opened, viewers
from moderation.actions import decide
from moderation.differences import compare, seen
from tests import factories
from tests.factories import make_file, make_release, make_submission, make_user
from uploads.models import Submission

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
        assert sum(len(hunk.rows) for hunk in found.hunks) <= differences.ROWS + 2 * differences.CONTEXT

    def test_hunks_beyond_the_limit_are_counted(self) -> None:
        old = [str(number) for number in range(60000)]
        new = ["x" if number % 10 == 0 else line for number, line in enumerate(old)]
        assert compare(old, new).left_out > 1000

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
        shown += [number for number, _ in piece.lines]
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
    assert "too large" in evidence.file_difference(tree.files[1], None, other.current).why


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
    submission = make_submission()
    make_release(submission.author)
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
    panel = author.panel(submission)
    assert (panel.published, panel.taken_back, panel.second_factor, panel.uploader) == (1, 0, False, "")
    assert panel.decisions == (("rejected", 1),)
    assert dict(panel.policies) == {"quality": 1, "broken": 1}
    assert panel.notes_elsewhere == 1
    assert submission.current is not None
    submission.current.uploader = make_user("modder", display_name="Helper")
    assert author.panel(submission).uploader == "Helper"


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
