"""Signals that need the portal's rows: what is new to a mod, who it could be taken for, what came back."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import Problem
from catalog.models import Mod
from tests import factories
from uploads import inventory, weighing
from uploads.checks import Result, Status, Subject
from uploads.checks.base import warned
from uploads.models import Signal as Row
from uploads.models import Submission
from uploads.package.reader import Member, PackageReport
from uploads.signals.found import Signal

pytestmark = pytest.mark.django_db
MOD = "kestrel.beacon-net"


def member(path: str, sha256: str = "a", *, size: int = 1000, executable: bool = False) -> Member:
    """A file; `sha256` is repeated to the length of a hash."""
    return Member(path, size, size, 0, (sha256 * 64)[:64], "text", executable, 8, 0)


def program(name: str = "a", sha256: str = "a") -> Member:
    return member(f"Binaries/Win64/{name}.dll", sha256, executable=True)


def subject(
    *members: Member, signals: tuple[Signal, ...] = (), sha256: str = "e" * 64, **manifest: Any
) -> Subject:
    """A package with these files and findings."""
    return Subject(
        open_package=io.BytesIO,
        size=1,
        sha256=sha256,
        report=PackageReport(True, True, (), members, b"{}", 2, sha256, 1),
        manifest=factories.manifest(MOD, "2.0.0", name="Beacon Net") | manifest,
        sidecar=None,
        signals=signals,
    )


def under_check(version: str = "2.0.0") -> Submission:
    """The submission whose package is looked at."""
    return factories.make_submission(None, "validating", MOD, version)


def earlier(
    *members: Member,
    signals: tuple[Signal, ...] = (),
    state: str = "published",
    mod_id: str = MOD,
    version: str = "1.0.0",
) -> Submission:
    """A submission that was checked before, with its files and findings."""
    submission = factories.make_submission(None, state, mod_id, version)
    assert submission.current is not None
    inventory.write(submission.current, members, {})
    for place, one in enumerate(signals):
        Row.objects.create(
            revision=submission.current,
            position=place,
            code=one.code,
            message=one.message,
            weight=1,
            fingerprint=one.fingerprint,
        )
    return submission


def release(submission: Submission, *, taken_back: str = "") -> None:
    """Its release: public, or taken back at a level."""
    assert submission.current is not None
    back = {"taken_back_at": datetime(2026, 2, 1, tzinfo=UTC), "taken_back_level": taken_back}
    factories.make_release(
        submission.author,
        submission.mod_id or "",
        submission.version or "",
        submission_id=submission.submission_id,
        sha256=submission.current.sha256,
        **(back if taken_back else {}),
    )


def codes(found: list[weighing.Weighed]) -> list[str]:
    return [row.signal.code for row in found]


def told(found: list[weighing.Weighed], code: str) -> list[tuple[str, bool]]:
    """Path and mark of each signal of a code."""
    return [(row.signal.path, row.signal.blocking) for row in found if row.signal.code == code]


class TestNewPrograms:
    def test_every_program_of_a_first_release_is_new(self) -> None:
        found = weighing.weigh(under_check(), subject(program(), member("a.lua", "b")))
        assert told(found, "new_executable") == [("Binaries/Win64/a.dll", False)]
        assert found[0].weight == 2

    def test_what_the_newest_approved_release_has_is_not(self) -> None:
        earlier(program("a", "a"))
        earlier(program("a", "b"), version="1.1.0")
        found = weighing.weigh(under_check(), subject(program("x", "b"), program("a", "a")))
        assert told(found, "new_executable") == [("Binaries/Win64/a.dll", False)]

    @pytest.mark.parametrize("state", ["rejected", "hidden", "changes_requested", "cancelled"])
    def test_what_was_not_approved_vouches_for_nothing(self, state: str) -> None:
        earlier(program(), state=state)
        assert codes(weighing.weigh(under_check(), subject(program()))) == ["new_executable"]

    def test_an_edited_listing_has_no_programs_to_compare_with(self) -> None:
        earlier(program())
        listing = factories.make_submission(None, "published", MOD, "1.5.0")
        Submission.objects.filter(pk=listing.pk).update(kind=Submission.Kind.LISTING)
        assert weighing.weigh(under_check(), subject(program())) == []

    def test_another_mods_programs_vouch_for_nothing(self) -> None:
        earlier(program(), mod_id="other.mod")
        assert codes(weighing.weigh(under_check(), subject(program()))) == ["new_executable"]

    def test_a_file_of_the_same_bytes_that_was_no_program_vouches_for_nothing(self) -> None:
        earlier(member("a.bin", "a"))
        assert codes(weighing.weigh(under_check(), subject(program()))) == ["new_executable"]

    def test_so_many_are_told_one_by_one(self) -> None:
        many = [program(f"n{number}", f"{number:x}z") for number in range(weighing.EACH + 7)]
        found = weighing.weigh(under_check(), subject(*many))
        assert len(found) == weighing.EACH
        assert "So it is with 7 more." in found[-1].signal.message


URL = Signal("url_found", "An address.", path="a.lua", line=3, subject="https://a.example/")
OTHER = Signal("url_found", "An address.", path="a.lua", line=4, subject="https://b.example/")


class TestAddresses:
    def test_what_no_approved_release_has_is_new(self) -> None:
        found = weighing.weigh(under_check(), subject(signals=(URL, OTHER)))
        assert codes(found) == ["url_new", "url_new"]
        assert [(row.signal.path, row.signal.line, row.weight) for row in found] == [
            ("a.lua", 3, 1),
            ("a.lua", 4, 1),
        ]

    @pytest.mark.parametrize("code", ["url_found", "url_new"])
    def test_what_an_approved_release_has_is_not(self, code: str) -> None:
        known = Signal(code, "An address.", subject=URL.subject)
        earlier(signals=(known,))
        earlier(version="1.1.0")
        found = weighing.weigh(under_check(), subject(signals=(URL, OTHER)))
        assert [(row.signal.code, row.signal.subject) for row in found] == [
            ("url_new", OTHER.subject),
            ("url_found", URL.subject),
        ]

    def test_what_was_never_approved_or_is_another_mods_is_new(self) -> None:
        earlier(signals=(URL,), state="rejected")
        earlier(signals=(URL,), mod_id="other.mod")
        assert codes(weighing.weigh(under_check(), subject(signals=(URL,)))) == ["url_new"]


class TestLookalikes:
    def popular(self, mod_id: str, name: str = "Something else", **fields: Any) -> None:
        made = factories.make_release(mod_id=mod_id).mod
        Mod.objects.filter(pk=made.pk).update(name=name, **fields)

    @pytest.mark.parametrize(
        ("mod_id", "name"),
        [
            ("kestrell.beacon-net", "Something else"),
            ("other.beacon-net", "Something else"),
            ("other.net-beacon", "Something else"),
            ("other.beaconnett", "Something else"),
            ("other.mod", "Beacon Net"),
            ("other.mod", "BEAC0N-NET"),
        ],
    )
    def test_a_name_that_could_be_taken_for_anothers(self, mod_id: str, name: str) -> None:
        self.popular(mod_id, name)
        (found,) = weighing.weigh(under_check(), subject(name="Beacon Net"))
        assert (found.signal.code, found.signal.subject, found.weight) == ("name_like_popular_mod", mod_id, 2)
        assert mod_id in found.signal.message
        assert not found.signal.blocking

    def test_one_signal_a_mod(self) -> None:
        self.popular("other.beacon-net", "Beacon Net")
        assert codes(weighing.weigh(under_check(), subject(name="Beacon Net"))) == ["name_like_popular_mod"]

    def test_ones_own_namespace_may_have_names_that_are_close(self) -> None:
        self.popular("kestrel.beacon-nets", "Beacon Net")
        assert weighing.weigh(under_check(), subject(name="Beacon Net")) == []

    def test_a_mod_without_a_public_release_is_nobodys_aim(self) -> None:
        self.popular("other.beacon-net", latest=None)
        assert weighing.weigh(under_check(), subject()) == []

    def test_who_was_here_first_is_not_the_copy(self) -> None:
        self.popular("other.beacon-nets", created_at=datetime(2026, 5, 1, tzinfo=UTC))
        self.popular(MOD, created_at=datetime(2026, 4, 1, tzinfo=UTC))
        submission = under_check()
        assert weighing.weigh(submission, subject()) == []
        Mod.objects.filter(mod_id="other.beacon-nets").update(created_at=datetime(2026, 3, 1, tzinfo=UTC))
        assert codes(weighing.weigh(submission, subject())) == ["name_like_popular_mod"]

    def test_the_most_downloaded_and_the_oldest_are_looked_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(weighing, "COMPARED", 1)
        self.popular("a.beacon-net", created_at=datetime(2020, 1, 1, tzinfo=UTC))
        self.popular("b.beacon-nets", downloads=1000)
        self.popular("c.beacons-net", downloads=5)
        found = weighing.weigh(under_check(), subject())
        assert sorted(row.signal.subject for row in found) == ["a.beacon-net", "b.beacon-nets"]


class TestTakenBack:
    def test_the_whole_package_of_a_danger_blocks(self) -> None:
        release(earlier(state="hidden", mod_id="bad.mod"), taken_back="hard")
        bad = Submission.objects.get(mod_id="bad.mod").current
        assert bad is not None
        found = weighing.weigh(under_check(), subject(sha256=bad.sha256))
        assert told(found, "bytes_taken_back") == [("", True)]

    def test_programs_and_scripts_of_a_danger_block_and_other_files_inform(self) -> None:
        evil = [program("a", "a"), member("Scripts/a.lua", "b"), member("Content/a.png", "c")]
        release(earlier(*evil, state="hidden", mod_id="bad.mod"), taken_back="hard")
        mine = [program("z", "a"), member("b.LUA", "b"), member("z.png", "c"), member("d.lua", "d")]
        found = weighing.weigh(under_check(), subject(*mine))
        assert told(found, "bytes_taken_back") == [
            ("Binaries/Win64/z.dll", True),
            ("b.LUA", True),
            ("z.png", False),
        ]
        assert all(row.weight == 3 for row in found if row.signal.code == "bytes_taken_back")

    def test_what_was_taken_back_for_another_reason_informs(self) -> None:
        release(earlier(member("a.lua", "b"), state="hidden", mod_id="bad.mod"), taken_back="soft")
        found = weighing.weigh(under_check(), subject(member("a.lua", "b")))
        assert told(found, "bytes_taken_back") == [("a.lua", False)]

    def test_a_file_that_a_public_release_has_too_is_no_danger(self) -> None:
        release(earlier(member("json.lua", "b"), state="hidden", mod_id="bad.mod"), taken_back="hard")
        release(earlier(member("json.lua", "b"), mod_id="good.thing"))
        assert weighing.weigh(under_check(), subject(member("json.lua", "b"))) == []

    def test_a_trivial_file_is_no_danger(self) -> None:
        release(earlier(member("a.lua", "b", size=9), state="hidden", mod_id="bad.mod"), taken_back="hard")
        submission = under_check()
        assert weighing.weigh(submission, subject(member("a.lua", "b", size=9))) == []
        least = member("a.lua", "b", size=weighing.TRIVIAL)
        assert codes(weighing.weigh(submission, subject(least))) == ["bytes_taken_back"]

    def test_what_was_rejected_or_is_on_its_way_was_never_taken_back(self) -> None:
        earlier(member("a.lua", "b"), state="rejected", mod_id="bad.mod")
        assert weighing.weigh(under_check(), subject(member("a.lua", "b"))) == []

    def test_only_the_revision_that_was_published_counts(self) -> None:
        submission = earlier(member("a.lua", "b"), state="hidden", mod_id="bad.mod")
        factories.add_revision(submission, data=b"mended")
        release(submission, taken_back="hard")
        assert weighing.weigh(under_check(), subject(member("a.lua", "b"))) == []


FOUND = Signal("lua_os_execute", "It runs a command.", path="a.lua", line=1, rule="os.execute", subject="x")


class TestFirstSeen:
    def test_it_is_the_oldest_version_that_had_the_finding(self) -> None:
        earlier(signals=(FOUND,), version="1.0.0", state="rejected")
        earlier(signals=(FOUND,), version="1.1.0")
        earlier(signals=(FOUND,), mod_id="other.mod", version="0.1.0")
        moved = Signal("lua_os_execute", "It runs.", path="b.lua", line=9, rule="os.execute", subject="x")
        (found,) = weighing.weigh(under_check(), subject(signals=(moved,)))
        assert found.first_seen == "1.0.0"

    def test_a_finding_without_a_past_is_first_seen_here(self) -> None:
        (found,) = weighing.weigh(under_check(), subject(signals=(FOUND,)))
        assert found.first_seen == "2.0.0"

    def test_what_came_later_is_no_past(self) -> None:
        submission = under_check()
        earlier(signals=(FOUND,), version="3.0.0")
        (found,) = weighing.weigh(submission, subject(signals=(FOUND,)))
        assert found.first_seen == "2.0.0"

    def test_an_address_that_was_new_is_known_again(self) -> None:
        earlier(signals=(Signal("url_new", "x", subject=URL.subject),), version="1.0.0")
        earlier(signals=(URL,), version="1.1.0")
        (found,) = weighing.weigh(under_check(), subject(signals=(URL,)))
        assert (found.signal.code, found.first_seen) == ("url_found", "1.0.0")

    def test_a_rehearsal_has_everything_before_it(self) -> None:
        earlier(signals=(FOUND,), version="1.0.0")
        (found,) = weighing.weigh(None, subject(signals=(FOUND,)))
        assert found.first_seen == "1.0.0"


def test_warnings_of_checks_are_signals_too() -> None:
    results = [
        warned("target_game_build", [Problem("build_deprecated", "It is.", "Raise it.", "/targetGameBuild")]),
        Result("manifest_schema", Status.PASSED, message="Fine."),
        Result("sidecar_schema", Status.FAILED, "x", problems=(Problem("x", "Wrong.", "Mend it."),)),
    ]
    (found,) = weighing.weigh(under_check(), subject(), results)
    assert (found.signal.code, found.signal.rule, found.weight) == (
        "build_deprecated",
        "target_game_build",
        1,
    )
    again = weighing.warnings(results)
    assert again[0].fingerprint == found.signal.fingerprint


def test_the_gravest_stand_first() -> None:
    release(earlier(member("z.lua", "b"), state="hidden", mod_id="bad.mod"), taken_back="hard")
    found = weighing.weigh(
        under_check(), subject(member("z.lua", "b"), program("p", "f"), signals=(URL, FOUND))
    )
    assert codes(found) == ["bytes_taken_back", "lua_os_execute", "new_executable", "url_new"]


def test_as_many_queries_for_a_thousand_members_as_for_one() -> None:
    release(earlier(*[program(f"n{n}", f"{n:x}z") for n in range(300)], state="hidden"), taken_back="hard")
    submission, counts = under_check(), []
    for size in (1, 1000):
        files = [program(f"n{number}", f"{number:x}z") for number in range(size)]
        signals = tuple(Signal("url_found", "x", subject=f"https://{n}.example/") for n in range(size))
        with CaptureQueriesContext(connection) as queries:
            found = weighing.weigh(submission, subject(*files, signals=signals))
        assert "bytes_taken_back" in codes(found)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10
