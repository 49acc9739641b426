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


def test_a_killed_worker_loses_nothing(portal: Stack, modder: Visitor) -> None:
    # Large enough to be in the middle of it for a while, and nothing that deflates.
    document = packages.manifest("driftworks.slow-scan", "1.0.0")
    data = {f"Content/notes-{n}.txt": os.urandom(1 << 20).hex().encode() for n in range(40)}
    package = packages.zip_of(packages.good_parts(document, data))
    sent = modder.upload("/api/v1/uploads", package, packages.encoded(packages.sidecar(document, package)))
    assert sent.status == 202, sent.body
    address = sent.headers["Location"]

    def state() -> Any:
        return modder.get(address).json()["state"]

    seen = wait_for(lambda: state() if state() != "uploaded" else None, "the check to begin")
    portal.kill("worker")
    killed = time.monotonic()
    assert seen == "validating"
    time.sleep(1)
    assert state() == "validating"
    portal.start("worker")
    wait_for(lambda: state() == "pending_review", "the verdict after the kill", 60)
    assert time.monotonic() - killed < 60
    submission = address.rsplit("/", 1)[1]
    actions, results = json.loads(portal.manage("shell", "-v0", "-c", ENTRIES.format(submission)))
    assert actions.count("validation.finished") == 1
    assert len(results) == len(set(results)) > 10
    portal.manage("verify_audit")
