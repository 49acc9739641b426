"""Repack for me: what is mended, what is left to a person, and that the same tree always gives the same bytes."""

import hashlib
import io
import struct
import tarfile
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.errors import RefusedError
from tests import packages
from tests.packages import (
    ENTRYPOINT,
    LUA,
    Part,
    deflate,
    descriptor_of,
    encoded,
    extra,
    good_parts,
    manifest,
    mod,
    pe,
    with_parts,
    zip_of,
)
from uploads.package import Profile, read_package
from uploads.package.changes import MAX_TOLD
from uploads.package.pack import pack
from uploads.package.repack import plan, repack, repack_task

GOOD = {"manifest.json": encoded(manifest()), ENTRYPOINT: LUA, "LICENSE": b"MIT License\n"}


def repacked(raw: bytes, **request: Any) -> tuple[dict[str, Any], bytes]:
    out = io.BytesIO()
    document = repack_task({"size": len(raw)} | request, io.BytesIO(raw), out)
    return document, out.getvalue()


def tree_of(raw: bytes) -> dict[str, str]:
    report = read_package(io.BytesIO(raw), len(raw))
    assert report.accepted, report.problems
    return {member.path: member.sha256 for member in report.members}


def packed(files: dict[str, bytes], folder: Path) -> bytes:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    out = io.BytesIO()
    pack(folder, out)
    return out.getvalue()


def words(document: dict[str, Any]) -> list[str]:
    return [change["what"] for change in document["changes"]]


#: Of the table of hostile packages: those of which repacking makes a good one.
MENDED = {
    "zip.layout": {
        "a byte before",
        "a byte after",
        "a prefix that the offsets know",
        "a gap",
        "a gap before the directory",
        "a comment",
        "an announced comment",
        "a member's comment",
        "an enormous directory",
    },
    "zip.headers": {"two flags", "two times", "a newer ZIP"},
    "zip.flags": {"bit 5", "a descriptor of a stored member", "a descriptor without signature"},
    "zip.extra": {what for code, what, _ in packages.HOSTILE if code == "zip.extra"},
    "zip.path": {
        "not UTF-8",
        "not ASCII and not marked",
        "backslash",
        "empty part",
        "dot",
        "decomposed",
    },
    "zip.kind": {"an unknown mode", "a folder that is packed", "a file by mode alone"},
    "content.allowed": {".DS_Store", "__MACOSX"},
}
#: Those that are refused, and by which code; all others have nothing that repacking mends.
REFUSED = {
    ("zip.layout", "no ZIP"): "repack_unreadable",
    ("zip.layout", "nothing at all"): "repack_unreadable",
    ("zip.layout", "cut off"): "repack_unreadable",
    ("zip.layout", "another disk"): "repack_unreadable",
    ("zip.layout", "two counts"): "repack_unreadable",
    ("zip.layout", "an offset of ZIP64"): "repack_unreadable",
    ("zip.layout", "no members"): "repack_ambiguous",
    ("zip.layout", "two end records"): "repack_ambiguous",
    ("zip.layout", "one member less"): "repack_ambiguous",
    ("zip.layout", "one member more"): "repack_ambiguous",
    ("zip.layout", "a size of ZIP64"): "repack_ambiguous",
    ("zip.layout", "a member on another disk"): "repack_ambiguous",
    ("zip.flags", "bit 13"): "repack_encrypted",
    ("zip.flags", "a descriptor that lies"): "repack_ambiguous",
    ("zip.method", "encrypted"): "repack_encrypted",
    ("zip.method", "LZMA"): "repack_method",
    ("zip.method", "stored with two sizes"): "repack_ambiguous",
    ("zip.collision", "one path twice"): "repack_collision",
    ("zip.path", "absolute"): "repack_path",
    ("zip.path", "drive"): "repack_path",
    ("zip.path", "dot dot"): "repack_path",
    ("zip.path", "device"): "repack_path",
    ("zip.path", "device with two endings"): "repack_path",
    ("zip.path", "superscript device"): "repack_path",
    ("zip.path", "console"): "repack_path",
    ("zip.kind", "a symbolic link"): "repack_link",
    ("zip.kind", "a device"): "repack_link",
    ("zip.kind", "a reparse point"): "repack_link",
    ("zip.kind", "a volume label"): "repack_link",
    ("zip.kind", "a folder with data"): "repack_ambiguous",
    ("zip.kind", "a folder by mode alone"): "repack_ambiguous",
    ("zip.kind", "a folder by DOS alone"): "repack_ambiguous",
}
OTHERWISE = {"zip.headers": "repack_ambiguous", "zip.bomb": "repack_too_large"}


