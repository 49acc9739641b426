"""A page as an anonymous reader gets it."""

from datetime import UTC, datetime

import pytest

from catalog.views_read import html_of
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_page_that_is_there() -> None:
    release = factories.make_release(mod_id="example.hello")
    assert release.sha256 in html_of("/mods/hello/")
    assert release.version in html_of("/mods/hello/versions/1.0.0/")


@pytest.mark.parametrize("address", ["/mods/none/", "/nothing/at/all/", "/mods/example.hello/"])
def test_what_is_no_page_is_empty(address: str) -> None:
    factories.make_release(mod_id="example.hello")
    assert html_of(address) == ""


def test_what_was_taken_back_has_no_page() -> None:
    factories.make_release(mod_id="example.hello", taken_back_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert html_of("/mods/hello/") == ""
