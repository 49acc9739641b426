"""What would be installed with a release: one set that fits, no circle, and nothing that is not there."""

from importlib import import_module
from typing import Any

import pytest

from tests.uploads.checks.subjects import portal, subject, told
from uploads.checks import Result, dependency_contract
from uploads.checks.base import KnownRelease

BUILD = "0.9.0"
OWN = "example.hello-lua"


def wish(mod_id: str, version: str = "*", **more: Any) -> dict[str, Any]:
    return {"id": mod_id, "version": version} | more


def known(mod_id: str, version: str = "1.0.0", *needs: dict[str, Any], **more: Any) -> KnownRelease:
    """A release that needs `needs`."""
    return KnownRelease(mod_id, version, more.pop("build", BUILD), dependencies=needs, **more)


def judge(
    *needs: dict[str, Any],
    there: list[KnownRelease] | None = None,
    coming: list[KnownRelease] | None = None,
    cut: bool = False,
    **manifest: Any,
) -> Result:
    """The check over a release that needs `needs` in a portal that has `there`, and `coming` in the batch."""
    facts = portal(releases=there or [], batch=coming or [], releases_cut=cut)
    return dependency_contract.run(subject(dependencies=list(needs), facts=facts, **manifest))


def test_what_is_needed_in_turn_is_looked_at() -> None:
    there = [known("a.one", "1.0.0", wish("b.two", "^1.0.0")), known("b.two", "1.3.0")]
    assert told(judge(wish("a.one"), there=there)) == ("passed", [])
    there = [known("a.one", "1.0.0", wish("b.two", "^1.0.0")), known("b.two", "2.0.0")]
    result = judge(wish("a.one"), there=there)
    assert told(result) == ("failed", ["set_unresolvable"])
    assert "a.one 1.0.0 needs b.two ^1.0.0; there is 2.0.0." in result.message
    result = judge(wish("a.one"), there=[known("a.one", "1.0.0", wish("b.two"))])
    assert told(result) == ("failed", ["set_unresolvable"])
    assert "b.two" in result.message


def test_an_older_version_is_taken_where_the_newest_does_not_fit() -> None:
    there = [
        known("a.one", "2.0.0", wish("gone.mod")),
        known("a.one", "1.0.0"),
        known("b.two", "1.0.0", wish("a.one", "1.x")),
    ]
    assert told(judge(wish("a.one"), wish("b.two"), there=there)) == ("passed", [])
    result = judge(wish("a.one", "2.x"), wish("b.two"), there=there)
    assert told(result) == ("failed", ["set_unresolvable"])


def test_ranges_of_two_that_leave_nothing() -> None:
    there = [
        known("base.lib", "1.0.0"),
        known("base.lib", "2.0.0"),
        known("a.one", "1.0.0", wish("base.lib", "^1.0.0")),
        known("b.two", "1.0.0", wish("base.lib", "^2.0.0")),
    ]
    result = judge(wish("a.one"), wish("b.two"), there=there)
    assert told(result) == ("failed", ["set_unresolvable"])
    assert result.path == "manifest.json"


@pytest.mark.parametrize("whose", ["own", "theirs", "among them", "against it"])
def test_conflicts_anywhere_in_the_set(whose: str) -> None:
    foe = {"theirs": "b.two", "among them": "c.three", "against it": OWN}.get(whose)
    there = [
        known("a.one", "1.0.0", wish("c.three"), conflicts=[wish(foe)] if foe else []),
        known("b.two"),
        known("c.three"),
    ]
    own = {"conflicts": [wish("c.three")]} if whose == "own" else {}
    result = judge(wish("a.one"), wish("b.two"), there=there, **own)
    assert told(result) == ("failed", ["set_unresolvable"])
    assert "conflicts with" in result.message


def test_the_target_build_and_the_framework_count_for_all_of_it() -> None:
    there = [known("a.one", "1.0.0", wish("b.two")), known("b.two", build="0.8.0")]
    result = judge(wish("a.one"), there=there)
    assert told(result) == ("failed", ["set_unresolvable"])
    assert "build 0.8.0" in result.message
    there = [known("a.one", framework="^9.0.0")]
    result = judge(wish("a.one"), there=there)
    assert told(result) == ("failed", ["set_unresolvable"])
    assert "StarminerFramework ^9.0.0" in result.message


