"""Windows programs in memory: a DLL for x86-64 with the sections, imports and exports that a test asks for."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CODE, DATA, WRITABLE_CODE = 0x60000020, 0x40000040, 0xE0000020
_ALIGNED, _FILE_ALIGNED = 0x1000, 0x200


@dataclass(frozen=True)
class Section:
    """A section: its name, data and flags."""

    name: bytes
    data: bytes
    flags: int = DATA


def _up(value: int, to: int) -> int:
    return (value + to - 1) // to * to


def imports_of(libraries: Mapping[str, Sequence[str]], at: int) -> bytes:
    """An import directory that lies at the virtual address `at`."""
    head = 20 * (len(libraries) + 1)
    tables, texts = b"", b""
    tables_size = sum(16 * (len(names) + 1) for names in libraries.values())
    descriptors = b""
    for library, names in libraries.items():
        thunks = []
        for name in names:
            thunks.append(at + head + tables_size + len(texts))
            texts += struct.pack("<H", 0) + name.encode() + b"\0"
        name_at = at + head + tables_size + len(texts)
        texts += library.encode() + b"\0"
        lookup = at + head + len(tables)
        packed = struct.pack(f"<{len(thunks) + 1}Q", *thunks, 0)
        tables += packed * 2
        descriptors += struct.pack("<5L", lookup, 0, 0, name_at, lookup + len(packed))
    return descriptors + bytes(20) + tables + texts


def exports_of(names: Sequence[str], at: int) -> bytes:
    """An export directory that lies at the virtual address `at`."""
    count = len(names)
    functions, pointers, ordinals = at + 40, at + 40 + 4 * count, at + 40 + 8 * count
    texts_at = ordinals + 2 * count
    texts, places = b"mod.dll\0", []
    for name in names:
        places.append(texts_at + len(texts))
        texts += name.encode() + b"\0"
    head = struct.pack("<LLHHLLLLLLL", 0, 0, 0, 0, texts_at, 1, count, count, functions, pointers, ordinals)
    return (
        head
        + struct.pack(f"<{count}L", *([0x1000] * count))
        + struct.pack(f"<{count}L", *places)
        + struct.pack(f"<{count}H", *range(count))
        + texts
    )


def program(
    *,
    sections: Sequence[Section] | None = None,
    imports: Mapping[str, Sequence[str]] | None = None,
    exports: Sequence[str] = (),
    overlay: bytes = b"",
    certificates: bytes = b"",
    timestamp: int = 1_700_000_000,
) -> bytes:
    """A DLL. Imports and exports get sections of their own behind `sections`; certificates lie at its end."""
    listed = list(sections if sections is not None else [Section(b".text", b"\xc3" * 600, CODE)])
    directories = [(0, 0)] * 16

    def next_address() -> int:
        return _ALIGNED + sum(_up(max(1, len(section.data)), _ALIGNED) for section in listed)

    for place, data in (
        (1, imports_of(imports, next_address()) if imports else b""),
        (0, b""),
    ):
        if data:
            directories[place] = (next_address(), len(data))
            listed.append(Section(b".idata", data))
    if exports:
        data = exports_of(exports, next_address())
        directories[0] = (next_address(), len(data))
        listed.append(Section(b".edata", data))
    headers_size = _up(0x80 + 24 + 240 + 40 * len(listed), _FILE_ALIGNED)
    offset, address, table, body = headers_size, _ALIGNED, b"", b""
    for section in listed:
        raw = section.data + bytes(_up(len(section.data), _FILE_ALIGNED) - len(section.data))
        table += struct.pack(
            "<8sLLLLLLHHL",
            section.name,
            len(section.data),
            address,
            len(raw),
            offset,
            0,
            0,
            0,
            0,
            section.flags,
        )
        body += raw
        offset += len(raw)
        address += _up(max(1, len(section.data)), _ALIGNED)
    if certificates:
        directories[4] = (offset + len(overlay), len(certificates))
    optional = struct.pack(
        "<HBBLLLLLQLLHHHHHHLLLLHHQQQQLL",
        0x20B, 14, 0, 0x200, 0x200, 0, _ALIGNED, _ALIGNED, 0x180000000, _ALIGNED, _FILE_ALIGNED,
        6, 0, 0, 0, 6, 0, 0, address, headers_size, 0, 2, 0x160, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16,
    )  # fmt: skip
    optional += b"".join(struct.pack("<LL", *directory) for directory in directories)
    head = b"MZ" + bytes(58) + struct.pack("<L", 0x80) + bytes(0x40) + b"PE\0\0"
    head += struct.pack("<HHLLLHH", 0x8664, len(listed), timestamp, 0, 0, len(optional), 0x2022)
    head += optional + table
    return head + bytes(headers_size - len(head)) + body + overlay + certificates
