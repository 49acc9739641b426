"""Edits of a listing: who may propose one, what is refused, and that the old words stay until it is approved."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from catalog.models import Category, Mod
from moderation.actions import decide
from tests.factories import make_release, make_user
from uploads import listings, services
from uploads.models import Submission
from uploads.staging import open_staged
from uploads.states import State

pytestmark = pytest.mark.django_db

WORDS: dict[str, Any] = {
    "summary": "Digs deeper.",
    "description": "Now with *two* drills.",
    "categories": [],
    "links": {"source": "https://code.example.org/drill"},
}


@pytest.fixture
def mod() -> Mod:
    """A mod of the catalog, and its owner."""
    return make_release(mod_id="deep.drill").mod


@pytest.fixture
def owner(mod: Mod) -> User:
    return mod.namespace.maintainers.get().user


@pytest.fixture
def moderator() -> User:
    return make_user("moderator")


def decided(moderator: User, submission: Submission, action: str, **more: Any) -> None:
    submission.refresh_from_db()
    assert submission.current is not None
    decide(
        moderator,
        submission.submission_id,
        action=action,
        revision=submission.current.number,
        sha256=submission.current.sha256,
        **more,
    )
    submission.refresh_from_db()


def test_an_edit_waits_while_the_old_words_stay(mod: Mod, owner: User) -> None:
    sent = listings.propose(owner, "deep.drill", WORDS)
    assert (sent.kind, sent.state, sent.version, sent.name) == ("listing", "pending_review", None, mod.name)
    assert sent.reasons.get(closed_at=None).kind == "listing_edited"
    mod.refresh_from_db()
    assert mod.summary == "Says hello."
    assert sent.current is not None
    with open_staged(sent.current) as staged:
        assert json.loads(staged.read()) == WORDS | {"schema": "smmods.listing.v1", "modId": "deep.drill"}
    checked = AuditEntry.objects.get(action="validation.finished", target_id=sent.submission_id)
    assert checked.after["checks"] == {"listing_schema": "passed"}
    assert checked.after["sha256"] == sent.current.sha256


@pytest.mark.parametrize(
    ("words", "code", "pointer"),
    [
        ({"summary": ""}, "listing_invalid", "/summary"),
        ({"summary": "x" * 201}, "listing_invalid", "/summary"),
        ({"description": "x" * 50_001}, "listing_invalid", "/description"),
        ({"links": {"source": "javascript:alert(1)"}}, "listing_invalid", "/links/source"),
        ({"links": {"shop": "https://example.org"}}, "listing_invalid", "/links"),
        ({"categories": ["absent"]}, "listing_invalid", "/categories/0"),
    ],
)
def test_words_that_break_a_rule_are_refused_and_leave_nothing(
    mod: Mod, owner: User, words: dict[str, Any], code: str, pointer: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        listings.propose(owner, "deep.drill", WORDS | words)
    assert refused.value.code == code
    assert refused.value.problems[0].pointer.startswith(pointer)
    assert refused.value.problems[0].hint
    assert not Submission.objects.exists()


def test_the_same_words_are_no_edit(mod: Mod, owner: User) -> None:
    with pytest.raises(RefusedError) as refused:
        listings.propose(owner, "deep.drill", listings.live(mod))
    assert refused.value.code == "listing_unchanged"


def test_one_edit_at_a_time(mod: Mod, owner: User) -> None:
    first = listings.propose(owner, "deep.drill", WORDS)
    with pytest.raises(RefusedError) as refused:
        listings.propose(owner, "deep.drill", WORDS | {"summary": "Deeper still."})
    assert (refused.value.code, refused.value.extra["submissionId"]) == ("listing_open", first.submission_id)
    services.withdraw(owner, first)
    assert listings.propose(owner, "deep.drill", WORDS).state == State.PENDING_REVIEW


@pytest.mark.parametrize("role", ["player", "modder", "moderator", "admin"])
def test_a_stranger_may_not_and_learns_nothing(mod: Mod, role: str) -> None:
    for mod_id in ("deep.drill", "absent.mod"):
        with pytest.raises(RefusedError) as refused:
            listings.propose(make_user(role), mod_id, WORDS)
        assert refused.value.status == (403 if role == "player" else 404)


def test_a_mod_that_is_not_in_the_catalog_has_no_listing(mod: Mod, owner: User) -> None:
    Mod.objects.update(latest=None)
    with pytest.raises(RefusedError) as refused:
        listings.propose(owner, "deep.drill", WORDS)
    assert refused.value.status == 404


def test_requested_changes_are_answered_by_a_revision(mod: Mod, owner: User, moderator: User) -> None:
    sent = listings.propose(owner, "deep.drill", WORDS)
    with pytest.raises(RefusedError, match="can't be changed now"):
        listings.revise(owner, sent, WORDS | {"summary": "Deeper."})
    decided(moderator, sent, "request_changes", reasons=[{"policy": "quality"}])
    listings.revise(owner, sent, WORDS | {"summary": "Deeper."})
    sent.refresh_from_db()
    assert sent.current is not None and sent.current.sidecar is not None
    assert (sent.state, sent.current.number, sent.current.sidecar["summary"]) == (
        "pending_review",
        2,
        "Deeper.",
    )


def test_a_package_does_not_answer_for_words(mod: Mod, owner: User, moderator: User) -> None:
    sent = listings.propose(owner, "deep.drill", WORDS)
    decided(moderator, sent, "request_changes", reasons=[{"policy": "quality"}])
    with pytest.raises(RefusedError) as refused:
        services.replace(owner, sent, chunks=[b"PK"], content_type="application/zip")
    assert refused.value.code == "illegal_move"


def test_what_needs_an_artifact_is_not_decided_on_words(mod: Mod, owner: User, moderator: User) -> None:
    sent = listings.propose(owner, "deep.drill", WORDS)
    Submission.objects.filter(pk=sent.pk).update(state=State.PUBLISHED.value)
    for action, more in (
        ("hide", {"reasons": [{"policy": "quality"}]}),
        ("supersede", {"successor": "1.0.0"}),
    ):
        with pytest.raises(RefusedError) as refused:
            decided(moderator, sent, action, **more)
        assert refused.value.code == "illegal_move"


def test_nobody_approves_their_own_words(mod: Mod, owner: User) -> None:
    sent = listings.propose(owner, "deep.drill", WORDS)
    owner.role = "moderator"
    owner.save(update_fields=["role"])
    with pytest.raises(RefusedError) as refused:
        decided(owner, sent, "approve")
    assert refused.value.code == "own_work"


def test_the_page_shows_the_words_and_sends_new_ones(mod: Mod, owner: User, client: Client) -> None:
    Category.objects.get_or_create(code="tools", defaults={"name": "Tools"})
    address = "/upload/listing/deep.drill/"
    client.force_login(owner)
    assert "Says hello." in client.get(address).content.decode()
    wrong = client.post(address, {"summary": "Digs.", "source": "http://no.example.org"})
    assert wrong.status_code == 422
    assert "Digs." in wrong.content.decode() and "https" in wrong.content.decode()
    same = client.post(address, {"summary": mod.summary, "description": mod.description})
    assert same.status_code == 422 and "there already" in same.content.decode()
    done = client.post(address, {"summary": "Digs deeper.", "categories": ["tools"]})
    sent = Submission.objects.get()
    assert done["Location"] == sent.get_absolute_url()
    assert client.get(address)["Location"] == sent.get_absolute_url()
    page = client.get(sent.get_absolute_url()).content.decode()
    assert "Withdraw" in page and "Replace package" not in page and "listing" in page
    client.force_login(make_user("modder"))
    assert client.get(address).status_code == 404


def test_the_page_of_a_sent_back_edit_begins_with_its_words(
    mod: Mod, owner: User, moderator: User, client: Client
) -> None:
    sent = listings.propose(owner, "deep.drill", WORDS)
    decided(moderator, sent, "request_changes", reasons=[{"policy": "quality"}])
    client.force_login(owner)
    replace = client.get(f"{sent.get_absolute_url()}replace/")
    assert replace["Location"] == "/upload/listing/deep.drill/"
    assert "Digs deeper." in client.get("/upload/listing/deep.drill/").content.decode()
    client.post("/upload/listing/deep.drill/", {"summary": "Deeper."})
    sent.refresh_from_db()
    assert sent.current is not None and sent.current.number == 2
