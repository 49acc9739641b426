"""Audio files say what they are; what makes no sense says nothing."""

import struct
import wave
from io import BytesIO

import pytest

from uploads.package.audio import END, Audio, audio_facts
from uploads.package.kinds import identify


def wav(seconds: int = 2) -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000 * 4 * seconds))
    return out.getvalue()


def page(body: bytes, granule: int) -> bytes:
    return b"OggS\0\x02" + struct.pack("<q", granule) + bytes(12) + bytes([1, len(body)]) + body


def vorbis(seconds: int = 3) -> bytes:
    first = b"\x01vorbis" + struct.pack("<IBI", 0, 2, 44_100) + bytes(14)
    return page(first, 0) + bytes(500) + page(b"x", 44_100 * seconds)


def opus(seconds: int = 4) -> bytes:
    return page(b"OpusHead\x01\x01" + struct.pack("<HI", 312, 44_100), 0) + page(b"x", 48_000 * seconds + 312)


def flac(seconds: int = 5) -> bytes:
    packed = 48_000 << 44 | (2 - 1) << 41 | 15 << 36 | 48_000 * seconds
    return b"fLaC\x80\x00\x00\x22" + bytes(10) + packed.to_bytes(8, "big") + bytes(16)


def mp3(*, table: bool, tag: int = 0) -> bytes:
    """44.1 kHz, stereo, 128 kbit/s: with a table of 1,000 frames, or 160,000 bytes without one."""
    frame = b"\xff\xfb\x90\x00" + bytes(32)
    body = frame + (b"Xing\0\0\0\x01" + struct.pack(">I", 1000) if table else b"")
    name = b"ID3\x04\0\0" + bytes([0, 0, tag >> 7, tag & 0x7F]) + bytes(tag) if tag else b""
    return name + body + bytes(160_000 - len(body))


def facts(raw: bytes, kind: str = "") -> Audio | None:
    kind = kind or identify(raw[:END], raw[-END:], len(raw), nul=True)
    assert kind in ("wav", "ogg", "flac", "mp3", "mpeg", "png")
    return audio_facts(kind, raw[:END], raw[-END:], len(raw))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (wav(), Audio("WAV", 2, 8000, 2.0)),
        (vorbis(), Audio("Ogg Vorbis", 2, 44_100, 3.0)),
        (opus(), Audio("Ogg Opus", 1, 48_000, 4.0)),
        (flac(), Audio("FLAC", 2, 48_000, 5.0)),
        (mp3(table=True), Audio("MP3", 2, 44_100, 1000 * 1152 / 44_100)),
        (mp3(table=False), Audio("MP3", 2, 44_100, 10.0)),
        (mp3(table=True, tag=300), Audio("MP3", 2, 44_100, 1000 * 1152 / 44_100)),
    ],
)
def test_a_sound_file_says_what_it_is(raw: bytes, expected: Audio) -> None:
    assert facts(raw) == expected


@pytest.mark.parametrize("kind", ["wav", "ogg", "flac", "mp3", "png"])
@pytest.mark.parametrize("raw", [b"", b"\xff" * 40, bytes(40), b"RIFF\0\0\0\0WAVEfmt ", b"ID3\x04", b"OggS"])
def test_what_makes_no_sense_says_nothing(kind: str, raw: bytes) -> None:
    assert facts(raw, kind) is None


@pytest.mark.parametrize("raw", [wav(), vorbis(), opus(), flac(), mp3(table=True)])
def test_no_cut_and_no_flipped_byte_is_a_failure(raw: bytes) -> None:
    kind = identify(raw[:END], raw[-END:], len(raw), nul=True)
    for cut in range(120):
        facts(raw[:cut], kind)
        broken = bytearray(raw)
        broken[cut % len(raw)] ^= 0xFF
        facts(bytes(broken), kind)


def test_a_chunk_that_claims_more_than_there_is_is_not_believed() -> None:
    raw = bytearray(wav())
    struct.pack_into("<I", raw, raw.index(b"data") + 4, 0xFFFFFFF0)
    found = facts(bytes(raw))
    assert found is not None
    assert found.seconds == 2.0
