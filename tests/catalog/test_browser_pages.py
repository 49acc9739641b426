"""The public pages in a real browser: nothing for axe to find in either theme, and what scripts make better."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from catalog import search
from catalog.models import Category, Mod, PlatformRelease
from tests import factories, services

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PAGES = (
    "/",
    "/mods/?deprecated=1",
    "/mods/?q=pipwork",
    "/mods/pipeworks/",
    "/mods/pipeworks/versions/",
    "/mods/pipeworks/versions/1.0.0/",
    "/mods/pipeworks/dependencies/",
    "/mods/pipeworks/compare/?v=1.0.0&v=2.0.0",
    "/mods/basic/dependants/",
    "/mods/gone/",
    "/download/",
    "/players/",
    "/modders/",
    "/support/",
    "/attribution/",
    "/privacy/",
    "/wiki/getting-started/",
    "/nothing/",
)


@pytest.fixture
def mods() -> None:
    """A small catalog: written before the browser starts, since its loop keeps the database from this thread."""
    tools = tuple(Category.objects.filter(code="tools"))
    wish = ({"id": "luanti.basic", "version": "^1.0.0"},)
    checks = [{"id": "antivirus_scan", "status": "not_run", "message": "Virus scan", "hint": "No scanner."}]
    factories.make_release(mod_id="luanti.basic")
    factories.make_release(
        mod_id="luanti.pipeworks", version="1.0.0", categories=tools, superseded_by="2.0.0", checks=checks
    )
    latest = factories.make_release(mod_id="luanti.pipeworks", version="2.0.0", dependencies=wish)
    Mod.objects.filter(pk=latest.mod_id).update(
        name="Pipeworks",
        description="### Deep first\n\n- one [link](https://example.com)\n",
        search_text=search.text_of("Pipeworks", "luanti.pipeworks", "", ["Ada"]),
    )
    gone = factories.make_release(
        mod_id="luanti.gone", taken_back_at=latest.published_at, taken_back_level="hard"
    )
    Mod.objects.filter(pk=gone.mod_id).update(latest=None)
    PlatformRelease.objects.create(
        kind="manager",
        version="0.1.26",
        target_game_build="0.9.0",
        sha256="8" * 64,
        size_bytes=1,
        current=True,
        artifact_url="https://example.com/manager.zip",
    )


@pytest.fixture
def browser(mods: None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=services.chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_no_page_is_wider_than_the_screen(
    browser: Browser, live_server: Any, theme: Any
) -> None:
    found = []
    for size in (WIDE, PHONE):
        context = browser.new_context(
            base_url=live_server.url,
            viewport=size,
            color_scheme=theme,
            bypass_csp=True,  # axe is put into the page
        )
        page = context.new_page()
        for path in PAGES:
            page.goto(path)
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                found.append(f"{path} overflows at {size['width']}")
            for violation in Axe().run(page).response["violations"]:
                found += [f"{path} {violation['id']}: {node['html']}" for node in violation["nodes"]]
        context.close()
    assert found == []


def test_scripts_make_the_pages_better_within_the_content_policy(browser: Browser, live_server: Any) -> None:
    context = browser.new_context(
        base_url=live_server.url,
        viewport=WIDE,
        color_scheme="light",
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    keeps_the_theme(page)
    copies_a_hash(page)
    filters_in_place(page)
    assert said == []


def keeps_the_theme(page: Page) -> None:
    """The switch names what it does, changes the theme, and the choice survives a reload."""
    page.goto("/")
    switch = page.locator("[data-theme-switch]:visible")
    expect(switch).to_have_attribute("aria-label", "Use the dark theme")
    switch.click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 17, 24)"
    expect(switch).to_have_attribute("aria-label", "Use the light theme")


def copies_a_hash(page: Page) -> None:
    """The whole hash is copied, and said to screen readers."""
    page.goto("/mods/pipeworks/")
    page.locator(".hash button").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator(".hash code").inner_text()


def filters_in_place(page: Page) -> None:
    """ "/" focuses search; a filter changes the results and a short address, and keeps the focus; back undoes it."""
    page.goto("/mods/")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.check("#category-tools")
    page.wait_for_url("**/mods/?category=tools&sort=updated")
    expect(page.locator(".cell")).to_have_count(1)
    expect(page.locator("#category-tools")).to_be_focused()
    page.go_back()
    expect(page.locator(".cell")).to_have_count(2)


def test_everything_works_without_scripts(browser: Browser, live_server: Any) -> None:
    page = browser.new_context(base_url=live_server.url, viewport=WIDE, java_script_enabled=False).new_page()
    page.goto("/mods/")
    page.check("#category-tools")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".cell")).to_have_count(1)
    page.goto("/mods/pipeworks/versions/")
    page.get_by_label("Compare 1.0.0").check()
    page.get_by_label("Compare 2.0.0").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("h1")).to_have_text("1.0.0 and 2.0.0")
