"""The whole path in a real browser: from signing up to a download whose hash is the catalog's, and back out.

Real mail over SMTP, PostgreSQL, a real broker, separate workers, headless Chromium.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import packages
from tests.e2e.stack import Stack, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.browser]

MOD_ID = "driftworks.belt-lights"
AUTHOR = "ada.modder@example.com"
STAFF = ("iris.moderator@example.com", "otto.moderator@example.com")


class Person:
    """Somebody at a browser of their own; their mail is read from the sink."""

    def __init__(self, browser: Browser, portal: Stack, email: str) -> None:
        self.portal = portal
        self.email = email
        self.page: Page = browser.new_context(base_url=portal.url).new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console", lambda line: self.errors.append(line.text) if "Content Security" in line.text else None
        )

    def shown(self) -> str:
        """What is on the page, for a failing test."""
        return f"{self.page.url}\n{self.page.locator('body').inner_text()}"

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def sign_up(self) -> None:
        """With an address alone; the code comes by mail."""
        self.page.goto("/account/signup/")
        self.page.locator("main input[name=email]").fill(self.email)
        self.press("Make the account")
        code = self.portal.mail.code(self.email)
        self.page.locator("main input[name=code]").fill(code)
        self.page.locator("main form button.button--primary").first.click()
        self.page.wait_for_load_state()
        self.page.goto("/account/")
        expect(self.page.locator("main")).to_contain_text(self.email)

    def become_modder(self) -> None:
        self.page.goto("/account/agreement/")
        self.page.locator("#accepted").check()
        self.press("Accept and become a modder")

    def sign_out(self) -> None:
        self.page.goto("/account/logout/")
        self.page.locator("main form button[type=submit]").first.click()

    def sign_in_by_link(self) -> None:
        """By the link in the mail: it leads to a page with a button."""
        before = len(self.portal.mail.to(self.email))
        self.page.goto("/account/login/")
        self.page.locator("main input[name=email]").fill(self.email)
        self.press("Send me a code")
        self.portal.mail.code(self.email, before)
        text = self.portal.mail.text(self.portal.mail.to(self.email)[-1])
        link = next(word for word in text.split() if word.startswith(self.portal.url))
        for _ in range(3):
            self.page.goto(link)
        self.page.locator("main form button.button--primary").first.click()
        self.page.wait_for_load_state()

    def upload(self, package: Path) -> None:
        self.page.goto("/upload/")
        self.page.locator("#id_package").set_input_files(package)
        self.page.locator("main form button.button--primary").first.click()
        self.page.wait_for_url("**/details/**")
        self.page.locator("#id_summary").fill("Lamps along the belt, so that you find home.")
        licence = self.page.locator("#id_license")
        if not licence.input_value():
            licence.fill("MIT")
        self.press("Submit for review")
        self.page.wait_for_url("**/upload/sub_*/")

    def sees_state(self, words: str) -> None:
        """While checks run the status page follows by itself; nobody reloads it."""
        expect(self.page.locator(".badge").filter(has_text=words).first).to_be_visible(timeout=30_000)

    def sees_after_reload(self, words: str) -> None:
        """What a person's decision changed shows when the page is asked for again."""

        def look() -> bool:
            self.page.reload()
            return self.page.locator(".badge").filter(has_text=words).count() > 0

        wait_for(look, f"{words} on {self.page.url}")

    def decide(self, submission: str, action: str, reason: str = "", successor: str = "") -> None:
        """In the workbench: choose, read the mail, confirm."""

        def offered() -> bool:
            # A publication closes a moment after the catalog shows it; until then there is nothing to take back.
            self.page.goto(f"/moderation/review/{submission}/")
            return self.page.locator(f"label[for=action-{action}]").count() > 0

        wait_for(offered, f"the action {action}", 10)
        self.page.locator(f"label[for=action-{action}]").click()
        if reason:
            self.page.locator(f"input[name=reason][value={reason}]").check()
            if action != "hide":
                self.page.locator("#note").fill("Please say in the description what the lamps cost.")
        if action == "hide":
            self.page.locator("input[name=level][value=soft]").check()
        if successor:
            self.page.locator("#successor").select_option(successor)
        self.press("Go on to the mail and the last question")
        self.page.locator("button[name=confirmed][value='1']").click()
        self.page.wait_for_load_state()


