"""Policies: where they start, how they are rendered, and that every edit is a version."""

from typing import Any

import pytest
from django.test import Client

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from catalog import contract
from moderation import ground, policies
from moderation.models import Policy
from moderation.table import ACTIONS
from tests.factories import make_user

pytestmark = pytest.mark.django_db
START = ["malware", "impersonation", "copyright", "broken", "misleading", "quality", "rules", "other"]


def test_the_portal_starts_with_eight_none_with_a_blank_that_must_be_filled() -> None:
    rows = policies.in_force()
    assert [row.code for row in rows] == START
    assert not any(blank["required"] for row in rows for blank in row.blanks)
    for reason in policies.render([{"policy": code} for code in START]):
        assert "{" not in reason.text
        assert "Where" not in reason.text
    assert set(START) >= ground.DANGERS
    assert all(row.default_action in ACTIONS for row in rows)


def test_laying_the_ground_again_changes_no_edit(admin: User) -> None:
    policies.edit(admin, "quality", title="Nearly", text="Nearly there.")
    policies.retire(admin, "other", reason="Not used.")
    ground.lay_ground()
    assert Policy.objects.filter(retired_at__isnull=True).count() == 7
    assert Policy.objects.get(code="quality", retired_at__isnull=True).title == "Nearly"


def test_blanks_are_filled_and_nothing_else_is_replaced(admin: User) -> None:
    blanks = [
        {"name": "file", "label": "File", "required": True},
        {"name": "more", "label": "More", "required": False},
    ]
    policies.edit(admin, "quality", title="Q", text="Mend {file}.\n{more}\nThanks, {0}.", blanks=blanks)
    (reason,) = policies.render([{"policy": "quality", "values": {"file": "{more} {file}"}}])
    assert reason.text == "Mend {more} {file}.\nThanks, {0}."
    assert reason.version == 2
    with pytest.raises(RefusedError) as refused:
        policies.render([{"policy": "quality", "values": {"file": "  "}}])
    assert (refused.value.code, refused.value.problems[0].pointer) == (
        "blank_required",
        "/reasons/0/values/file",
    )


def test_an_edit_is_a_new_version_and_audited(admin: User) -> None:
    policies.edit(admin, "quality", title="Nearly", text="Nearly there.", position=3, reason="Kinder.")
    old, new = Policy.objects.filter(code="quality").order_by("version")
    assert old.retired_at is not None
    assert (new.version, new.retired_at) == (2, None)
    entry = AuditEntry.objects.get(action=Action.MODERATION_POLICY_CHANGED)
    assert (entry.target_type, entry.target_id, entry.reason) == ("policy", "quality", "Kinder.")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["version"], entry.after["title"]) == (1, "Nearly")
    assert policies.edit(admin, "spam", title="Spam", text="It advertises.").version == 1


def test_the_last_one_stays(admin: User) -> None:
    for code in START[:-1]:
        policies.retire(admin, code, reason="Trying.")
    for code, wanted in (("other", "last_policy"), ("malware", "not_found")):
        with pytest.raises(RefusedError) as refused:
            policies.retire(admin, code, reason="Trying.")
        assert refused.value.code == wanted


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"code": "No Code"}, "bad_code"),
        ({"title": ""}, "text_required"),
        ({"title": "x" * 81}, "too_long"),
        ({"text": ""}, "text_required"),
        ({"text": "See {page}."}, "unknown_blank"),
        ({"default_action": "approve"}, "unknown_action"),
        ({"blanks": [{"name": "A", "label": "A"}]}, "bad_blank"),
        ({"blanks": [{"name": "a", "label": "A", "size": 3}]}, "bad_blank"),
        ({"blanks": [{"name": "a", "label": "A"}] * 2}, "blank_twice"),
    ],
)
def test_what_a_policy_can_not_be(admin: User, given: dict[str, Any], code: str) -> None:
    good: dict[str, Any] = {"code": "spam", "title": "Spam", "text": "It advertises."}
    good |= given
    with pytest.raises(RefusedError) as refused:
        policies.edit(admin, good.pop("code"), **good)
    assert refused.value.code == code
    assert not AuditEntry.objects.exists()


def test_policies_are_the_admins(moderator: User) -> None:
    for call in (
        lambda: policies.edit(moderator, "spam", title="Spam", text="It advertises."),
        lambda: policies.retire(moderator, "other", reason="x"),
    ):
        with pytest.raises(RefusedError) as refused:
            call()
        assert refused.value.status == 403


def test_the_register_is_filled() -> None:
    assert [row["code"] for row in contract.value("policies")] == START
    assert [row["id"] for row in contract.value("decision_actions")] == list(ACTIONS)
    assert contract.value("waits") is None


MODELS = ("policy", "decision", "lease", "staffnote")


@pytest.mark.parametrize("name", MODELS)
def test_the_admin_lists_them(client: Client, admin: User, name: str) -> None:
    client.force_login(admin)
    assert client.get(f"/admin/moderation/{name}/?q=a").status_code == 200
    assert client.get(f"/admin/moderation/{name}/add/").status_code == (200 if name == "policy" else 403)
    client.force_login(make_user("moderator"))
    assert client.get(f"/admin/moderation/{name}/").status_code in (302, 403)


def test_the_admin_edits_a_policy(client: Client, admin: User) -> None:
    client.force_login(admin)
    row = Policy.objects.get(code="quality")
    page = f"/admin/moderation/policy/{row.pk}/change/"
    assert "It works, but" in client.get(page).content.decode()
    data = {
        "title": "Nearly",
        "text": "Nearly there: {place}",
        "blanks": '[{"name": "place", "label": "Where"}]',
        "default_action": "request_changes",
        "position": "2",
        "reason": "Kinder.",
    }
    assert client.post(page, data).status_code == 302
    new = Policy.objects.get(code="quality", retired_at__isnull=True)
    assert (new.version, new.title, new.blanks[0]["name"]) == (2, "Nearly", "place")
    assert client.post(page, data).status_code == 403
    page = f"/admin/moderation/policy/{new.pk}/change/"
    assert "A list of objects" in client.post(page, data | {"blanks": '"x"'}).content.decode()
    assert "not declared" in client.post(page, data | {"blanks": "[]"}).content.decode()
    for _ in range(2):
        client.post(
            "/admin/moderation/policy/",
            {
                "action": "retire_selected",
                "_selected_action": list(Policy.objects.values_list("pk", flat=True)),
            },
        )
    assert Policy.objects.filter(retired_at__isnull=True).count() == 1
