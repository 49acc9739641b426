"""Repack for me in a real browser, with scripts and without: check, take the file; see the changes, submit them."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.e2e.stack import Stack, running, wait_for
from tests.packages import LUA, Part, encoded, zip_of

pytestmark = pytest.mark.browser

PHONE, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
MODDER = "modder@example.com"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A portal with the sample people and mods."""
    with running(tmp_path_factory.mktemp("samples"), samples=True) as stack:
        yield stack


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    """A package as a Mac makes it of a folder, with a name that is far too long to fit on a phone."""
    manifest = encoded(factories.manifest("space.mod"))
    shadow = "__MACOSX/my-mod/._" + "a-very-long-name-" * 6 + ".lua"
    path = tmp_path / "my-mod.zip"
    path.write_bytes(
        zip_of(
            [
                Part("my-mod/manifest.json", manifest),
                Part("my-mod/Content/init.lua", b'os.execute("calc")\n' + LUA),
                Part(shadow, b"\0\5\x16\7"),
            ]
        )
    )
    return path


def faults(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than the screen."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in found] + (["too wide"] if wide > 0 else [])


def screens(browser: Browser, stack: Stack, **more: Any) -> Iterator[Page]:
    for theme, screen in (("light", WIDE), ("dark", PHONE)):
        context = browser.new_context(
            base_url=stack.url, viewport=screen, color_scheme="dark" if theme == "dark" else "light", **more
        )
        yield context.new_page()
        context.close()


def test_a_package_is_checked_and_comes_back_repacked(
    samples: Stack, browser: Browser, spoiled: Path, tmp_path: Path
) -> None:
    for page in screens(browser, samples, accept_downloads=True):
        page.goto("/upload/try/")
        page.locator("#id_package").set_input_files(spoiled)
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_text("Repack for me mends this.")).to_be_visible()
        expect(page.get_by_text("Moved up, out of the folder that holds the whole mod")).to_be_visible()
        assert faults(page) == []
        shown = page.locator("#repack .hash").inner_text()
        page.locator("#id_repack_package").set_input_files(spoiled)
        with page.expect_download() as coming:
            page.get_by_role("button", name="Repack and download").click()
        made = tmp_path / "made.zip"
        coming.value.save_as(made)
        assert coming.value.suggested_filename == "my-mod-repacked.zip"
        assert hashlib.sha256(made.read_bytes()).hexdigest() in shown.replace("\n", "").replace(" ", "")
        page.locator("#id_package").set_input_files(made)
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_text("No check failed.")).to_be_visible()
        expect(page.get_by_role("heading", name="Signals")).to_be_visible()
        assert faults(page) == []


def sign_in(page: Page) -> None:
    page.goto("/dev/")
    page.locator(f"form:has(input[value='{MODDER}']) button").first.click()


def after_reload(page: Page, look: Callable[[], bool], what: str) -> None:
    def again() -> bool:
        page.reload()
        return look()

    wait_for(again, what, 60)


def test_a_submission_is_repacked_with_one_button_and_without_scripts(
    samples: Stack, browser: Browser
) -> None:
    for page in screens(browser, samples):
        sign_in(page)
        page.goto("/upload/mine/")
        page.get_by_role("link", name="Dust Charts").first.click()
        expect(page.get_by_role("link", name="See what changes")).to_be_visible()
        assert faults(page) == []
        page.get_by_role("link", name="See what changes").click()
        expect(page.get_by_role("button", name="Submit the repacked package")).to_be_visible()
        assert faults(page) == []
    context = browser.new_context(base_url=samples.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page)
    page.goto("/upload/mine/")
    page.get_by_role("link", name="Dust Charts").first.click()
    page.get_by_role("link", name="See what changes").click()
    submit = page.get_by_role("button", name="Submit the repacked package")
    # Uploads open once every service was seen.
    after_reload(page, submit.is_enabled, "the button")
    submit.click()
    expect(page.get_by_text("The repacked package is in.")).to_be_visible()
    expect(page.locator("main")).to_contain_text("revision 2")
    reviewed = page.get_by_text("A person reads it next.", exact=False)
    after_reload(page, lambda: reviewed.count() > 0, "the checks to pass")
    context.close()
