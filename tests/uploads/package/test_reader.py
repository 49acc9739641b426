import hashlib
import io
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import packages
from tests.packages import (
    LUA,
    Part,
    deflate,
    descriptor_of,
    extra,
    good_parts,
    mod,
    pe,
    png,
    with_parts,
    zip_of,
)
from uploads.package import RULES, PackageReport, Profile, read_package
from uploads.package.rules import DEFAULT


def read(raw: bytes, profile: Profile = DEFAULT) -> PackageReport:
    return read_package(io.BytesIO(raw), len(raw), profile)


def codes(report: PackageReport) -> set[str]:
    return {problem.code for problem in report.problems}


def test_a_good_mod():
    package = mod(files={"Content/logo.png": png(), "Content/empty.lua": b""}).package
    report = read(package)
    assert report.accepted
    assert report.complete
    assert report.problems == ()
    assert report.sha256 == hashlib.sha256(package).hexdigest()
    assert report.size == len(package)
    assert report.manifest_raw == packages.encoded(packages.manifest())
    assert report.manifest_size == len(report.manifest_raw)
    assert report.paths == {
        "manifest.json",
        packages.ENTRYPOINT,
        "LICENSE",
        "Content/logo.png",
        "Content/empty.lua",
    }
    script = next(member for member in report.members if member.path == packages.ENTRYPOINT)
    assert (script.size, script.crc, script.sha256, script.kind) == (
        len(LUA),
        zlib.crc32(LUA),
        hashlib.sha256(LUA).hexdigest(),
        "text",
    )
    assert not script.executable


@pytest.mark.parametrize(
    ("code", "raw"),
    [(code, raw) for code, _, raw in packages.HOSTILE],
    ids=[f"{c} {w}" for c, w, _ in packages.HOSTILE],
)
def test_each_hostile_package_breaks_just_its_rule(code: str, raw: bytes):
    report = read(raw)
    assert codes(report) == {code}
    assert not report.accepted
    for problem in report.problems:
        assert problem.message
        assert problem.hint
        assert len(problem.path) <= 200


def test_every_rule_has_a_hostile_package():
    assert {code for code, _, _ in packages.HOSTILE} == set(RULES)


@pytest.mark.parametrize(
    "part",
    [
        Part("Content/stored.lua", LUA, method=0),
        Part("Content/", method=0, attributes=0o040755 << 16 | 0x10),
        Part("Content/", method=0, attributes=0),
        Part("Content/ü.lua", LUA),
        Part("Content/marked.lua", LUA, flags=0x800),
        Part("Content/fast.lua", LUA, flags=0b110),
        Part("Content/dos.lua", LUA, attributes=0x20),
        Part("Content/old.lua", LUA, local={"needed": 10}, central={"needed": 10}),
        Part("a.lua", LUA, flags=8, descriptor=descriptor_of(LUA, deflate(LUA))),
        Part(
            "a.lua",
            LUA,
            flags=8,
            descriptor=descriptor_of(LUA, deflate(LUA)),
            local={"crc": 0, "compressed": 0, "size": 0},
        ),
        Part(
            "b.lua",
            LUA,
            flags=8,
            descriptor=descriptor_of(LUA, deflate(LUA)),
            local={"crc": 0, "compressed": 0},
        ),
        Part(
            "a.lua",
            LUA,
            extra=extra(0x5455, b"\1" + bytes(4)) + extra(0x7875, b"\1\4" + bytes(4) + b"\4" + bytes(4)),
        ),
        Part("a.lua", LUA, local={"extra": extra(0x000A, bytes(4) + b"\1\0\x18\0" + bytes(24))}),
        Part("Content/" + "a" * 116 + ".lua", LUA),
        Part("Content/com.lua", LUA),
        Part("Content/console.lua", LUA),
        Part("Content/com10.lua", LUA),
        Part("Content/a~b.lua", LUA),
        Part(".luacheckrc.lua", LUA),
        Part("Binaries/Win64/native.dll", pe()),
        Part("LICENSE-MIT", b"text"),
        Part("COPYING", b"text"),
        Part("Content/a.lua", b"#!/usr/bin/env lua5.1\nprint(1)\n"),
        Part("Content/a.lua", b"OTTO = 1\n"),
        Part("Content/a.lua", b"MZ = 1\n"),
        Part("Content/a.lua", b"-- caf\xe9 in an old encoding\n"),
        Part("Content/a.ini", "[wide]\r\n".encode("utf-16")),
        Part("Content/a.wav", b"RIFF\0\0\0\0WAVEfmt "),
        Part("Content/a.webp", b"RIFF\0\0\0\0WEBPVP8 "),
        Part("Content/a.bmp", b"BM\x10\0\0\0\0\0\0\0" + bytes(20)),
        Part("Content/a.tga", bytes(100) + b"TRUEVISION-XFILE.\0"),
        Part("Content/a.tga", b"\0\0\2" + bytes(13) + b"\x20\x08" + bytes(30)),
        Part("Content/a.pak", b"\1\2\0" * 50 + b"\xe1\x12\x6f\x5a" + bytes(40)),
        Part("Content/a.ucas", b"\1\2\0" * 50),
        Part("Content/a.ucas", b"\1\2\0 PK\5\6 is no end here" + bytes(50)),
    ],
    ids=lambda part: f"{part.name!s:.40} {part.flags}",
)
def test_what_honest_tools_write_is_accepted(part: Part):
    base = good_parts()
    if part.name == "Content/":
        base.insert(1, part)
        raw = zip_of(base)
    else:
        raw = with_parts(part)
    assert read(raw).problems == ()


