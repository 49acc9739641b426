"""What this reader accepts, every other reader opens as the same files with the same bytes."""

from pathlib import Path

import pytest

from tests.fuzzing import LONG
from tests.packages import LUA, Part, deflate, descriptor_of, extra, good_parts, mod, png, with_parts, zip_of
from tests.uploads.package import readers
from tests.uploads.package.rows import Row, content, data, names, nested, package, structure

MODULES = (structure, data, names, nested, content)


def together(rows: list[Row]) -> bytes:
    """One package of all members that these rows take, as far as they go beside each other."""
    parts: dict[str, Part] = {}
    taken = {
        name.lower() for part in good_parts() for name in (str(part.name), str(part.name).partition("/")[0])
    }
    for number, row in enumerate(rows):
        if isinstance(row.good, Part) and isinstance(row.good.name, str) and len(row.good.name) < 60:
            name = row.good.name if row.good.name.startswith("Binaries/") else f"n{number}/{row.good.name}"
            if (
                name.lower() not in taken
                and "offset" not in row.good.central
                and "name" not in row.good.local
            ):
                parts[name] = Part(**(vars(row.good) | {"name": name}))
                taken.add(name.lower())
    return with_parts(*parts.values())


TAKEN = {
    "mod": mod(
        files={"Content/logo.png": png(), "Content/größe.lua": LUA, "Content/日本.txt": b"text"}
    ).package,
    "stored": with_parts(Part("Content/stored.lua", LUA, method=0), Part("Content/empty.lua", method=0)),
    "descriptors": with_parts(
        Part(
            "Content/a.lua",
            LUA,
            flags=8,
            descriptor=descriptor_of(LUA, deflate(LUA)),
            local={"crc": 0, "compressed": 0, "size": 0},
        )
    ),
    "folders": zip_of([Part("Content/", method=0, attributes=0o040755 << 16 | 0x10), *good_parts()]),
    "extras": with_parts(Part("Content/a.lua", LUA, extra=extra(0x5455, b"\1" + bytes(4)))),
    "spaces": with_parts(Part("Content/a\u00a0b\u3000c.lua", LUA), Part("Content/a b.lua", LUA)),
    "a ZIP's marks inside": with_parts(Part("Content/a.ucas", b"\0PK\3\4PK\1\2PK\5\6" * 50, method=0)),
    **{f"all of {module.__name__.rpartition('.')[2]}": together(module.ROWS) for module in MODULES},
    **{
        f"{row.code} {row.what}": package(row.good)
        for row in structure.ROWS
        if row.what
        in (
            "a second end record",
            "a locator in the last times",
            "a tar archive",
            "a disc image (ISO 9660)",
            "a CRC beside a descriptor",
        )
    },
}
ALL = {f"{row.code} {row.what}": row.good for module in MODULES for row in module.ROWS}
# A program a package is slow: a long run asks about each by itself.
ASKED = TAKEN | (ALL if LONG else {})


@pytest.mark.parametrize("good", [*TAKEN.values(), *ALL.values()], ids=[*TAKEN, *ALL])
def test_python_s_reader_and_one_without_a_directory_read_the_same(good: bytes | Part):
    raw = package(good)
    expected = readers.own(raw)
    assert readers.by_zipfile(raw) == expected
    assert readers.by_stream(raw) == expected


@pytest.mark.parametrize("tool", readers.TOOLS)
@pytest.mark.parametrize("good", ASKED.values(), ids=ASKED)
def test_other_programs_read_the_same(good: bytes | Part, tool: str, tmp_path: Path):
    raw = package(good)
    assert readers.by_tool(tool, raw, tmp_path) == readers.own(raw)
