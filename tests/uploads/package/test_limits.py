"""The profile's numbers, kind by kind and ending by ending, and what reading costs: counted, never timed."""

import hashlib
import io

import pytest

from tests import packages
from tests.packages import LUA, Part, deflate, good_parts, mod, with_parts, zip_of
from tests.uploads.package.rows.content import LEFT
from tests.uploads.package.rows.samples import ARCHIVES, FILES, PE, TAKEN
from uploads.package import PackageReport, Profile, names, read_package, streams, unicode14
from uploads.package.rules import ALLOWED_ENDINGS, DEFAULT


def read(raw: bytes, profile: Profile = DEFAULT) -> PackageReport:
    return read_package(io.BytesIO(raw), len(raw), profile)


def codes(raw: bytes, profile: Profile = DEFAULT) -> set[str]:
    return {problem.code for problem in read(raw, profile).problems}


# What each number is measured on: the package's size, its members, and what they unpack to.
DENSE = with_parts(Part("Content/a.lua", b"-" * 60_000))
TOTAL = 60_000 + sum(len(part.data) for part in good_parts())


@pytest.mark.parametrize(
    ("code", "at", "past"),
    [
        ("zip.layout", Profile(max_package=len(DENSE)), Profile(max_package=len(DENSE) - 1)),
        ("zip.bomb", Profile(max_members=4), Profile(max_members=3)),
        ("zip.bomb", Profile(max_member=60_000), Profile(max_member=59_999)),
        ("zip.bomb", Profile(max_unpacked=TOTAL), Profile(max_unpacked=TOTAL - 1)),
        ("zip.bomb", Profile(ratio_from=TOTAL, max_ratio=1), Profile(ratio_from=TOTAL - 1, max_ratio=1)),
        (
            "zip.bomb",
            Profile(ratio_from=0, max_ratio=-(-TOTAL // len(DENSE))),
            Profile(ratio_from=0, max_ratio=TOTAL // len(DENSE)),
        ),
    ],
    ids=["package", "members", "member", "unpacked", "ratio from", "ratio"],
)
def test_each_number_at_its_limit_and_one_past(code: str, at: Profile, past: Profile):
    assert read(DENSE, at).problems == ()
    assert codes(DENSE, past) == {code}


def test_the_numbers_are_the_profile_s():
    assert DEFAULT == Profile(
        max_package=100 * 2**20,
        max_members=10_000,
        max_member=100 * 2**20,
        max_unpacked=400 * 2**20,
        ratio_from=64 * 2**20,
        max_ratio=50,
        allowed=frozenset(TAKEN),
    )


@pytest.mark.parametrize("ending", sorted(TAKEN))
def test_each_ending_takes_what_it_says_and_nothing_else(ending: str):
    for kind, samples in FILES.items():
        for sample in samples:
            expected = set() if kind in TAKEN[ending] else {"content.signature"}
            assert codes(with_parts(Part(f"Content/a{ending}", sample))) == expected, (kind, sample[:20])
    if ending != ".dll":
        assert codes(with_parts(Part(f"Binaries/Win64/a{ending}", PE))) == {"content.signature"}
    assert codes(with_parts(Part(f"Content/a{ending.upper()}", LUA))) == codes(
        with_parts(Part(f"Content/a{ending}", LUA))
    )


@pytest.mark.parametrize("ending", sorted(ALLOWED_ENDINGS))
def test_the_list_of_allowed_endings_can_be_shorter(ending: str):
    sample = PE if ending == ".dll" else next(FILES[kind][0] for kind in FILES if kind in TAKEN[ending])
    raw = with_parts(Part(f"Binaries/Win64/a{ending}", sample))
    assert codes(raw) == set()
    assert "content.allowed" in codes(raw, Profile(allowed=ALLOWED_ENDINGS - {ending}))


@pytest.mark.parametrize("path", LEFT)
def test_what_tools_leave_behind_is_called_so(path: str):
    problems = read(with_parts(Part(path, LUA))).problems
    assert [problem.code for problem in problems] == ["content.allowed"]
    assert "left behind" in problems[0].message
    assert problems[0].path == path


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_is_called_what_it_is(name: str):
    problem = read(with_parts(Part("Content/a.ucas", ARCHIVES[name]))).problems[0]
    assert problem.message.startswith("It is ")
    assert "carries" not in problem.message


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("a.ucas", ARCHIVES["RAR 5"], "It is a RAR archive."),
        ("a.ucas", b"\x7fELF" + bytes(60), "It is a Linux program (ELF)."),
        ("a.png", b"words", "Its name says a PNG file, its bytes are text."),
        ("a.ttf", b"words", "Its name says a TrueType font or an OpenType font, its bytes are text."),
        ("a.ogg", b"\x89PNG\r\n\x1a\n", "Its name says an Ogg file, its bytes are a PNG file."),
    ],
)
def test_kinds_are_called_by_their_names(path: str, data: bytes, message: str):
    said = read(with_parts(Part(path, data))).problems[0].message
    assert said == message


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"Rar!" + bytes(100), "This is not a ZIP: it begins with b'Rar!'."),
        (b"PK", "2 bytes are too few for a ZIP."),
        (DENSE[:-30], "The end of the ZIP is missing: the file was cut off."),
        (DENSE[:-2] + b"\4\0note", "4 bytes follow the end record (a comment or more)."),
    ],
)
def test_what_is_no_package_is_told_why(raw: bytes, words: str):
    assert [problem.message for problem in read(raw).problems] == [words]


