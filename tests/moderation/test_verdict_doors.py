"""A verdict through the page and through the API: every role and relation, one answer, one effect."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.audit import Action
from accounts.models import AuditEntry, AuditOrigin, User
from moderation.models import FindingVerdict
from moderation.verdicts import Scope, Verdict
from tests.factories import add_revision, make_namespace, make_signal, make_submission, make_user
from uploads.models import Submission

pytestmark = pytest.mark.django_db

ROLES = ("", "player", "modder", "moderator", "admin")
RELATIONS = ("author", "maintainer", "uploader", "other")
DOORS = ("page", "api")
FINGERPRINT = "f" * 32


class RollbackError(Exception):
    """Ends a case; nothing of it stays."""


def send(door: str, client: Client, submission: Submission, **more: Any) -> tuple[int, dict[str, Any]]:
    """A verdict through a door: the status, and what the API said."""
    given = {"fingerprint": FINGERPRINT, "verdict": "false_alarm", "scope": "release", "note": "why"} | more
    if door == "api":
        answer = client.post(
            f"/api/v1/submissions/{submission.submission_id}/findings", given, content_type="application/json"
        )
        return answer.status_code, answer.json()
    page = client.post(f"/moderation/review/{submission.submission_id}/findings/", given)
    return page.status_code, {}


def situation(relation: str, actor: User | None) -> Submission:
    submission = make_submission(actor if relation == "author" else None, mod_id="ore.lamp")
    if relation == "maintainer" and actor is not None:
        make_namespace("ore", submission.author, actor)
    if relation == "uploader" and actor is not None:
        add_revision(submission, data=b"PK by another", uploader=actor)
    make_signal(submission, fingerprint=FINGERPRINT)
    return submission


def left_behind() -> dict[str, Any]:
    """What a verdict leaves, without who and when."""
    entries = AuditEntry.objects.filter(action=Action.MODERATION_FINDING_JUDGED)
    return {
        "rows": list(FindingVerdict.objects.values_list("fingerprint", "verdict", "scope", "note", "mod_id")),
        "entries": [(entry.before, entry.after, entry.reason) for entry in entries],
    }


@pytest.mark.parametrize("door", DOORS)
def test_every_role_and_relation(door: str) -> None:
    for role in ROLES:
        for relation in RELATIONS if role else ("other",):
            with pytest.raises(RollbackError), transaction.atomic():
                actor = make_user(role) if role else None
                submission = situation(relation, actor)
                client = Client()
                if actor is not None:
                    client.force_login(actor)
                status, said = send(door, client, submission)
                allowed = role in ("moderator", "admin") and relation == "other"
                if allowed:
                    assert status == {"page": 302, "api": 200}[door], (role, relation)
                    origin = AuditOrigin.objects.get(entry__action=Action.MODERATION_FINDING_JUDGED)
                    assert origin.door == door
                elif not role:
                    assert status == 401
                else:
                    assert status == 403, (role, relation)
                    if door == "api":
                        own = role in ("moderator", "admin")
                        assert said["code"] == ("own_work" if own else "role_required"), (role, relation)
                assert FindingVerdict.objects.count() == int(allowed)
                raise RollbackError


@pytest.mark.parametrize("scope", Scope.values)
@pytest.mark.parametrize("verdict", Verdict.values)
def test_both_doors_leave_the_same(verdict: str, scope: str, client: Client, moderator: User) -> None:
    client.force_login(moderator)
    left = []
    for door in DOORS:
        with pytest.raises(RollbackError), transaction.atomic():
            send(door, client, situation("other", None), verdict=verdict, scope=scope)
            left.append(left_behind())
            raise RollbackError
    assert left[0] == left[1]
    assert len(left[0]["rows"]) == len(left[0]["entries"]) == 1


def test_the_api_answers_with_the_verdict(client: Client, moderator: User, second: User) -> None:
    submission = situation("other", None)
    client.force_login(moderator)
    status, said = send("api", client, submission, scope="everywhere")
    assert status == 200
    assert (said["inForce"], said["needs"], said["code"]) == (False, "second_person", "lua_load_joined")
    client.force_login(second)
    _, said = send("api", client, submission, scope="everywhere")
    assert said["inForce"]
    assert "needs" not in said


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"fingerprint": "0" * 32}, 404, "finding_unknown"),
        ({"verdict": "fine"}, 422, "unknown_verdict"),
        ({"scope": "galaxy"}, 422, "unknown_scope"),
        ({"note": "x" * 600}, 422, "too_long"),
        ({"note": "x" * 6000}, 422, "bad_input"),
        ({"verdict": 1}, 422, "bad_input"),
        ({"surprise": True}, 422, "bad_input"),
        ({"fingerprint": None}, 422, "bad_input"),
    ],
)
def test_bad_input_is_refused_with_its_place(
    given: dict[str, Any], status: int, code: str, client: Client, moderator: User
) -> None:
    client.force_login(moderator)
    answer, said = send("api", client, situation("other", None), **given)
    assert (answer, said["code"]) == (status, code)
    assert left_behind() == {"rows": [], "entries": []}


@pytest.mark.parametrize("door", DOORS)
def test_a_forged_form_judges_nothing(door: str, moderator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(moderator)
    status, _ = send(door, client, situation("other", None))
    assert status == 403
    assert left_behind() == {"rows": [], "entries": []}


def test_a_key_judges_nothing(client: Client) -> None:
    answer = client.post(
        f"/api/v1/submissions/{situation('other', None).submission_id}/findings",
        {"fingerprint": FINGERPRINT, "verdict": "true", "scope": "release"},
        content_type="application/json",
        headers={"Authorization": "Bearer smm_abc_def"},
    )
    assert answer.status_code == 401


def test_the_description_lists_the_call(client: Client) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    call = paths["/api/v1/submissions/{submission_id}/findings"]["post"]
    fields = call["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert set(fields) == {"fingerprint", "verdict", "scope", "note"}
