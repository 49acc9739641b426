"""Rescans: what a second look finds, that a dry run changes nothing, and that nothing is ever moved."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.files.storage import storages
from django.utils import timezone

from accounts import outbox
from accounts.audit import Action
from accounts.models import AuditEntry, OutboxRow, User
from catalog.publisher.tree import PublicTree
from tests import factories
from tests.uploads.refusing import refused
from tests.uploads.sending import send
from uploads import rescan_hits, rescan_work, rescans, scanner, tasks, verdicts
from uploads.checks import RULES_VERSION, Result, ScannerUnavailableError, Status, Subject
from uploads.models import QueueReason, Rescan, RescanResult, Revision, ScannerSight, Submission
from uploads.services import current
from uploads.signals.found import Signal
from uploads.states import State
from uploads.weighing import Weighed

pytestmark = pytest.mark.django_db
OLD = "smz-0"
HEAVY = Weighed(Signal("lua_os_execute", "Lua runs a command.", path="a.lua", subject="x"), 3)
BLOCKING = Weighed(Signal("yara_match", "A rule matches.", rule="bad", blocking=True), 3)
AROUND = Weighed(Signal("version_below_newest", "It is lower.", rule="semantic_version"), 1)
LIGHT = Weighed(Signal("lua_encoded_text", "A long text.", path="a.lua"), 1)


@pytest.fixture
def admin() -> User:
    return factories.make_user("admin")


@pytest.fixture
def moderator() -> User:
    return factories.make_user("moderator")


def waits(mod_id: str, *, old: bool = True) -> Submission:
    """A submission in review whose results are those of older rules."""
    submission = send(
        factories.make_user("modder"),
        data=factories.good_package(mod_id),
        side=factories.sidecar(mod_id),
    )
    outbox.drain()
    submission.refresh_from_db()
    assert submission.state == State.PENDING_REVIEW
    if old:
        Revision.objects.filter(submission=submission).update(rules_version=OLD)
        current(submission).results.update(rules_version=OLD)
    submission.refresh_from_db()
    return submission


def out(mod_id: str, state: str = "published", *, old: bool = True) -> Submission:
    """The same, published since."""
    submission = waits(mod_id, old=old)
    Submission.objects.filter(pk=submission.pk).update(state=state)
    submission.reasons.update(closed_at=timezone.now(), closed_by="approve")
    submission.refresh_from_db()
    return submission


Findings = Callable[..., None]


@pytest.fixture
def now_finds(monkeypatch: pytest.MonkeyPatch) -> Findings:
    """The rules in force find more than the old ones did: checks that fail, signals that are new."""
    intake = rescan_work.run_intake

    def set_up(*failing: str, signals: Sequence[Weighed] = (), wait: str = "") -> None:
        def run(subject: Subject) -> list[Result]:
            if wait:
                raise ScannerUnavailableError("antivirus_scan", "scanner_pending", wait)
            return [
                replace(result, status=Status.FAILED, code="found_now", message="It is found now.")
                if result.check_id in failing
                else result
                for result in intake(subject)
            ]

        monkeypatch.setattr(rescan_work, "run_intake", run)
        for module in (rescan_work, verdicts):
            monkeypatch.setattr(module, "weigh", lambda *_: list(signals))

    return set_up


def done(rescan: Rescan) -> Rescan:
    outbox.drain(200)
    rescan.refresh_from_db()
    assert rescan.finished_at is not None
    return rescan


def dry(actor: User, scope: str = "waiting") -> Rescan:
    return done(rescans.start(actor, scope=scope, reason="New rules."))


def applied(actor: User, scope: str = "waiting") -> Rescan:
    dry(actor, scope)
    return done(rescans.start(actor, scope=scope, reason="New rules.", dry_run=False))


def result(rescan: Rescan, submission: Submission) -> RescanResult:
    return rescan.results.get(revision__submission=submission)


def everything_but_rescans() -> dict[str, list[dict[str, Any]]]:
    """Every row of the database, but for the rescans' own and what is recorded of them."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for model in apps.get_models():
        if model in (Rescan, RescanResult) or model.__name__ in ("AuditHead", "AuditOrigin"):
            continue
        found = model._default_manager.order_by("pk")
        if model is OutboxRow:
            found = found.exclude(kind=rescans.KIND)
        if model is AuditEntry:
            found = found.exclude(action__startswith="rescan.")
        rows[model.__name__] = list(found.values())
    return rows


