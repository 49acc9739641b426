"""Windows programs: their facts, their signals, and that nothing hostile upsets the reader."""

import hashlib
import json
import random
import struct

import pytest

from tests.packages import pe
from tests.uploads.signals.pe_files import CODE, WRITABLE_CODE, Section, program
from tests.uploads.signals.signatures import certificate_table
from uploads.signals import programs
from uploads.signals.document import programs_from
from uploads.signals.found import Signal

NOISE = random.Random(3).randbytes(70_000)
TEXT = b"\x48\x8b\x05\x00\xc3\x90mov eax" * 1000


def signals(data: bytes, **options: bool) -> list[Signal]:
    return programs.examine(data, "Binaries/Win64/a.dll", **options)[1]


def found(data: bytes, code: str) -> list[Signal]:
    return [signal for signal in signals(data) if signal.code == code]


def test_a_plain_dll_has_facts_and_no_signals() -> None:
    data = program(imports={"KERNEL32.dll": ["Sleep", "CloseHandle"]}, exports=["start", "stop"])
    facts, signals = programs.examine(data, "a.dll")
    assert signals == []
    assert (facts["readable"], facts["whole"], facts["dll"]) == (True, True, True)
    assert (facts["machine"], facts["subsystem"]) == ("AMD64", "WINDOWS_GUI")
    assert facts["timestamp"] == "2023-11-14T22:13:20+00:00"
    assert facts["imports"] == [
        {"library": "KERNEL32.dll", "count": 2, "functions": ["Sleep", "CloseHandle"]}
    ]
    assert facts["exports"] == ["start", "stop"]
    assert facts["sections"][0] | {"entropy": 0} == {
        "name": ".text",
        "offset": 512,
        "size": 1024,
        "virtualSize": 600,
        "entropy": 0,
        "flags": "rx",
    }
    assert (facts["overlay"], facts["signers"], facts["versionInfo"]) == (0, [], {})
    assert programs_from(json.loads(json.dumps({"a.dll": facts}))) == {"a.dll": facts}


@pytest.mark.parametrize(
    ("code", "library", "function"),
    [
        ("pe_network", "WS2_32.dll", "connect"),
        ("pe_network", "winhttp.dll", "WinHttpOpen"),
        ("pe_network", "libcurl-x64.dll", "curl_easy_init"),
        ("pe_process", "KERNEL32.dll", "CreateProcessW"),
        ("pe_process", "SHELL32.dll", "ShellExecuteExA"),
        ("pe_process", "msvcrt.dll", "system"),
        ("pe_injection", "KERNEL32.dll", "WriteProcessMemory"),
        ("pe_injection", "ntdll.dll", "NtCreateThreadEx"),
    ],
)
def test_imports_are_signals(code: str, library: str, function: str) -> None:
    plain = {"USER32.dll": ["MessageBoxW"]}
    assert signals(program(imports=plain)) == []
    (signal,) = signals(program(imports=plain | {library: [function]}))
    assert signal.code == code
    assert function in signal.message and function in signal.excerpt


def test_imports_are_known_again_in_any_order() -> None:
    one = program(imports={"KERNEL32.dll": ["WinExec", "CreateProcessA"]})
    other = program(imports={"KERNEL32.dll": ["CreateProcessA", "Sleep", "WinExec"]})
    more = program(imports={"KERNEL32.dll": ["CreateProcessA", "WinExec", "ShellExecuteW"]})
    prints = [found(data, "pe_process")[0].fingerprint for data in (one, other, more)]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (program(sections=[Section(b".text", NOISE, CODE)]), "entropy"),
        (program(sections=[Section(b"UPX1", TEXT, CODE)]), "section-name"),
        (program(sections=[Section(b".vmp0", TEXT, CODE)]), "section-name"),
        (program(imports={"KERNEL32.dll": ["GetProcAddress", "LoadLibraryA"]}), "imports"),
    ],
)
def test_packed_programs_are_signals(data: bytes, rule: str) -> None:
    assert [signal.rule for signal in found(data, "pe_packed")] == [rule]


def test_random_data_is_no_packed_code() -> None:
    plain = program(sections=[Section(b".text", TEXT, CODE), Section(b".rsrc", NOISE)])
    assert found(plain, "pe_packed") == []


def test_entropy_is_measured_in_bits_a_byte() -> None:
    facts, _ = programs.examine(program(sections=[Section(b".text", bytes(range(256)) * 8, CODE)]), "a.dll")
    assert facts["sections"][0]["entropy"] == 8.0
    large = Section(b".data", b"\0" * 400_000 + NOISE[:60_000] * 5)
    facts, _ = programs.examine(program(sections=[large]), "a.dll")
    assert 0 < facts["sections"][0]["entropy"] < 8


def test_an_overlay_is_a_signal_and_padding_is_none() -> None:
    assert found(program(overlay=b"x" * programs.PADDING), "pe_overlay") == []
    (signal,) = found(program(overlay=b"x" * 5000), "pe_overlay")
    assert "5,000 bytes" in signal.message


def test_certificates_are_no_overlay() -> None:
    facts, signals = programs.examine(program(certificates=b"c" * 4096), "a.dll")
    assert (facts["overlay"], signals) == (0, [])
    assert found(program(overlay=b"x" * 5000, certificates=b"c" * 4096), "pe_overlay")


