"""A recall: every holder of a file is found, and what is public of it can be taken back at once."""

import hashlib

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.errors import RefusedError
from accounts.models import User
from moderation import recall
from moderation.models import Decision
from tests.factories import make_file, make_release, make_submission, make_user
from uploads.models import Submission
from uploads.states import State

pytestmark = pytest.mark.django_db

FILE = b"os.remove(everything)\n"
HASH = hashlib.sha256(FILE).hexdigest()
REASON = [{"policy": "malware"}]


def holding(state: str, mod_id: str, path: str = "Content/init.lua") -> Submission:
    """A submission in `state` whose package has the file."""
    submission = make_submission(state=state, mod_id=mod_id)
    make_file(submission, path, FILE)
    if state in ("published", "superseded"):
        make_release(submission.author, mod_id, submission_id=submission.submission_id)
    return submission


def test_every_holder_is_found_whatever_became_of_it(moderator: User) -> None:
    states = ("published", "superseded", "hidden", "rejected", "cancelled", "pending_review")
    for number, state in enumerate(states):
        holding(state, f"space.mod{number}")
    make_file(make_submission(), "other.lua")
    found = recall.find(moderator, f"  {HASH.upper()} ")
    assert {holder.submission.state for holder in found.holders} == set(states)
    assert found.total == 6
    assert {holder.path for holder in found.holders} == {"Content/init.lua"}
    assert {plan.submission.state for plan in found.planned} == {"published", "superseded"}


def test_a_whole_package_is_found_by_its_own_hash(moderator: User) -> None:
    submission = make_submission(state="published")
    assert submission.current is not None
    found = recall.find(moderator, submission.current.sha256)
    assert [(holder.submission, holder.path) for holder in found.holders] == [(submission, "")]
    assert len(found.planned) == 1


@pytest.mark.parametrize("wrong", ["", "ab", "g" * 64, HASH + "a"])
def test_what_is_no_hash_is_refused(moderator: User, wrong: str) -> None:
    with pytest.raises(RefusedError) as refused:
        recall.find(moderator, wrong)
    assert refused.value.code == "bad_sha256"


def test_only_staff_look(client: Client) -> None:
    with pytest.raises(RefusedError):
        recall.find(make_user("modder"), HASH)


def test_what_is_public_is_taken_back_each_by_a_decision(moderator: User) -> None:
    first, second = holding("published", "deep.drill"), holding("superseded", "deep.lamp")
    waiting = holding("pending_review", "deep.rope")
    keys = [plan.key for plan in recall.find(moderator, HASH).planned]
    assert waiting.current is not None
    keys.append(f"{waiting.submission_id}:1:{waiting.current.sha256}")
    done = recall.hide(moderator, HASH, keys, reasons=REASON, level="hard", note="It sends data.")
    assert {row.pk for row in done.hidden} == {first.pk, second.pk}
    assert done.refused == ((waiting.submission_id, recall.GONE),)
    assert Decision.objects.filter(action="hide", level="hard", decider=moderator).count() == 2
    waiting.refresh_from_db()
    assert waiting.state == State.PENDING_REVIEW


def test_own_work_is_left_to_somebody_else(moderator: User) -> None:
    submission = make_submission(moderator, state="published", mod_id="deep.drill")
    make_file(submission, "init.lua", FILE)
    (plan,) = recall.find(moderator, HASH).planned
    assert plan.why_not
    done = recall.hide(moderator, HASH, [plan.key], reasons=REASON)
    assert not done.hidden and "own work" in done.refused[0][1]


def test_without_reason_or_choice_nothing_happens(moderator: User) -> None:
    submission = holding("published", "deep.drill")
    (plan,) = recall.find(moderator, HASH).planned
    for keys, reasons, code in (([], REASON, "nothing_chosen"), ([plan.key], [], "reason_required")):
        with pytest.raises(RefusedError) as refused:
            recall.hide(moderator, HASH, keys, reasons=reasons)
        assert refused.value.code == code
    submission.refresh_from_db()
    assert submission.state == State.PUBLISHED


def test_the_page_previews_and_keeps_what_was_typed(moderator: User, client: Client) -> None:
    submission = holding("published", "deep.drill", "Content/<b>.lua")
    client.force_login(moderator)
    assert client.get("/moderation/recall/").status_code == 200
    assert client.get("/moderation/recall/?sha256=nonsense").status_code == 422
    assert "Nobody holds it" in client.get(f"/moderation/recall/?sha256={'0' * 64}").content.decode()
    address = f"/moderation/recall/?sha256={HASH}"
    page = client.get(address).content.decode()
    assert "Content/&lt;b&gt;.lua" in page and "Take these releases back" in page
    (plan,) = recall.find(moderator, HASH).planned
    refused = client.post(address, {"item": plan.key, "note": "Kept words."})
    assert refused.status_code == 422 and "Kept words." in refused.content.decode()
    done = client.post(address, {"item": plan.key, "reason": "malware", "level": "hard"})
    assert "1 release taken back" in done.content.decode()
    submission.refresh_from_db()
    assert submission.state == State.HIDDEN


def test_as_many_questions_for_many_holders(moderator: User) -> None:
    counts = []
    for number in (3, 39):
        for place in range(number):
            holding("published", f"space.mod{number}-{place}")
        with CaptureQueriesContext(connection) as queries:
            recall.find(moderator, HASH)
        counts.append(len(queries))
    assert counts[0] == counts[1]