def test_a_dry_run_writes_its_results_and_nothing_else(moderator: User, now_finds: Findings) -> None:
    first, second = waits("one.mod"), out("two.mod")
    now_finds("file_signature", signals=[HEAVY, BLOCKING])
    before, mails = everything_but_rescans(), len(mail.outbox)
    rescan = dry(moderator, "both")
    assert everything_but_rescans() == before
    assert len(mail.outbox) == mails
    assert (rescan.total, rescan.dry_run) == (2, True)
    for submission in (first, second):
        row = result(rescan, submission)
        assert row.outcome == "worse"
        assert "file_signature failed (was passed)" in row.why
        assert [(c["id"], c["before"], c["after"]) for c in row.checks] == [
            ("file_signature", "passed", "failed")
        ]
        assert {s["code"] for s in row.signals} == {"lua_os_execute", "yara_match"}
    actions = list(
        AuditEntry.objects.filter(action__startswith="rescan.")
        .order_by("sequence")
        .values_list("action", flat=True)
    )
    assert actions == [Action.RESCAN_STARTED, Action.RESCAN_FINISHED]
    ended = AuditEntry.objects.get(action=Action.RESCAN_FINISHED)
    assert (ended.actor, ended.target_id) == (moderator, str(rescan.pk))
    assert ended.after == {"dryRun": True, "total": 2, "outcomes": {"worse": 2}}


def test_nothing_changed_is_the_same(moderator: User) -> None:
    submission = waits("one.mod")
    row = result(dry(moderator), submission)
    assert (row.outcome, row.why, row.checks, row.signals) == ("same", "", [], [])


def test_what_failed_before_and_passes_is_better(moderator: User, now_finds: Findings) -> None:
    submission = waits("one.mod")
    factories.make_signal(submission)
    current(submission).results.filter(check_id="mod_config_contract").update(status="failed")
    row = result(dry(moderator), submission)
    assert row.outcome == "better"
    assert "mod_config_contract" in row.why
    assert "1 signal gone" in row.why


def test_applied_to_what_waits_the_results_are_replaced_and_nothing_moves(
    admin: User, now_finds: Findings
) -> None:
    submission = waits("one.mod")
    now_finds(signals=[BLOCKING])
    rescan = applied(admin)
    submission.refresh_from_db()
    revision = submission.current
    assert revision is not None
    assert submission.state == State.PENDING_REVIEW
    assert revision.rules_version == RULES_VERSION
    assert set(revision.results.values_list("rules_version", flat=True)) == {RULES_VERSION}
    assert revision.signals.get().fingerprint == BLOCKING.signal.fingerprint
    entry = AuditEntry.objects.filter(action="validation.finished").latest("sequence")
    assert entry.actor.is_system
    assert entry.after["state"] == "pending_review"
    assert (entry.after["rulesVersion"], entry.after["sha256"]) == (RULES_VERSION, revision.sha256)
    assert entry.after["blocking"] == [BLOCKING.signal.fingerprint]
    assert entry.after["checks"] == dict(revision.results.values_list("check_id", "status"))
    assert entry.after["rescan"] == rescan.pk
    hit = submission.reasons.get(kind="scanner_hit")
    assert f"Rescan {rescan.pk}: yara_match" in hit.detail
    assert not rescans.outdated()
    # What waits is no news for the whole staff.
    assert mail.outbox == []


