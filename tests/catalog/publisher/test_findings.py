"""Blocking findings and dependencies at the gate: only the trail clears them, and every lie is refused."""

from collections.abc import Callable

import pytest
from django.db import connection

from accounts import audit_triggers
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry
from catalog.models import Release
from catalog.publisher import Hide, Publish, findings
from tests import factories
from tests.catalog.publisher.world import FINDING, Case, case, published, put

pytestmark = pytest.mark.django_db


def blocked() -> Case:
    """A submission of which the checks said that one finding stops its approval."""
    made = case("example.mod")
    made.received()
    made.checked(blocking=[FINDING])
    return made


def refusal(made: Case) -> str:
    """The code that publishing is refused with after the approval; nothing is published."""
    made.decided()
    with pytest.raises(RefusedError) as refused:
        put(Publish(made.release()))
    assert refused.value.hint
    assert not Release.objects.filter(submission_id=made.submission.submission_id).exists()
    return refused.value.code


def nobody_judged_it(_: Case) -> None:
    """The trail is silent."""


def judged_true(made: Case) -> None:
    made.judged(verdict="true")


def true_after_all(made: Case) -> None:
    made.judged()
    made.judged(verdict="true")


def true_of_the_mod(made: Case) -> None:
    made.judged(verdict="true", scope="mod")
    made.judged()


def true_everywhere(made: Case) -> None:
    made.judged(verdict="true", scope="everywhere", needs="second_person")
    made.judged(factories.make_user("admin"), verdict="true", scope="everywhere")
    made.judged()


def another_finding_judged(made: Case) -> None:
    made.judged(fingerprint="0" * 32)


def judged_in_another_submission(made: Case) -> None:
    case("example.mod", "2.0.0").judged()


def judged_of_another_mod(made: Case) -> None:
    case("other.mod").judged(scope="mod")


def everywhere_by_one(made: Case) -> None:
    made.judged(scope="everywhere", needs="second_person")


def everywhere_without_a_first(made: Case) -> None:
    made.judged(scope="everywhere")


def everywhere_twice_by_one(made: Case) -> None:
    made.judged(scope="everywhere", needs="second_person")
    made.judged(scope="everywhere")


def everywhere_of_two_minds(made: Case) -> None:
    made.judged(scope="everywhere", needs="second_person", verdict="true")
    made.judged(factories.make_user("admin"), scope="everywhere")


def everywhere_that_names_nobody_it_waits_for(made: Case) -> None:
    made.judged(scope="everywhere", needs="second_person")
    made.judged(factories.make_user("admin"), scope="everywhere", needs=None)


def unknown_verdict(made: Case) -> None:
    made.judged(verdict="looks fine")


def unknown_scope(made: Case) -> None:
    made.judged(scope="galaxy")


def judged_by_a_player(made: Case) -> None:
    made.judged(factories.make_user("player"))


def judged_by_a_modder(made: Case) -> None:
    made.judged(factories.make_user("modder"))


def judged_by_its_author(made: Case) -> None:
    made.author.role = "moderator"
    made.author.save()
    made.judged(made.author)


def judged_by_a_maintainer(made: Case) -> None:
    other = factories.make_user("moderator")
    factories.make_namespace("example", made.author, other)
    made.judged(other)


def second_everywhere_was_its_author(made: Case) -> None:
    made.author.role = "admin"
    made.author.save()
    made.judged(scope="everywhere", needs="second_person")
    made.judged(made.author, scope="everywhere")


LIES: list[Callable[[Case], None]] = [
    nobody_judged_it,
    judged_true,
    true_after_all,
    true_of_the_mod,
    true_everywhere,
    another_finding_judged,
    judged_in_another_submission,
    judged_of_another_mod,
    everywhere_by_one,
    everywhere_without_a_first,
    everywhere_twice_by_one,
    everywhere_of_two_minds,
    everywhere_that_names_nobody_it_waits_for,
    unknown_verdict,
    unknown_scope,
    judged_by_a_player,
    judged_by_a_modder,
    judged_by_its_author,
    judged_by_a_maintainer,
    second_everywhere_was_its_author,
]


