"""Images of a package as a reviewer sees them: decoded, and written anew as PNG. No byte of the original is sent.

Rules
- Only the formats of `READERS` are decoded, each by its own reader, chosen by the first bytes and not by name.
- Bounded before anything is decoded: `MAX_BYTES` of file, `MAX_PIXELS` of picture, whatever its header says.
- The first frame alone is shown, at most `MAX_SIDE` pixels wide or high; small ones are not enlarged.
- What is written has pixels and nothing else: no text, no colour profile, no thumbnail, no animation.

Runs in the confined child process: no Django here, and the readers are imported before the process is locked.
"""

import io
import struct
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from PIL import (
    BmpImagePlugin,
    DdsImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TgaImagePlugin,
    WebPImagePlugin,
)

from uploads.package.kinds import HEAD, identify
from uploads.package.lookup import locate
from uploads.package.members import member_bytes
from uploads.package.streams import BadStreamError

Json = dict[str, Any]

MAX_BYTES = 32 * 1024 * 1024
MAX_PIXELS = 8192 * 8192
MAX_SIDE = 1600

#: Reader by kind (`kinds.identify`).
READERS: dict[str, Callable[[BinaryIO], Image.Image]] = {
    "png": PngImagePlugin.PngImageFile,
    "jpeg": JpegImagePlugin.JpegImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "tga": TgaImagePlugin.TgaImageFile,
    "dds": DdsImagePlugin.DdsImageFile,
}


class BadImageError(Exception):
    """The image is not shown; the text says why."""


def image_task(asked: Mapping[str, Any], source: BinaryIO, sink: BinaryIO | None) -> Json:
    """Write the image at `asked["path"]` of the package `source` (`asked["size"]` bytes) to `sink` as PNG.

    Returns `{"ok": true, "format", "width", "height", "mode", "frames", "shownWidth", "shownHeight", "behind"}`,
    where `behind` counts the bytes behind the end of a PNG, or `{"ok": false, "why"}`.
    """
    try:
        raw = _member(source, int(asked["size"]), str(asked["path"]))
        picture, facts = decode(raw)
        if sink is not None:
            picture.save(sink, "PNG", compress_level=1)
    except BadImageError as error:
        return {"ok": False, "why": str(error)}
    return {"ok": True} | facts


def _member(source: BinaryIO, size: int, path: str) -> bytes:
    member = locate(source, size).get(path)
    if member is None:
        raise BadImageError("There is no such file in the package.")
    if member.size > MAX_BYTES:
        raise BadImageError(f"It has {member.size:,} bytes; images are shown up to {MAX_BYTES:,}.")
    try:
        return b"".join(member_bytes(source, member))
    except BadStreamError as error:
        raise BadImageError(str(error)) from error


def decode(raw: bytes) -> tuple[Image.Image, Json]:
    """The first frame of an image as plain RGBA pixels, and what is known of it. Raises BadImageError."""
    kind = identify(raw[:HEAD], raw[-HEAD:], len(raw), nul=b"\0" in raw)
    reader = READERS.get(kind)
    if reader is None:
        raise BadImageError("It is no image of a kind that is shown.")
    try:
        image = reader(io.BytesIO(raw))
        width, height = image.size
        if width < 1 or height < 1 or width * height > MAX_PIXELS:
            raise BadImageError(f"It says that it has {width:,} × {height:,} pixels; that is not decoded.")
        facts = {
            "format": kind,
            "width": width,
            "height": height,
            "mode": image.mode,
            "frames": int(getattr(image, "n_frames", 1)),
            "behind": _behind_png(raw) if kind == "png" else 0,
        }
        image.draft("RGB", (MAX_SIDE, MAX_SIDE))
        image.load()
        picture = _smaller(image).convert("RGBA")
    except BadImageError:
        raise
    # Readers of hostile files fail in ways of their own: whatever it was, the image can't be shown.
    except Exception as error:
        raise BadImageError(f"It can't be decoded ({type(error).__name__}).") from error
    clean = Image.new("RGBA", picture.size)
    clean.paste(picture)
    return clean, facts | {"shownWidth": clean.width, "shownHeight": clean.height}


def _smaller(image: Image.Image) -> Image.Image:
    """The picture within `MAX_SIDE`, before it is converted, so that a large one is held only once."""
    scale = max(image.size) / MAX_SIDE
    if scale <= 1:
        return image
    width, height = (max(int(side / scale), 1) for side in image.size)
    smooth = image.mode in ("L", "LA", "RGB", "RGBA", "CMYK")
    how = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    return image.resize((width, height), how, reducing_gap=2.0 if smooth else None)


def _behind_png(raw: bytes) -> int:
    """How many bytes follow a PNG's last chunk; readers never look at them."""
    at = 8
    while at + 12 <= len(raw):
        length: int
        length, name = struct.unpack_from(">I4s", raw, at)
        at += 12 + length
        if name == b"IEND":
            return max(len(raw) - at, 0)
    return 0