def test_a_check_that_now_fails_blocks_the_approval(admin: User, now_finds: Findings) -> None:
    submission = waits("one.mod")
    now_finds("file_signature")
    applied(admin)
    entry = AuditEntry.objects.filter(action="validation.finished").latest("sequence")
    assert entry.after["checks"]["file_signature"] == "failed"
    submission.refresh_from_db()
    assert submission.state == State.PENDING_REVIEW
    assert submission.current is not None
    assert submission.current.results.filter(status="failed").count() == 1
    assert submission.reasons.filter(kind="scanner_hit", closed_at=None).count() == 1


def test_a_hit_in_what_is_published_is_urgent_and_told_to_the_staff(admin: User, now_finds: Findings) -> None:
    published, superseded = out("one.mod"), out("two.mod", "superseded")
    moderator = factories.make_user("moderator")
    before = {s.pk: list(current(s).results.values()) for s in (published, superseded)}
    now_finds("antivirus_scan")
    rescan = applied(admin, "published")
    for submission in (published, superseded):
        state = submission.state
        submission.refresh_from_db()
        assert submission.state == state
        # What the review was based on stays as it was.
        assert list(current(submission).results.values()) == before[submission.pk]
        reason = submission.reasons.get(kind="scanner_hit")
        assert reason.closed_at is None
        assert timedelta(hours=3.9) < reason.due_at - timezone.now() < timedelta(hours=4)
        assert "antivirus_scan: It is found now." in reason.detail
    to_each = {
        person.email: [m for m in mail.outbox if m.to == [person.email]] for person in (admin, moderator)
    }
    for mails in to_each.values():
        assert [m.subject for m in mails] == [
            "To look at now: A mod 1.0.0",
            "A rescan found 2 releases to look at",
        ]
        assert "Nothing was taken back" in mails[0].body
        assert f"/moderation/rescans/{rescan.pk}/" in mails[1].body
    assert not rescans.outdated()


def test_what_is_around_a_release_is_no_hit(admin: User, now_finds: Findings) -> None:
    published, waiting = out("one.mod"), waits("two.mod")
    now_finds("dependency_contract", signals=[LIGHT])
    rescan = applied(admin, "both")
    row = result(rescan, published)
    assert [check["id"] for check in row.checks] == ["dependency_contract"]
    assert row.outcome == "worse", "for its new signal"
    now_finds("dependency_contract", "semantic_version", signals=[LIGHT, AROUND])
    rescan = applied(admin, "both")
    assert result(rescan, published).outcome == "same"
    assert result(rescan, waiting).outcome == "worse"
    assert not published.reasons.filter(kind="scanner_hit").exists()
    assert waiting.reasons.filter(kind="scanner_hit").exists()


def test_a_hit_that_was_looked_at_does_not_come_again_but_another_does(
    admin: User, now_finds: Findings
) -> None:
    published = out("one.mod")
    now_finds("antivirus_scan")
    rescan = applied(admin, "published")
    rescan_hits.close_hit(admin, rescan, published.submission_id, "A false alarm of this engine.")
    entry = AuditEntry.objects.get(action=Action.RESCAN_HIT_CLOSED)
    assert (entry.target_id, entry.reason) == (published.submission_id, "A false alarm of this engine.")
    again = applied(admin, "published")
    assert result(again, published).outcome == "same"
    assert not published.reasons.filter(closed_at=None).exists()
    now_finds("antivirus_scan", signals=[HEAVY])
    applied(admin, "published")
    assert "lua_os_execute" in published.reasons.get(closed_at=None).detail


def test_a_hit_that_is_open_stays_one(admin: User, now_finds: Findings) -> None:
    published = out("one.mod")
    now_finds("antivirus_scan")
    applied(admin, "published")
    mails = len(mail.outbox)
    now_finds("antivirus_scan", signals=[HEAVY])
    applied(admin, "published")
    assert published.reasons.filter(kind="scanner_hit").count() == 1
    assert len(mail.outbox) == mails


