"""`zip.stream`: a member's data to the byte.

Inflates with zlib-ng where its wheel is installed, else with zlib: the same streams, twice as fast. Not with
ISA-L, although it is as fast: it takes broken Huffman tables that every other reader refuses, and one package
would have two meanings.
"""

import importlib
from collections.abc import Callable, Iterator
from types import ModuleType

from uploads.package.headers import STORED

CHUNK = 256 * 1024
_OUT = 1024 * 1024


def _engine() -> ModuleType:
    try:
        return importlib.import_module("zlib_ng.zlib_ng")
    except ImportError:
        return importlib.import_module("zlib")


ENGINE = _engine()


class BadStreamError(Exception):
    """A member's data is not what its headers say; the text says how."""


def crc32(data: bytes, value: int = 0) -> int:
    """The CRC-32 of `data`, going on from `value`."""
    return int(ENGINE.crc32(data, value))


def expand(read: Callable[[int], bytes], method: int, compressed: int, size: int) -> Iterator[bytes]:
    """A member's bytes, in pieces of at most 1 MiB, from a `read(count)` that stands at its data.

    Never reads past `compressed` bytes, never yields more than `size`. Raises BadStreamError where the data
    is cut off, broken, or has another length than declared.
    """
    pieces = _pieces(read, compressed)
    if method == STORED:
        yield from pieces
        return
    inflater = ENGINE.decompressobj(-15)
    made = 0
    try:
        for piece in pieces:
            if inflater.eof:
                raise BadStreamError("Its data goes on after the end of the deflate stream.")
            rest, full = piece, True
            while not inflater.eof and (rest or full):
                # One byte more than is left tells a stream that is too long; nothing is made beyond it.
                room = min(_OUT, size - made + 1)
                out = inflater.decompress(rest, room)
                made += len(out)
                if made > size:
                    raise BadStreamError(f"It unpacks to more than the {size:,} bytes that it declares.")
                if out:
                    yield out
                rest, full = inflater.unconsumed_tail, len(out) == room
    except ENGINE.error as error:
        raise BadStreamError("Its data is not a sound deflate stream.") from error
    if not inflater.eof:
        raise BadStreamError("Its deflate stream does not end where it should.")
    if inflater.unused_data:
        raise BadStreamError("Its data goes on after the end of the deflate stream.")
    if made != size:
        raise BadStreamError(f"It unpacks to {made:,} bytes and declares {size:,}.")


def _pieces(read: Callable[[int], bytes], length: int) -> Iterator[bytes]:
    left = length
    while left:
        piece = read(min(CHUNK, left))
        if not piece:
            raise BadStreamError("Its data is cut off.")
        left -= len(piece)
        yield piece
