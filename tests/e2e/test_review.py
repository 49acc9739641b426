"""The review page in a real browser: nothing of a hostile package runs, nothing is fetched from elsewhere.

A package with hostile names and contents is looked at through every part of the page and every viewer. Script
that ran would change the title, raise an alert or ask for an address; each of them is watched.
"""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, Request

from tests.e2e.stack import Stack, running

pytestmark = pytest.mark.browser

HOSTILE = r"""
import io, zlib
from accounts.models import User
from django.utils import timezone
from moderation.actions import decide
from tests.factories import make_submission, make_signal, package, manifest, make_user, make_message, add_revision
from tests.uploads.package.test_images import encoded
SCRIPT = b"<script>document.title='ran';fetch('https://evil.example/x')</script>"
NAMES = {
    "\"><script>alert(1)</script>.lua": SCRIPT,
    "<img src=x onerror=alert(2)>.txt": SCRIPT * 3,
    "javascript:alert(3).lua": b"return 1\n",
    "a&b=c#d?e%2F..lua": b"return 2\n",
    "\u202egnp.lua": b"return 3\n",
    "page.html": b"<html><body onload=alert(4)>" + SCRIPT,
    "style.css": b"@import url(https://evil.example/css);",
    "vector.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(5)'/>",
    "huge.min.lua": b"x" * 10_000_000,
    "broken.txt": b"caf\xe9 " * 5000,
    "bytes.bin": bytes(range(256)) * 30,
    "good.png": encoded("PNG") + SCRIPT,
    "liar.png": SCRIPT,
    "bell.txt": b"\x1b]0;ran\x07\x1b[31mred",
}
KINDS = {"good.png": "png", "liar.png": "png", "bytes.bin": "binary"}
author = make_user("modder", "hostile.mod@example.com", display_name="<b onmouseover=alert(6)>Author</b>")
submission = make_submission(author, mod_id="hostile.mod", data=package(manifest("hostile.mod"), NAMES))
import hashlib
for path, data in NAMES.items():
    submission.current.files.create(path=path, size_bytes=len(data), crc32=0,
        sha256=hashlib.sha256(data).hexdigest(), kind=KINDS.get(path, "text"))
for path in list(NAMES)[:3]:
    make_signal(submission, path=path, line=1, message="<script>alert(7)</script>",
        excerpt="<img src=x onerror=alert(8)>")
make_message(submission, author, "<script>alert(9)</script> [x](javascript:alert(10)) ![y](https://evil.example/y.png)")
submission.name = "<i onclick=alert(11)>Mod</i>"
submission.save()
print(submission.submission_id)
"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A portal of its own; only its web server runs."""
    with running(tmp_path_factory.mktemp("review"), samples=True, processes=["web"]) as stack:
        yield stack


class Watched:
    """A moderator's page in which everything that should not happen is noted."""

    def __init__(self, browser: Browser, stack: Stack, width: int = 1440, theme: str = "light") -> None:
        self.context = browser.new_context(
            base_url=stack.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
        )
        self.page: Page = self.context.new_page()
        self.outside: list[str] = []
        self.alerts: list[str] = []
        self.own = stack.url
        self.page.on("dialog", self._alerted)
        self.page.on("request", self._asked)
        self.page.goto("/dev/")
        self.page.locator("form:has(input[value='moderator@example.com']) button").first.click()
        self.page.wait_for_load_state()

    def _alerted(self, dialog: Dialog) -> None:
        self.alerts.append(dialog.message)
        dialog.dismiss()

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self.own):
            self.outside.append(request.url)

    def look(self, address: str) -> None:
        """Open an address and everything on it that opens by itself."""
        self.page.goto(address)
        self.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        self.page.wait_for_load_state("networkidle")
        assert self.page.title() != "ran", address
        assert (
            self.page.locator("main script, main iframe, main object, main embed, main svg script").count()
            == 0
        )
        handlers = self.page.evaluate(
            "Array.from(document.querySelectorAll('main *')).filter(one => Array.from(one.attributes)"
            ".some(it => it.name.startsWith('on') || (/^(href|src|action|formaction|data)$/.test(it.name)"
            " && /^\\s*javascript:/i.test(it.value)))).length"
        )
        assert handlers == 0, address