def test_closing_a_hit_is_for_others_and_says_why(admin: User, moderator: User, now_finds: Findings) -> None:
    published = out("one.mod")
    now_finds("antivirus_scan")
    rescan = applied(admin, "published")
    name = published.submission_id
    assert refused(lambda: rescan_hits.close_hit(moderator, rescan, name, " ")).code == "reason_missing"
    assert refused(lambda: rescan_hits.close_hit(published.author, rescan, name, "x")).code == "role_required"
    published.author.role = "moderator"
    published.author.save()
    assert refused(lambda: rescan_hits.close_hit(published.author, rescan, name, "x")).code == "own_work"
    assert refused(lambda: rescan_hits.close_hit(moderator, rescan, "absent", "x")).status == 404
    rescan_hits.close_hit(moderator, rescan, name, "x")
    assert refused(lambda: rescan_hits.close_hit(moderator, rescan, name, "x")).status == 404


@pytest.mark.parametrize(
    ("role", "dry_run", "code"),
    [
        ("player", True, "role_required"),
        ("modder", True, "role_required"),
        ("moderator", True, ""),
        ("moderator", False, "role_required"),
        ("admin", True, ""),
        ("admin", False, "dry_run_first"),
    ],
)
def test_who_may_start_what(role: str, dry_run: bool, code: str) -> None:
    waits("one.mod")
    actor = factories.make_user(role)

    def start() -> Rescan:
        return rescans.start(actor, scope="waiting", reason="x", dry_run=dry_run)

    if code:
        assert refused(start).code == code
        assert not Rescan.objects.exists()
        assert not AuditEntry.objects.filter(action=Action.RESCAN_STARTED).exists()
    else:
        assert start().total == 1


def test_refusals(admin: User) -> None:
    assert refused(lambda: rescans.start(admin, scope="all", reason="x")).code == "unknown_scope"
    assert refused(lambda: rescans.start(admin, scope="waiting", reason="  ")).code == "reason_missing"
    assert refused(lambda: rescans.start(admin, scope="waiting", reason="x" * 301)).code == "reason_too_long"
    assert refused(lambda: rescans.start(admin, scope="waiting", reason="x")).code == "nothing_to_rescan"
    waits("one.mod")
    rescans.start(admin, scope="waiting", reason="x")
    assert refused(lambda: rescans.start(admin, scope="waiting", reason="x")).code == "rescan_running"
    assert Rescan.objects.count() == 1
    assert refused(lambda: rescans.find(admin, 10**6)).status == 404
    assert refused(lambda: rescans.find(factories.make_user("modder"), 1)).code == "role_required"
    assert refused(lambda: rescans.listed(factories.make_user("modder"))).code == "role_required"


