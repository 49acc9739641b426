"""The observer: each member is looked at for what it is, within bounds, whatever is fed in whatever pieces."""

from collections.abc import Iterator

import pytest

from tests.packages import pe
from tests.uploads.signals.pe_files import program
from uploads.package.rules import printable
from uploads.scanners import yara
from uploads.signals import examine, lua
from uploads.signals.document import leaked_keys_from, programs_from, signals_from
from uploads.signals.examine import Examiner
from uploads.signals.found import Signal

OWN = "smm_" + "abcdEFG1" + "_" + "x" * 43
MIB = 1024 * 1024


class Recorder:
    """Stands for YARA: notes what it is given."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, int, int]] = []

    def scan(
        self, data: bytes, path: str, first_line: int = 1, *, shown: bytes | None = None
    ) -> Iterator[Signal]:
        self.pieces.append((path, len(data), first_line))
        return iter(())


def over(
    *members: tuple[str, bytes, str], scanner: examine.Scanner | None = None, size: int = MIB
) -> Examiner:
    examiner = Examiner(scanner)
    for path, data, kind in members:
        examiner.begin(path, len(data))
        for at in range(0, len(data), size):
            examiner.feed(data[at : at + size])
        examiner.end(kind)
    examiner.finish()
    signals_from([signal.as_dict() for signal in examiner.signals])
    programs_from(examiner.programs)
    leaked_keys_from(examiner.leaked_keys)
    return examiner


def codes(*members: tuple[str, bytes, str]) -> set[str]:
    return {signal.code for signal in over(*members).signals}


@pytest.mark.parametrize("size", [1, 7, MIB])
def test_pieces_make_no_difference(size: int) -> None:
    data = b"local x = 1\nos.execute('x') -- " + OWN.encode() + b"\nget('https://a.example/')\n"
    examiner = over(("Content/a.lua", data, "text"), scanner=yara.load(), size=size)
    assert [(s.code, s.line) for s in examiner.signals] == [
        ("lua_os_execute", 2),
        ("secret_found", 2),
        ("url_found", 3),
    ]


def test_each_member_begins_anew() -> None:
    members = [(f"{name}.lua", b"\nos.execute('x')", "text") for name in "ab"]
    assert [(s.path, s.line) for s in over(*members).signals] == [("a.lua", 2), ("b.lua", 2)]


@pytest.mark.parametrize(
    ("path", "data", "kind", "code"),
    [
        ("a.lua", b"io.popen('x')", "text", "lua_io_popen"),
        ("a.LUA", b"io.popen('x')", "text", "lua_io_popen"),
        ("a.txt", b"\xff\xfe" + "https://a.example/x".encode("utf-16-le"), "utf16", "url_found"),
        ("a.txt", b"\xfe\xff" + "https://a.example/x".encode("utf-16-be"), "utf16", "url_found"),
        ("a.lua", b"\x1bLuaQ\0", "lua-bytecode", "lua_bytecode"),
        ("Binaries/Win64/version.dll", pe(), "pe", "dll_like_the_games"),
        ("Binaries/Win64/a.dll", program(imports={"ws2_32.dll": ["send"]}), "pe", "pe_network"),
        ("Binaries/Win64/a.dll", pe() + b"https://a.example/x", "pe", "url_found"),
    ],
)
def test_each_kind_is_looked_at_for_what_it_is(path: str, data: bytes, kind: str, code: str) -> None:
    assert code in codes((path, data, kind))


@pytest.mark.parametrize(
    ("path", "data", "kind"),
    [
        ("a.txt", b"os.execute('x')", "text"),
        ("a.png", b"https://a.example/x", "png"),
        ("a.dll.txt", b"MZ is how they begin", "text"),
        ("a.lua", b"os.execute('x')", ""),
    ],
)
def test_others_are_left_alone(path: str, data: bytes, kind: str) -> None:
    assert codes((path, data, kind)) == set()


def test_yara_sees_every_member() -> None:
    recorder = Recorder()
    over(
        ("a.lua", b"x" * 10, "text"),
        ("b.png", b"y" * 20, "png"),
        ("c.dll", pe(), "pe"),
        ("d.txt", b"", "empty"),
        scanner=recorder,
    )
    assert recorder.pieces == [("a.lua", 10, 1), ("b.png", 20, 1), ("c.dll", len(pe()), 1), ("d.txt", 0, 1)]


def test_yara_sees_wide_text_as_it_is_and_as_plain_text() -> None:
    text = "load(b64_decode(text))()"
    recorder = Recorder()
    member = ("a.txt", b"\xff\xfe" + text.encode("utf-16-le"), "utf16")
    over(member, scanner=recorder)
    assert [length for _, length, _ in recorder.pieces] == [2 + 2 * len(text), len(text)]
    assert {s.rule for s in over(member, scanner=yara.load()).signals} == {"lua_runs_decoded_text"}


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "WINDOW", 1000)
    monkeypatch.setattr(examine, "PROGRAM", 4000)
    monkeypatch.setattr(examine, "OVERLAP", 200)


@pytest.mark.usefixtures("small_windows")
def test_a_large_member_is_scanned_in_pieces_that_overlap() -> None:
    recorder = Recorder()
    over(("a.bin", b"\0" * 3500, "binary"), scanner=recorder, size=100)
    assert recorder.pieces == [("a.bin", 1200, 1)] * 3 + [("a.bin", 500, 1)]


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("at", range(0, 3400, 97))
def test_what_lies_between_two_pieces_is_found_once(at: int) -> None:
    line = b"\nget('https://a.example/long/path')\n"
    data = b"x\n" * 1750
    data = data[:at] + line + data[at:]
    (signal,) = over(("a.txt", data, "text"), size=100).signals
    assert (signal.code, signal.subject) == ("url_found", "https://a.example/long/path")
    assert signal.line == data[: data.index(b"https")].count(b"\n") + 1


@pytest.mark.usefixtures("small_windows")
def test_a_secret_between_two_pieces_is_told_once() -> None:
    for at in range(900, 1250, 13):
        data = b"x " * (at // 2) + OWN.encode() + b" x" * 400
        examiner = over(("a.txt", data, "text"), size=100)
        assert [s.code for s in examiner.signals] == ["secret_found"]
        assert len(examiner.leaked_keys) == 1


@pytest.mark.usefixtures("small_windows")
def test_large_lua_is_looked_at_in_pieces_and_says_so() -> None:
    data = b"local x = 1\n" * 200 + b"os.execute('x')\n" + b"local x = 1\n" * 200
    signals = over(("a.lua", data, "text"), size=100).signals
    assert [(s.code, s.line) for s in signals] == [("lua_os_execute", 201), ("lua_large", 0)]


@pytest.mark.usefixtures("small_windows")
def test_a_large_program_is_read_by_its_beginning() -> None:
    recorder = Recorder()
    data = program(imports={"ws2_32.dll": ["send"]}) + b"\0" * 9000
    examiner = over(("a.dll", data, "pe"), scanner=recorder, size=100)
    assert {s.code for s in examiner.signals} == {"pe_network", "pe_large"}
    assert examiner.programs["a.dll"]["whole"] is False
    assert recorder.pieces[0] == ("a.dll", 4200, 1)
    assert {length for _, length, _ in recorder.pieces[1:-1]} == {1200}


def test_a_program_up_to_its_bound_is_read_whole() -> None:
    recorder = Recorder()
    examiner = over(("a.dll", program() + b"\0" * 9 * MIB, "pe"), scanner=recorder)
    assert examiner.programs["a.dll"]["whole"] is True
    assert len(recorder.pieces) == 1


def test_what_is_held_is_bounded() -> None:
    examiner = Examiner()
    examiner.begin("a.bin", 100 * MIB)
    most = 0
    for _ in range(40):
        examiner.feed(b"\0" * MIB)
        most = max(most, examiner._held)
    assert most <= examine.WINDOW + examine.OVERLAP + MIB


def test_lua_beyond_the_bound_is_searched_by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "MOST_TOKENS", 100)
    source = b"x = io 1 " * 30
    signals = over(("a.lua", source, "text"), ("b.lua", source + b"os.execute('x')", "text")).signals
    assert {(s.code, s.path) for s in signals} >= {("lua_os_execute", "b.lua"), ("lua_large", "b.lua")}


def test_facts_of_many_programs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "MOST_PROGRAMS", 3)
    monkeypatch.setattr(examine, "MOST_LISTED", 1)
    data = program(exports=["start"])
    examiner = over(*((f"{n}.dll", data, "pe") for n in range(5)))
    assert [len(facts["exports"]) for facts in examiner.programs.values()] == [1, 0, 0]


def test_secrets_are_nowhere_in_what_is_told() -> None:
    lines = [
        f"os.execute('{OWN}')",
        f"load(b64_decode('{OWN}'))()",
        f"get('https://a.example/?key={OWN}')",
        f"load(x .. '{OWN}')",
        "post('https://discord.com/api/" + "webhooks/123456789012345678/" + "x" * 68 + "')",
    ]
    examiner = over(("a.lua", "\n".join(lines).encode(), "text"), scanner=yara.load())
    told = repr(examiner.signals) + repr(examiner.leaked_keys)
    assert {"lua_os_execute", "yara_match", "url_found", "url_risky", "lua_dynamic_load", "secret_found"} == {
        s.code for s in examiner.signals
    }
    assert "x" * 12 not in told


def test_a_scan_without_an_answer_comes_through() -> None:
    class Broken(Recorder):
        def scan(
            self, data: bytes, path: str, first_line: int = 1, *, shown: bytes | None = None
        ) -> Iterator[Signal]:
            raise yara.ScanIncompleteError("no answer")

    with pytest.raises(yara.ScanIncompleteError):
        over(("a.lua", b"x", "text"), scanner=Broken())


def test_a_hostile_path_is_made_printable() -> None:
    path = "a\n\u202e" + "x" * 300 + ".lua"
    (signal,) = over((path, b"\x1bLua", "lua-bytecode")).signals
    assert signal.path == printable(path)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\xfd" * 1000,
        b"a\0b" * 1000,
        b"(" * 100_000,
        b"{" * 100_000,
        b"--[[" * 50_000,
        b'"' * 100_000,
    ],
)
@pytest.mark.parametrize("kind", ["text", "utf16", "pe", "script", "binary"])
def test_hostile_bytes_upset_nobody(data: bytes, kind: str) -> None:
    over(("a.lua", data, kind), ("b.txt", data, kind), scanner=yara.load())


def test_tokens_of_one_file_are_bounded_too() -> None:
    assert lua.MOST_TOKENS <= examine.MOST_TOKENS
