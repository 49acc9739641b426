import importlib
import io
import zlib
from types import ModuleType

import pytest

from tests.packages import LUA, deflate
from uploads.package import streams
from uploads.package.headers import DEFLATED
from uploads.package.streams import BadStreamError, crc32, expand

TEXT = LUA * 40_000

# A stream whose Huffman code is incomplete: ISA-L's inflate takes it, every other reader refuses it.
INCOMPLETE = bytes.fromhex("05c10701000000c2a0ac9ed93f82984988d4a3c1ed8639")


@pytest.fixture(params=["zlib_ng.zlib_ng", "zlib"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "ENGINE", importlib.import_module(request.param))


def unpacked(packed: bytes, size: int) -> bytes:
    return b"".join(expand(io.BytesIO(packed).read, DEFLATED, len(packed), size))


@pytest.mark.usefixtures("engine")
def test_each_engine_reads_the_same():
    assert unpacked(deflate(TEXT), len(TEXT)) == TEXT
    assert unpacked(deflate(b""), 0) == b""
    assert crc32(TEXT[5:], crc32(TEXT[:5])) == zlib.crc32(TEXT)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("packed", "size", "words"),
    [
        (deflate(TEXT), len(TEXT) - 1, "unpacks to more"),
        (deflate(TEXT), len(TEXT) + 1, "and declares"),
        (deflate(TEXT)[:-3], len(TEXT), "does not end"),
        (deflate(TEXT) + b"x", len(TEXT), "goes on after"),
        (deflate(LUA) + bytes(600_000), len(LUA), "goes on after"),
        (b"\xff" * 20, 20, "not a sound"),
        (INCOMPLETE, 23, "not a sound"),
        (b"", 0, "does not end"),
    ],
)
def test_each_engine_refuses_the_same(packed: bytes, size: int, words: str):
    with pytest.raises(BadStreamError, match=words):
        unpacked(packed, size)


def test_without_the_wheel_zlib_does_it(monkeypatch: pytest.MonkeyPatch):
    real = importlib.import_module

    def without(name: str) -> ModuleType:
        if name.startswith("zlib_ng"):
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(importlib, "import_module", without)
    assert streams._engine() is zlib