@pytest.mark.parametrize(
    ("code", "what", "raw"), packages.HOSTILE, ids=[f"{c} {w}" for c, w, _ in packages.HOSTILE]
)
def test_every_hostile_package_is_mended_or_left_to_a_person(
    code: str, what: str, raw: bytes, tmp_path: Path
) -> None:
    document, made = repacked(raw)
    if what in MENDED.get(code, ()):
        assert document["refused"] is None
        assert document["accepted"], document["problems"]
        assert document["sha256"] == hashlib.sha256(made).hexdigest()
        assert document["sizeBytes"] == len(made)
        assert document["changes"]
        return
    expected = REFUSED.get((code, what), OTHERWISE.get(code, "repack_nothing_to_mend"))
    assert document["refused"]["code"] == expected
    assert document["refused"]["message"]
    assert document["refused"]["hint"]
    assert (document["possible"], document["accepted"], made) == (False, False, b"")


def _zip64_end(parts: list[Part]) -> bytes:
    """The package as tools write it that always add a ZIP64 end record."""
    raw = zip_of(parts)
    at = raw.rindex(b"PK\x05\x06")
    start = raw.index(b"PK\x01\x02")
    body = struct.pack("<2H2L4Q", 45, 45, 0, 0, len(parts), len(parts), at - start, start)
    record = struct.pack("<4sQ", b"PK\x06\x06", len(body)) + body
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return raw[:at] + record + locator + end


def _zip64_member() -> Part:
    sizes = struct.pack("<QQ", len(LUA), len(deflate(LUA)))
    header = {"compressed": 0xFFFFFFFF, "size": 0xFFFFFFFF, "extra": extra(1, sizes), "needed": 45}
    return Part(ENTRYPOINT, LUA, local=header, central=header)


def _zip64_descriptor() -> Part:
    packed_lua = deflate(LUA)
    descriptor = b"PK\x07\x08" + struct.pack("<L2Q", zlib.crc32(LUA), len(packed_lua), len(LUA))
    return Part(
        ENTRYPOINT,
        LUA,
        flags=8,
        descriptor=descriptor,
        local={"crc": 0, "compressed": 0, "size": 0, "needed": 45},
    )


def _renamed(rename: Any, parts: list[Part] | None = None) -> list[Part]:
    found = parts or good_parts()
    for part in found:
        part.name = rename(part.name)
    return found


#: Shapes that mend into the good mod, and the words that must be told.
SPOILED: dict[str, tuple[bytes, str]] = {
    "macOS": (
        with_parts(
            Part("__MACOSX/", method=0, attributes=0o040755 << 16),
            Part("__MACOSX/Content/._init.lua", b"\0\5\x16\7"),
            Part("Content/.DS_Store", b"Bud1"),
        ),
        "Left out: a system or tool left it behind",
    ),
    "git": (with_parts(Part(".git/HEAD", b"ref"), Part(".git/config", b"x")), "Left out: a system or tool"),
    "Windows": (with_parts(Part("Content/Thumbs.db", b"\xd0\xcf\x11\xe0")), "Left out: a system or tool"),
    "backslashes": (zip_of(_renamed(lambda name: name.replace("/", "\\"))), "Renamed"),
    "backslash folders": (
        zip_of([Part("Content\\", method=0), *_renamed(lambda name: name.replace("/", "\\"))]),
        "Left out: folders need no entry",
    ),
    "leading dot": (zip_of(_renamed(lambda name: f"./{name}")), "Renamed"),
    "dot folder": (
        zip_of([Part("./", method=0, attributes=0o040755 << 16), *_renamed(lambda name: f"./{name}")]),
        "Left out: folders need no entry",
    ),
    "one top folder": (zip_of(_renamed(lambda name: f"my-mod/{name}")), "Moved up"),
    "two top folders": (zip_of(_renamed(lambda name: f"a/b/{name}")), "Moved up"),
    "top folder beside macOS's": (
        zip_of([*_renamed(lambda name: f"my-mod/{name}"), Part("__MACOSX/my-mod/._manifest.json", b"\0")]),
        "Moved up",
    ),
    "ZIP64 at the end": (_zip64_end(good_parts()), "Written without ZIP64"),
    "ZIP64 behind a prefix": (b"prefix" + _zip64_end(good_parts()), "Written without ZIP64"),
    "ZIP64 sizes": (
        zip_of(
            [Part("manifest.json", GOOD["manifest.json"]), _zip64_member(), Part("LICENSE", GOOD["LICENSE"])]
        ),
        "Written without ZIP64",
    ),
    "a ZIP64 descriptor": (
        zip_of(
            [
                Part("manifest.json", GOOD["manifest.json"]),
                _zip64_descriptor(),
                Part("LICENSE", GOOD["LICENSE"]),
            ]
        ),
        "Written without a data descriptor",
    ),
    "no descriptor though announced": (
        zip_of([*good_parts()[:1], Part(ENTRYPOINT, LUA, flags=8), Part("LICENSE", GOOD["LICENSE"])]),
        "Written without a data descriptor",
    ),
    "a stored member with a descriptor": (
        zip_of(
            [
                *good_parts()[:1],
                Part(ENTRYPOINT, LUA, method=0, flags=8, descriptor=descriptor_of(LUA, LUA)),
                Part("LICENSE", GOOD["LICENSE"]),
            ]
        ),
        "Written without a data descriptor",
    ),
    "a directory in another order": (b"", "one order"),
    "lines before and after": (b"\r\n\r\n" + mod().package + b"\r\n", "Left out what follows the ZIP"),
    "space before the end": (b"", "between directory and end record"),
}


