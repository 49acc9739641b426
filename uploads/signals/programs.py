"""Windows programs (PE): what they state of themselves, and what of it deserves a look.

Rules
- Headers are read by YARA-X's own reader, written in Rust: it neither runs nor loads anything, and a hostile
  file makes it give up, not fall over.
- Lists are bounded and texts are cut: of sections 32, of libraries 64, of imported names 600, of exports 200.
- A signature is told as stated: nobody here checks it against the authorities that Windows trusts.
- Entropy is measured over at most 256 KiB of a section, in bits a byte (0 to 8).
"""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import yara_x

from uploads.signals.found import Signal, excerpt_of, subject_of

Json = dict[str, Any]

MOST_SECTIONS = 32
MOST_LIBRARIES = 64
MOST_IMPORTS = 600
MOST_OF_A_LIBRARY = 120
MOST_EXPORTS = 200
MOST_SIGNERS = 4
MOST_VERSION_FACTS = 16
#: How much data behind the end of a program is taken for padding, in bytes.
PADDING = 512

_SAMPLE = 64 * 1024
_PACKED_FROM = 7.2
_EXECUTE, _READ, _WRITE = 0x20000000, 0x40000000, 0x80000000
_DLL = 0x2000
_CERTIFICATES = 4

_PACKERS = (
    "upx", ".aspack", ".adata", ".themida", ".winlice", ".vmp", ".enigma", ".petite", ".mpress", ".nsp",
    ".packed", "pec1", "pec2", ".perplex", ".yp", ".shrink", "fsg!", ".boom",
)  # fmt: skip

_NETWORK = frozenset({"ws2_32.dll", "wsock32.dll", "wininet.dll", "winhttp.dll", "urlmon.dll", "dnsapi.dll"})
_NETWORK_BEGINNINGS = ("libcurl", "libssl", "winsock")
_PROCESS_NAMES = """
    createprocess createprocessasuser createprocesswithlogon createprocesswithtoken ntcreateuserprocess
    shellexecute shellexecuteex winexec system _wsystem _popen _wpopen _spawnl _spawnv _spawnvp _wspawnv _execl
    _execv _execvp _wexecv
"""
_INJECTION_NAMES = """
    writeprocessmemory ntwritevirtualmemory zwwritevirtualmemory createremotethread createremotethreadex
    ntcreatethreadex rtlcreateuserthread virtualallocex ntunmapviewofsection zwunmapviewofsection queueuserapc
    ntqueueapcthread setwindowshookex
"""
_PROCESS = frozenset(_PROCESS_NAMES.split())
_INJECTION = frozenset(_INJECTION_NAMES.split())
_SAYS = {
    "pe_network": "It imports functions of the network",
    "pe_process": "It imports functions that start programs",
    "pe_injection": "It imports functions that reach into other programs",
}


def examine(data: bytes, path: str, *, whole: bool = True, brief: bool = False) -> tuple[Json, list[Signal]]:
    """The program in `data` at `path`: what it states, as plain JSON, and its signals.

    `whole` is False where `data` is only its beginning. `brief` leaves the lists out that can be long.
    """
    stated = _module().invoke(data)
    signals = (
        [] if whole else [Signal("pe_large", "Only its first 32 MiB were taken apart.", path, rule="size")]
    )
    if not isinstance(stated, dict) or not stated.get("is_pe"):
        signals.append(Signal("pe_odd", "Its headers cannot be read.", path, rule="headers"))
        return {"readable": False, "whole": whole}, signals
    sections = [_section(section, data) for section in _list(stated, "sections")]
    libraries = [*_list(stated, "import_details"), *_list(stated, "delayed_import_details")]
    signals += _by_imports(libraries, path)
    for code, rule, said in (*_packed(sections, libraries), *_odd(sections, len(data), whole=whole)):
        signals.append(
            Signal(code, said, path, excerpt=excerpt_of(said), rule=rule, subject=subject_of(said))
        )
    if whole and any(not _is_of_this_file(one) for one in _list(stated, "signatures")):
        said = "Its signature is for other bytes than these."
        signals.append(Signal("pe_signature_foreign", said, path, rule="signature"))
    overlay = _overlay(stated) if whole else 0
    if overlay > PADDING:
        said = f"{overlay:,} bytes follow its end that belong to no section and no signature."
        signals.append(Signal("pe_overlay", said, path, rule="overlay", subject=str(overlay)))
    return _facts(stated, sections, libraries, whole=whole, brief=brief) | {"overlay": overlay}, signals


