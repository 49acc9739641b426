"""Edits of a listing in the publisher: the gate against every lie, and whose words are shown."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import User
from accounts.strict_json import canonical
from catalog.models import Mod, Release
from catalog.publisher import EditListing, Hide, NewListing, Publish, public_tree
from tests import factories
from tests.catalog.publisher.world import case, published, put, record
from uploads import listings
from uploads.models import Submission
from uploads.staging import open_staged, store

pytestmark = pytest.mark.django_db

WORDS: dict[str, Any] = {
    "summary": "Digs deeper.",
    "description": "Now with two drills.",
    "categories": [],
    "links": {"source": "https://code.example.org/drill"},
}


class Edit:
    """An edit of a published mod's listing that waits for review."""

    def __init__(self, **words: Any) -> None:
        self.release = published("deep.drill")
        self.author: User = self.release.author
        self.again(**words)

    def again(self, **words: Any) -> None:
        """Another edit of the same listing."""
        self.submission = listings.propose(self.author, "deep.drill", WORDS | words)

    def decided(self, actor: User | None = None, **more: Any) -> None:
        current = self.submission.current
        assert current is not None
        after = {
            "action": "approve",
            "state": "approved",
            "revision": current.number,
            "sha256": current.sha256,
            "needs": "",
            "firstSequence": None,
            "reasons": [],
        }
        record(
            actor or factories.make_user("moderator"),
            Action.MODERATION_DECIDED,
            self.submission,
            after | more,
        )

    def listing(self, **more: Any) -> NewListing:
        current = self.submission.current
        assert current is not None
        values: dict[str, Any] = {
            "submission_id": self.submission.submission_id,
            "revision": current.number,
            "mod_id": "deep.drill",
            "sha256": current.sha256,
            "size_bytes": current.size_bytes,
            "uploaded_by": self.author,
            "open": partial(open_staged, current),
        }
        return NewListing(**(values | more))

    def publish(self, **more: Any) -> Any:
        return put(EditListing(self.listing(**more)))


def shown() -> tuple[str, str, dict[str, str]]:
    """The words of the mod in the published documents."""
    tree = public_tree()
    catalog = json.loads(tree.read("api/v1/catalog.json") or b"{}")
    mod = json.loads(tree.read("api/v1/mods/deep.drill/index.json") or b"{}")
    (entry,) = catalog["mods"]
    return entry["summary"], mod["description"], mod["links"]


def test_approved_words_are_in_every_document() -> None:
    edit = Edit()
    before = shown()
    edit.decided()
    publication = edit.publish()
    assert before[0] == "Says hello."
    assert shown() == ("Digs deeper.", "Now with two drills.", {"source": "https://code.example.org/drill"})
    assert publication.plan["applied"][0]["op"] == "listing"
    mod = Mod.objects.get()
    assert "digs deeper" in mod.search_text
    assert mod.latest is not None and mod.latest.version == "1.0.0"


def test_the_words_of_a_newer_release_take_their_place() -> None:
    edit = Edit()
    edit.decided()
    edit.publish()
    newer = case("deep.drill", "1.1.0", edit.author).told()
    put(Publish(newer.release()))
    assert shown()[0] == "Says hello."


def test_taking_the_newer_release_back_brings_the_edited_words_back() -> None:
    edit = Edit()
    edit.decided()
    edit.publish()
    newer = case("deep.drill", "1.1.0", edit.author).told()
    put(Publish(newer.release()))
    put(Hide("deep.drill", "1.1.0", "It crashes."))
    assert shown()[0] == "Digs deeper."


def nobody_decided(_: Edit) -> None:
    """The trail has no approval."""


def its_author_decided(edit: Edit) -> None:
    edit.author.role = "moderator"
    edit.author.save(update_fields=["role"])
    edit.decided(edit.author)


def a_modder_decided(edit: Edit) -> None:
    edit.decided(factories.make_user("modder"))


