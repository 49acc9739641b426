"""`kill -9` of the worker in the middle of a check loses nothing: the next one gives one verdict."""

import json
import os
import time
from typing import Any

import pytest

from tests import packages
from tests.e2e.stack import Stack, wait_for
from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

ENTRIES = """
import json
from accounts.models import AuditEntry
from uploads.models import CheckResult, Submission
submission = Submission.objects.get(submission_id="{}")
entries = AuditEntry.objects.filter(target_id=submission.submission_id).order_by("sequence")
results = CheckResult.objects.filter(revision__submission=submission)
print(json.dumps([list(entries.values_list("action", flat=True)), list(results.values_list("check_id", flat=True))]))
"""


def sent(modder: Visitor, version: str) -> str:
    """The address of a new submission, large enough to be in the middle of its check for a while."""
    document = packages.manifest("slowscan.map", version)
    data = {f"Content/notes-{n}.txt": os.urandom(1 << 20).hex().encode() for n in range(40)}
    package = packages.zip_of(packages.good_parts(document, data))
    answer = modder.upload("/api/v1/uploads", package, packages.encoded(packages.sidecar(document, package)))
    assert answer.status == 202, answer.body
    return answer.headers["Location"]


def test_a_killed_worker_loses_nothing(portal: Stack, modder: Visitor) -> None:
    def state(address: str) -> Any:
        return modder.get(address).json()["state"]

    def begun(address: str) -> Any:
        now = state(address)
        return now if now != "uploaded" else None

    for patch in range(5):
        address = sent(modder, f"1.0.{patch}")
        if wait_for(lambda address=address: begun(address), "the check to begin") == "validating":
            portal.kill("worker")
            break
    time.sleep(1)
    assert state(address) == "validating", "the worker was killed in the middle of a check"
    portal.start("worker")
    wait_for(lambda: state(address) == "pending_review", "the verdict after the kill", 60)
    submission = address.rsplit("/", 1)[1]
    actions, results = json.loads(portal.manage("shell", "-v0", "-c", ENTRIES.format(submission)))
    assert actions.count("validation.finished") == 1
    assert len(results) == len(set(results)) > 10
    portal.manage("verify_audit")