def test_a_dry_run_of_other_rules_or_of_less_allows_nothing(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits("one.mod")
    out("two.mod")
    dry(admin, "waiting")
    assert rescans.dry_run_done("waiting")
    assert not rescans.dry_run_done("both")
    assert not rescans.dry_run_done("published")
    dry(admin, "both")
    assert rescans.dry_run_done("published")
    monkeypatch.setattr(rescans, "RULES_VERSION", "smz-99")
    assert not rescans.dry_run_done("waiting")


def test_what_a_scope_is_about() -> None:
    waiting, published = waits("one.mod"), out("two.mod")
    superseded = out("three.mod", "superseded")
    for state in ("hidden", "rejected", "cancelled", "changes_requested", "approved"):
        out(f"{state.replace('_', '-')}.mod", state)
    listing = waits("listing.mod")
    Submission.objects.filter(pk=listing.pk).update(kind="listing")

    def of(scope: str) -> set[str]:
        return set(rescans.targets(scope).values_list("submission__submission_id", flat=True))

    assert of("waiting") == {waiting.submission_id}
    assert of("published") == {published.submission_id, superseded.submission_id}
    assert of("both") == of("waiting") | of("published")


def test_what_older_rules_looked_at_is_noticed(
    admin: User, now_finds: Findings, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        waits(f"waiting{number}.mod")
    out("two.mod")
    out("three.mod", old=False)
    with django_assert_num_queries(3):
        found = rescans.outdated()
    assert (found.waiting, found.published, found.running) == (3, 1, None)
    dry(admin, "both")
    found = rescans.outdated()
    assert (found.waiting, found.published) == (3, 1)
    done(rescans.start(admin, scope="both", reason="x", dry_run=False))
    assert not rescans.outdated()


def test_what_much_older_signatures_looked_at_is_noticed(
    admin: User, now_finds: Findings, settings: Any
) -> None:
    long_ago = timezone.now() - timedelta(days=8)
    old, lately = out("one.mod", old=False), waits("two.mod", old=False)
    assert rescans.outdated().signatures == 0
    settings.SMMODS_ANTIVIRUS = "clamd:///nowhere.sock"
    ScannerSight.objects.create(
        machine=scanner.machine(),
        address=settings.SMMODS_ANTIVIRUS,
        engine=f"ClamAV 1.4.3/27800/{timezone.now():%a %b %d %H:%M:%S %Y}",
    )
    assert rescans.outdated().signatures == 0
    Revision.objects.filter(submission=old).update(checked_at=long_ago)
    Revision.objects.filter(submission=lately).update(checked_at=timezone.now() - timedelta(days=6))
    assert (rescans.outdated().signatures, bool(rescans.outdated())) == (1, False)
    page = factories.signed_in(admin).get("/moderation/rescans/").content.decode()
    assert "1 package was last scanned with signatures that are much older" in page
    settings.SMMODS_ANTIVIRUS = "off"
    applied(admin, "published")
    settings.SMMODS_ANTIVIRUS = "clamd:///nowhere.sock"
    assert rescans.outdated().signatures == 0


def test_the_portal_looks_again_at_what_waits_when_its_rules_changed(now_finds: Findings) -> None:
    submission, published = waits("one.mod"), out("two.mod")
    fresh = waits("three.mod", old=False)
    tasks.rescan_what_waits()
    rescan = Rescan.objects.get()
    assert (rescan.started_by.is_system, rescan.dry_run, rescan.scope) == (True, False, "waiting")
    assert (rescan.reason, rescan.total) == (rescans.RULES_CHANGED, 1)
    done(rescan)
    submission.refresh_from_db()
    assert submission.current is not None
    assert submission.current.rules_version == RULES_VERSION
    assert not current(published).rescans.exists()
    assert rescan.results.get().revision.submission == submission
    assert not current(fresh).rescans.exists()
    tasks.rescan_what_waits()
    assert Rescan.objects.count() == 1


def test_the_portal_may_not_apply_to_what_is_published() -> None:
    out("one.mod")
    system = User.objects.system()
    for scope in ("published", "both"):
        assert (
            refused(lambda scope=scope: rescans.start(system, scope=scope, reason="x", dry_run=False)).code
            == "role_required"
        )


def test_a_scanner_that_is_away_is_asked_again(admin: User, now_finds: Findings) -> None:
    one, two = waits("one.mod"), waits("two.mod")
    now_finds(wait="The scanner is not listening.")
    rescan = rescans.start(admin, scope="waiting", reason="x")
    outbox.drain(200)
    rescan.refresh_from_db()
    assert rescan.finished_at is None
    row = result(rescan, one)
    assert (row.outcome, row.why) == ("waits", "The scanner is not listening.")
    owed = OutboxRow.objects.get(kind=rescans.KIND, done_at=None)
    assert timedelta(seconds=50) < owed.due_at - timezone.now() <= timedelta(seconds=60)
    now_finds()
    OutboxRow.objects.filter(pk=owed.pk).update(due_at=timezone.now())
    done(rescan)
    assert [result(rescan, s).outcome for s in (one, two)] == ["same", "same"]


def test_a_scanner_that_stays_away_ends_the_rescan_at_last(
    admin: User, now_finds: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescan_work, "TURNS", 2)
    submission = waits("one.mod")
    now_finds(wait="Away.")
    rescan = rescans.start(admin, scope="waiting", reason="x")
    for _ in range(5):
        outbox.drain(200)
        OutboxRow.objects.filter(kind=rescans.KIND, done_at=None).update(due_at=timezone.now())
    rescan.refresh_from_db()
    assert rescan.finished_at is not None
    assert result(rescan, submission).outcome == "waits"
    assert rescans.outdated().waiting == 1


def test_uploads_go_first(admin: User) -> None:
    waits("one.mod")
    rescan = rescans.start(admin, scope="waiting", reason="x")
    send(
        factories.make_user("modder"), data=factories.good_package("up.mod"), side=factories.sidecar("up.mod")
    )
    owed = OutboxRow.objects.get(kind=rescans.KIND)
    assert outbox.run(owed.pk)
    owed.refresh_from_db()
    assert (owed.attempts, owed.done_at) == (0, None)
    assert owed.due_at > timezone.now()
    assert "uploads go first" in owed.last_error
    outbox.drain()
    OutboxRow.objects.filter(pk=owed.pk).update(due_at=timezone.now())
    done(rescan)


def test_one_row_is_owed_at_a_time(admin: User) -> None:
    for number in range(3):
        waits(f"one{number}.mod")
    rescan = rescans.start(admin, scope="waiting", reason="x")
    for left in (2, 1, 0):
        owed = OutboxRow.objects.get(kind=rescans.KIND, done_at=None)
        outbox.run(owed.pk)
        assert rescan.results.filter(outcome="").count() == left
    assert not OutboxRow.objects.filter(kind=rescans.KIND, done_at=None).exists()
    rescan.refresh_from_db()
    assert rescan.finished_at is not None


@pytest.mark.parametrize("when", ["before it was written", "after it was written"])
def test_a_killed_worker_loses_nothing_and_nothing_is_done_twice(
    admin: User, now_finds: Findings, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """The row is claimed again after its worker was killed, and the same payload is worked on once more."""
    one, two = waits("one.mod"), waits("two.mod")
    now_finds("file_signature")
    dry(admin)
    rescan = rescans.start(admin, scope="waiting", reason="x", dry_run=False)
    first = OutboxRow.objects.get(kind=rescans.KIND, done_at=None)
    if when == "after it was written":
        rescan_work.work(first.payload)
    OutboxRow.objects.filter(pk=first.pk).update(
        attempts=1, claimed_by="dead", claimed_until=timezone.now() - timedelta(seconds=1)
    )
    done(rescan)
    assert [result(rescan, s).outcome for s in (one, two)] == ["worse", "worse"]
    assert OutboxRow.objects.filter(kind=rescans.KIND, key=str(rescan.pk)).count() == 2
    for submission in (one, two):
        entries = AuditEntry.objects.filter(
            action="validation.finished", target_id=submission.submission_id, after__rescan=rescan.pk
        )
        assert entries.count() == 1
        assert submission.reasons.filter(kind="scanner_hit").count() == 1
    assert AuditEntry.objects.filter(action=Action.RESCAN_FINISHED, target_id=str(rescan.pk)).count() == 1


def test_a_package_that_the_checks_crash_on_is_worse_and_a_hit(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = waits("one.mod"), waits("two.mod")
    dry(admin)
    look = rescan_work.look

    def crashes(revision: Revision) -> Any:
        if revision.submission_id == one.pk:
            raise RuntimeError("out of memory")
        return look(revision)

    monkeypatch.setattr(rescan_work, "look", crashes)
    rescan = rescans.start(admin, scope="waiting", reason="x", dry_run=False)
    for _ in range(4):
        outbox.drain()
        OutboxRow.objects.filter(kind=rescans.KIND, done_at=None).update(due_at=timezone.now())
    done(rescan)
    assert result(rescan, one).outcome == "worse"
    assert "validation_crashed" in {c["code"] for c in result(rescan, one).checks}
    assert one.reasons.filter(kind="scanner_hit").exists()
    assert result(rescan, two).outcome == "same"


def test_what_was_decided_or_replaced_meanwhile_is_left_alone(admin: User, now_finds: Findings) -> None:
    one, two = waits("one.mod"), waits("two.mod")
    now_finds("file_signature")
    dry(admin)
    rescan = rescans.start(admin, scope="waiting", reason="x", dry_run=False)
    Submission.objects.filter(pk=one.pk).update(state="approved")
    factories.add_revision(two, data=factories.good_package("two.mod", description="New."))
    done(rescan)
    for submission in (one, two):
        assert result(rescan, submission).outcome == "gone"
        assert not submission.reasons.filter(kind="scanner_hit").exists()
        first = submission.revisions.get(number=1)
        assert first.rules_version == OLD


def test_decided_while_it_was_looked_at(
    admin: User, now_finds: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = waits("one.mod")
    now_finds("file_signature")
    dry(admin)
    look = rescan_work.look

    def slow(revision: Revision) -> Any:
        found = look(revision)
        Submission.objects.filter(pk=submission.pk).update(state="approved")
        return found

    monkeypatch.setattr(rescan_work, "look", slow)
    rescan = done(rescans.start(admin, scope="waiting", reason="x", dry_run=False))
    assert result(rescan, submission).outcome == "gone"
    assert submission.current is not None
    assert Revision.objects.get(pk=submission.current.pk).rules_version == OLD
    assert not submission.reasons.filter(kind="scanner_hit").exists()


def test_bytes_that_left_staging_are_read_from_the_publisher(moderator: User, settings: Any) -> None:
    submission = out("one.mod")
    revision = submission.current
    assert revision is not None
    with storages["staging"].open(revision.staging_name) as file:
        PublicTree(settings.PUBLIC_ROOT).keep(file)
    storages["staging"].delete(revision.staging_name)
    assert result(dry(moderator, "published"), submission).outcome == "same"


def test_bytes_that_are_nowhere_or_others_are_worse(moderator: User) -> None:
    submission = out("one.mod")
    assert submission.current is not None
    storages["staging"].delete(submission.current.staging_name)
    row = result(dry(moderator, "published"), submission)
    assert row.outcome == "worse"
    assert row.checks[0]["code"] == "staged_bytes_changed"


def test_carried_out_in_this_process(moderator: User) -> None:
    waits("one.mod")
    waits("two.mod")
    rescan = rescans.start(moderator, scope="waiting", reason="x")
    assert rescan_work.run_here(rescan, seconds=20).finished_at is not None
    assert rescans.outcomes(rescan) == {"same": 2}
    assert rescans.as_document(rescan, rescans.outcomes(rescan))["outcomes"] == {
        "same": 2,
        "worse": 0,
        "better": 0,
        "waits": 0,
    }


def test_nobody_to_carry_it_out_ends_after_the_time_given(moderator: User) -> None:
    waits("one.mod")
    rescan = rescans.start(moderator, scope="waiting", reason="x")
    OutboxRow.objects.filter(kind=rescans.KIND).update(due_at=timezone.now() + timedelta(hours=1))
    assert rescan_work.run_here(rescan, seconds=0.3).finished_at is None


def test_the_number_of_queries_does_not_grow_with_what_waits(
    admin: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        waits(f"one{number}.mod")
    with django_assert_max_num_queries(14):
        rescans.start(admin, scope="waiting", reason="x")
    assert list(rescans.listed(admin).values_list("looked", "worse")) == [(0, 0)]
    assert QueueReason.objects.count() == 4
