"""Images are decoded by their bytes, bounded, and written anew: nothing of the original is in what is shown."""

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from uploads.package import images
from uploads.package.images import BadImageError, decode, image_task


def picture(width: int = 4, height: int = 3, mode: str = "RGBA") -> Image.Image:
    image = Image.new("RGBA", (width, height), (200, 100, 50, 255))
    image.putpixel((0, 0), (1, 2, 3, 255))
    return image.convert(mode)


def encoded(kind: str, image: Image.Image | None = None, **more: Any) -> bytes:
    out = io.BytesIO()
    (image or picture(mode="RGB" if kind in ("JPEG", "BMP") else "RGBA")).save(out, kind, **more)
    return out.getvalue()


def packed(files: dict[str, bytes]) -> tuple[io.BytesIO, int]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return out, out.tell()


def shown(raw: bytes, path: str = "a.png") -> tuple[dict[str, Any], bytes]:
    source, size = packed({path: raw})
    sink = io.BytesIO()
    return image_task({"path": path, "size": size}, source, sink), sink.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TGA", "DDS"])
def test_every_format_comes_out_as_png_with_its_pixels(kind: str) -> None:
    facts, png = shown(encoded(kind))
    assert facts["ok"], facts
    assert (facts["width"], facts["height"], facts["format"]) == (4, 3, kind.lower())
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.size, image.mode) == ("PNG", (4, 3), "RGBA")
    red, green, blue, _ = image.convert("RGBA").getpixel((3, 2))
    assert abs(red - 200) < 20
    assert abs(green - 100) < 20
    assert abs(blue - 50) < 20


def test_nothing_but_pixels_is_written() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "<script>alert(1)</script>")
    raw = encoded("PNG", pnginfo=text, icc_profile=b"profile of a stranger") + b"MZ hidden behind"
    facts, png = shown(raw)
    assert facts["behind"] == len(b"MZ hidden behind")
    for word in (b"script", b"iCCP", b"hidden", b"tEXt"):
        assert word not in png
    at, names = 8, []
    while at < len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        names.append(name)
        at += 12 + length
    assert set(names) == {b"IHDR", b"IDAT", b"IEND"}


def test_the_first_of_many_frames_is_shown() -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue", "lime")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    facts, png = shown(out.getvalue())
    assert facts["frames"] == 3
    assert Image.open(io.BytesIO(png)).convert("RGB").getpixel((1, 1)) == (255, 0, 0)
    assert getattr(Image.open(io.BytesIO(png)), "n_frames", 1) == 1


@pytest.mark.parametrize("mode", ["RGB", "P", "L"])
def test_large_ones_are_made_smaller(mode: str) -> None:
    facts, png = shown(encoded("PNG", Image.new(mode, (images.MAX_SIDE * 2, 10))))
    assert (facts["width"], facts["shownWidth"], facts["shownHeight"]) == (
        images.MAX_SIDE * 2,
        images.MAX_SIDE,
        5,
    )
    assert Image.open(io.BytesIO(png)).size == (images.MAX_SIDE, 5)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG that says to be huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (bomb(60_000, 60_000), "60,000 × 60,000 pixels"),
        (bomb(8193, 8192), "8,193 × 8,192 pixels"),
        (bomb(200, 200), "can't be decoded"),
        (encoded("PNG")[:60], "can't be decoded"),
        (encoded("JPEG")[:300], "can't be decoded"),
        (b"<svg onload=alert(1)>", "no image of a kind"),
        (b"MZ" + bytes(200), "no image of a kind"),
        (b"", "no image of a kind"),
        (b"\x89PNG\r\n\x1a\n", "can't be decoded"),
        (b"DDS " + bytes(200), "can't be decoded"),
        (b"GIF89a" + b"\xff" * 50, ""),
    ],
)
def test_what_can_not_be_shown_says_why(raw: bytes, why: str) -> None:
    facts, png = shown(raw)
    assert not facts["ok"]
    assert why in facts["why"]
    assert png == b""


def test_a_file_that_lies_about_its_format_is_read_as_what_it_is() -> None:
    facts, _ = shown(encoded("GIF"), "looks-like.png")
    assert facts["format"] == "gif"


def test_absent_large_and_broken_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    source, size = packed({"a.png": encoded("PNG")})
    assert "no such file" in image_task({"path": "b.png", "size": size}, source, None)["why"]
    monkeypatch.setattr(images, "MAX_BYTES", 10)
    assert "images are shown up to 10" in image_task({"path": "a.png", "size": size}, source, None)["why"]
    monkeypatch.undo()
    broken = bytearray(source.getvalue())
    broken[40] ^= 0xFF
    assert not image_task({"path": "a.png", "size": size}, io.BytesIO(bytes(broken)), None)["ok"]


def test_decoding_raises_one_kind_of_error() -> None:
    with pytest.raises(BadImageError):
        decode(b"\x89PNG\r\n\x1a\n" + bytes(100))
