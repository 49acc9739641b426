"""`zip.layout`: nothing by which another reader would take the package for something else than we do.

* No ZIP64 locator right before the end record, where readers look for one whatever the end record says
  (APPNOTE 4.3.15): the extra field of the last entry could hide it.
* No second end record whose comment would reach to the end of the file: readers choose between the two.
* No tar header at the beginning and no disc image's descriptor: libarchive believes these before a ZIP.
"""

from collections.abc import Iterator
from typing import BinaryIO

from uploads.package.archives import LONGEST_END, TAR_BLOCK, is_tar
from uploads.package.rules import Findings

_END = 22
_LOCATOR = 20
_DISC = 32_769
_DISC_MARKS = (b"CD001", b"BEA01", b"NSR02", b"NSR03")


def check_polyglot(file: BinaryIO, size: int, found: Findings) -> None:
    """That a package of `size` bytes is a ZIP in every reader's eyes, and just one."""
    file.seek(max(0, size - LONGEST_END))
    tail = file.read(min(size, LONGEST_END))
    if tail[-_END - _LOCATOR :].startswith(b"PK\x06\x07"):
        found.add("zip.layout", "A ZIP64 locator hides before the end record.")
    if _second_end(tail):
        found.add("zip.layout", "A further end record hides before the last one.")
    for format_ in other_formats(file):
        found.add("zip.layout", f"The package is {format_} at the same time.")


def other_formats(file: BinaryIO) -> Iterator[str]:
    """What else a reader that asks for other formats first would take the file for."""
    file.seek(0)
    if is_tar(file.read(TAR_BLOCK)):
        yield "a tar archive"
    file.seek(_DISC)
    if file.read(5) in _DISC_MARKS:
        yield "a disc image"


def _second_end(tail: bytes) -> bool:
    last = len(tail) - _END
    at = tail.find(b"PK\x05\x06")
    while 0 <= at < last:
        if int.from_bytes(tail[at + 20 : at + 22], "little") == last - at:
            return True
        at = tail.find(b"PK\x05\x06", at + 1)
    return False