def _other_order() -> bytes:
    raw = zip_of(good_parts())
    start, end = raw.index(b"PK\x01\x02"), raw.rindex(b"PK\x05\x06")
    entries = [b"PK\x01\x02" + entry for entry in raw[start:end].split(b"PK\x01\x02")[1:]]
    return raw[:start] + b"".join(reversed(entries)) + raw[end:]


def _gap_before_end() -> bytes:
    raw = zip_of(good_parts())
    end = raw.rindex(b"PK\x05\x06")
    return raw[:end] + bytes(7) + raw[end:]


SPOILED["a directory in another order"] = (_other_order(), "one order")
SPOILED["space before the end"] = (_gap_before_end(), "between directory and end record")


@pytest.mark.parametrize("shape", SPOILED)
def test_what_tools_spoil_becomes_what_pack_writes_of_the_same_tree(shape: str, tmp_path: Path) -> None:
    raw, what = SPOILED[shape]
    document, made = repacked(raw)
    assert document["accepted"], document
    assert any(what in row for row in words(document)), words(document)
    assert made == packed(GOOD, tmp_path / "mod")
    assert document["sha256"] == hashlib.sha256(made).hexdigest()
    assert document["filesAfter"] == len(GOOD)


KEPT = {shape: raw for shape, (raw, _) in SPOILED.items()} | {
    f"{code} {what}": raw for code, what, raw in packages.HOSTILE if what in MENDED.get(code, ())
}
#: Python opens none of these at all, so it finds nothing else in them either.
UNREAD = {"space before the end", "zip.flags bit 5", "zip.extra a field cut off", "zip.path not UTF-8"}


def contents(raw: bytes) -> Counter[str]:
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        return Counter(hashlib.sha256(package.read(one)).hexdigest() for one in package.infolist())


@pytest.mark.parametrize("shape", sorted(UNREAD))
def test_what_python_does_not_open(shape: str) -> None:
    with pytest.raises((zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError)):
        contents(KEPT[shape])


@pytest.mark.parametrize("shape", sorted(KEPT.keys() - UNREAD))
def test_what_is_kept_is_what_python_finds_too(shape: str) -> None:
    assert Counter(tree_of(repacked(KEPT[shape])[1]).values()) <= contents(KEPT[shape])


def test_names_in_other_encodings_and_forms() -> None:
    document, made = repacked(
        with_parts(
            Part("Content/größe.lua".encode("cp437"), LUA),
            Part("Content/straße.lua".encode(), LUA),
            Part("Content/u\u0308ber.lua", LUA),
            Part(
                "Content/日本.lua".encode("shift_jis"),
                LUA,
                extra=extra(
                    0x7075,
                    b"\x01"
                    + struct.pack("<L", zlib.crc32("Content/日本.lua".encode("shift_jis")))
                    + "Content/日本.lua".encode(),
                ),
            ),
        )
    )
    assert document["accepted"], document
    assert {"Content/größe.lua", "Content/straße.lua", "Content/über.lua", "Content/日本.lua"} <= set(
        tree_of(made)
    )
    assert {"Name marked as UTF-8", "Renamed"} <= set(words(document))
    renamed = next(change for change in document["changes"] if change["what"] == "Renamed")
    assert (renamed["was"], renamed["now"]) == ("Content/u\u0308ber.lua", "Content/über.lua")


