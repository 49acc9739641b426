"""The releases that a new one would be installed with: public ones and the batch, a query a level, bounded."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from uploads import batch, neighbours
from uploads.models import Submission

pytestmark = pytest.mark.django_db


def wish(mod_id: str, version: str = "*", **more: Any) -> dict[str, Any]:
    return {"id": mod_id, "version": version} | more


def names(rows: Any) -> list[str]:
    return [f"{row.mod_id} {row.version}" for row in rows]


def test_what_is_needed_in_turn_is_found() -> None:
    owner = factories.make_user("modder")
    factories.make_release(owner, "a.one", dependencies=(wish("b.two"), wish("c.three", optional=True)))
    factories.make_release(owner, "b.two", "1.0.0", dependencies=(wish("d.four"),))
    factories.make_release(owner, "b.two", "1.1.0", superseded_at=timezone.now())
    factories.make_release(owner, "b.two", "0.9.0", taken_back_at=timezone.now())
    factories.make_release(owner, "c.three")
    factories.make_release(owner, "d.four", framework="^0.5.0", conflicts=[wish("e.five")])
    factories.make_release(owner, "z.other")
    found = neighbours.gather({"a.one"}, None)
    assert sorted(names(found.releases)) == ["a.one 1.0.0", "b.two 1.0.0", "b.two 1.1.0", "d.four 1.0.0"]
    assert (found.batch, found.cut) == ((), False)
    four = next(row for row in found.releases if row.mod_id == "d.four")
    assert (four.target_game_build, four.framework, four.conflicts) == ("0.9.0", "^0.5.0", [wish("e.five")])
    assert [row.superseded for row in found.releases if row.version == "1.1.0"] == [True]
    assert neighbours.gather((), None) == neighbours.Neighbours()


def chain(length: int) -> None:
    owner = factories.make_user("modder")
    for number in range(length):
        factories.make_release(owner, f"a.mod{number}", dependencies=(wish(f"a.mod{number + 1}"),))


def test_one_query_a_level_and_at_most_eight_levels() -> None:
    chain(neighbours.LEVELS + 2)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = neighbours.gather({"a.mod0"}, None)
    assert len(queries) == neighbours.LEVELS
    assert (len(found.releases), found.cut) == (neighbours.LEVELS, True)
    wide = [f"b.mod{number}" for number in range(3000)]
    with CaptureQueriesContext(connection) as queries:
        assert not neighbours.gather(wide, None).cut
    assert len(queries) == 1


def test_at_most_so_many_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MOST", 3)
    owner = factories.make_user("modder")
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
        factories.make_release(owner, "a.one", version)
    found = neighbours.gather({"a.one"}, None)
    assert (names(found.releases), found.cut) == (["a.one 1.3.0", "a.one 1.2.0", "a.one 1.1.0"], True)


def own() -> Submission:
    return factories.make_submission(factories.make_user("modder"), "uploaded", "ada.mod")


def test_the_batch_is_of_the_same_author_or_namespace_and_on_its_way() -> None:
    submission = own()
    author, other = submission.author, factories.make_user("modder")
    first = factories.make_submission(author, "pending_review", "elsewhere.lib", "1.0.0")
    factories.make_submission(other, "uploaded", "ada.lib", "1.0.0")
    factories.make_submission(author, "approved", "ada.third", "1.0.0")
    for state in ("draft", "validation_failed", "changes_requested", "rejected", "cancelled", "hidden"):
        factories.make_submission(author, state, f"ada.{state.replace('_', '-')}")
    listing = factories.make_submission(author, "pending_review", "ada.listing")
    Submission.objects.filter(pk=listing.pk).update(kind=Submission.Kind.LISTING)
    factories.make_submission(other, "pending_review", "stranger.lib")
    factories.make_submission(other, "pending_review", "adam.lib")
    assert names(batch.beside(submission)) == ["elsewhere.lib 1.0.0", "ada.lib 1.0.0", "ada.third 1.0.0"]
    assert names(batch.beside(submission, {"ada.lib", "stranger.lib"})) == ["ada.lib 1.0.0"]
    found = neighbours.gather({"elsewhere.lib", "stranger.lib"}, submission)
    assert [row.submission_id for row in found.batch] == [first.submission_id]


def test_what_the_batch_needs_is_found_too() -> None:
    submission = own()
    factories.make_submission(
        submission.author, "uploaded", "ada.lib", manifest_more={"dependencies": [wish("b.two")]}
    )
    factories.make_release(mod_id="b.two")
    found = neighbours.gather({"ada.lib"}, submission)
    assert (names(found.releases), names(found.batch)) == (["b.two 1.0.0"], ["ada.lib 1.0.0"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"dependencies": [{"id": "b.two", "version": "newest"}]},
        {"conflicts": [{"id": "b.two"}]},
        {"framework": "soon"},
    ],
)
def test_a_submission_whose_wishes_can_not_be_read_is_left_out(wrong: dict[str, Any]) -> None:
    submission = own()
    factories.make_submission(submission.author, "uploaded", "ada.lib", manifest_more=wrong)
    assert neighbours.gather({"ada.lib"}, submission).batch == ()


def test_a_sidecar_stands_in_for_a_manifest_that_is_not_read_yet() -> None:
    submission = own()
    beside = factories.make_submission(
        submission.author, "uploaded", "ada.lib", sidecar_more={"dependencies": [wish("b.two")]}
    )
    assert beside.current is not None
    beside.current.manifest = None
    beside.current.save()
    (found,) = neighbours.gather({"ada.lib"}, submission).batch
    assert (found.target_game_build, list(found.dependencies)) == ("0.9.0", [wish("b.two")])
