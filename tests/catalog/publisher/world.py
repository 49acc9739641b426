"""A small world for the publisher's tests: submissions with their evidence in the audit trail."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Action
from accounts.models import AuditEntry, User
from catalog import contract
from catalog.publisher import Change, NewRelease, Publish, publish
from tests import factories
from uploads.models import Submission

#: The fingerprint of a finding that stops an approval.
FINDING = "f" * 32


def record(actor: User, action: Action, submission: Submission, after: dict[str, Any]) -> AuditEntry:
    """An entry about a submission."""
    with transaction.atomic():
        return audit.record(actor, action, "submission", submission.submission_id, after=after)


def good_statuses() -> dict[str, str]:
    """Every intake check that the contract asks for, passed."""
    return {row["id"]: "passed" for row in contract.value("checks") if row["phase"] == "intake"}


@dataclass
class Case:
    """An approved submission: what the trail says of it can be changed before it is told."""

    submission: Submission
    author: User
    moderator: User

    @property
    def sha256(self) -> str:
        assert self.submission.current is not None
        return self.submission.current.sha256

    def received(self, actor: User | None = None) -> AuditEntry:
        return record(actor or self.author, Action.UPLOAD_RECEIVED, self.submission, {"sha256": self.sha256})

    def checked(self, **more: Any) -> AuditEntry:
        after = {
            "state": "pending_review",
            "revision": 1,
            "sha256": self.sha256,
            "rulesVersion": contract.value("rules_version"),
            "checks": good_statuses(),
            "blocking": [],
        }
        return record(User.objects.system(), Action.VALIDATION_FINISHED, self.submission, after | more)

    def decided(self, actor: User | None = None, **more: Any) -> AuditEntry:
        after = {
            "action": "approve",
            "state": "approved",
            "revision": 1,
            "sha256": self.sha256,
            "needs": "",
            "firstSequence": None,
            "reasons": [],
        }
        return record(actor or self.moderator, Action.MODERATION_DECIDED, self.submission, after | more)

    def judged(self, actor: User | None = None, **more: Any) -> AuditEntry:
        after = {
            "fingerprint": FINDING,
            "code": "yara_match",
            "verdict": "false_alarm",
            "scope": "release",
            "modId": self.submission.mod_id,
            "needs": "",
        }
        return record(
            actor or self.moderator, Action.MODERATION_FINDING_JUDGED, self.submission, after | more
        )

    def told(self) -> "Case":
        """Write the whole honest story."""
        self.received()
        self.checked()
        self.decided()
        return self

    def release(self, **more: Any) -> NewRelease:
        revision = self.submission.current
        assert revision is not None

        def opened() -> BinaryIO:
            file: Any = storages["staging"].open(revision.staging_name, "rb")
            return file

        values: dict[str, Any] = {
            "submission_id": self.submission.submission_id,
            "revision": 1,
            "mod_id": self.submission.mod_id,
            "version": self.submission.version,
            "sha256": revision.sha256,
            "size_bytes": revision.size_bytes,
            "manifest": revision.manifest,
            "sidecar": revision.sidecar,
            "uploaded_by": self.author,
            "reviewed_at": timezone.now(),
            "open": opened,
            "checks": [{"id": "zip_path_safety", "status": "passed"}],
        }
        return NewRelease(**(values | more))


def case(mod_id: str = "", version: str = "1.0.0", author: User | None = None, **more: Any) -> Case:
    """A submission that waits for review, with an author and a moderator; the trail says nothing of it yet."""
    author = author or factories.make_user("modder")
    submission = factories.make_submission(author, "approved", mod_id, version, **more)
    return Case(submission, author, factories.make_user("moderator"))


def put(*changes: Change, **more: Any) -> Any:
    """Publish as the system."""
    return publish(changes, actor=User.objects.system(), cause="test", **more)


def published(mod_id: str = "", version: str = "1.0.0", author: User | None = None, **more: Any) -> Case:
    """A release that went the honest way into the catalog."""
    made = case(mod_id, version, author, **more).told()
    assert put(Publish(made.release())) is not None
    return made


class StoppedError(Exception):
    """A test stopped a run."""


def stop_at(name: str) -> Callable[[str], None]:
    """A checkpoint that stops the run after the step of that name."""

    def checkpoint(step: str) -> None:
        if step == name:
            raise StoppedError(step)

    return checkpoint


def hash_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
