"""The one writer of packages: for a folder that is packed, and for a package that is repacked.

The same files in the same order always give the same bytes: one fixed time, one compression level (zlib's
default), the same mode for each file, nothing from the machine that writes.
"""

import zipfile
from collections.abc import Iterable
from typing import BinaryIO

_TIME = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o100644 << 16


def write_package(out: BinaryIO, members: Iterable[tuple[str, int, Iterable[bytes]]]) -> int:
    """Write files (path, size in bytes, content) in the order given into `out`; returns the package's size."""
    with zipfile.ZipFile(out, "w") as package:
        for path, length, content in members:
            info = zipfile.ZipInfo(path, _TIME)
            info.create_system = 3
            info.external_attr = _FILE_MODE
            info.compress_type = zipfile.ZIP_DEFLATED
            info.file_size = length
            with package.open(info, "w") as member:
                for piece in content:
                    member.write(piece)
    return out.tell()
