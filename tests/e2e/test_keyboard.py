"""The workbench by keyboard alone: a queue of thirty mixed submissions is cleared without a mouse.

Headless Chromium; nothing here clicks but the sign-in before it.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PEOPLE
from tests.e2e.stack import Stack, running

pytestmark = pytest.mark.browser

#: What is decided on how many of the thirty. An item says in its name what it deserves.
MIXED = {"approve": 13, "request_changes": 8, "reject": 6, "escalate": 3}
SEED = f"""
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from tests.factories import make_file, make_reason, make_submission, make_user
from uploads.models import Signal, Submission
wanted = {MIXED!r}
author, place = make_user("modder", "author@example.com"), 0
left = dict(wanted)
while any(left.values()):
    for action in list(left):
        if not left[action]:
            continue
        left[action] -= 1
        place += 1
        row = make_submission(author, mod_id=f"thirty.mod-{{place}}")
        Submission.objects.filter(pk=row.pk).update(name=action)
        due, kind = timezone.now() + timedelta(hours=place), "update" if place % 2 else "first_release"
        row.reasons.update(due_at=due, kind=kind)
        for line, name in enumerate(("Content/init.lua", "Content/help.lua")):
            make_file(row, name)
            Signal.objects.create(
                revision=row.current, position=line, code="lua_dynamic_code", message="Runs text.",
                path=name, line=1, weight=1, fingerprint=str(place * 100 + line),
            )
"""
COUNT = """
from collections import Counter
from moderation.models import Decision
rows = Decision.objects.select_related("submission")
print(sorted(Counter((row.action, row.submission.name) for row in rows).items()))
print(Decision.objects.exclude(decider__email="moderator@example.com").count())
"""
#: How far down the group of actions each one stands.
STEPS = {"approve": 0, "request_changes": 1, "reject": 2, "escalate": 3}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A portal with thirty waiting submissions; only its web server runs."""
    with running(tmp_path_factory.mktemp("keys"), processes=["web"], SMMODS_LIMITS="write=2000") as stack:
        stack.manage("shell", "-v0", "-c", PEOPLE)
        stack.manage("assign_role", "moderator@example.com", "moderator", "--reason", "tries the keys")
        stack.manage("shell", "-v0", "-c", SEED)
        yield stack