def test_a_second_name_in_an_extra_field_is_left_to_a_person() -> None:
    def told(name: bytes, second: str, of: bytes) -> Part:
        field = extra(0x7075, b"\x01" + struct.pack("<L", zlib.crc32(of)) + second.encode())
        return Part(name, LUA, extra=field)

    plain = b"Content/a.lua"
    document, _ = repacked(with_parts(told(plain, "Content/b.lua", plain)))
    assert document["refused"]["code"] == "repack_ambiguous"
    umlaut = "Content/ü.lua".encode()
    document, _ = repacked(with_parts(told(umlaut, "Content/b.lua", umlaut)))
    assert document["refused"]["code"] == "repack_ambiguous"
    # One that belongs to another name, as tools leave it behind after renaming, counts for nothing.
    document, _ = repacked(with_parts(told(plain, "Content/b.lua", b"Content/old.lua")))
    assert document["accepted"]


def test_a_mod_beside_other_files_is_not_moved_up() -> None:
    raw = zip_of(
        [*_renamed(lambda name: f"my-mod/{name}"), Part("readme.txt", b"hi"), Part(".DS_Store", b"x")]
    )
    document, made = repacked(raw)
    assert "my-mod/manifest.json" in tree_of(made)
    assert not any("Moved up" in what for what in words(document))


def test_what_a_person_put_in_stays_and_is_reported() -> None:
    raw = with_parts(
        Part("Content/.DS_Store", b"x"), Part("Content/a.exe", pe(dll=False)), Part("Content/b.png", LUA)
    )
    document, _ = repacked(raw)
    assert (document["possible"], document["accepted"]) == (True, False)
    assert {problem["code"] for problem in document["problems"]} == {
        "content.executable",
        "content.signature",
    }
    assert all(problem["path"] and problem["hint"] for problem in document["problems"])


def _tar_too() -> bytes:
    """A ZIP behind a tar header, which libarchive believes first."""
    return tarfile.TarInfo("a.lua").tobuf() + mod().package


def _disc_too() -> bytes:
    return bytes(32_769) + b"CD001" + mod().package


def _of_an_amiga() -> bytes:
    raw = bytearray(with_parts(Part("Content\\a.lua", LUA)))
    raw[raw.index(b"PK\x01\x02") + 5] = 1
    return bytes(raw)


def _twice_ended() -> bytes:
    """Two whole ZIPs, one behind the other."""
    return mod().package + mod(files={"Content/other.lua": LUA}).package


@pytest.mark.parametrize(
    ("code", "raw"),
    [
        ("repack_stream", with_parts(Part("a\\b.lua", LUA, raw=b"\xff" * 40))),
        ("repack_stream", with_parts(Part("a\\b.lua", LUA, raw=deflate(LUA.swapcase())))),
        ("repack_stream", with_parts(Part("a\\b.lua", LUA, raw=deflate(LUA) + b"hidden"))),
        ("repack_collision", with_parts(Part("a\\b.lua", LUA), Part("a/b.lua", LUA))),
        ("repack_collision", with_parts(Part("u\u0308.lua", LUA), Part("ü.lua", LUA))),
        ("repack_path", with_parts(Part("\\a.lua", LUA))),
        ("repack_path", with_parts(Part("a\\..\\..\\b.lua", LUA))),
        ("repack_path", with_parts(Part("", LUA), Part(".DS_Store", b""))),
        ("repack_ambiguous", with_parts(Part("a.lua\0.txt", LUA))),
        ("repack_ambiguous", with_parts(Part("a\\", LUA))),
        ("repack_ambiguous", _twice_ended()),
        ("repack_ambiguous", _tar_too()),
        ("repack_ambiguous", _disc_too()),
        ("repack_ambiguous", _of_an_amiga()),
        ("repack_ambiguous", b"x" + _twice_ended()),
        ("repack_empty", zip_of([Part(".DS_Store", b"x")])),
        ("repack_encrypted", with_parts(Part("a\\b.lua", LUA, flags=1))),
        ("repack_encrypted", with_parts(Part("a\\b.lua", LUA, method=99))),
        ("repack_method", with_parts(Part("a\\b.lua", LUA, method=9))),
        (
            "repack_too_large",
            with_parts(Part("a\\b.lua", LUA, local={"size": 1 << 27}, central={"size": 1 << 27})),
        ),
    ],
)
def test_what_needs_a_person(code: str, raw: bytes) -> None:
    document, _ = repacked(raw)
    assert document["refused"]["code"] == code
    assert document["refused"]["hint"]


