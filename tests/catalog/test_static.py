"""What is served to browsers: vendored files as they came, stylesheets of tokens only, scripts within the policy."""

import hashlib
import re
from itertools import pairwise
from pathlib import Path

import pytest

from catalog.templatetags.smmods_ui import STYLESHEETS

STATIC = Path(__file__).resolve().parents[2] / "smmods" / "static"
TEMPLATES = STATIC.parents[1] / "templates"
STYLES = sorted((STATIC / "css").glob("*.css"))
COLOURS = (
    "background",
    "surface",
    "well",
    "text",
    "muted",
    "accent",
    "good",
    "warning",
    "bad",
    "information",
)


def test_vendored_files_are_the_ones_that_were_pinned() -> None:
    said = dict(
        re.findall(
            r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", (STATIC / "vendor/VENDOR.md").read_text(), re.MULTILINE
        )
    )
    there = {
        str(path.relative_to(STATIC / "vendor")): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (STATIC / "vendor").rglob("*")
        if path.suffix in (".woff2", ".js", ".css")
    }
    assert there == said


def test_every_vendored_folder_carries_its_licence() -> None:
    for folder in (STATIC / "vendor").iterdir():
        if folder.is_dir():
            assert (folder / "LICENSE").read_text(encoding="utf-8").strip(), folder.name


def test_every_stylesheet_is_linked_and_every_link_is_there() -> None:
    templates = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
    linked = {path for path in STYLESHEETS if path.startswith("css/")} | set(
        re.findall(r"css/[a-z-]+\.css", templates)
    )
    assert {f"css/{path.name}" for path in STYLES} == linked
    assert all((STATIC / path).is_file() for path in STYLESHEETS)


@pytest.mark.parametrize(
    "path", [path for path in STYLES if path.name != "tokens.css"], ids=lambda path: path.name
)
def test_components_take_colours_from_the_tokens(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    literal = re.findall(r"#[0-9a-fA-F]{3,8}\b", re.sub(r"light-dark\([^)]*\)", "", text))
    assert [colour for colour in literal if colour != "#000"] == []


def test_stylesheets_use_no_name_that_the_tokens_lack() -> None:
    tokens = set(re.findall(r"(--[a-z0-9-]+):", (STATIC / "css/tokens.css").read_text(encoding="utf-8")))
    used = {
        name
        for path in STYLES
        for name in re.findall(r"var\((--[a-z0-9-]+)", path.read_text(encoding="utf-8"))
    }
    assert used <= tokens


def test_stylesheets_name_only_files_that_are_there() -> None:
    for path in STYLES:
        for url in re.findall(r'url\("([^"]+)"\)', path.read_text(encoding="utf-8")):
            assert (path.parent / url).resolve().is_file(), f"{path.name}: {url}"


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of `#rrggbb`."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_is_readable_on_every_ground_in_both_themes(theme: int) -> None:
    text = (STATIC / "css/tokens.css").read_text(encoding="utf-8")
    pairs = {
        name: (light, dark)
        for name, light, dark in re.findall(
            r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text
        )
    }
    colour = {name: both[theme] for name, both in pairs.items()}
    for word in ("text", "muted", "good", "warning", "bad", "information"):
        for ground in ("background", "surface"):
            assert contrast(colour[word], colour[ground]) >= 5.6, (word, ground)
        assert contrast(colour[word], colour["well"]) >= 4.5, word
    for word in ("good", "warning", "bad", "information"):
        assert contrast(colour[word], colour[f"{word}-tint"]) >= 4.5, word
    assert contrast(colour["on-accent"], colour["accent"]) >= 5.6
    assert contrast(colour["edge"], colour["surface"]) >= 3.4
    assert set(COLOURS) <= set(colour)


def test_our_scripts_need_nothing_that_the_content_policy_forbids() -> None:
    for path in (STATIC / "js").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|new Function|innerHTML|document\.write|\.style\.", text), path.name


def test_tokens_grow_in_steps_of_four() -> None:
    spaces = [
        int(size) for size in re.findall(r"--space-\d+: (\d+)px", (STATIC / "css/tokens.css").read_text())
    ]
    assert all(size % 4 == 0 for size in spaces)
    assert all(small < large for small, large in pairwise(spaces))
