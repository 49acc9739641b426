"""The rescans' pages: a dry run first, its differences, applying it, and keeping what was looked at."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import outbox
from accounts.errors import RefusedError
from accounts.models import AuditEntry, OutboxRow, User
from moderation import actions
from tests import factories
from tests.smmods.running import run
from tests.uploads.test_rescans import HEAVY, Findings, now_finds, out, waits
from uploads import rescan_work, rescans, scanner, tasks
from uploads.models import Rescan, ScannerSight

pytestmark = pytest.mark.django_db
LIST = "/moderation/rescans/"
__all__ = ["now_finds"]


def start(client: Client, scope: str = "waiting", reason: str = "New rules.") -> Any:
    return client.post(LIST, {"scope": scope, "reason": reason})


def finish() -> Rescan:
    outbox.drain(200)
    return Rescan.objects.latest("pk")


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_dry_run_from_the_page_then_applied_by_an_admin(
    moderator: User, admin: User, now_finds: Findings
) -> None:
    submission = waits("one.mod")
    now_finds("file_signature", signals=[HEAVY])
    client = factories.signed_in(moderator)
    assert "1 waiting item was last looked at by older rules" in text(client.get(LIST))
    answer = start(client)
    rescan = Rescan.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{rescan.pk}/")
    page = client.get(answer["Location"])
    assert "Under way" in text(page)
    assert 'data-hx-get="/moderation/rescans/' in text(page)
    finish()
    found = text(client.get(f"{LIST}{rescan.pk}/"))
    assert "file_signature" in found
    assert "It is found now." in found
    assert "Lua runs a command." in found
    assert f"/moderation/review/{submission.submission_id}/" in found
    assert "An admin applies it." in found
    assert client.post(f"{LIST}{rescan.pk}/", {"do": "apply", "reason": "x"}).status_code == 403
    boss = factories.signed_in(admin)
    assert 'value="apply"' in text(boss.get(f"{LIST}{rescan.pk}/"))
    answer = boss.post(f"{LIST}{rescan.pk}/", {"do": "apply", "reason": "Looked at the dry run."})
    applied = finish()
    assert answer["Location"] == f"{LIST}{applied.pk}/"
    assert (applied.dry_run, applied.reason) == (False, "Looked at the dry run.")
    assert 'value="apply"' not in text(boss.get(f"{LIST}{applied.pk}/"))
    listed = text(boss.get(LIST))
    assert "Dry run" in listed
    assert "Applied" in listed
    assert "by older rules" not in listed


def test_what_is_refused_is_said_above_the_form(moderator: User) -> None:
    client = factories.signed_in(moderator)
    answer = start(client, reason=" ")
    assert answer.status_code == 422
    assert "A rescan needs a reason." in text(answer)
    answer = start(client, scope="published", reason="Kept words")
    assert answer.status_code == 409
    assert "There is nothing to look at." in text(answer)
    assert "Kept words" in text(answer)
    assert start(client, scope="nonsense").status_code == 422
    assert not Rescan.objects.exists()


def test_it_is_for_staff(moderator: User) -> None:
    waits("one.mod")
    rescan = rescans.start(moderator, scope="waiting", reason="x")
    stranger = factories.signed_in(factories.make_user("modder"))
    for address in (LIST, f"{LIST}{rescan.pk}/"):
        assert stranger.get(address).status_code == 403
        assert stranger.post(address, {"scope": "waiting", "reason": "x"}).status_code == 403
    assert Rescan.objects.count() == 1
    assert factories.signed_in(moderator).get(f"{LIST}{rescan.pk + 1}/").status_code == 404


def test_what_stays_is_said_with_a_reason(moderator: User, admin: User, now_finds: Findings) -> None:
    submission = out("one.mod")
    now_finds("antivirus_scan")
    rescans.start(moderator, scope="published", reason="x")
    finish()
    rescans.start(admin, scope="published", reason="x", dry_run=False)
    rescan = finish()
    client, address = factories.signed_in(moderator), f"{LIST}{rescan.pk}/"
    assert "It stays" in text(client.get(address))
    form = {"do": "keep", "submission": submission.submission_id}
    assert client.post(address, form | {"reason": ""}).status_code == 422
    assert client.post(address, form | {"reason": "A false alarm."}).status_code == 302
    assert AuditEntry.objects.filter(action="rescan.hit_closed", reason="A false alarm.").exists()
    assert "It stays" not in text(client.get(address))
    assert client.post(address, form | {"reason": "Again."}).status_code == 404


def test_the_views_of_the_differences(moderator: User, now_finds: Findings) -> None:
    waits("one.mod")
    rescans.start(moderator, scope="waiting", reason="x")
    rescan = finish()
    client = factories.signed_in(moderator)
    assert "Nothing is different" in text(client.get(f"{LIST}{rescan.pk}/"))
    assert "one.mod" not in text(client.get(f"{LIST}{rescan.pk}/?view=worse"))
    assert "The same" in text(client.get(f"{LIST}{rescan.pk}/?view=all"))
    assert client.get(f"{LIST}{rescan.pk}/?view=nonsense&page=x").status_code == 200
    part = text(client.get(f"{LIST}{rescan.pk}/?part=progress"))
    assert part.startswith('<div id="rescan-progress">')
    assert "It has finished." in part


def test_the_queue_mentions_what_older_rules_looked_at(moderator: User, settings: Any) -> None:
    waits("one.mod")
    out("two.mod")
    client = factories.signed_in(moderator)
    assert "by older rules" not in text(client.get("/moderation/queue/"))
    tasks.rescan_what_waits()
    assert "1 waiting item and 1 release were looked at by older rules" in text(
        client.get("/moderation/queue/")
    )
    finish()
    tasks.rescan_what_waits()
    page = text(client.get("/moderation/queue/"))
    assert "1 release was looked at by older rules" in page
    assert "Make a dry run" in page


def test_the_list_says_how_the_scanner_is(moderator: User, settings: Any) -> None:
    client = factories.signed_in(moderator)
    assert "The scanner is" not in text(client.get(LIST))
    settings.SMMODS_ANTIVIRUS = "clamd:///nowhere.sock"
    ScannerSight.objects.create(
        machine=scanner.machine(), address=settings.SMMODS_ANTIVIRUS, trouble="The scanner is not listening."
    )
    assert "The scanner is away." in text(client.get(LIST))


def test_the_number_of_queries_is_the_same_for_more(
    moderator: User, now_finds: Findings, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        waits(f"one{number}.mod")
    now_finds("file_signature")
    rescans.start(moderator, scope="waiting", reason="x")
    rescan = finish()
    client = factories.signed_in(moderator)
    client.get(LIST)
    with django_assert_max_num_queries(16):
        client.get(f"{LIST}{rescan.pk}/")
    with django_assert_max_num_queries(16):
        client.get(LIST)


def test_the_command_looks_and_says_what_is_different(moderator: User, now_finds: Findings) -> None:
    submission = waits("one.mod")
    now_finds("file_signature")
    ran = run("rescan", "--scope", "waiting", "--as", moderator.email, "--reason", "New rules", "--json")
    assert ran.status == 0
    assert ran.json["outcomes"] == {"same": 0, "worse": 1, "better": 0, "waits": 0}
    [row] = ran.json["results"]
    assert (row["submissionId"], row["outcome"]) == (submission.submission_id, "worse")
    assert row["checks"][0]["id"] == "file_signature"
    assert (ran.json["dryRun"], ran.json["finished"]) == (True, True)
    ran = run("rescan", "--scope", "waiting", "--as", moderator.email, "--reason", "New rules")
    assert "worse    one.mod 1.0.0: file_signature failed" in ran.out
    assert "1 in all, 0 same, 1 worse" in ran.out
    assert AuditEntry.objects.filter(action="rescan.started", origin__door="command").count() == 2


def test_the_command_is_refused_as_the_page_is(moderator: User, admin: User) -> None:
    waits("one.mod")
    base = ("rescan", "--scope", "waiting", "--reason", "x", "--as")
    ran = run(*base, moderator.email, "--apply")
    assert (ran.status, "role_required" in ran.err) == (1, True)
    ran = run(*base, admin.email, "--apply")
    assert (ran.status, "dry_run_first" in ran.err) == (1, True)
    assert run(*base, "nobody@example.com").status == 1
    assert run("rescan", "--scope", "all").status == 2
    assert run(*base, admin.email).status == 0
    ran = run(*base, admin.email, "--apply")
    assert (ran.status, "applied" in ran.out) == (0, True)


def test_the_command_says_so_when_it_has_to_wait(moderator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    waits("one.mod")
    monkeypatch.setattr(rescan_work, "uploads_wait", lambda: True)
    ran = run("rescan", "--scope", "waiting", "--reason", "x", "--as", moderator.email, "--wait", "0.1")
    assert ran.status == 1
    assert "A worker goes on with it" in ran.err
    assert OutboxRow.objects.filter(kind=rescans.KIND, done_at=None, due_at__gt=timezone.now()).exists()


def test_what_older_rules_checked_is_approved_only_after_it_was_looked_at_again(moderator: User) -> None:
    submission = waits("one.mod")
    revision = submission.current
    assert revision is not None
    client = factories.signed_in(moderator)
    page = text(client.get(f"/moderation/review/{submission.submission_id}/"))
    assert "It was checked by older rules" in page

    def approve() -> None:
        actions.decide(
            moderator, submission.submission_id, action="approve", revision=1, sha256=revision.sha256
        )

    with pytest.raises(RefusedError) as refused:
        approve()
    assert refused.value.problems[0].code == "rules_outdated"
    tasks.rescan_what_waits()
    finish()
    submission.refresh_from_db()
    approve()
    submission.refresh_from_db()
    assert submission.state == "approved"
