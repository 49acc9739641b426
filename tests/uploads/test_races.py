"""Many at once and a killed worker: one winner, one verdict, nothing lost."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.utils import timezone

from accounts.errors import RefusedError
from accounts.models import AuditEntry, OutboxRow
from tests import factories
from tests.uploads.sending import MOD, send, staged
from uploads import services
from uploads.models import Submission
from uploads.states import State

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


def at_once(count: int, act: Callable[[int], str]) -> Counter[str]:
    """How often each answer came from `count` threads that begin together."""
    barrier, answers = threading.Barrier(count), []

    def one(number: int) -> None:
        try:
            barrier.wait()
            answers.append(act(number))
        except RefusedError as refused:
            answers.append(f"{refused.status} {refused.code}")
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(answers)


def test_fifty_at_once_have_one_winner_and_one_audit_entry() -> None:
    people = [factories.make_user("modder") for _ in range(5)]
    answers = at_once(50, lambda number: send(people[number % 5]).state)
    assert answers == {"uploaded": 1, "409 version_exists": 49}
    assert Submission.objects.count() == 1
    assert AuditEntry.objects.count() == 1
    assert OutboxRow.objects.count() == 1
    assert len(staged()) == 1


def test_a_retry_sent_ten_times_at_once_is_one_submission() -> None:
    ada = factories.make_user("modder")
    answers = at_once(10, lambda _: send(ada, key="k1").submission_id)
    assert list(answers.values()) == [10]
    assert (Submission.objects.count(), AuditEntry.objects.count(), len(staged())) == (1, 1, 1)


def test_ten_replacements_at_once_are_one_revision() -> None:
    ada = factories.make_user("modder")
    submission = factories.make_submission(ada, "validation_failed", MOD)

    def replace(number: int) -> str:
        found = Submission.objects.select_related("current").get(pk=submission.pk)
        package = factories.good_package(MOD)
        services.replace(ada, found, chunks=[package], content_type="application/zip")
        return "replaced"

    answers = at_once(10, replace)
    assert answers["replaced"] == 1
    assert all(answer.startswith("409 ") for answer in answers if answer != "replaced")
    assert submission.revisions.count() == 2
    assert AuditEntry.objects.count() == 1
    assert len(staged()) == 2


#: What the worker of this test runs: the real work, but for a check that takes a minute.
SLOW_WORKER = """
import json, sys, time
from django.conf import settings
told = json.loads(sys.argv[1])
settings.DATABASES["default"]["NAME"] = told["database"]
settings.STORAGES["staging"]["OPTIONS"]["location"] = told["staging"]
import django
django.setup()
from accounts import outbox
from uploads import checking
def slow(subject):
    print("checking", flush=True)
    time.sleep(60)
checking.run_intake = slow
outbox.run(told["row"])
"""


def killed_in_mid_check(row: OutboxRow) -> None:
    """Let a worker process take the row up, and kill it while it checks."""
    told = {
        "row": row.pk,
        "database": str(connection.settings_dict["NAME"]),
        "staging": storages["staging"].path(""),
    }
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SLOW_WORKER, json.dumps(told)]
    worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    with worker.stdout as said:
        assert said.readline() == "checking\n"
        worker.send_signal(signal.SIGKILL)
    assert worker.wait(timeout=10) == -signal.SIGKILL


def lapse() -> None:
    """The time of every claim is up, and of every wait."""
    past = timezone.now() - timedelta(seconds=1)
    OutboxRow.objects.filter(claimed_until__isnull=False).update(claimed_until=past)
    OutboxRow.objects.update(due_at=past)


def test_a_worker_killed_in_mid_check_loses_nothing(settings: Any) -> None:
    submission = send(factories.make_user("modder"))
    row = OutboxRow.objects.get(kind="checks.run")
    killed_in_mid_check(row)
    submission.refresh_from_db()
    row.refresh_from_db()
    assert (submission.state, row.attempts, row.done_at) == (State.VALIDATING, 1, None)
    assert row.claimed_until is not None
    held = (row.claimed_until - timezone.now()).total_seconds()
    assert 0 < held <= 2 * settings.CELERY_TASK_TIME_LIMIT
    # While the claim holds, nobody else takes it up; once it has lapsed, the next does.
    assert factories.drain() == 0
    lapse()
    assert factories.drain() == 1
    submission.refresh_from_db()
    row.refresh_from_db()
    assert (submission.state, row.attempts) == (State.PENDING_REVIEW, 2)
    assert row.done_at is not None
    assert AuditEntry.objects.filter(action="validation.finished").count() == 1
    assert submission.reasons.count() == 1


def test_a_package_that_kills_every_worker_fails_alone() -> None:
    ada = factories.make_user("modder")
    submission = send(ada)
    for _ in range(3):
        killed_in_mid_check(OutboxRow.objects.get(kind="checks.run"))
        lapse()
    other = send(ada, version="2.0.0")
    factories.drain()
    submission.refresh_from_db()
    other.refresh_from_db()
    assert submission.state == State.VALIDATION_FAILED
    assert services.current(submission).results.get().code == "validation_crashed"
    assert other.state == State.PENDING_REVIEW