def test_the_kind_is_that_of_the_bytes():
    report = read(with_parts(Part("Binaries/Win64/a.dll", pe()), Part("a.png", png()), Part("e.lua", b"")))
    kinds = {member.path: (member.kind, member.executable) for member in report.members}
    assert kinds["Binaries/Win64/a.dll"] == ("pe", True)
    assert kinds["a.png"] == ("png", False)
    assert kinds["e.lua"] == ("empty", False)


def test_members_longer_than_any_buffer():
    text = b"-- a line that is fairly usual\n" * 100_000
    noise = b"\0" + hashlib.shake_256(b"noise").digest(1_500_000)
    raw = with_parts(Part("a.lua", text), Part("b.lua", text, method=0), Part("c.ucas", noise))
    report = read(raw)
    assert report.accepted
    digests = {member.path: member.sha256 for member in report.members}
    assert digests["a.lua"] == digests["b.lua"] == hashlib.sha256(text).hexdigest()
    assert digests["c.ucas"] == hashlib.sha256(noise).hexdigest()


def test_a_long_stream_that_unpacks_to_too_much_stops_one_byte_later():
    raw = with_parts(Part("a.lua", b"-" * 10, raw=deflate(b"-" * 50_000_000)))
    started = time.process_time()
    report = read(raw)
    assert time.process_time() - started < 0.5
    assert "more than the 10 bytes" in report.problems[0].message


def test_limits_are_the_profile_s():
    raw = mod().package
    assert "at most 100 are taken" in read(raw, Profile(max_package=100)).problems[0].message
    assert codes(read(raw, Profile(max_members=2))) == {"zip.bomb"}
    assert codes(read(raw, Profile(allowed=frozenset({".json"})))) == {"content.allowed"}
    dense = with_parts(Part("a.lua", b"-" * 100_000))
    assert read(dense).accepted
    assert codes(read(dense, Profile(ratio_from=50_000))) == {"zip.bomb"}
    assert codes(read(dense, Profile(max_unpacked=50_000))) == {"zip.bomb"}
    assert codes(read(dense, Profile(max_member=50_000))) == {"zip.bomb"}


