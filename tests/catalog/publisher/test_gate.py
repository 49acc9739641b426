"""The gate against every lie: each is told to it, and nothing is published."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection

from accounts import audit_triggers
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry
from catalog import contract
from catalog.models import Release
from catalog.publisher import Hide, Publish, gate
from tests import factories
from tests.catalog.publisher.world import Case, case, good_statuses, published, put, record

pytestmark = pytest.mark.django_db


def nothing_said(_: Case) -> None:
    """The trail is silent."""


def somebody_else_sent_it(made: Case) -> None:
    made.received(factories.make_user("modder"))
    made.checked()
    made.decided()


def never_checked(made: Case) -> None:
    made.received()
    made.decided()


def checked_other_bytes(made: Case) -> None:
    made.received()
    made.checked(sha256="0" * 64)
    made.decided()


def checked_another_revision(made: Case) -> None:
    made.received()
    made.checked(revision=2)
    made.decided()


def checks_failed(made: Case) -> None:
    made.received()
    made.checked(state="validation_failed")
    made.decided()


def one_check_failed(made: Case) -> None:
    made.received()
    made.checked(checks=good_statuses() | {"zip_path_safety": "failed"})
    made.decided()


def a_check_left_out(made: Case) -> None:
    made.received()
    made.checked(checks={"sidecar_schema": "passed", "antivirus_scan": "passed"})
    made.decided()


def a_check_not_run(made: Case) -> None:
    made.received()
    made.checked(checks=good_statuses() | {"zip_path_safety": "not_run"})
    made.decided()


def another_check_failed(made: Case) -> None:
    made.received()
    made.checked(checks=good_statuses() | {"unknown_check": "failed"})
    made.decided()


def no_statuses(made: Case) -> None:
    made.received()
    made.checked(checks=None)
    made.decided()


def failed_when_looked_at_again(made: Case) -> None:
    made.told()
    made.checked(state="validation_failed")


def other_rules(made: Case) -> None:
    made.received()
    made.checked(rulesVersion="smz-0")
    made.decided()


def no_decision(made: Case) -> None:
    made.received()
    made.checked()


def rejected_after_all(made: Case) -> None:
    made.told()
    made.decided(action="reject", state="rejected")


def decided_other_bytes(made: Case) -> None:
    made.received()
    made.checked()
    made.decided(sha256="0" * 64)


def decided_another_revision(made: Case) -> None:
    made.received()
    made.checked()
    made.decided(revision=2)


def decided_before_the_checks(made: Case) -> None:
    made.received()
    made.decided()
    made.checked()


def decided_by_a_player(made: Case) -> None:
    made.received()
    made.checked()
    made.decided(factories.make_user("player"))


def decided_by_its_author(made: Case) -> None:
    made.author.role = "moderator"
    made.author.save()
    made.received()
    made.checked()
    made.decided(made.author)


def decided_by_a_maintainer(made: Case) -> None:
    assert made.submission.mod_id is not None
    factories.make_namespace(made.submission.mod_id.partition(".")[0], made.author, made.moderator)
    made.told()


def decided_by_who_replaced_the_package(made: Case) -> None:
    made.received()
    record(made.moderator, Action.UPLOAD_REPLACED, made.submission, {})
    made.checked()
    made.decided()


def waits_for_a_second(made: Case) -> None:
    made.received()
    made.checked()
    made.decided(needs="second_person", state="approved")


def seconded_by_the_same(made: Case) -> None:
    made.received()
    made.checked()
    first = made.decided(needs="second_person", state="pending_review")
    made.decided(firstSequence=first.sequence)


def second_that_names_nobody(made: Case) -> None:
    made.received()
    made.checked()
    made.decided(needs="second_person", state="pending_review")
    made.decided(factories.make_user("moderator"))


def second_that_names_another_entry(made: Case) -> None:
    made.received()
    entry = made.checked()
    made.decided(needs="second_person", state="pending_review")
    made.decided(factories.make_user("moderator"), firstSequence=entry.sequence)


def first_of_two_was_the_author(made: Case) -> None:
    made.author.role = "moderator"
    made.author.save()
    made.received()
    made.checked()
    first = made.decided(made.author, needs="second_person", state="pending_review")
    made.decided(firstSequence=first.sequence)


def first_of_two_saw_other_bytes(made: Case) -> None:
    made.received()
    made.checked()
    first = made.decided(needs="second_person", state="pending_review", sha256="0" * 64)
    made.decided(factories.make_user("moderator"), firstSequence=first.sequence)


def somebody_elses_namespace(made: Case) -> None:
    assert made.submission.mod_id is not None
    factories.make_namespace(made.submission.mod_id.partition(".")[0], factories.make_user("modder"))
    made.told()


def entry_changed_in_the_database(made: Case) -> None:
    made.received()
    made.checked(state="validation_failed")
    entry = AuditEntry.objects.get(action=Action.VALIDATION_FINISHED.value)
    assert isinstance(entry.after, dict)
    audit_triggers.drop(connection)
    AuditEntry.objects.filter(pk=entry.pk).update(after=entry.after | {"state": "pending_review"})
    audit_triggers.install(connection)
    made.decided()


LIES: list[tuple[Callable[[Case], None], str]] = [
    (nothing_said, "origin_unknown"),
    (somebody_else_sent_it, "origin_unknown"),
    (never_checked, "not_checked"),
    (checked_other_bytes, "not_checked"),
    (checked_another_revision, "not_checked"),
    (checks_failed, "checks_failed"),
    (one_check_failed, "checks_failed"),
    (a_check_left_out, "checks_failed"),
    (a_check_not_run, "checks_failed"),
    (another_check_failed, "checks_failed"),
    (no_statuses, "checks_failed"),
    (failed_when_looked_at_again, "checks_failed"),
    (other_rules, "rules_outdated"),
    (no_decision, "not_decided"),
    (rejected_after_all, "not_decided"),
    (decided_other_bytes, "decision_differs"),
    (decided_another_revision, "decision_differs"),
    (decided_before_the_checks, "decision_differs"),
    (decided_by_a_player, "decider_unfit"),
    (decided_by_its_author, "own_work"),
    (decided_by_a_maintainer, "own_work"),
    (decided_by_who_replaced_the_package, "own_work"),
    (waits_for_a_second, "second_missing"),
    (seconded_by_the_same, "second_missing"),
    (second_that_names_nobody, "second_missing"),
    (second_that_names_another_entry, "second_missing"),
    (first_of_two_was_the_author, "own_work"),
    (first_of_two_saw_other_bytes, "second_missing"),
    (somebody_elses_namespace, "namespace_taken"),
    (entry_changed_in_the_database, "audit_damaged"),
]


def refusal(made: Case) -> str:
    """The code that publishing is refused with; nothing is published."""
    before = Release.objects.count()
    with pytest.raises(RefusedError) as refused:
        put(Publish(made.release()))
    assert Release.objects.count() == before
    assert refused.value.hint
    return refused.value.code


@pytest.mark.parametrize(("lie", "code"), LIES, ids=[lie.__name__ for lie, _ in LIES])
def test_a_lie_is_refused(lie: Callable[[Case], None], code: str) -> None:
    made = case()
    lie(made)
    assert refusal(made) == code


def test_every_rule_of_the_gate_is_tried() -> None:
    told = {code for _, code in LIES} | {
        "bytes_differ",
        "bytes_taken_back",
        "version_exists",
        "namespace_reserved",
        "blocking_finding",
        "dependency_not_published",
        "mod_unknown",
    }
    assert gate.__doc__ is not None
    listed = {
        word.strip("`,")
        for line in gate.__doc__.splitlines()
        if line.startswith("* ")
        for word in line.split()
        if word.startswith("`")
    }
    assert listed == told


def test_the_honest_story_passes() -> None:
    made = case().told()
    admission = gate.admit(made.release(), made.sha256, made.release().size_bytes)
    assert admission.sender == made.author
    assert admission.validation < admission.decision


def test_two_different_people_pass() -> None:
    made = case()
    made.received()
    made.checked()
    first = made.decided(needs="second_person", state="pending_review")
    made.decided(factories.make_user("admin"), firstSequence=first.sequence)
    assert put(Publish(made.release())) is not None


def test_a_warning_and_a_waived_check_pass() -> None:
    made = case()
    made.received()
    made.checked(checks=good_statuses() | {"zip_path_safety": "warned", "antivirus_scan": "not_run"})
    made.decided()
    assert put(Publish(made.release())) is not None


def test_a_check_that_is_not_waived_must_have_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(contract._register, "waived_checks", frozenset)
    made = case()
    made.received()
    made.checked(checks=good_statuses() | {"antivirus_scan": "not_run"})
    made.decided()
    assert refusal(made) == "checks_failed"


def test_bytes_swapped_in_staging_are_refused() -> None:
    made = case().told()
    assert made.submission.current is not None
    name = made.submission.current.staging_name
    size = made.submission.current.size_bytes
    storages["staging"].delete(name)
    storages["staging"].save(name, ContentFile(b"x" * size))
    assert refusal(made) == "bytes_differ"


def test_a_caller_who_announces_the_swapped_bytes_is_refused_by_the_trail() -> None:
    made = case().told()
    assert made.submission.current is not None
    name, body = made.submission.current.staging_name, b"hostile"
    storages["staging"].delete(name)
    storages["staging"].save(name, ContentFile(body))
    with pytest.raises(RefusedError) as refused:
        put(Publish(made.release(sha256=hashlib.sha256(body).hexdigest(), size_bytes=len(body))))
    assert refused.value.code == "not_checked"


def test_bytes_once_taken_back_never_come_again() -> None:
    first = published("example.mod", "1.0.0")
    put(Hide("example.mod", "1.0.0", "It deletes saves.", "hard"))
    again = case("example.mod", "1.0.1", first.author, data=b"")
    assert first.submission.current is not None and again.submission.current is not None
    again.submission.current.staging_name = first.submission.current.staging_name
    again.submission.current.sha256 = first.sha256
    again.submission.current.size_bytes = first.submission.current.size_bytes
    again.told()
    assert refusal(again) == "bytes_taken_back"


def test_a_version_once_published_never_comes_again() -> None:
    owner = factories.make_user("modder")
    factories.make_release(owner, "example.mod", "1.0.0", at=datetime(2026, 1, 1, tzinfo=UTC))
    assert refusal(case("example.mod", "1.0.0", owner).told()) == "version_exists"


def test_a_reserved_namespace_is_never_claimed_by_a_release() -> None:
    assert refusal(case("smmods.mod").told()) == "namespace_reserved"
    made = case("starminer.mod")
    factories.make_namespace("starminer", made.author)
    assert put(Publish(made.told().release())) is not None