@pytest.mark.parametrize("bit", [4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15])
def test_a_flag_is_named(bit: int):
    problem = read(with_parts(Part("a.lua", LUA, flags=1 << bit))).problems[0]
    assert problem.message == f"Its flags have bit {bit} set."


def test_an_ending_without_a_known_form_cannot_be_allowed():
    assert codes(with_parts(Part("a.xyz", LUA)), Profile(allowed=ALLOWED_ENDINGS | {".xyz"})) == {
        "content.allowed"
    }


@pytest.mark.parametrize("name", ["license", "LICENSE-x", "README", "COPYING_1"])
def test_names_without_an_ending_hold_text_of_any_width(name: str):
    for kind, samples in FILES.items():
        for sample in samples:
            expected = set() if kind in ("text", "wide") else {"content.signature"}
            assert codes(with_parts(Part(f"Content/{name}", sample))) == expected, (kind, sample[:20])


def test_what_is_assigned_is_pinned():
    # Counted in UnicodeData.txt of Unicode 14.0.0: graphic, format, control, private use and surrogates.
    assigned = "".join(chr(code) for code in range(0x110000) if unicode14.is_assigned(chr(code)))
    assert len(assigned) == 284_278
    digest = hashlib.sha256(assigned.encode("utf-32-le", "surrogatepass")).hexdigest()
    assert digest.startswith("50c13b19f2705c05")


class Counted(io.BytesIO):
    """A file that knows how often and how much of it was read."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self.calls = 0
        self.passed = 0
        self.asked = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size >= 0
        data = super().read(size)
        self.calls += 1
        self.passed += len(data)
        self.asked = max(self.asked, size)
        return data


class Inflating:
    """An engine that counts what it unpacks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        self._engine = streams.ENGINE
        monkeypatch.setattr(streams, "ENGINE", self)

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def decompressobj(self, bits: int) -> "Inflater":
        """An inflater whose output is counted."""
        return Inflater(self, self._engine.decompressobj(bits))


class Inflater:
    """One stream of it."""

    def __init__(self, owner: Inflating, inner: object) -> None:
        self._owner = owner
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def decompress(self, data: bytes, room: int) -> bytes:
        """Unpack, and count."""
        assert 0 < room <= 2**20
        out: bytes = self._inner.decompress(data, room)
        self._owner.made += len(out)
        return out


@pytest.fixture
def inflating(monkeypatch: pytest.MonkeyPatch) -> Inflating:
    return Inflating(monkeypatch)


def counted(raw: bytes) -> tuple[PackageReport, Counted]:
    file = Counted(raw)
    return read_package(file, len(raw)), file


