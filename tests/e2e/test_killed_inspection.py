"""`kill -9` of the worker and of the confined child, at twenty seeded moments: one verdict each, and nothing is left.

A submission whose attempts all died ends in `validation_failed` with `validation_crashed`, for a human: that is a
verdict too, and the only other one that these packages may get.
"""

import json
import os
import random
import signal
import time
import urllib.error
from pathlib import Path
from typing import Any

import pytest

from tests import packages
from tests.e2e.stack import Stack, wait_for
from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

SEED = 20
MOMENTS = 20
AT_FIRST, MOST = 6, 14
WAITING = {"uploaded", "validating"}

VERDICTS = """
import json
from accounts.models import AuditEntry
from uploads.models import CheckResult, Submission
found = {}
for submission in Submission.objects.filter(mod_id="slowscan.killed"):
    entries = AuditEntry.objects.filter(target_id=submission.submission_id, action="validation.finished")
    results = CheckResult.objects.filter(revision__submission=submission)
    found[submission.submission_id] = [
        submission.state, entries.count(), list(results.values_list("check_id", "code").order_by("position"))
    ]
print(json.dumps(found))
"""


def below(pid: int) -> list[int]:
    """Processes below `pid`, as the kernel tells them."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *below(child)]
    return found


def confined(pid: int) -> list[int]:
    """Those below `pid` that can open nothing any more: children with a package."""
    found = []
    for child in below(pid):
        try:
            if "Max open files            0 " in Path(f"/proc/{child}/limits").read_text():
                found.append(child)
        except OSError:
            continue
    return found


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


class Submissions:
    """Packages that take a while to inspect, and where they stand."""

    def __init__(self, modder: Visitor, draw: random.Random) -> None:
        self.modder = modder
        self.draw = draw
        self.addresses: list[str] = []

    def send(self) -> None:
        document = packages.manifest("slowscan.killed", f"1.{len(self.addresses)}.0")
        data = {f"Content/notes-{n}.txt": self.draw.randbytes(1 << 19).hex().encode() for n in range(8)}
        package = packages.zip_of(packages.good_parts(document, data))
        sidecar = packages.encoded(packages.sidecar(document, package))

        def taken() -> str:
            # Without a worker that was seen lately the door is closed; it says so before it has read everything.
            try:
                answer = self.modder.upload("/api/v1/uploads", package, sidecar)
            except urllib.error.URLError:
                return ""
            assert answer.status in {202, 503}, answer.body
            return answer.headers.get("Location", "")

        self.addresses.append(wait_for(taken, "uploads to be open", 90))

    def top_up(self) -> None:
        """See that there is something to do, within the open submissions that one account may have."""
        if not self.waiting() and len(self.addresses) < MOST:
            self.send()

    def waiting(self) -> list[str]:
        return [a for a in self.addresses if self.modder.get(a).json()["state"] in WAITING]


def test_killed_at_twenty_moments(portal: Stack, modder: Visitor) -> None:
    draw = random.Random(SEED)
    sent = Submissions(modder, draw)
    for _ in range(AT_FIRST):
        sent.send()
    for _ in range(MOMENTS // 2):
        sent.top_up()
        child = wait_for(lambda: confined(portal.processes["worker"].pid), "a child with a package", 90)[0]
        time.sleep(draw.uniform(0.0, 0.3))
        if alive(child):
            os.kill(child, signal.SIGKILL)
            wait_for(lambda child=child: not alive(child), "the child to be gone", 15)
    for _ in range(MOMENTS // 2):
        sent.top_up()
        time.sleep(draw.uniform(0.0, 1.0))
        there = below(portal.processes["worker"].pid)
        portal.kill("worker")
        wait_for(lambda there=there: not any(map(alive, there)), "everything below the worker to be gone", 15)
        portal.start("worker")
    wait_for(lambda: not sent.waiting(), "every verdict", 240)
    verdicts: dict[str, Any] = json.loads(portal.manage("shell", "-v0", "-c", VERDICTS))
    assert len(verdicts) == len(sent.addresses)
    for state, finished, results in verdicts.values():
        assert finished == 1
        if state == "pending_review":
            checks = [check for check, _ in results]
            assert len(checks) == len(set(checks)) > 10
        else:
            assert (state, results) == ("validation_failed", [["validation", "validation_crashed"]])
    states = [state for state, _, _ in verdicts.values()]
    assert "pending_review" in states
    assert list((portal.var / "incoming").iterdir()) == []
    # The portal is shared: submissions of other tests may have revisions.
    staged = [path for path in (portal.var / "staging").rglob("*") if path.parent.name in verdicts]
    crowded = [path for path in staged if sum(other.parent == path.parent for other in staged) > 1]
    assert {path.parent.name for path in staged} == set(verdicts)
    assert crowded == [], "one file a submission, no half-written one"
    wait_for(lambda: not confined(portal.processes["worker"].pid), "the last child to end")
    portal.manage("verify_audit")