def _facts(stated: Json, sections: list[Json], libraries: list[Json], *, whole: bool, brief: bool) -> Json:
    exports = [_text(item.get("name")) for item in _list(stated, "export_details")]
    stamp = stated.get("timestamp")
    return {
        "readable": True,
        "whole": whole,
        "machine": _text(stated.get("machine")).removeprefix("MACHINE_"),
        "dll": bool(_number(stated, "characteristics") & _DLL),
        "subsystem": _text(stated.get("subsystem")).removeprefix("SUBSYSTEM_"),
        "timestamp": stamp.isoformat() if isinstance(stamp, datetime) else "",
        "entryPoint": _number(stated, "entry_point_raw"),
        "sectionCount": len(sections),
        "sections": [] if brief else sections[:MOST_SECTIONS],
        "libraryCount": len(libraries),
        "importCount": sum(len(_list(library, "functions")) for library in libraries),
        "imports": [] if brief else _imports(libraries),
        "exportCount": len(exports),
        "exports": [] if brief else exports[:MOST_EXPORTS],
        "signers": [_signer(one, whole=whole) for one in _list(stated, "signatures")[:MOST_SIGNERS]],
        "versionInfo": _version_info(stated),
        "pdbPath": _text(stated.get("pdb_path"), 200),
    }


def _by_imports(libraries: list[Json], path: str) -> Iterator[Signal]:
    found: dict[str, set[str]] = {"pe_network": set(), "pe_process": set(), "pe_injection": set()}
    for library in libraries:
        name = _text(library.get("library_name")).lower()
        network = name in _NETWORK or name.startswith(_NETWORK_BEGINNINGS)
        for function in _list(library, "functions"):
            shown = _function(function)
            bare = _bare(shown)
            if network:
                found["pe_network"].add(f"{name}: {shown}")
            if bare in _PROCESS:
                found["pe_process"].add(shown)
            if bare in _INJECTION:
                found["pe_injection"].add(shown)
    for code, names in found.items():
        if names:
            listed = ", ".join(sorted(names))
            said = f"{_SAYS[code]}: {excerpt_of(listed, 120)}."
            yield Signal(code, said, path, 0, excerpt_of(listed), "imports", subject_of(listed))


def _packed(sections: list[Json], libraries: list[Json]) -> Iterator[tuple[str, str, str]]:
    for section in sections:
        name = section["name"]
        if name.lower().startswith(_PACKERS):
            yield "pe_packed", "section-name", f"The section {name} is named as a packer names it."
        elif "x" in section["flags"] and section["entropy"] >= _PACKED_FROM and section["size"] >= 4096:
            yield "pe_packed", "entropy", f"The section {name} runs and has {section['entropy']} bits a byte."
    functions = [function for library in libraries for function in _list(library, "functions")[:9]]
    names = {_bare(_function(function)) for function in functions}
    if len(functions) <= 8 and "getprocaddress" in names and names & {"loadlibrary", "loadlibraryex"}:
        yield "pe_packed", "imports", "It imports next to nothing but what finds functions when it runs."


def _odd(sections: list[Json], size: int, *, whole: bool) -> Iterator[tuple[str, str, str]]:
    if not sections:
        yield "pe_odd", "sections", "It has no sections."
    for section in sections:
        if "w" in section["flags"] and "x" in section["flags"]:
            yield "pe_odd", "writable-code", f"The section {section['name']} can be both written and run."
        if whole and section["offset"] + section["size"] > size:
            yield "pe_odd", "bounds", f"The section {section['name']} goes beyond the end of the file."


