"""The audit trail: complete, chained, append-only, and readable by those who may."""

import csv
import io
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts import audit, audit_log, audit_triggers, audit_words
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.ground import lay_ground
from accounts.models import AuditEntry, AuditHead, AuditOrigin, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def write(actor: User | None = None, action: Action = Action.ACCOUNT_EXPORTED, **values: Any) -> AuditEntry:
    actor = actor or make_user()
    with transaction.atomic():
        return audit.record(actor, action, "account", actor.account_id, **values)


def unguarded(sql: str, *params: Any) -> None:
    """What somebody with the database's password could do."""
    audit_triggers.drop(connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
    audit_triggers.install(connection)


def test_entries_count_without_a_gap_and_follow_one_another() -> None:
    entries = [write(after={"n": n, "text": "ä \u2028"}, reason="because") for n in range(3)]
    assert [entry.sequence for entry in entries] == [1, 2, 3]
    assert entries[0].previous_hash == audit.GENESIS
    assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    head = AuditHead.objects.get()
    assert (head.sequence, head.hash) == (3, entries[-1].hash)
    verdict = audit.verify()
    assert (verdict.intact, verdict.entries, verdict.head) == (True, 3, entries[-1].hash)


def test_an_entry_says_who_as_what_through_which_door() -> None:
    admin = make_user("admin")
    with audit.origin("api", "2001:db8::1", "x" * 300):
        entry = write(admin)
    assert (entry.actor, entry.actor_role) == (admin, "admin")
    came = AuditOrigin.objects.get(entry=entry)
    assert (came.door, came.address, len(came.agent)) == ("api", "2001:db8::1", 200)
    assert write().origin.door == "system"
    assert audit.record_as_system.__doc__
    with transaction.atomic():
        mine = audit.record_as_system(Action.AUDIT_EXPORTED, "audit", "csv")
    assert mine.actor.is_system
    assert str(mine).endswith("csv")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_outside_of_a_transaction() -> None:
    user = make_user()
    with pytest.raises(RuntimeError, match="in the transaction"):
        audit.record(user, Action.ACCOUNT_EXPORTED, "account", user.account_id)
    assert AuditEntry.objects.count() == 0


def test_an_entry_falls_with_what_it_records() -> None:
    write()
    with pytest.raises(ValueError, match="undone"), transaction.atomic():
        write()
        raise ValueError("undone")
    assert AuditEntry.objects.count() == 1
    assert audit.verify().intact
    assert write().sequence == 2


STATEMENTS = (
    "UPDATE accounts_auditentry SET reason = 'x' WHERE sequence = 1",
    "DELETE FROM accounts_auditentry WHERE sequence = 1",
    "DELETE FROM accounts_audithead",
    "UPDATE accounts_audithead SET sequence = 1",
    "UPDATE accounts_audithead SET sequence = sequence + 2",
)


@pytest.mark.parametrize("sql", STATEMENTS)
def test_the_database_refuses_to_change_the_trail(sql: str) -> None:
    write()
    write()
    with pytest.raises(Exception, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEntry.objects.get(sequence=1).reason == ""
    assert audit.verify().intact


def test_the_orm_is_refused_as_well() -> None:
    entry = write()
    with pytest.raises(IntegrityError if connection.vendor == "sqlite" else Exception), transaction.atomic():
        entry.delete()
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        AuditEntry.objects.update(reason="x")


def test_postgresql_refuses_truncate() -> None:
    if connection.vendor != "postgresql":
        assert "audit_no_truncate" not in audit_triggers.expected(connection)
        return
    for table in ("accounts_auditentry", "accounts_audithead"):
        with (
            pytest.raises(Exception, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"TRUNCATE {table} CASCADE")


def test_triggers_are_there_are_missed_and_come_back() -> None:
    assert audit_triggers.present(connection) == audit_triggers.expected(connection)
    audit_triggers.drop(connection)
    assert audit_triggers.present(connection) == frozenset()
    lay_ground()
    assert audit_triggers.present(connection) == audit_triggers.expected(connection)
    assert User.objects.filter(role="system").count() == AuditHead.objects.count() == 1


def test_another_database_has_no_triggers_and_says_so() -> None:
    class Other:
        vendor = "oracle"

    with pytest.raises(NotImplementedError, match="oracle"):
        audit_triggers.install(cast("Any", Other()))


@pytest.mark.parametrize(
    ("sql", "bad", "why"),
    [
        ("UPDATE accounts_auditentry SET reason = 'forged' WHERE sequence = 2", 2, "content"),
        ("UPDATE accounts_auditentry SET actor_role = 'admin' WHERE sequence = 3", 3, "content"),
        ("DELETE FROM accounts_auditentry WHERE sequence = 2", 2, "missing"),
        ("DELETE FROM accounts_auditentry WHERE sequence = 4", 4, "the trail ends at 3"),
        ("DELETE FROM accounts_auditentry", 1, "the trail ends at 0"),
        ("DELETE FROM accounts_audithead", 5, "head is missing"),
        ("UPDATE accounts_audithead SET sequence = 3", 5, "the head says"),
        ("UPDATE accounts_auditorigin SET address = '6.6.6.6' WHERE entry_id = 2", 2, "origin"),
        ("UPDATE accounts_auditorigin SET door = 'command' WHERE entry_id = 1", 1, "origin"),
    ],
)
def test_verify_names_the_first_bad_row(sql: str, bad: int, why: str) -> None:
    with audit.origin("page", "1.2.3.4", "browser"):
        for _ in range(4):
            write()
    unguarded(sql)
    verdict = audit.verify()
    assert not verdict.intact
    assert verdict.bad_sequence == bad
    assert why in verdict.why


def test_verify_finds_a_swap_and_an_entry_made_up_with_a_right_hash() -> None:
    for _ in range(3):
        write()
    unguarded("UPDATE accounts_auditentry SET sequence = CASE sequence WHEN 2 THEN 30 ELSE sequence END")
    unguarded("UPDATE accounts_auditentry SET sequence = CASE sequence WHEN 3 THEN 2 ELSE sequence END")
    unguarded("UPDATE accounts_auditentry SET sequence = CASE sequence WHEN 30 THEN 3 ELSE sequence END")
    assert audit.verify().bad_sequence == 2
    for entry in AuditEntry.objects.filter(sequence=2):
        entry.previous_hash = AuditEntry.objects.get(sequence=1).hash
        entry.reason = "made up"
        forged = audit.entry_hash(entry)
        unguarded(
            "UPDATE accounts_auditentry SET reason = 'made up', previous_hash = %s, hash = %s WHERE sequence = 2",
            entry.previous_hash,
            forged,
        )
    assert audit.verify().bad_sequence is not None


def test_an_origin_may_be_erased_and_the_chain_still_agrees() -> None:
    with audit.origin("page", "1.2.3.4"):
        write()
    assert str(AuditOrigin.objects.get()) == "1 page"
    AuditOrigin.objects.all().delete()
    assert audit.verify().intact


def test_the_trail_does_not_move_with_the_clock() -> None:
    late = write(at=datetime(2030, 1, 1, tzinfo=UTC))
    early = write(at=datetime(2020, 1, 1, tzinfo=UTC))
    assert (late.sequence, early.sequence) == (1, 2)
    assert audit.verify().intact


def test_every_action_has_words() -> None:
    assert set(audit_words.WORDS) == set(Action)
    assert audit_words.words("gone.by") == "gone.by"


class TestReading:
    @pytest.fixture
    def trail(self) -> User:
        ada = make_user(email="ada@example.com", display_name="Ada")
        write(
            ada, Action.ACCOUNT_REGISTERED, at=datetime(2026, 1, 1, 12, tzinfo=UTC), after={"role": "player"}
        )
        write(
            ada,
            Action.ACCOUNT_ROLES_ASSIGNED,
            at=datetime(2026, 1, 2, 12, tzinfo=UTC),
            before={"role": "player"},
            after={"role": "modder", "list": [1]},
            reason="=1+1",
        )
        other = make_user()
        with transaction.atomic():
            audit.record(
                other,
                Action.MODERATION_DECIDED,
                "release",
                "a.b@1.0.0",
                at=datetime(2026, 1, 3, 12, tzinfo=UTC),
            )
        return ada

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({}, [3, 2, 1]),
            ({"actor": "ADA@example.com"}, [2, 1]),
            ({"actor": "Ada"}, [2, 1]),
            ({"actor": "nobody"}, []),
            ({"action": "account"}, [2, 1]),
            ({"action": Action.MODERATION_DECIDED}, [3]),
            ({"action": "nothing"}, []),
            ({"target": "a.b"}, [3]),
            ({"target": "a.b@1.0.0"}, [3]),
            ({"target": "account"}, [2, 1]),
            ({"since": "2026-01-02"}, [3, 2]),
            ({"until": "2026-01-02"}, [2, 1]),
            ({"since": "2026-01-02T13:00:00", "until": "2026-01-03T13:00:00+00:00"}, [3]),
            ({"actor": "a\0da"}, [2, 1]),
        ],
    )
    def test_filters(self, trail: User, filters: dict[str, str], found: list[int]) -> None:
        entries = audit_log.search(make_user("moderator"), audit_log.Filters(**filters))
        assert [entry.sequence for entry in entries.items] == found

    @pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "2026-02-30T10:00:00"])
    def test_times_that_are_none(self, trail: User, value: str) -> None:
        with pytest.raises(RefusedError) as caught:
            audit_log.search(make_user("moderator"), audit_log.Filters(since=value))
        assert (caught.value.code, caught.value.status) == ("bad_time", 422)

    def test_pages_follow_one_another(self, trail: User) -> None:
        moderator = make_user("moderator")
        first = audit_log.search(moderator, audit_log.Filters(), limit=2)
        second = audit_log.search(moderator, audit_log.Filters(), limit=2, cursor=first.next or "")
        assert [[e.sequence for e in page.items] for page in (first, second)] == [[3, 2], [1]]
        assert second.next is None
        for cursor in ("!!", "bm90IGEgbnVtYmVy", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA"):
            with pytest.raises(RefusedError) as caught:
                audit_log.search(moderator, audit_log.Filters(), cursor=cursor)
            assert (caught.value.code, caught.value.status) == ("bad_cursor", 400)

    @pytest.mark.parametrize("role", ["player", "modder"])
    def test_it_is_for_staff(self, trail: User, role: str) -> None:
        for call in (audit_log.search, audit_log.export_csv):
            with pytest.raises(RefusedError) as caught:
                call(make_user(role), audit_log.Filters())
            assert caught.value.status == 403

    def test_sentences_with_before_and_after(self, trail: User) -> None:
        lines = audit_log.as_lines(audit_log.search(make_user("moderator"), audit_log.Filters()).items)
        assert (lines[1].actor, lines[1].words, lines[1].target) == ("Ada", "changed the role of", "Ada")
        assert lines[1].changes == (("role", "player", "modder"), ("list", "", "[1]"))
        assert lines[0].target == "a.b@1.0.0"

    def test_taking_it_away_is_recorded_and_safe_in_a_spreadsheet(self, trail: User) -> None:
        moderator = make_user("moderator")
        text = "".join(audit_log.export_csv(moderator, audit_log.Filters(actor="Ada")))
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["sequence"] for row in rows] == ["2", "1"]
        assert rows[0]["reason"] == "'=1+1"
        entry = AuditEntry.objects.order_by("sequence").last()
        assert entry is not None
        assert (entry.action, entry.actor, entry.after) == (
            Action.AUDIT_EXPORTED,
            moderator,
            {"filters": {"actor": "Ada"}},
        )

    def test_the_page(self, trail: User, client: Client) -> None:
        moderator = make_user("moderator")
        client.force_login(moderator)
        answer = client.get("/moderation/audit/")
        text = answer.content.decode()
        assert answer.status_code == 200
        assert "Chain verified, 3 entries" in text
        assert "changed the role of" in text
        assert client.get("/moderation/audit/?since=never").status_code == 422
        assert "No entries" in client.get("/moderation/audit/?actor=nobody").content.decode()
        answer = client.post("/moderation/audit/", {"actor": "Ada"})
        assert answer["Content-Type"].startswith("text/csv")
        assert len(list(answer)) == 3
        assert client.post("/moderation/audit/", {"since": "never"}).status_code == 422

    def test_the_page_shows_a_broken_chain(self, trail: User, client: Client) -> None:
        unguarded("UPDATE accounts_auditentry SET reason = 'forged' WHERE sequence = 2")
        client.force_login(make_user("admin"))
        assert "Chain broken at entry 2" in client.get("/moderation/audit/").content.decode()

    def test_the_page_turns_over(self, trail: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("accounts.views_audit.PAGE_SIZE", 2)
        client.force_login(make_user("moderator"))
        first = client.get("/moderation/audit/?action=account")
        assert first.context["next"] is None
        first = client.get("/moderation/audit/")
        second = client.get("/moderation/audit/" + first.context["next"])
        assert [line.entry.sequence for line in second.context["lines"]] == [1]
        assert "Newest" in second.content.decode()

    def test_others_see_nothing_of_it(self, trail: User, client: Client) -> None:
        assert client.get("/moderation/audit/").status_code == 302
        client.force_login(make_user("modder"))
        assert client.get("/moderation/audit/").status_code == 403
        assert client.post("/moderation/audit/").status_code == 403
