"""An edit of a listing from the decision to the catalog, and what becomes of earlier ones."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from accounts import outbox
from accounts.models import User
from catalog.models import Mod
from moderation import catalog_preview, publication
from moderation.actions import decide
from tests.catalog.publisher.world import published
from tests.factories import drain
from uploads import listings
from uploads.models import Submission
from uploads.staging import store

pytestmark = pytest.mark.django_db

WORDS: dict[str, Any] = {"summary": "Digs deeper.", "description": "", "categories": [], "links": {}}


@pytest.fixture(autouse=True)
def real_publisher(owed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the publisher does its work."""
    kind = replace(outbox.kinds()[publication.RUN], handler=publication.run)
    monkeypatch.setitem(outbox._kinds, publication.RUN, kind)


@pytest.fixture
def author() -> User:
    """The author of a published mod."""
    return published("deep.drill").author


def approve(moderator: User, submission: Submission) -> str:
    """Approve, let the publisher work, and return the state."""
    current = submission.current
    assert current is not None
    decide(
        moderator,
        submission.submission_id,
        action="approve",
        revision=current.number,
        sha256=current.sha256,
    )
    drain()
    submission.refresh_from_db()
    return submission.state


def test_approved_words_are_published_and_older_ones_superseded(author: User, moderator: User) -> None:
    first = listings.propose(author, "deep.drill", WORDS)
    assert approve(moderator, first) == "published"
    assert Mod.objects.get().summary == "Digs deeper."
    second = listings.propose(author, "deep.drill", WORDS | {"summary": "Digs deepest."})
    assert approve(moderator, second) == "published"
    first.refresh_from_db()
    assert first.state == "superseded"
    assert Mod.objects.get().summary == "Digs deepest."
    assert Submission.objects.get(kind="package").state != "superseded"


def test_swapped_words_go_back_to_review(author: User, moderator: User) -> None:
    sent = listings.propose(author, "deep.drill", WORDS)
    current = sent.current
    assert current is not None
    store().delete(current.staging_name)
    store().save(current.staging_name, ContentFile(b'{"schema":"smmods.listing.v1"}'))
    assert approve(moderator, sent) == "pending_review"
    assert Mod.objects.get().summary == "Says hello."
    assert "The publisher refused it" in sent.reasons.get(kind="by_hand", closed_at=None).detail


def test_the_review_page_compares_with_the_words_that_are_there(
    author: User, moderator: User, client: Client
) -> None:
    sent = listings.propose(author, "deep.drill", WORDS | {"description": "First.\n\nSecond <b>line</b>."})
    client.force_login(moderator)
    page = client.get(f"/moderation/review/{sent.submission_id}/").content.decode()
    assert "Says hello." in page and "Digs deeper." in page
    assert "Second &lt;b&gt;line&lt;/b&gt;." in page
    assert "<del>Says hello.</del> <ins>Digs deeper.</ins>" in page
    assert "versions.json" not in page.partition('id="difference"')[2]
    assert "Hide" not in page.partition('id="decision"')[2].partition("</fieldset>")[0]
    approve(moderator, sent)
    again = client.get(f"/moderation/review/{sent.submission_id}/").content.decode()
    assert "Says hello." in again and "Digs deeper." in again


def test_the_preview_shows_what_the_catalog_would_say(author: User) -> None:
    sent = listings.propose(author, "deep.drill", WORDS)
    shown = catalog_preview.preview(sent, "approve")
    (document,) = shown.documents
    lines = [
        line.text for hunk in document.difference.hunks for row in hunk.rows for line in [row.right] if line
    ]
    assert document.path == "api/v1/catalog.json"
    assert any("Digs deeper." in line for line in lines)
    assert Mod.objects.get().listing is None
    assert catalog_preview.preview(sent, "reject").documents == ()
