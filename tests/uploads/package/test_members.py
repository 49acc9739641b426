import dataclasses
import hashlib
import io

import pytest

from tests.packages import LUA, Part, with_parts
from uploads.package import Member, member_bytes, read_package
from uploads.package.streams import BadStreamError

NOISE = b"\0" + hashlib.shake_256(b"noise").digest(700_000)
TEXT = b"-- the same line again and again\n" * 60_000
RAW = with_parts(Part("a.ucas", NOISE), Part("b.lua", TEXT), Part("c.lua", LUA, method=0), Part("e.lua", b""))


def members() -> dict[str, Member]:
    report = read_package(io.BytesIO(RAW), len(RAW))
    assert report.accepted
    return {member.path: member for member in report.members}


def test_a_member_s_bytes():
    known = members()
    for path, data in (("a.ucas", NOISE), ("b.lua", TEXT), ("c.lua", LUA), ("e.lua", b"")):
        pieces = list(member_bytes(io.BytesIO(RAW), known[path]))
        assert b"".join(pieces) == data
        assert all(len(piece) <= 1024 * 1024 for piece in pieces)


def test_no_more_than_asked_for():
    file = io.BytesIO(RAW)
    assert b"".join(member_bytes(file, members()["b.lua"], limit=100)) == TEXT[:100]
    assert b"".join(member_bytes(file, members()["b.lua"], limit=0)) == b""
    assert b"".join(member_bytes(file, members()["c.lua"], limit=10**9)) == LUA


def test_other_bytes_than_reported_are_refused():
    wrong = dataclasses.replace(members()["c.lua"], crc=1)
    with pytest.raises(BadStreamError, match="CRC"):
        list(member_bytes(io.BytesIO(RAW), wrong))
    with pytest.raises(BadStreamError):
        list(member_bytes(io.BytesIO(RAW), dataclasses.replace(members()["b.lua"], offset=3)))
