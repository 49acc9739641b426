"""Packages and their documents, mutated: never an exception, an over-run, endless work, or two readings.

A long run: `make fuzz` (SMMODS_FUZZ_EXAMPLES=100000). What it ever found is a row in `rows/` or a test here.
"""

import io
import random
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import LONG, examples
from tests.packages import LUA, Part, deflate, descriptor_of, extra, good_parts, png, zip_of
from tests.uploads.package import readers
from uploads.package import PackageReport, read_package, streams
from uploads.package.rules import DEFAULT

NTFS = b"\0\0\0\0\x01\0\x18\0" + bytes(24)

INNER = zip_of([Part("b", b"c", method=0)])[:-22]

#: Good packages, with everything that a package may have.
SEEDS = [
    zip_of(
        [
            Part("Content/", method=0, attributes=0o040755 << 16 | 0x10),
            *good_parts(),
            Part("Content/stored.txt", LUA, method=0, extra=extra(0x5455, b"\1" + bytes(4))),
            Part("a.lua", LUA, flags=8, descriptor=descriptor_of(LUA, deflate(LUA))),
            Part("Content/ü.png", png(), extra=extra(0x000A, NTFS)),
        ]
    ),
    zip_of(
        [
            Part("manifest.json", b"{}", method=0),
            Part(
                "Content/a.ucas",
                b"\0\1PK\1\2PK\5\6" + bytes(40) + INNER,
                method=0,
            ),
            Part("empty.lua", method=0),
            Part(
                "z.lua",
                LUA,
                flags=8,
                descriptor=descriptor_of(LUA, deflate(LUA)),
                local={"crc": 0, "size": 0},
            ),
        ]
    ),
]

#: Values that are where something ends, or mean something special.
EDGES = [
    0,
    1,
    2,
    7,
    8,
    20,
    21,
    22,
    45,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x7FFF,
    0x8000,
    0xFFFE,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFE,
    0xFFFFFFFF,
]
MARKS = [
    b"PK\1\2",
    b"PK\3\4",
    b"PK\5\6",
    b"PK\6\6",
    b"PK\6\7",
    b"PK\7\x08",
    b"\0",
    b"/",
    b"../",
    b"\\",
    b"\xff",
    b"MZ",
    b"\xc3\xbc",
    b"\3\0",
    extra(1, bytes(16)),
    extra(0x7075, b"\1abcdx"),
    bytes(20),
]

LOCAL_FIELDS = ((4, 2), (6, 2), (8, 2), (10, 2), (12, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2))
CENTRAL_FIELDS = (
    (4, 2),
    (6, 2),
    (8, 2),
    (10, 2),
    (12, 2),
    (14, 2),
    (16, 4),
    (20, 4),
    (24, 4),
    (28, 2),
    (30, 2),
    (32, 2),
    (34, 2),
    (36, 2),
    (38, 4),
    (42, 4),
)
END_FIELDS = ((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2))
FIELDS = {b"PK\3\4": LOCAL_FIELDS, b"PK\1\2": CENTRAL_FIELDS, b"PK\5\6": END_FIELDS}


def places(raw: bytes) -> list[tuple[int, int]]:
    """Where each field of each header is, and how many bytes it has."""
    found = []
    for mark, fields in FIELDS.items():
        at = raw.find(mark)
        while at >= 0:
            found += [(at + offset, length) for offset, length in fields if at + offset + length <= len(raw)]
            at = raw.find(mark, at + 1)
    return found