def test_bounds_are_those_of_the_profile() -> None:
    raw = b"x" + mod(files={"Content/zeros.txt": bytes(5_000)}).package
    size = len(raw)
    for profile in (
        Profile(max_package=size - 1),
        Profile(max_members=3),
        Profile(max_members=1),
        Profile(max_member=4_999),
        Profile(max_unpacked=5_000),
        Profile(ratio_from=1, max_ratio=2),
    ):
        with pytest.raises(RefusedError) as refused:
            repack(io.BytesIO(raw), size, io.BytesIO(), profile)
        assert refused.value.code == "repack_too_large"


def test_a_package_that_grows_past_the_bound_is_given_up() -> None:
    """Its writer packed better than ours does: what is written has more bytes than a package may have."""
    raw = with_parts(Part("Content/.DS_Store", b""))
    with pytest.raises(RefusedError) as refused:
        repack(io.BytesIO(raw), len(raw), Tight(len(raw)), Profile(max_package=len(raw)))
    assert refused.value.code == "repack_too_large"


class Tight(io.BytesIO):
    """A file that says that it stands further on than it does, as if the packer had packed worse."""

    def __init__(self, ahead: int) -> None:
        super().__init__()
        self.ahead = ahead

    def tell(self) -> int:
        return super().tell() + self.ahead


def test_an_enormous_directory_is_not_read() -> None:
    raw = bytearray(b"x" + mod().package)
    at = raw.rindex(b"PK\x05\x06")
    filler = b"PK\x01\x02" + bytes(17 * 1024 * 1024)
    start = at
    struct.pack_into("<2L", raw, at + 12, len(filler), start)
    raw[at:at] = filler
    document, _ = repacked(bytes(raw))
    assert document["refused"]["code"] == "repack_too_large"


def test_a_good_package_needs_no_repacking() -> None:
    document, made = repacked(mod().package)
    assert (document["possible"], document["refused"]["code"]) == (False, "repack_nothing_to_mend")
    assert made == b""


def test_repacking_what_was_repacked_has_nothing_to_do() -> None:
    _, made = repacked(SPOILED["backslashes"][0])
    assert repacked(made)[0]["refused"]["code"] == "repack_nothing_to_mend"


def test_without_a_sink_only_the_plan_is_told() -> None:
    raw = SPOILED["macOS"][0]
    document = repack_task({"size": len(raw)}, io.BytesIO(raw), None)
    assert (document["possible"], document["accepted"], document["sha256"]) == (True, False, "")
    assert document["changes"] == repacked(raw)[0]["changes"]
    assert len(plan(io.BytesIO(raw), len(raw)).files) == len(GOOD)


def test_the_callers_profile_counts() -> None:
    raw = with_parts(Part("Content\\a.png", packages.png()))
    assert repacked(raw)[0]["accepted"]
    assert not repacked(raw, allowed=[".lua", ".json"])[0]["accepted"]
    assert repacked(raw, maxPackage=10)[0]["refused"]["code"] == "repack_too_large"


def test_at_most_two_hundred_changes_are_told_and_the_rest_is_counted() -> None:
    raw = with_parts(*(Part(f"Content\\{number}.lua", LUA, comment=b"x") for number in range(250)))
    document, _ = repacked(raw)
    assert len(document["changes"]) == MAX_TOLD
    assert document["moreChanges"] == 250 + 1 - MAX_TOLD
    assert document["changes"][0] == {
        "what": "Left out comments of members",
        "path": "",
        "was": "250 members",
        "now": "",
    }


def test_texts_are_printable() -> None:
    document, _ = repacked(with_parts(Part("Content\\\x07\u202e.lua", LUA)))
    assert all(text.isprintable() for change in document["changes"] for text in change.values())


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_hostile_bytes_never_crash_and_never_give_a_refused_package(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(sorted(SPOILED)))
    raw = bytearray(SPOILED[shape][0])
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    document, made = repacked(bytes(raw))
    assert bool(document["refused"]) is not document["possible"]
    if document["accepted"]:
        assert read_package(io.BytesIO(made), len(made)).accepted
