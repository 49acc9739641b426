import io

from tests.packages import LUA, Part, mod, with_parts
from uploads.package import member_bytes, read_package
from uploads.package.lookup import locate


def test_finds_each_file_where_the_reader_found_it():
    raw = mod(files={"Content/größe.lua": LUA, "Content/b.lua": LUA[:20]}).package
    found = locate(io.BytesIO(raw), len(raw))
    report = read_package(io.BytesIO(raw), len(raw))
    assert {path: (m.size, m.crc, m.offset) for path, m in found.items()} == {
        m.path: (m.size, m.crc, m.offset) for m in report.members
    }
    assert b"".join(member_bytes(io.BytesIO(raw), found["Content/größe.lua"])) == LUA


def test_knows_no_folders():
    raw = with_parts(Part("Sounds/", method=0, attributes=0o040755 << 16))
    assert "Sounds/" not in locate(io.BytesIO(raw), len(raw))


def test_bytes_that_do_not_hold_together_have_no_files():
    raw = mod().package
    assert locate(io.BytesIO(raw[:-1]), len(raw) - 1) == {}
    torn = with_parts(Part("Content/last.lua", LUA, local={"crc": 1}))
    assert locate(io.BytesIO(torn), len(torn)) == {}