def in_step(raw: bytes, at: int, length: int) -> list[tuple[int, int]]:
    """The same field in the other header of each member that says the same, so that both lie alike."""
    old = raw[at : at + length]
    return [
        (other, size) for other, size in places(raw) if size == length and raw[other : other + size] == old
    ]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good package after one to four changes."""
    raw = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.integers(0, 7))
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        count = draw(st.integers(1, 60))
        if kind == 0 and raw:
            raw[at] = draw(st.integers(0, 255))
        elif kind in (1, 2, 3):
            fields = places(bytes(raw))
            if fields:
                place, length = fields[draw(st.integers(0, len(fields) - 1))]
                old = int.from_bytes(raw[place : place + length], "little")
                near = st.integers(-3, 3).map(lambda step, old=old: old + step)
                value = draw(st.sampled_from(EDGES) | near) & (1 << 8 * length) - 1
                spots = in_step(bytes(raw), place, length) if kind == 3 else [(place, length)]
                for spot, size in spots[:2] if kind == 3 else spots:
                    raw[spot : spot + size] = value.to_bytes(size, "little")
        elif kind == 4:
            raw[at:at] = draw(st.sampled_from(MARKS))
        elif kind == 5:
            del raw[at : at + count]
        elif kind == 6:
            raw[at:at] = raw[at : at + count]
        else:
            other = draw(st.integers(0, max(0, len(raw) - 1)))
            low, high = sorted((at, other))
            size = min(count, high - low, len(raw) - high)
            raw[low : low + size], raw[high : high + size] = raw[high : high + size], raw[low : low + size]
    return bytes(raw)


class Watched(io.BytesIO):
    """A file that is read in bounds only, and counts what was."""

    passed = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 <= size <= max(len(self.getbuffer()), 256 * 1024)
        data = super().read(size)
        self.passed += len(data)
        return data


def judge(raw: bytes) -> PackageReport:
    """The report on any bytes, with everything held that must hold of each."""
    file = Watched(raw)
    report = read_package(file, len(raw))
    assert file.passed <= 6 * len(raw) + 2 * 65_557 + 100_000
    assert read_package(io.BytesIO(raw), len(raw)) == report
    assert report.accepted == (not report.problems)
    assert all(problem.message and problem.hint and problem.path.isprintable() for problem in report.problems)
    unpacked = sum(member.size for member in report.members if member.sha256)
    assert unpacked <= DEFAULT.max_unpacked
    if report.accepted:
        files = {member.path: member.sha256 for member in report.members}
        assert readers.by_zipfile(raw) == files
        assert readers.by_stream(raw) == files
    return report


@examples(400)
@given(mutated())
def test_mutated_packages_have_one_meaning_or_none(raw: bytes):
    judge(raw)


@examples(100)
@given(st.lists(st.tuples(st.integers(0, len(SEEDS[0]) - 1), st.integers(0, 255)), min_size=1, max_size=3))
def test_changed_bytes(changes: list[tuple[int, int]]):
    raw = bytearray(SEEDS[0])
    for place, value in changes:
        raw[place] = value
    judge(bytes(raw))


@examples(100)
@given(st.integers(0, len(SEEDS[0])), st.binary(max_size=8), st.integers(0, 40), st.integers(0, 400))
def test_spliced_and_cut_bytes(place: int, new: bytes, taken: int, cut: int):
    raw = SEEDS[0][:place] + new + SEEDS[0][place + taken :]
    judge(raw[: max(0, len(raw) - cut)] if cut > 300 else raw)


@examples(100)
@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes):
    assert not judge(raw).accepted


#: What the end record may say instead.
ENDS = st.dictionaries(
    st.sampled_from(["here", "count", "length", "offset"]),
    st.sampled_from([edge for edge in EDGES if edge < 0x10000]),
    max_size=1,
)
MEMBERS = [*good_parts(), Part("a/", method=0, attributes=0x10), Part("b.lua", LUA, method=0)]


@examples(100)
@given(st.lists(st.sampled_from(MEMBERS), max_size=6), ENDS)
def test_any_members_in_any_order(parts: list[Part], end: dict[str, int]):
    judge(zip_of(parts, end=end))


@examples(150)
@given(st.binary(max_size=200), st.integers(0, 300), st.booleans())
def test_any_stream_inflates_within_bounds(packed: bytes, size: int, twice: bool):
    """What is unpacked is never more than declared, whatever the stream says; both engines agree on it."""
    body = deflate(packed * 3) if twice else packed
    made: list[bytes] = []
    try:
        made.extend(streams.expand(io.BytesIO(body).read, 8, len(body), size))
        assert b"".join(made) == zlib.decompress(body, -15)
        assert sum(map(len, made)) == size
    except streams.BadStreamError:
        assert sum(map(len, made)) <= size


@pytest.mark.parametrize("tool", readers.TOOLS)
def test_other_programs_agree_on_mutations_that_are_taken(tool: str, tmp_path: Path):
    """Random changes to what readers may read differently; what is still taken is read alike by all."""
    chance = random.Random(20_261_120)
    taken: set[bytes] = set()
    fields = places(SEEDS[0])
    for _ in range(LONG or 6_000):
        raw = bytearray(SEEDS[0])
        place, length = chance.choice(fields)
        value = chance.choice([*EDGES, chance.getrandbits(8 * length)]) & (1 << 8 * length) - 1
        for spot, size in (
            in_step(SEEDS[0], place, length)[:2] if chance.random() < 0.7 else [(place, length)]
        ):
            raw[spot : spot + size] = value.to_bytes(size, "little")
        if bytes(raw) != SEEDS[0] and read_package(io.BytesIO(raw), len(raw)).accepted:
            taken.add(bytes(raw))
    assert taken
    for number, package in enumerate(sorted(taken)[: 300 if LONG else 12]):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert readers.by_tool(tool, package, folder) == readers.own(package)


def test_the_seeds_are_good_and_their_fields_are_found():
    for seed in SEEDS:
        assert judge(seed).accepted
    end = SEEDS[0].rindex(b"PK\5\6")
    assert (end + 16, 4) in places(SEEDS[0])
    assert struct.unpack_from("<L", SEEDS[0], end + 16)[0] == SEEDS[0].index(b"PK\1\2")