def test_refused_by_headers_means_not_unpacked_but_for_the_manifest():
    report = read(with_parts(Part("Content/aux.lua", LUA)))
    assert not report.complete
    assert report.sha256 == ""
    assert {member.sha256 for member in report.members} == {""}
    assert report.manifest_raw == packages.encoded(packages.manifest())


@pytest.mark.parametrize(
    "manifest",
    [
        Part("manifest.json", b"{}", flags=1),
        Part("manifest.json", b"{}", raw=b"\xff\xff"),
        Part("manifest.json", b"{}", local={"crc": 1}, central={"crc": 1}),
        Part("manifest.json", b" " * 300_000),
        Part("other.json", b"{}"),
    ],
    ids=["encrypted", "broken", "CRC", "too large", "absent"],
)
def test_no_manifest_where_it_cannot_be_read(manifest: Part):
    refused = zip_of([manifest, Part("aux.lua", LUA)])
    assert read(refused).manifest_raw is None
    assert read(zip_of([manifest])).manifest_raw is None


def test_a_large_manifest_is_sized_and_not_kept():
    report = read(zip_of([Part("manifest.json", b" " * 300_000)]))
    assert report.manifest_size == 300_000
    assert report.manifest_raw is None


def test_many_problems_of_a_kind_are_counted_and_a_few_told():
    report = read(zip_of([Part(f"aux.{n}", LUA) for n in range(60)]))
    assert report.counts == {"zip.path": 60}
    assert len(report.problems) == 20


def test_names_are_shown_harmlessly():
    report = read(with_parts(Part("Content/\x1b[31m\u202e" + "x" * 300 + ".lua", LUA)))
    shown = {member.path for member in report.members} | {problem.path for problem in report.problems}
    assert all(path.isprintable() and len(path) <= 200 for path in shown)


def test_enormous_names_cost_linear_time():
    raw = zip_of(
        [Part("a/" * 30_000 + str(n), LUA) for n in range(10)] + [Part(f"{n}.lua", LUA) for n in range(999)]
    )
    started = time.process_time()
    assert codes(read(raw)) == {"zip.path"}
    assert time.process_time() - started < 1


def test_ten_thousand_members_in_two_seconds():
    raw = zip_of([*good_parts(), *(Part(f"Content/{n}/a.lua", LUA) for n in range(9_997))])
    started = time.process_time()
    assert read(raw).accepted
    assert time.process_time() - started < 2


def test_errors_of_the_disk_come_through():
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        read_package(Broken(), 1000)


def test_a_file_shorter_than_announced_is_refused():
    raw = mod().package
    report = read_package(io.BytesIO(raw[:-30]), len(raw))
    assert codes(report) == {"zip.layout"}


def test_bytes_cut_while_reading_are_refused():
    raw = with_parts(Part("a.ucas", b"\0" + hashlib.shake_256(b"x").digest(600_000)))

    class Shrinking(io.BytesIO):
        passed = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.passed += len(data)
            return data if self.passed < 300_000 else b""

    report = read_package(Shrinking(raw), len(raw))
    assert codes(report) == {"zip.stream"}


GOOD = with_parts(
    Part("Content/stored.txt", LUA, method=0),
    Part("a.lua", LUA, flags=8, descriptor=descriptor_of(LUA, deflate(LUA))),
    Part("Content/ü.png", png()),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=3))
def test_changed_bytes_never_raise_and_never_go_unseen(changes: list[tuple[int, int]]):
    raw = bytearray(GOOD)
    for place, value in changes:
        raw[place] = value
    report = read(bytes(raw))
    assert report.accepted == (not report.problems)
    if report.accepted:
        assert report.sha256 == hashlib.sha256(raw).hexdigest()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(GOOD)), st.binary(max_size=8), st.integers(0, 8))
def test_cut_and_spliced_bytes_never_raise(place: int, new: bytes, taken: int):
    report = read(GOOD[:place] + new + GOOD[place + taken :])
    assert report.accepted == (not report.problems)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_report(raw: bytes):
    assert not read(raw).accepted