def test_nothing_of_a_hostile_package_runs(portal: Stack, browser: Browser) -> None:
    submission = portal.manage("shell", "-v0", "-c", HOSTILE).split()[-1]
    base = f"/moderation/review/{submission}/"
    watched = Watched(browser, portal)
    watched.look(base)
    watched.look(f"{base}?show=all&view=unified&find=l")
    links = watched.page.eval_on_selector_all(
        f"a[href*='{base}file/'], .file-tree a", "all => all.map(one => one.getAttribute('href'))"
    )
    assert len(links) > 14
    for link in dict.fromkeys(links):
        watched.look(link)
    files = [link for link in dict.fromkeys(links) if "/file/" in link]
    for link in files:
        watched.look(re.sub(r"#.*", "", link) + "&as=hex")
    watched.look(f"{base}file/?path=huge.min.lua&offset=9999990")
    watched.look(f"{base}file/?path=huge.min.lua&line=77")
    watched.look(f"{base}catalog/")
    assert watched.alerts == []
    assert watched.outside == []
    watched.context.close()


def test_pictures_are_shown_and_liars_are_not(portal: Stack, browser: Browser) -> None:
    submission = portal.manage("shell", "-v0", "-c", HOSTILE.replace("hostile.mod", "hostile.twice")).split()[
        -1
    ]
    watched = Watched(browser, portal)
    for path, wide in (("good.png", 4), ("liar.png", 0)):
        watched.look(f"/moderation/review/{submission}/file/?path={path}")
        image = watched.page.locator(".review-pictures img")
        assert image.evaluate("one => one.naturalWidth") == wide
        answer = watched.page.request.get(f"/moderation/review/{submission}/image/?path={path}")
        assert b"script" not in answer.body() or answer.status == 422
    watched.page.goto(f"/moderation/review/{submission}/image/?path=good.png")
    assert watched.alerts == []
    assert watched.outside == []
    watched.context.close()


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)], ids=["light", "dark", "phone"]
)
def test_the_pages_have_no_finding_of_axe_and_fit(
    portal: Stack, browser: Browser, theme: str, width: int
) -> None:
    name = f"hostile.{theme}{width}"
    submission = portal.manage("shell", "-v0", "-c", HOSTILE.replace("hostile.mod", name)).split()[-1]
    base = f"/moderation/review/{submission}/"
    watched = Watched(browser, portal, width, theme)
    for address in (
        base,
        f"{base}?view=unified&path=page.html",
        f"{base}?path=good.png",
        f"{base}file/?path=page.html",
        f"{base}file/?path=good.png",
        f"{base}file/?path=bytes.bin",
        f"{base}catalog/",
    ):
        watched.look(address)
        results = Axe().run(watched.page, options={"resultTypes": ["violations"]})
        found = [
            f"{finding['id']}: {', '.join(str(node['target']) for node in finding['nodes'][:3])}"
            for finding in results.response["violations"]
        ]
        assert found == [], address
        wide = watched.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, address
    watched.context.close()


def test_a_finding_is_judged_and_the_catalog_looked_at_by_keyboard(portal: Stack, browser: Browser) -> None:
    submission = portal.manage("shell", "-v0", "-c", HOSTILE.replace("hostile.mod", "hostile.third")).split()[
        -1
    ]
    watched = Watched(browser, portal)
    page = watched.page
    page.goto(f"/moderation/review/{submission}/")
    page.keyboard.press("z")
    assert page.evaluate("document.activeElement.hasAttribute('data-finding')")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "false_alarm":
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_text("Noted: False alarm, this release.").count() == 1
    page.locator("input[name=action][value=approve]").check(force=True)
    page.get_by_role("button", name="Show the mail").press("Enter")
    page.wait_for_selector("#mail-part .mail-preview")
    page.get_by_role("link", name="What it would look like after the decision").press("Enter")
    page.wait_for_selector("#catalog-preview .json-diff")
    assert page.url.split("#")[0].endswith(f"/moderation/review/{submission}/")
    assert watched.outside == []
    watched.context.close()