def _section(section: Mapping[str, Any], data: bytes) -> Json:
    flags = _number(section, "characteristics")
    offset, size = _number(section, "raw_data_offset"), _number(section, "raw_data_size")
    return {
        "name": _text(section.get("full_name") or section.get("name"), 40),
        "offset": offset,
        "size": size,
        "virtualSize": _number(section, "virtual_size"),
        "entropy": _entropy(data, offset, min(size, max(0, len(data) - offset))),
        "flags": "".join(sign for sign, bit in (("r", _READ), ("w", _WRITE), ("x", _EXECUTE)) if flags & bit),
    }


def _entropy(data: bytes, offset: int, size: int) -> float:
    if size <= 4 * _SAMPLE:
        sample = data[offset : offset + size]
    else:
        step = (size - _SAMPLE) // 3
        sample = b"".join(data[at : at + _SAMPLE] for at in range(offset, offset + 3 * step + 1, step))
    if not sample:
        return 0.0
    shares = (count / len(sample) for count in map(sample.count, range(256)) if count)
    return round(-sum(share * math.log2(share) for share in shares) + 0.0, 2)


def _imports(libraries: list[Json]) -> list[Json]:
    left = MOST_IMPORTS
    listed = []
    for library in libraries[:MOST_LIBRARIES]:
        functions = _list(library, "functions")
        names = [_function(function) for function in functions[: min(left, MOST_OF_A_LIBRARY)]]
        left -= len(names)
        listed.append(
            {"library": _text(library.get("library_name")), "count": len(functions), "functions": names}
        )
    return listed


def _overlay(stated: Mapping[str, Any]) -> int:
    """The bytes behind the last section that are no certificates."""
    overlay = stated.get("overlay") or {}
    start, size = _number(overlay, "offset"), _number(overlay, "size")
    directories = _list(stated, "data_directories")
    if size and len(directories) > _CERTIFICATES:
        at = _number(directories[_CERTIFICATES], "virtual_address")
        signed = _number(directories[_CERTIFICATES], "size")
        if start <= at and at + signed <= start + size:
            size -= signed
    return size


def _signer(signature: Mapping[str, Any], *, whole: bool) -> Json:
    return {
        "subject": _text(signature.get("subject"), 200),
        "issuer": _text(signature.get("issuer"), 200),
        "thumbprint": _text(signature.get("thumbprint"), 64),
        "ofThisFile": _is_of_this_file(signature) if whole else None,
    }


def _is_of_this_file(signature: Mapping[str, Any]) -> bool:
    """Whether the digest that was signed is that of the program; says nothing of who signed."""
    digest = _text(signature.get("digest"), 128)
    return bool(digest) and digest == _text(signature.get("file_digest"), 128)


def _version_info(stated: Mapping[str, Any]) -> Json:
    listed = _list(stated, "version_info_list")[:MOST_VERSION_FACTS]
    return {_text(item.get("key"), 60): _text(item.get("value"), 120) for item in listed}


def _function(function: Mapping[str, Any]) -> str:
    return _text(function.get("name")) or f"#{_number(function, 'ordinal')}"


def _bare(name: str) -> str:
    """A function's name in lower case without the letter that says which characters it takes."""
    lowered = name.lower()
    return lowered[:-1] if name.endswith(("A", "W")) else lowered


def _list(value: Mapping[str, Any], key: str) -> list[Json]:
    found = value.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _number(value: Mapping[str, Any], key: str) -> int:
    found = value.get(key)
    return found if isinstance(found, int) else 0


def _text(value: object, limit: int = 100) -> str:
    return excerpt_of(value, limit) if isinstance(value, str | bytes) else ""


@cache
def _module() -> Any:
    return yara_x.Module("pe")