def test_headers_that_refuse_cost_a_few_kilobytes_and_the_manifest(inflating: Inflating):
    filler = b"\0" + hashlib.shake_256(b"filler").digest(3_000_000)
    raw = with_parts(Part("Content/a.ucas", filler), Part("Content/aux.lua", LUA))
    report, file = counted(raw)
    assert (report.accepted, report.complete) == (False, False)
    assert inflating.made == len(packages.encoded(packages.manifest()))
    assert file.passed < 2 * 65_557 + 10_000


def test_one_pass_over_the_bytes_and_each_member_unpacked_once(inflating: Inflating):
    text = b"-- the same line again and again\n" * 60_000
    raw = with_parts(Part("a.lua", text), Part("b.lua", text), Part("c.ucas", b"\0" * 500_000, method=0))
    report, file = counted(raw)
    assert report.accepted
    assert inflating.made == sum(member.size for member in report.members if member.method)
    assert file.passed < len(raw) + 2 * 65_557 + 10_000
    assert file.asked <= 256 * 1024


def test_ten_thousand_members_cost_two_reads_each():
    raw = zip_of([*good_parts(), *(Part(f"Content/{n}/a.lua", LUA) for n in range(9_997))])
    report, file = counted(raw)
    assert report.accepted
    assert file.calls < 4 * 10_000
    assert file.passed < 3 * len(raw)


def test_a_stream_that_unpacks_to_too_much_stops_one_byte_later(inflating: Inflating):
    raw = with_parts(Part("a.lua", b"-" * 10, raw=deflate(b"-" * 50_000_000)))
    report, _ = counted(raw)
    assert "more than the 10 bytes" in report.problems[0].message
    honest = sum(len(part.data) for part in good_parts())
    assert inflating.made == honest + 11


def test_bytes_behind_a_stream_are_not_read_on(inflating: Inflating):
    raw = with_parts(Part("a.lua", LUA, raw=deflate(LUA) + b"\0" * 5_000_000))
    report, file = counted(raw)
    assert {problem.code for problem in report.problems} == {"zip.stream"}
    assert file.passed < len(raw) + 2 * 65_557 + 10_000


def heard(monkeypatch: pytest.MonkeyPatch, function: str) -> list[str]:
    """With what a function of `names` is called from now on."""
    calls: list[str] = []
    whole = getattr(names, function)

    def hearing(text: str) -> object:
        calls.append(text)
        return whole(text)

    monkeypatch.setattr(names, function, hearing)
    return calls


def test_names_that_are_too_long_are_not_taken_apart(monkeypatch: pytest.MonkeyPatch):
    seen = heard(monkeypatch, "_part_problems")
    raw = zip_of([*(Part("a/" * 300 + str(n), LUA) for n in range(2)), Part("b/c.lua", LUA)])
    assert codes(raw) == {"zip.path"}
    assert seen == ["b", "c.lua"]


def test_collisions_look_at_each_folder_once(monkeypatch: pytest.MonkeyPatch):
    calls = heard(monkeypatch, "folded")
    deep = "/".join("d" * 80)
    raw = zip_of([Part(f"{deep}/{n}.lua", LUA) for n in range(1_000)])
    assert read(raw).accepted
    assert len(calls) < 3 * 1_000 + 3 * 80


def test_a_file_that_breaks_off_at_any_read_is_a_refusal_and_no_crash():
    raw = with_parts(Part("a.ucas", b"\0\1\2" * 99, method=0), Part("b.lua", LUA))
    whole = counted(raw)[1].calls

    class Torn(io.BytesIO):
        left = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.left -= 1
            return data[: min(10, len(data) // 2)] if self.left < 0 else data

    for calls in range(whole):
        file = Torn(raw)
        file.left = calls
        assert not read_package(file, len(raw)).accepted or calls >= whole - 1


def test_no_member_is_read_at_once():
    noise = b"\0" + hashlib.shake_256(b"noise").digest(4_000_000)
    report, file = counted(with_parts(Part("a.ucas", noise, method=0), Part("b.ucas", noise)))
    assert report.accepted
    assert file.asked <= 256 * 1024


def test_a_good_mod_is_read_the_same_twice():
    raw = mod().package
    assert read(raw) == read(raw)
