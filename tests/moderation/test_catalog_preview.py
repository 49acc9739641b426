"""What the catalog would look like: exactly what the publisher does then, and nothing of it stays."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from catalog.models import Maintainer, Mod, Namespace, Release
from catalog.publisher import facts
from moderation import catalog_preview
from moderation.catalog_preview import preview
from moderation.publication import new_release
from tests.factories import make_namespace, make_release, make_submission, make_user
from uploads.models import Submission
from uploads.states import State

pytestmark = pytest.mark.django_db


def counts() -> list[int]:
    return [model.objects.count() for model in (Mod, Release, Namespace, Maintainer, AuditEntry)]


def published(version: str = "1.0.0", state: str = State.PUBLISHED) -> Submission:
    """A submission whose release is in the catalog."""
    submission = make_submission(state=state, mod_id="ore.lamp", version=version)
    release = make_release(submission.author, "ore.lamp", version, submission_id=submission.submission_id)
    facts.renew(release.mod.mod_id, release.published_at)
    return submission


def lines(found: catalog_preview.Preview, kind: str) -> list[str]:
    return [
        line.text.strip().rstrip(",")
        for document in found.documents
        for hunk in document.difference.hunks
        for line in hunk.lines
        if line.kind == kind
    ]


def test_a_first_release_is_all_new_and_stays_unwritten() -> None:
    submission = make_submission(mod_id="ore.lamp")
    before = counts()
    found = preview(submission, "approve")
    assert [document.path for document in found.documents] == [
        "api/v1/catalog.json",
        "api/v1/mods/ore.lamp/versions.json",
    ]
    assert '"id": "ore.lamp"' in lines(found, "add")
    assert lines(found, "del") == []
    assert found.refused == ""
    assert counts() == before


def test_an_update_shows_the_lines_that_change() -> None:
    first = published()
    later = make_submission(first.author, mod_id="ore.lamp", version="1.1.0")
    before = counts(), Mod.objects.get().catalog_entry
    found = preview(later, "approve")
    assert '"version": "1.1.0"' in lines(found, "add")
    assert '"version": "1.0.0"' in lines(found, "del")
    assert '"supersededBy": "1.1.0"' in lines(found, "add")
    assert (counts(), Mod.objects.get().catalog_entry) == before


def test_it_says_what_the_publisher_does_then(moderator: User) -> None:
    first = published()
    later = make_submission(first.author, mod_id="ore.lamp", version="1.1.0")
    told = lines(preview(later, "approve"), "add")
    release = new_release(later)
    facts.apply(catalog_preview.Publish(release), first.created_at)
    entry = json.loads(facts.renew("ore.lamp", first.created_at).catalog_entry)
    for value in (entry["latest"]["sha256"], entry["latest"]["artifactUrl"], entry["name"]):
        assert any(value in line for line in told) or value == "A mod"


def test_taking_back_shows_the_blocklist_and_who_is_left_alone() -> None:
    submission = published()
    make_release(mod_id="ice.needs", dependencies=({"id": "ore.lamp", "version": "^1.0.0"},))
    make_release(mod_id="ice.other", dependencies=({"id": "ore.lamp", "version": "^2.0.0"},))
    before = counts()
    found = preview(submission, "hide", level="hard", reason="It phones home.")
    paths = [document.path for document in found.documents]
    assert "api/v1/blocklist.json" in paths
    assert '"level": "hard"' in lines(found, "add")
    assert '"reason": "It phones home."' in lines(found, "add")
    assert found.left_alone == 1
    assert [(one.mod_id, one.now, one.then) for one in found.dependants] == [
        ("ice.needs", "1.0.0", ""),
        ("ice.other", "", ""),
    ]
    assert counts() == before
    assert Release.objects.get(mod__mod_id="ore.lamp").taken_back_at is None


def test_dependants_are_told_what_they_would_find() -> None:
    first = published()
    make_release(
        mod_id="ice.needs", dependencies=({"id": "ore.lamp", "version": ">=1.0.0", "optional": True},)
    )
    later = make_submission(first.author, mod_id="ore.lamp", version="1.1.0")
    (one,) = preview(later, "approve").dependants
    assert (one.now, one.then, one.optional, one.left_alone) == ("1.0.0", "1.1.0", True, False)


def test_putting_back_and_superseding() -> None:
    first, _ = published(), published("2.0.0")
    Release.objects.filter(version="1.0.0").update(
        taken_back_at=first.created_at, taken_back_level="soft", taken_back_reason="Broken."
    )
    assert "api/v1/blocklist.json" in [d.path for d in preview(first, "restore").documents]
    Release.objects.filter(version="1.0.0").update(taken_back_at=None)
    assert '"supersededBy": "2.0.0"' in lines(preview(first, "supersede", successor="2.0.0"), "add")
    assert preview(first, "supersede").documents == ()


@pytest.mark.parametrize("action", ["reject", "request_changes", "escalate", "reopen"])
def test_other_actions_change_nothing(action: str) -> None:
    assert preview(make_submission(), action).documents == ()


def test_what_the_publisher_would_refuse_is_said() -> None:
    published()
    again = make_submission(state=State.REJECTED, mod_id="ore.lamp", version="1.0.0")
    make_namespace("ore", again.author)
    assert "published before" in preview(again, "approve").refused
    strange = make_submission(make_user("modder"), mod_id="ore.other")
    assert preview(strange, "approve").refused


def test_a_submission_without_an_identity_has_no_preview() -> None:
    submission = make_submission()
    Submission.objects.filter(pk=submission.pk).update(mod_id=None, version=None)
    submission.refresh_from_db()
    assert preview(submission, "approve") == catalog_preview.NOTHING


@pytest.mark.parametrize(
    ("manifest", "sidecar"),
    [({}, {}), (None, None), ({"name": []}, {}), ({"name": "A", "entrypoints": 1}, [])],
)
def test_documents_that_no_release_can_be_made_of_are_said(
    manifest: Any, sidecar: Any, client: Client, moderator: User
) -> None:
    submission = make_submission(state=State.VALIDATION_FAILED, mod_id="ore.lamp")
    assert submission.current is not None
    submission.current.manifest, submission.current.sidecar = manifest, sidecar
    submission.current.save()
    before = counts()
    assert "lacks what a release needs" in preview(submission, "approve").refused
    assert counts() == before
    client.force_login(moderator)
    page = client.get(f"/moderation/review/{submission.submission_id}/catalog/")
    assert page.status_code == 200
    assert "The publisher would refuse it" in page.content.decode()


def test_the_page_and_the_question_show_it(client: Client, moderator: User) -> None:
    client.force_login(moderator)
    first = published()
    later = make_submission(first.author, mod_id="ore.lamp", version="1.1.0")
    base = f"/moderation/review/{later.submission_id}/"
    for query in ("", "?action=approve", "?action=nonsense"):
        page = client.get(f"{base}catalog/{query}").content.decode()
        assert "Catalog, if you approve it" in page
        assert "&quot;version&quot;: &quot;1.1.0&quot;" in page
    for action, words in (("reject", "if you reject it"), ("request_changes", "if you request changes")):
        page = client.get(f"{base}catalog/?action={action}").content.decode()
        assert words in page
        assert "Nothing in the catalog changes" in page
    assert 'data-hx-get="' + base + 'catalog/"' in client.get(base).content.decode()
    assert later.current is not None
    form: dict[str, Any] = {"action": "approve", "revision": 1, "sha256": later.current.sha256}
    asked = client.post(f"{base}decide/", form).content.decode()
    assert "Catalog, if you approve it" in asked
    assert "api/v1/mods/ore.lamp/versions.json" in asked
    rejected = client.post(
        f"{base}decide/", form | {"action": "reject", "reason": "quality"}
    ).content.decode()
    assert "Catalog, if" not in rejected
