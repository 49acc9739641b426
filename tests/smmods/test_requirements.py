"""What is installed: pinned with hashes, from wherever pip is told, and each library explained."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ("requirements", "tests/requirements")


def asked_for(name: str) -> set[str]:
    lines = (ROOT / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return {match[0] for line in lines if (match := re.match(r"[A-Za-z][\w.-]*", line))}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_with_a_hash(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[A-Za-z])", re.sub(r"(?m)^\s*#.*\n?", "", text).strip())
    assert blocks
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+==[\w.]+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert {normal(wanted) for wanted in asked_for(name)} <= {
        normal(block.partition("==")[0]) for block in blocks
    }


@pytest.mark.parametrize("name", FILES)
def test_no_address_is_written_down(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    assert not re.search(r"(?m)^\s*--(?!hash)", text)
    assert "://" not in text


def test_each_library_is_explained() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert rows == asked_for("requirements") | asked_for("tests/requirements")
