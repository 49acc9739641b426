"""What an audio file says of itself: format, channels, rate, how long it plays. Read from headers, never played.

Rules
- WAV, Ogg (Vorbis, Opus), FLAC and MP3; anything else, and anything that makes no sense, has no facts.
- Only the first and last bytes are looked at, so the length of an MP3 without a table of frames is estimated.
- Numbers come from the file and are only shown; nothing is allocated or sought by them.

Sources: RIFF/WAVE, RFC 3533 (Ogg), RFC 7845 (Opus), RFC 9639 (FLAC), ISO/IEC 11172-3 and the Xing header.
"""

import struct
from dataclasses import dataclass

#: How much of either end is looked at, in bytes.
END = 64 * 1024


@dataclass(frozen=True, slots=True)
class Audio:
    """Facts of an audio file: `rate` in Hz, `seconds` that it plays; 0 where it does not say."""

    format: str
    channels: int
    rate: int
    seconds: float


def audio_facts(kind: str, head: bytes, tail: bytes, size: int) -> Audio | None:
    """The facts of a file of `size` bytes with this `kind` (`kinds.identify`) and these ends; None where unknown."""
    reader = {"wav": _wav, "ogg": _ogg, "flac": _flac, "mp3": _mp3, "mpeg": _mp3}.get(kind)
    if reader is None:
        return None
    try:
        found = reader(head, tail, size)
    except (struct.error, IndexError, ValueError, ZeroDivisionError):
        return None
    sane = found is not None and 0 < found.channels <= 255 and 0 < found.rate <= 768_000
    return found if sane else None


def _wav(head: bytes, _: bytes, size: int) -> Audio | None:
    at, channels, rate, second = 12, 0, 0, 0
    while at + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        if name == b"fmt ":
            channels, rate, second = struct.unpack_from("<HII", head, at + 10)
        if name == b"data":
            length = min(length, size - at - 8)
            return Audio("WAV", channels, rate, length / second)
        at += 8 + length + length % 2
    return None


def _ogg(head: bytes, tail: bytes, _: int) -> Audio | None:
    last = tail.rfind(b"OggS")
    granule = struct.unpack_from("<q", tail, last + 6)[0] if last >= 0 else 0
    granule = max(granule, 0)
    start = head.find(b"\x01vorbis")
    if 0 <= start < 300:
        channels, rate = struct.unpack_from("<BI", head, start + 11)
        return Audio("Ogg Vorbis", channels, rate, granule / rate)
    start = head.find(b"OpusHead")
    if 0 <= start < 300:
        channels, skipped = struct.unpack_from("<BH", head, start + 9)
        return Audio("Ogg Opus", channels, 48_000, max(granule - skipped, 0) / 48_000)
    return None


def _flac(head: bytes, _: bytes, __: int) -> Audio | None:
    # STREAMINFO comes first: 20 bits of rate, 3 of channels, 5 of depth, 36 of the number of samples.
    packed = int.from_bytes(head[18:26], "big")
    rate, channels, samples = packed >> 44, (packed >> 41 & 7) + 1, packed & (2**36 - 1)
    return Audio("FLAC", channels, rate, samples / rate) if len(head) >= 26 else None


_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
#: kbit/s of layer III, by whether it is MPEG 1.
_MP3_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def _mp3(head: bytes, _: bytes, size: int) -> Audio | None:
    at = 0
    if head.startswith(b"ID3"):
        # Four bytes of seven bits each.
        at = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    while at + 4 <= len(head):
        version, layer = head[at + 1] >> 3 & 3, head[at + 1] >> 1 & 3
        bits, rates = head[at + 2] >> 4, head[at + 2] >> 2 & 3
        if (
            head[at] == 0xFF
            and head[at + 1] >= 0xE0
            and layer == 1
            and version != 1
            and bits < 15
            and rates < 3
        ):
            return _frames(head[at:], version, bits, _MP3_RATES[version][rates], size - at)
        at += 1
    return None


def _frames(frame: bytes, version: int, bits: int, rate: int, left: int) -> Audio | None:
    channels = 1 if frame[3] >> 6 == 3 else 2
    one = version == 3
    table = 4 + ((17 if channels == 1 else 32) if one else (9 if channels == 1 else 17))
    if frame[table : table + 4] in (b"Xing", b"Info") and frame[table + 7] & 1:
        count = struct.unpack_from(">I", frame, table + 8)[0]
        return Audio("MP3", channels, rate, count * (1152 if one else 576) / rate)
    kbits = _MP3_KBITS[one][bits]
    return Audio("MP3", channels, rate, left * 8 / (kbits * 1000)) if kbits else None
