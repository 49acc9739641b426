"""Every page in a real browser: no finding of axe, no script error, no breach of the content policy.

In light and dark, on a phone and on a wide screen; nothing is wider than the screen. The pages that are tried
are held against the routes of the portal, so a new page is tried or fails here.
"""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import get_resolver
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.stack import Stack, running
from tests.test_routes import ANSWERS, ROLES, routes

pytestmark = pytest.mark.browser

PHONE, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
#: Routes that answer GET with something else than a page of the portal, or lead on to another page.
NO_PAGE = {
    "healthz", "readyz", "metrics", "favicon.ico", "api/v1/", "api/v1/openapi.json", "dev/sign-in",
    "account/2fa/authenticate/", "account/2fa/recovery-codes/download/", "account/2fa/webauthn/login/",
    "account/2fa/webauthn/reauthenticate/", "account/2fa/reauthenticate/", "account/reauthenticate/",
    "account/password/reset/complete/", "account/2fa/webauthn/keys/<int:pk>/edit/",
    "account/2fa/webauthn/keys/<int:pk>/remove/", "account/2fa/recovery-codes/",
    "account/2fa/recovery-codes/generate/", "account/2fa/totp/deactivate/", "upload/<str:submission_id>/progress/",
    "account/password/set/", "account/password/change/", "mods/<str:mod_id>/",
    "moderation/statistics/<slug:name>.csv",
}  # fmt: skip
#: Who looks at a page: the first of these whose answer is a page.
VIEWERS = ("anonymous", "author", "moderator", "admin")
EMAILS = {
    "author": "modder@example.com",
    "moderator": "moderator@example.com",
    "admin": "admin@example.com",
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A portal with the sample people, mods and queue; only its web server runs."""
    with running(tmp_path_factory.mktemp("samples"), samples=True, processes=["web"]) as stack:
        stack.manage("rescan", "--scope", "both", "--as", "moderator@example.com", "--reason", "A try.")
        yield stack


class Viewer:
    """A person at a screen of some size and theme, who notices what a browser complains about."""

    def __init__(self, context: BrowserContext, role: str) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._said)
        if role in EMAILS:
            self.page.goto("/dev/")
            self.page.locator(f"form:has(input[value='{EMAILS[role]}']) button").first.click()
            self.page.wait_for_load_state()

    def _said(self, line: object) -> None:
        text = str(getattr(line, "text", line))
        if getattr(line, "type", "") == "error" and "status of 4" not in text:
            self.complaints.append(text)

    def findings(self, address: str) -> list[str]:
        """What is wrong with the page at this address, one line each."""
        self.complaints.clear()
        answer = self.page.goto(address)
        wrong = [] if answer is not None and answer.status < 500 else ["no answer, or a failure"]
        results = Axe().run(self.page, options={"resultTypes": ["violations"]})
        wrong += [
            f"{finding['id']}: {', '.join(str(node['target']) for node in finding['nodes'][:3])}"
            for finding in results.response["violations"]
        ]
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            wrong.append(f"{wide} px wider than the screen")
        if self.page.locator("h1").count() != 1:
            wrong.append(f"{self.page.locator('h1').count()} first headings")
        return wrong + self.complaints


def _addresses(stack: Stack) -> dict[str, dict[str, str]]:
    """Addresses of real things for each viewer, by route."""
    found = stack.manage("shell", "-v0", "-c", LOOK_UP).split()
    review, mine, draft, changes, spoiled, account, report = found
    values = {
        "slug": "hello-lua",
        "version": "0.1.3",
        "account_id": account,
        "prefix": "absent",
        "pk": "1",
        "report_id": report,
        "mod_id": "example.hello-lua",
    }
    tried: dict[str, dict[str, str]] = {viewer: {} for viewer in VIEWERS}
    listed = {route: answers for answers, group in ANSWERS.items() for route in group}
    for route in routes(get_resolver().url_patterns):
        answers = listed[route]
        if route in NO_PAGE or answers == (405,) * len(ROLES) or route.startswith(("^", "api/v1/")):
            continue
        own = {"details": draft, "replace": changes, "repack": spoiled}
        submission = own.get(route.rstrip("/").rsplit("/", 1)[-1], mine)
        if route.startswith("moderation/"):
            submission = review

        def value(match: re.Match[str], submission: str = submission) -> str:
            return submission if match.group(1) == "submission_id" else values[match.group(1)]

        address = "/" + re.sub(r"<(?:\w+:)?(\w+)>", value, route)
        first = next((v for v in VIEWERS if answers[ROLES.index(v)] in (200, 404, 410)), "author")
        tried[first][route] = address + ("?path=manifest.json" if address.endswith("/file/") else "")
    tried["anonymous"] |= {"api/v1/docs": "/api/v1/docs", "absent": "/absent/", "gone": "/mods/turbo-drill/"}
    tried["moderator"] |= {"forbidden": "/account/roles/"}
    tried["admin"] |= {"audit, filtered": "/moderation/audit/?q=sub"}
    return tried


LOOK_UP = """
from uploads.models import Submission
from accounts.models import User
from moderation.models import Report
mine = Submission.objects.filter(author__email="modder@example.com")
print(Submission.objects.filter(state="pending_review", version="0.2.0").first().submission_id)
for state in ("pending_review", "draft", "changes_requested"):
    print(mine.filter(state=state).first().submission_id)
print(mine.get(mod_id="kestrel.dust-charts").submission_id)
print(User.objects.get(email="player@example.com").account_id)
print(Report.objects.filter(status="open").first().report_id)
"""


# The dark theme changes colours alone, so it is tried on one screen.
@pytest.mark.parametrize(
    ("theme", "screen"), [("light", WIDE), ("dark", WIDE), ("light", PHONE)], ids=["light", "dark", "phone"]
)
def test_no_page_has_a_finding(samples: Stack, browser: Browser, theme: str, screen: dict[str, int]) -> None:
    wrong: dict[str, list[str]] = {}
    for role, pages in _addresses(samples).items():
        context = browser.new_context(
            base_url=samples.url, color_scheme="dark" if theme == "dark" else "light", viewport=screen
        )
        viewer = Viewer(context, role)
        for route, address in pages.items():
            findings = viewer.findings(address)
            if findings:
                wrong[f"{role} {route}"] = findings
        context.close()
    assert not wrong, "\n".join(f"{place}: {finding}" for place, all_ in wrong.items() for finding in all_)


def test_without_scripts_the_pages_are_there(samples: Stack, browser: Browser) -> None:
    context = browser.new_context(base_url=samples.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.locator("main input[type=search]").first.fill("hello")
    page.locator("main input[type=search]").first.press("Enter")
    assert page.get_by_role("link", name="Hello Lua").count() >= 1
    page.goto("/dev/")
    page.locator("form:has(input[value='modder@example.com']) button").first.click()
    page.goto("/upload/mine/")
    page.get_by_role("link", name="Remote Map").first.click()
    assert page.locator("#live-words").count() == 1
    context.close()