def catalog(portal: Stack) -> dict[str, Any]:
    """This test's mod as the published catalog has it; empty where it hasn't."""
    document = json.loads(portal.get("/api/v1/catalog.json")[1])
    return next((mod for mod in document["mods"] if mod["id"] == MOD_ID), {})


def package(folder: Path, version: str, line: str = "") -> Path:
    path = folder / f"{MOD_ID}-v{version}.zip"
    document = packages.manifest(MOD_ID, version, name="Belt Lights", license="MIT")
    text = f"-- lamps\nprint('on'){line}\n".encode()
    path.write_bytes(packages.zip_of(packages.good_parts(document, {packages.ENTRYPOINT: text})))
    return path


def test_from_signing_up_to_a_download_and_back_out(portal: Stack, browser: Browser, tmp_path: Path) -> None:
    first, second = (Person(browser, portal, email) for email in STAFF)
    for person in (first, second):
        person.sign_up()
        portal.manage("assign_role", person.email, "moderator", "--reason", "reads submissions")
    first.sign_in_by_link()

    author = Person(browser, portal, AUTHOR)
    author.sign_up()
    author.become_modder()
    wait_for(lambda: _open(author), "uploads to open")
    author.upload(package(tmp_path, "1.0.0"))
    author.sees_state("Pending review")
    address = author.page.url
    submission = address.rstrip("/").rsplit("/", 1)[1]

    first.page.goto("/moderation/queue/")
    expect(first.page.locator(".chip", has_text="First release").first).to_be_visible()
    before = len(portal.mail.to(AUTHOR))
    first.decide(submission, "request_changes", "quality")
    author.sees_after_reload("Changes requested")
    mail = wait_for(lambda: portal.mail.to(AUTHOR)[before:], "the mail about the changes")[-1]
    assert "Moderation team" in portal.mail.text(mail)
    assert "iris" not in mail.as_string()

    author.page.goto(address + "replace/")
    author.page.locator("#id_package").set_input_files(package(tmp_path, "1.0.0", " print('bright')"))
    author.press("Replace")
    author.page.wait_for_url("**/upload/sub_*/")
    author.sees_state("Pending review")

    first.decide(submission, "approve")
    entry = wait_for(lambda: catalog(portal), "the mod in the catalog", 30)
    status, body = portal.get(entry["latest"]["artifactUrl"])
    assert status == 200
    assert hashlib.sha256(body).hexdigest() == entry["latest"]["sha256"]
    author.sees_after_reload("Published")
    visitor = browser.new_context(base_url=portal.url).new_page()
    visitor.goto(entry["detailUrl"])
    expect(visitor.get_by_text(entry["latest"]["sha256"])).to_be_visible()

    author.upload(package(tmp_path, "1.1.0", " print('brighter')"))
    author.sees_state("Pending review")
    update = author.page.url.rstrip("/").rsplit("/", 1)[1]
    first.decide(update, "approve")
    wait_for(lambda: catalog(portal)["latest"]["version"] == "1.1.0", "the update in the catalog", 10)
    versions = json.loads(portal.get(entry["versionsUrl"])[1])["versions"]
    assert [(v["version"], v["state"]) for v in versions] == [("1.1.0", "published"), ("1.0.0", "superseded")]

    artifacts = [entry["latest"]["artifactUrl"], catalog(portal)["latest"]["artifactUrl"]]
    for item in (update, submission):
        first.decide(item, "hide", "malware")
    wait_for(lambda: not catalog(portal), "the mod to leave the catalog", 10)
    for artifact in artifacts:
        wait_for(lambda artifact=artifact: portal.get(artifact)[0] == 410, "the artifact to be gone")
    assert portal.get(entry["detailUrl"])[0] == 410
    blocked = json.loads(portal.get("/api/v1/blocklist.json")[1])
    assert MOD_ID in json.dumps(blocked)

    author.sign_out()
    author.sign_in_by_link()
    author.page.goto("/upload/mine/")
    expect(author.page.get_by_role("link", name="Belt Lights 1.1.0")).to_be_visible()
    assert author.errors + first.errors + second.errors == []
    portal.manage("verify_audit")


def _open(person: Person) -> bool:
    person.page.goto("/upload/")
    return person.page.locator("#id_package").count() > 0
