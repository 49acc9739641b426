"""Generated pages agree with the tables that they come from."""

from pathlib import Path

import pytest

from smmods.generated_docs import PAGES

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_agrees_with_its_table(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run manage.py generate_docs"