@pytest.mark.parametrize(
    ("there", "way"),
    [
        ([known("a.one", "1.0.0", wish(OWN))], f"{OWN} 0.1.3 → a.one 1.0.0 → {OWN} 0.1.3"),
        (
            [known("a.one", "1.0.0", wish("b.two")), known("b.two", "1.0.0", wish(OWN))],
            f"{OWN} 0.1.3 → a.one 1.0.0 → b.two 1.0.0 → {OWN} 0.1.3",
        ),
        (
            [known("a.one", "1.0.0", wish("b.two")), known("b.two", "2.0.0", wish("a.one"))],
            "a.one 1.0.0 → b.two 2.0.0 → a.one 1.0.0",
        ),
    ],
)
def test_a_circle_is_named(there: list[KnownRelease], way: str) -> None:
    result = judge(wish("a.one"), there=there)
    assert told(result) == ("failed", ["dependency_cycle"])
    assert way in result.message


def test_two_ways_to_the_same_mod_are_no_circle() -> None:
    there = [
        known("a.one", "1.0.0", wish("base.lib")),
        known("b.two", "1.0.0", wish("base.lib"), wish("a.one")),
        known("base.lib"),
    ]
    assert told(judge(wish("a.one"), wish("b.two"), there=there)) == ("passed", [])


def test_an_optional_wish_closes_no_circle_and_pulls_nothing_in() -> None:
    there = [known("a.one", "1.0.0", wish(OWN, optional=True), wish("gone.mod", optional=True))]
    assert told(judge(wish("a.one"), there=there)) == ("passed", [])


def test_what_comes_in_the_same_batch_is_let_through_with_a_warning() -> None:
    coming = [known("a.one", "1.0.0", wish("b.two"), submission_id="sub_one")]
    result = judge(wish("a.one"), there=[known("b.two")], coming=coming)
    assert told(result) == ("warned", ["dependency_in_batch"])
    assert "a.one 1.0.0" in result.message
    assert "sub_one" in result.message


def test_what_is_published_is_preferred_to_the_batch() -> None:
    coming = [known("a.one", "2.0.0", submission_id="sub_one")]
    assert told(judge(wish("a.one"), there=[known("a.one")], coming=coming)) == ("passed", [])
    result = judge(wish("a.one", "^2.0.0"), there=[known("a.one")], coming=coming)
    assert told(result) == ("warned", ["dependency_in_batch"])


def test_a_circle_within_the_batch_is_refused() -> None:
    coming = [known("a.one", "1.0.0", wish(OWN), submission_id="sub_one")]
    assert told(judge(wish("a.one"), coming=coming)) == ("failed", ["dependency_cycle"])


def test_the_batch_does_not_mend_what_cannot_fit() -> None:
    coming = [known("a.one", "1.0.0", wish("gone.mod"), submission_id="sub_one")]
    assert told(judge(wish("a.one"), coming=coming)) == ("failed", ["set_unresolvable"])
    assert told(judge(wish("a.one", "^3.0.0"), coming=coming)) == ("failed", ["dependency_unsatisfied"])


def test_too_many_to_know_is_said_and_refuses_nothing() -> None:
    assert told(judge(wish("a.one"), there=[known("a.one")], cut=True)) == ("warned", ["set_too_large"])
    there = [known("a.one", "1.0.0", wish("b.two"))]
    assert told(judge(wish("a.one"), there=there, cut=True)) == ("warned", ["set_too_large"])


def test_a_search_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("catalog.client.resolve"), "MAX_STEPS", 5)
    there = [known(f"a.mod{n}", "1.0.0", wish(f"a.mod{n + 1}")) for n in range(10)] + [known("a.mod10")]
    assert told(judge(wish("a.mod0"), there=there)) == ("warned", ["set_too_large"])


def test_a_chain_that_is_too_long_to_follow() -> None:
    there = [known(f"a.mod{n}", "1.0.0", wish(f"a.mod{n + 1}")) for n in range(2000)]
    there.append(known("a.mod2000"))
    assert told(judge(wish("a.mod0"), there=there)) == ("warned", ["set_too_large"])


def test_a_version_that_is_none_is_left_to_its_own_check() -> None:
    assert told(judge(wish("a.one"), there=[known("a.one")], version="1.0")) == ("passed", [])