@pytest.fixture
def page(desk: Stack, browser: Browser) -> Iterator[Page]:
    """A moderator's screen, at the queue."""
    context = browser.new_context(base_url=desk.url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto("/dev/")
    page.locator("form:has(input[value='moderator@example.com']) button").first.click()
    page.wait_for_load_state()
    page.goto("/moderation/queue/")
    yield page
    context.close()
    assert wrong == []


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def loaded(page: Page, key: str) -> None:
    """Press a key that leads to another page, and wait for it."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_rows_are_walked_ticked_and_opened(page: Page) -> None:
    rows = page.locator("[data-row]")
    press(page, "j", "j")
    expect(rows.nth(1).locator("a").first).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Row 2 of 25")
    press(page, "k")
    expect(rows.nth(0).locator("a").first).to_be_focused()
    press(page, "x")
    expect(rows.nth(0).locator("input[type=checkbox]")).to_be_checked()
    expect(page.locator(".queue-bulk")).to_be_visible()
    press(page, "x", "k")
    expect(page.locator("#announcer")).to_have_text("That was the first row.")
    press(page, "j", "j")
    name = rows.nth(2).locator("a").first.inner_text()
    loaded(page, "Enter")
    expect(page.locator("h1")).to_contain_text(name)


def test_search_and_filters_have_their_keys(page: Page) -> None:
    press(page, "/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("gjk?")
    expect(page.locator("[data-search]")).to_have_value("gjk?")
    assert page.locator("dialog").count() == 0
    loaded(page, "Enter")
    expect(page.locator("main")).to_contain_text("Nothing matches")


def test_the_keys_are_listed_and_can_be_switched_off(page: Page) -> None:
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keys on this page")
    expect(dialog).to_contain_text("Claim the row")
    expect(dialog).to_contain_text("Next and previous row")
    expect(dialog).not_to_contain_text("Next and previous change")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    press(page, "Shift+Tab", "Space", "Escape")
    expect(dialog).to_have_count(0)
    before = page.url
    press(page, "j", "g", "/")
    assert page.url == before
    assert page.locator("[data-row].is-here").count() == 0
    page.reload()
    press(page, "j")
    assert page.locator("[data-row].is-here").count() == 0
    # Its button still opens the list, where the keys are switched on again.
    page.get_by_role("button", name="Keys").focus()
    press(page, "Enter", "Shift+Tab", "Space", "Escape", "j")
    expect(page.locator("[data-row].is-here")).to_have_count(1)


def test_claiming_with_c_and_the_hold_is_let_go_by_a_link(page: Page) -> None:
    press(page, "j")
    loaded(page, "c")
    expect(page.locator(".holding")).to_contain_text("You hold this")
    page.locator(".review-bar a").first.focus()
    with page.expect_request(lambda request: request.url.endswith("/lease/")) as asked:
        loaded(page, "Enter")
    assert "release" in (asked.value.post_data or "")
    page.goto("/moderation/queue/?view=mine")
    expect(page.locator("main")).to_contain_text("Nothing here")


def test_what_is_typed_is_kept_while_it_is_typed(page: Page) -> None:
    press(page, "j", "j", "j")
    loaded(page, "c")
    press(page, "d", "ArrowDown", "m")
    expect(page.locator("#note")).to_be_focused()
    page.keyboard.type("Half a thought")
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft kept at")
    page.goto("/moderation/queue/?view=mine")
    press(page, "j")
    loaded(page, "Enter")
    expect(page.locator("#note")).to_have_value("Half a thought")
    page.locator("#note").fill("")
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft kept at")
    page.get_by_role("button", name="Let go").focus()
    loaded(page, "Enter")


def test_files_changes_and_findings_have_their_keys(page: Page) -> None:
    press(page, "j")
    loaded(page, "Enter")
    files, said = page.locator("[data-file]"), page.locator("#announcer")
    first = page.locator("[data-file][aria-current]").inner_text()
    with page.expect_response("**/moderation/review/**"):
        press(page, "j" if files.first.get_attribute("aria-current") else "k")
    expect(page.locator("[data-file][aria-current]")).not_to_have_text(first)
    press(page, "z")
    expect(said).to_contain_text("Finding 1 of 2")
    expect(page.locator("[data-finding]").first).to_be_focused()
    press(page, "z", "z")
    expect(said).to_have_text("Finding: that was the last one.")
    press(page, "a")
    expect(said).to_contain_text("Finding 1 of 2")


def test_a_key_held_down_too_long_confirms_nothing(page: Page) -> None:
    press(page, "j", "j", "j", "j")
    loaded(page, "Enter")
    press(page, "d", "Space")
    page.keyboard.down("Control")
    with page.expect_navigation():
        page.keyboard.down("Enter")
    for _ in range(3):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.keyboard.up("Control")
    page.wait_for_timeout(300)
    expect(page.locator("button[name=confirmed][value='1']").first).to_be_visible()
    page.get_by_role("button", name="Go back").focus()
    loaded(page, "Enter")
    expect(page.locator("#action-approve")).to_be_checked()


def test_the_hold_outlasts_the_question_that_is_asked_once_more(page: Page, desk: Stack) -> None:
    press(page, "j", "j", "j", "j", "j")
    loaded(page, "c")
    press(page, "d", "Space")
    loaded(page, "Control+Enter")
    left = desk.manage(
        "shell",
        "-v0",
        "-c",
        "from django.utils import timezone; from moderation.models import Lease; "
        "print(int((Lease.objects.latest('taken_at').until - timezone.now()).total_seconds()))",
    )
    assert int(left) > 600
    page.get_by_role("button", name="Go back").focus()
    loaded(page, "Enter")
    page.get_by_role("button", name="Let go").focus()
    loaded(page, "Enter")


def test_a_lost_hold_is_told_and_the_words_stay(page: Page, desk: Stack) -> None:
    press(page, "j")
    loaded(page, "c")
    press(page, "d", "ArrowDown", "m")
    page.keyboard.type("Still here")
    desk.manage("shell", "-v0", "-c", "from moderation.models import Lease; Lease.objects.all().delete()")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-holding-lost]")).to_be_visible()
    expect(page.locator("#note")).to_have_value("Still here")
    page.locator("#note").fill("")
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft kept at")


def test_a_queue_of_thirty_is_cleared_by_keyboard_alone(page: Page, desk: Stack) -> None:
    desk.manage(
        "shell",
        "-v0",
        "-c",
        "from moderation.models import DecisionDraft; DecisionDraft.objects.all().delete()",
    )
    loaded(page, "g")
    for place in range(sum(MIXED.values())):
        action = page.locator("h1").inner_text().split()[0]
        press(page, "d", *(["ArrowDown"] * STEPS[action] or ["Space"]))
        expect(page.locator(f"#action-{action}")).to_be_checked()
        if action in ("request_changes", "reject"):
            press(page, "6" if action == "request_changes" else "7", "m")
            page.keyboard.type(f"Please look at place {place}.")
        if action == "escalate":
            press(page, "m")
            page.keyboard.type("May this be sold?")
        loaded(page, "Control+Enter")
        expect(page.locator("button[name=confirmed][value='1']").first).to_be_focused()
        loaded(page, "g" if place % 2 else "Enter")
        if not place % 2:
            expect(page.locator("h1")).to_have_text("Queue")
            loaded(page, "g")
    expect(page.locator("main")).to_contain_text("Nothing is free")
    made, by_others = desk.manage("shell", "-v0", "-c", COUNT).strip().splitlines()
    assert made == str(sorted(((action, action), count) for action, count in MIXED.items()))
    assert by_others == "0"
    expect(page.locator("[data-row]")).to_have_count(MIXED["escalate"])
    desk.manage("verify_audit")