def digest_of(data: bytes) -> bytes:
    """The digest of a program as Windows takes it: all but its checksum, and where and what its signature is."""
    headers = 0x80 + 24
    entry = headers + 112 + 4 * 8
    end = len(data) - struct.unpack_from("<LL", data, entry)[1]
    parts = (data[: headers + 64], data[headers + 68 : entry], data[entry + 8 : end])
    return hashlib.sha256(b"".join(parts)).digest()


def test_a_signer_is_told_as_stated() -> None:
    digest = digest_of(program(certificates=certificate_table("Somebody")[0]))
    table, thumbprint = certificate_table("Somebody", digest)
    facts, signals = programs.examine(program(certificates=table), "a.dll")
    assert facts["signers"] == [
        {
            "subject": "/CN=Somebody/O=Mods of Testing",
            "issuer": "/CN=Somebody/O=Mods of Testing",
            "thumbprint": thumbprint,
            "ofThisFile": True,
        }
    ]
    assert (signals, facts["overlay"]) == ([], 0)


def test_a_signature_for_other_bytes_is_a_signal() -> None:
    digest = digest_of(program(certificates=certificate_table("Somebody")[0]))
    table, _ = certificate_table("Somebody", digest)
    other = program(certificates=table, timestamp=1)
    facts, signals = programs.examine(other, "a.dll")
    assert facts["signers"][0]["ofThisFile"] is False
    assert [signal.code for signal in signals] == ["pe_signature_foreign"]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (program(sections=[Section(b".text", TEXT, WRITABLE_CODE)]), "writable-code"),
        (program(sections=[Section(b".text", TEXT, CODE)])[:-1024], "bounds"),
        (program(sections=[]), "sections"),
        (b"MZ" + b"\0" * 100, "headers"),
        (b"MZ", "headers"),
        (b"", "headers"),
    ],
)
def test_odd_headers_are_signals(data: bytes, rule: str) -> None:
    assert rule in [signal.rule for signal in found(data, "pe_odd")]


def test_the_smallest_program_is_readable() -> None:
    facts, _ = programs.examine(pe(), "a.dll")
    assert isinstance(facts["readable"], bool)


def test_the_beginning_of_a_program_is_told_as_such() -> None:
    data = program(sections=[Section(b".text", TEXT, CODE)], overlay=b"x" * 9000)
    facts, signals = programs.examine(data[:4096], "a.dll", whole=False)
    assert facts["whole"] is False
    assert [signal.code for signal in signals] == ["pe_large"]


def test_brief_facts_have_no_lists() -> None:
    facts, _ = programs.examine(program(imports={"a.dll": ["b"]}, exports=["c"]), "a.dll", brief=True)
    assert (facts["imports"], facts["exports"], facts["sections"]) == ([], [], [])
    assert (facts["libraryCount"], facts["exportCount"], facts["sectionCount"]) == (1, 1, 3)


def test_lists_are_bounded() -> None:
    libraries = {f"lib{n}.dll": [f"f{n}_{m}" for m in range(150)] for n in range(70)}
    facts, _ = programs.examine(program(imports=libraries, exports=[f"e{n}" for n in range(300)]), "a.dll")
    assert facts["importCount"] == 70 * 150
    assert len(facts["imports"]) == programs.MOST_LIBRARIES
    assert len(facts["imports"][0]["functions"]) == programs.MOST_OF_A_LIBRARY
    assert sum(len(library["functions"]) for library in facts["imports"]) == programs.MOST_IMPORTS
    assert (facts["exportCount"], len(facts["exports"])) == (300, programs.MOST_EXPORTS)
    programs_from({"a.dll": facts})


def test_names_are_made_printable() -> None:
    facts, _ = programs.examine(program(imports={"\u202eevil.dll": ["x\ny" + "z" * 500]}), "a.dll")
    programs_from({"a.dll": facts})


SAMPLE = program(
    imports={"KERNEL32.dll": ["CreateProcessW", "Sleep"], "WS2_32.dll": ["connect"]},
    exports=["start", "stop"],
    overlay=b"x" * 600,
    certificates=struct.pack("<LHH", 64, 0x200, 2) + b"c" * 56,
)


@pytest.mark.parametrize("seed", range(100))
def test_hostile_headers_upset_nobody(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(SAMPLE)
    for _ in range(chance.choice((1, 4, 30, 200))):
        at = chance.randrange(0x3C, chance.choice((0x300, len(data))))
        data[at] = chance.choice((0, 0xFF, 0x80, chance.randrange(256)))
    cut = bytes(data[: chance.choice((len(data), chance.randrange(len(data))))])
    facts, _ = programs.examine(cut, "a.dll")
    programs_from(json.loads(json.dumps({"a.dll": facts})))


def test_a_directory_of_imports_that_never_ends_is_read() -> None:
    data = bytearray(program(imports={"a.dll": ["b"]}))
    start = data.index(b"\0\0b\0a.dll") - 72
    data += bytes(data[start : start + 20]) * 50_000
    facts, _ = programs.examine(bytes(data), "a.dll")
    programs_from({"a.dll": facts})
