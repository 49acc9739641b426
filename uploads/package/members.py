"""One member of an accepted package, for viewers and differences."""

from collections.abc import Iterator
from typing import BinaryIO

from uploads.package.reader import Member
from uploads.package.streams import BadStreamError, crc32, expand


def member_bytes(file: BinaryIO, member: Member, *, limit: int | None = None) -> Iterator[bytes]:
    """The bytes of `member`, in pieces of at most 1 MiB, `limit` bytes at most.

    `file` is the package that `member` was reported from, and can seek; members are read one at a time.
    Raises BadStreamError if the bytes are not the reported ones.
    """
    file.seek(member.offset)
    left = member.size if limit is None else min(limit, member.size)
    whole = left == member.size
    crc = 0
    for piece in expand(file.read, member.method, member.compressed, member.size):
        if whole:
            crc = crc32(piece, crc)
        if left:
            yield piece[:left]
        left -= min(left, len(piece))
        if not left and not whole:
            return
    if whole and crc != member.crc:
        raise BadStreamError(f"The CRC of {member.path} is {crc:08x}, its header says {member.crc:08x}.")