def other_bytes_were_approved(edit: Edit) -> None:
    edit.decided(sha256="0" * 64)


def a_second_person_is_missing(edit: Edit) -> None:
    edit.decided(needs="second_person")


def it_was_rejected_since(edit: Edit) -> None:
    edit.decided()
    edit.decided(action="reject", state="rejected")


def the_checks_failed_since(edit: Edit) -> None:
    edit.decided()
    current = edit.submission.current
    assert current is not None
    after = {
        "state": "validation_failed",
        "revision": 1,
        "sha256": current.sha256,
        "rulesVersion": listings.SCHEMA,
        "checks": {"listing_schema": "failed"},
    }
    record(User.objects.system(), Action.VALIDATION_FINISHED, edit.submission, after)
    edit.decided()


def it_was_checked_by_other_rules(edit: Edit) -> None:
    current = edit.submission.current
    assert current is not None
    after = {
        "state": "pending_review",
        "revision": 1,
        "sha256": current.sha256,
        "rulesVersion": "smz-1",
        "checks": {"listing_schema": "passed"},
    }
    record(User.objects.system(), Action.VALIDATION_FINISHED, edit.submission, after)
    edit.decided()


def the_mod_is_gone(edit: Edit) -> None:
    edit.decided()
    Release.objects.update(taken_back_at=timezone.now())
    Mod.objects.update(latest=None)


def its_author_left_the_namespace(edit: Edit) -> None:
    edit.decided()
    Mod.objects.get().namespace.maintainers.all().delete()
    factories.make_namespace("deep", factories.make_user("modder"))


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (nobody_decided, "not_decided"),
        (its_author_decided, "own_work"),
        (a_modder_decided, "decider_unfit"),
        (other_bytes_were_approved, "decision_differs"),
        (a_second_person_is_missing, "second_missing"),
        (it_was_rejected_since, "not_decided"),
        (the_checks_failed_since, "checks_failed"),
        (it_was_checked_by_other_rules, "rules_outdated"),
        (the_mod_is_gone, "mod_unknown"),
        (its_author_left_the_namespace, "namespace_taken"),
    ],
)
def test_no_lie_changes_a_word(lie: Callable[[Edit], None], code: str) -> None:
    edit = Edit()
    lie(edit)
    with pytest.raises(RefusedError) as refused:
        edit.publish()
    assert refused.value.code == code
    assert Mod.objects.get().listing is None


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        ({"sha256": "0" * 64}, "bytes_differ"),
        ({"size_bytes": 3}, "bytes_differ"),
        ({"revision": 2}, "not_checked"),
        ({"mod_id": "other.mod"}, "mod_unknown"),
    ],
)
def test_a_caller_is_not_believed(claim: dict[str, Any], code: str) -> None:
    edit = Edit()
    edit.decided()
    with pytest.raises(RefusedError) as refused:
        edit.publish(**claim)
    assert refused.value.code == code


def test_words_of_another_mod_are_refused() -> None:
    edit = Edit()
    edit.decided()
    published("deep.lamp", author=edit.author)
    with pytest.raises(RefusedError) as refused:
        edit.publish(mod_id="deep.lamp")
    assert refused.value.code == "listing_invalid"


def test_swapped_and_missing_bytes_are_refused() -> None:
    edit = Edit()
    edit.decided()
    current = edit.submission.current
    assert current is not None
    place = store()
    raw = canonical(current.sidecar)
    place.delete(current.staging_name)
    with pytest.raises(RefusedError) as missing:
        edit.publish()
    assert missing.value.code == "bytes_missing"
    place.save(current.staging_name, ContentFile(raw.replace(b"deeper", b"badder")))
    with pytest.raises(RefusedError) as swapped:
        edit.publish()
    assert swapped.value.code == "bytes_differ"
    assert Submission.objects.get(pk=edit.submission.pk).state == "pending_review"
