"""Where each member of an accepted package lies, from its headers alone: for viewers and differences.

Costs a few bytes a member, whatever the package's size. Kinds and hashes are not known from headers; the
inventory that intake stored has them.
"""

from typing import BinaryIO

from uploads.package import headers
from uploads.package.layout import read_directory
from uploads.package.reader import Member
from uploads.package.rules import DEFAULT, Findings


def locate(file: BinaryIO, size: int) -> dict[str, Member]:
    """The files of the package of `size` bytes in `file` by path; empty where its headers don't hold together."""
    found = Findings()
    directory = read_directory(file, size, DEFAULT, found)
    if directory is None or not headers.walk(file, directory, found):
        return {}
    paths = [(entry, entry.raw_name.decode("utf-8", "backslashreplace")) for entry in directory.entries]
    return {
        path: Member(
            path=path,
            size=entry.size,
            compressed=entry.compressed,
            crc=entry.crc,
            sha256="",
            kind="",
            executable=False,
            method=entry.method,
            offset=entry.data_offset,
        )
        for entry, path in paths
        if not entry.folder
    }