@pytest.mark.parametrize("lie", LIES, ids=[lie.__name__ for lie in LIES])
def test_a_blocking_finding_that_nobody_cleared_is_refused(lie: Callable[[Case], None]) -> None:
    made = blocked()
    lie(made)
    assert refusal(made) == "blocking_finding"


@pytest.mark.parametrize("said", [None, "none", {}, [1], [""], [None]])
def test_checks_that_do_not_say_what_blocks_let_nothing_through(said: object) -> None:
    made = case()
    made.received()
    made.checked(blocking=said)
    assert refusal(made) == "blocking_finding"


def test_a_verdict_changed_in_the_database_is_refused() -> None:
    made = blocked()
    entry = made.judged(verdict="true")
    assert isinstance(entry.after, dict)
    audit_triggers.drop(connection)
    AuditEntry.objects.filter(pk=entry.pk).update(after=entry.after | {"verdict": "false_alarm"})
    audit_triggers.install(connection)
    assert refusal(made) == "audit_damaged"


def cleared_here(made: Case) -> None:
    made.judged()


def accepted(made: Case) -> None:
    made.judged(verdict="accepted_risk")


def a_mistake_mended(made: Case) -> None:
    made.judged(verdict="true")
    made.judged(factories.make_user("admin"))


def cleared_of_the_mod_in_another_submission(made: Case) -> None:
    case("example.mod", "0.9.0").judged(scope="mod")


def cleared_everywhere_by_two(made: Case) -> None:
    other = case("other.mod")
    other.judged(scope="everywhere", needs="second_person")
    other.judged(factories.make_user("moderator"), scope="everywhere")


TRUTHS: list[Callable[[Case], None]] = [
    cleared_here,
    accepted,
    a_mistake_mended,
    cleared_of_the_mod_in_another_submission,
    cleared_everywhere_by_two,
]


@pytest.mark.parametrize("story", TRUTHS, ids=[story.__name__ for story in TRUTHS])
def test_a_finding_that_was_cleared_passes(story: Callable[[Case], None]) -> None:
    made = blocked()
    story(made)
    made.decided()
    assert put(Publish(made.release())) is not None
    assert AuditEntry.objects.filter(action=Action.MODERATION_FINDING_JUDGED.value).exists()


def test_each_finding_must_be_cleared() -> None:
    made = case("example.mod")
    made.received()
    made.checked(blocking=[FINDING, "0" * 32])
    made.judged()
    left = findings.uncleared(
        [FINDING, "0" * 32],
        findings.verdicts_on([FINDING, "0" * 32]),
        submission_id=made.submission.submission_id,
        mod_id="example.mod",
        people=set(),
    )
    assert left == ["0" * 32]
    assert refusal(made) == "blocking_finding"


def needing(mod_id: str, wanted: str, **more: object) -> Case:
    """A submission whose manifest has one dependency."""
    wish = [{"id": mod_id, "version": wanted} | more]
    return case("example.mod", manifest_more={"dependencies": wish}, sidecar_more={"dependencies": wish})


def test_what_needs_an_unpublished_mod_is_not_listed() -> None:
    made = needing("base.library", "^1.0.0")
    made.received()
    made.checked()
    assert refusal(made) == "dependency_not_published"
    factories.make_release(mod_id="base.library", version="2.0.0")
    assert refusal(made) == "dependency_not_published"
    factories.make_release(made.author, "base.library", "1.2.0")
    assert put(Publish(made.release())) is not None


def test_what_was_taken_back_does_not_count() -> None:
    published("base.library", "1.0.0")
    put(Hide("base.library", "1.0.0", "Broken."))
    made = needing("base.library", "^1.0.0")
    made.received()
    made.checked()
    assert refusal(made) == "dependency_not_published"


def test_an_optional_dependency_may_be_missing() -> None:
    made = needing("base.library", "^1.0.0", optional=True).told()
    assert put(Publish(made.release())) is not None
