"""Every action × state × role × relation, through the page and the API: one answer, one effect."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.audit import Action
from accounts.models import AuditEntry, AuditOrigin, User
from moderation.models import Decision
from moderation.table import ACTIONS, Rule
from tests.factories import (
    add_revision,
    make_namespace,
    make_release,
    make_submission,
    make_user,
    signed_in,
)
from uploads.models import Submission
from uploads.states import STATES, State

pytestmark = pytest.mark.django_db

ROLES = ("", "player", "modder", "moderator", "admin")
RELATIONS = ("author", "maintainer", "uploader", "other")
DOORS = ("page", "api")
WORDS: dict[str, Any] = {"reason": "quality", "successor": "9.0.0", "question": "Is it fine?"}


class RollbackError(Exception):
    """Ends a case; nothing of it stays."""


def send(door: str, client: Client, submission: Submission, rule: Rule) -> tuple[int, str]:
    """The action through a door: status and code (empty for a success)."""
    current = submission.current
    assert current is not None
    if door == "api":
        body: dict[str, Any] = {"action": rule.name, "revision": current.number, "sha256": current.sha256}
        if rule.reason:
            body["reasons"] = [{"policy": WORDS["reason"], "values": {}}]
        if rule.successor:
            body["successor"] = WORDS["successor"]
        if rule.question:
            body["question"] = WORDS["question"]
        answer = client.post(
            f"/api/v1/submissions/{submission.submission_id}/decisions", body, content_type="application/json"
        )
        return answer.status_code, answer.json().get("code", "")
    form = {
        "action": rule.name,
        "revision": str(current.number),
        "sha256": current.sha256,
        "confirmed": "1",
        **WORDS,
    }
    page = client.post(f"/moderation/review/{submission.submission_id}/decide/", form)
    return page.status_code, ""


def situation(state: State, relation: str, actor: User | None, action: str = "") -> Submission:
    """A submission in `state` to which `actor` stands in `relation`, with a successor that could be named.

    Where it is approved and `action` would undo that, the approval still waits.
    """
    submission = make_submission(actor if relation == "author" else None, state, "ore.lamp")
    if relation == "maintainer" and actor is not None:
        make_namespace("ore", submission.author, actor)
    if relation == "uploader" and actor is not None:
        add_revision(submission, data=b"PK by another", uploader=actor)
    make_release(submission.author, "ore.lamp", WORDS["successor"])
    if action == "undo" and state == State.APPROVED and submission.current is not None:
        Decision.objects.create(
            submission=submission,
            revision=submission.current,
            sha256=submission.current.sha256,
            action="approve",
            decider=make_user("moderator"),
            undo_until=timezone.now() + timedelta(minutes=5),
        )
    return submission


def effects() -> tuple[int, int]:
    """How many decisions were made, and how many entries there are about them."""
    made = Decision.objects.exclude(undo_until__isnull=False)
    return made.count(), AuditEntry.objects.filter(action=Action.MODERATION_DECIDED).count()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_state(action: str, door: str) -> None:
    rule, actor = ACTIONS[action], make_user("moderator")
    for state in STATES:
        with pytest.raises(RollbackError), transaction.atomic():
            submission = situation(state, "other", None, action)
            client = Client()
            client.force_login(actor)
            status, code = send(door, client, submission, rule)
            submission.refresh_from_db()
            if state in rule.sources:
                assert status == {"page": 302, "api": 200}[door], (state, code)
                assert submission.state == (rule.target or state)
                assert effects() == (1, 1)
                origin = AuditOrigin.objects.get(entry__action=Action.MODERATION_DECIDED)
                assert origin.door == door
            else:
                assert status == 409, (state, code)
                assert code in {"page": ("",), "api": ("illegal_move",)}[door]
                assert submission.state == state
                assert effects() == (0, 0)
            raise RollbackError


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_role_and_relation(action: str, door: str) -> None:
    rule = ACTIONS[action]
    for role in ROLES:
        for relation in RELATIONS if role else ("other",):
            with pytest.raises(RollbackError), transaction.atomic():
                actor = make_user(role) if role else None
                submission = situation(rule.sources[0], relation, actor, action)
                client = Client()
                if actor is not None:
                    client.force_login(actor)
                status, code = send(door, client, submission, rule)
                allowed = role in ("moderator", "admin") and relation == "other"
                if allowed:
                    assert status == {"page": 302, "api": 200}[door], (role, relation, code)
                elif not role:
                    assert status == 401
                else:
                    assert status == 403, (role, relation, status)
                    if door == "api":
                        own = role in ("moderator", "admin")
                        assert code == ("own_work" if own else "role_required"), (role, relation)
                assert effects() == ((1, 1) if allowed else (0, 0))
                raise RollbackError


def test_a_key_is_not_a_session(client: Client) -> None:
    submission = make_submission()
    assert submission.current is not None
    answer = client.post(
        f"/api/v1/submissions/{submission.submission_id}/decisions",
        {"action": "approve", "revision": 1, "sha256": submission.current.sha256},
        content_type="application/json",
        headers={"Authorization": "Bearer smm_abc_def"},
    )
    assert answer.status_code == 401
    assert (
        client.get("/api/v1/moderation/queue", headers={"Authorization": "Bearer smm_abc_def"}).status_code
        == 401
    )


@pytest.mark.parametrize("door", DOORS)
def test_a_forged_form_decides_nothing(door: str, moderator: User) -> None:
    submission = make_submission()
    client = Client(enforce_csrf_checks=True)
    client.force_login(moderator)
    status, _ = send(door, client, submission, ACTIONS["approve"])
    assert status == 403
    assert effects() == (0, 0)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "json_syntax"),
        (b'{"action": "approve", "action": "reject"}', 400, "json_duplicate_key"),
        (b"[]", 422, "bad_input"),
        (b'{"action": "approve"}', 422, "bad_input"),
        (b'{"action": "approve", "revision": 0, "sha256": "' + b"0" * 64 + b'"}', 422, "bad_input"),
        (
            b'{"action": "approve", "revision": 1, "sha256": "' + b"0" * 64 + b'", "extra": 1}',
            422,
            "bad_input",
        ),
        (b'{"action": "burn", "revision": 1, "sha256": "' + b"0" * 64 + b'"}', 422, "unknown_action"),
        (b'{"action": "approve", "revision": 1, "sha256": "' + b"0" * 64 + b'"}', 409, "stale_revision"),
        (b'{"action": "approve", "revision": 1, "sha256": 5}', 422, "bad_input"),
    ],
)
def test_bad_input_over_the_api(client: Client, moderator: User, body: bytes, status: int, code: str) -> None:
    submission = make_submission()
    client.force_login(moderator)
    answer = client.post(
        f"/api/v1/submissions/{submission.submission_id}/decisions", body, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["hint"]
    assert effects() == (0, 0)


def test_the_answer_of_a_first_approval_says_what_it_needs(client: Client, moderator: User) -> None:
    submission = make_submission(mod_id="ore.lamp")
    assert submission.current is not None
    submission.current.files.create(
        path="Binaries/Win64/ore.dll", size_bytes=2, crc32=0, sha256="0" * 64, kind="pe", executable=True
    )
    client.force_login(moderator)
    answer = client.post(
        f"/api/v1/submissions/{submission.submission_id}/decisions",
        {
            "action": "approve",
            "revision": 1,
            "sha256": submission.current.sha256,
            "note": None,
            "successor": None,
        },
        content_type="application/json",
    ).json()
    assert (answer["state"], answer["needs"]) == ("pending_review", "second_person")
    assert answer["schema"] == "smmods.upload-submission.v1"


def test_the_description_of_the_api_holds_the_decision_whole(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    call = document["paths"]["/api/v1/submissions/{submission_id}/decisions"]["post"]
    schema = call["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["required"]) == {"action", "revision", "sha256"}
    assert schema["properties"]["reasons"]["items"]["properties"]["policy"]
    assert "$defs" not in str(call)


@pytest.mark.parametrize("role", ["moderator", "admin"])
def test_the_admin_is_no_door_to_a_decision(role: str) -> None:
    """Submissions and decisions are read there and never written, whatever the role."""
    submission = make_submission()
    client = signed_in(make_user(role))
    before = effects()
    for kind in ("uploads/submission", "moderation/decision"):
        for place in ("add/", f"{submission.pk}/change/", f"{submission.pk}/delete/"):
            answer = client.post(f"/admin/{kind}/{place}", {"state": "approved", "action": "approve"})
            assert answer.status_code in (302, 403, 404), (kind, place)
    submission.refresh_from_db()
    assert (submission.state, effects()) == ("pending_review", before)
