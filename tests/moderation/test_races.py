"""Many moderators at once: no double decision, no lost one, one audit entry each."""

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts import audit
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, OutboxRow, User
from moderation import publication
from moderation.actions import decide
from moderation.models import Decision
from moderation.table import CLOCKS
from tests import services
from tests.factories import make_file, make_submission, make_user
from uploads.models import QueueReason, Submission

MODERATORS, ITEMS = 20, 200
QUALITY = [{"policy": "quality"}]


def at_once(work: Callable[[User], str], people: list[User]) -> list[str]:
    """What `work` answered for each person, all started together."""
    start, answers = threading.Barrier(len(people)), []

    def run(person: User) -> None:
        try:
            start.wait()
            answers.append(work(person))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(answers) == len(people)
    return answers


def answer(person: User, submission: Submission, action: str) -> str:
    """Decide, and say how it went."""
    assert submission.current is not None
    try:
        done = decide(
            person,
            submission.submission_id,
            action=action,
            revision=1,
            sha256=submission.current.sha256,
            reasons=QUALITY if action in ("reject", "request_changes") else (),
        )
    except RefusedError as refused:
        return refused.code
    return done.needs or "done"


def decided() -> int:
    return AuditEntry.objects.filter(action=Action.MODERATION_DECIDED).count()


@pytest.mark.django_db(transaction=True)
def test_twenty_decide_on_one_item() -> None:
    people = [make_user("moderator") for _ in range(MODERATORS)]
    submission = make_submission()
    actions = dict(zip((person.pk for person in people), ["approve", "reject"] * MODERATORS, strict=False))
    answers = Counter(at_once(lambda person: answer(person, submission, actions[person.pk]), people))
    assert answers == {"done": 1, "already_decided": MODERATORS - 1}
    assert Decision.objects.count() == decided() == 1
    assert OutboxRow.objects.filter(kind="mail.send").count() == 1
    submission.refresh_from_db()
    assert submission.state == {"approve": "approved", "reject": "rejected"}[Decision.objects.get().action]
    assert audit.verify().intact


@pytest.mark.django_db(transaction=True)
def test_twenty_approve_what_needs_two() -> None:
    people = [make_user("moderator") for _ in range(MODERATORS)]
    submission = make_submission(mod_id="ore.lamp")
    file = make_file(submission, "Binaries/Win64/ore.dll", b"MZ", "pe")
    file.executable = True
    file.save()
    answers = Counter(at_once(lambda person: answer(person, submission, "approve"), people))
    assert answers == {"second_person": 1, "done": 1, "already_decided": MODERATORS - 2}
    assert decided() == 2
    assert len(set(Decision.objects.values_list("decider", flat=True))) == 2


@pytest.mark.django_db(transaction=True)
def test_twenty_work_through_ten_items() -> None:
    people = [make_user("moderator") for _ in range(MODERATORS)]
    items = [make_submission() for _ in range(10)]

    def work(person: User) -> str:
        return ",".join(answer(person, item, "reject") for item in items)

    answers = Counter(",".join(at_once(work, people)).split(","))
    assert answers == {"done": 10, "already_decided": 10 * (MODERATORS - 1)}
    assert Decision.objects.count() == decided() == 10
    assert set(Submission.objects.values_list("state", flat=True)) == {"rejected"}
    assert audit.verify().intact


@pytest.mark.django_db(transaction=True)
def test_twenty_clear_two_hundred_items() -> None:
    """Each goes through a third of them, from a place of their own, and says something else than the next one."""
    if connection.vendor != "postgresql":
        return  # one writer at a time: shown over PostgreSQL, by the test at the end
    people = [make_user("moderator") for _ in range(MODERATORS)]
    author = make_user("modder")
    items = [make_submission(author, mod_id=f"many.mod-{place}", data=b"PK") for place in range(ITEMS)]
    actions = ("approve", "reject", "request_changes")
    wanted = {person.pk: actions[place % 3] for place, person in enumerate(people)}
    start = {person.pk: place * ITEMS // MODERATORS for place, person in enumerate(people)}

    def work(person: User) -> str:
        mine = [items[(start[person.pk] + step) % ITEMS] for step in range(ITEMS // 3)]
        return ",".join(answer(person, item, wanted[person.pk]) for item in mine)

    answers = Counter(",".join(at_once(work, people)).split(","))
    tries = MODERATORS * (ITEMS // 3)
    assert answers == {"done": ITEMS, "already_decided": tries - ITEMS}
    assert Decision.objects.count() == decided() == ITEMS
    assert Decision.objects.values("submission").distinct().count() == ITEMS
    states = {"approve": "approved", "reject": "rejected", "request_changes": "changes_requested"}
    for row in Decision.objects.select_related("submission"):
        assert row.submission.state == states[row.action]
        assert row.action == wanted[row.decider_id]
    assert not QueueReason.objects.filter(closed_at__isnull=True).exists()
    assert OutboxRow.objects.filter(kind="mail.send").count() == ITEMS
    assert audit.verify().intact


@pytest.mark.django_db(transaction=True)
def test_twenty_undo_while_the_publisher_looks(settings: Any) -> None:
    """Half undo at the last moment and half publish: each release is either put back or taken along, never both."""
    settings.SMMODS_UNDO_MINUTES = 1
    people = [make_user("moderator") for _ in range(MODERATORS)]
    items = [make_submission() for _ in people]
    for item in items:
        answer(people[0], item, "approve")
    half = set(range(0, MODERATORS, 2))
    late = [items[place].pk for place in range(MODERATORS) if place not in half]
    over = timezone.now() - 2 * CLOCKS
    Decision.objects.filter(submission__in=late).update(undo_until=over)
    taken: list[int] = []

    def work(person: User) -> str:
        place = people.index(person)
        if place == 1:
            taken.extend(submission.pk for submission in publication._approved())
        return answer(person, items[place], "undo")

    answers = Counter(at_once(work, people))
    assert answers == {"done": len(half), "undo_over": MODERATORS - len(half)}
    assert sorted(taken) == sorted(late)
    back = Submission.objects.filter(state="pending_review").values_list("pk", flat=True)
    assert sorted(back) == sorted(items[place].pk for place in half)
    assert sorted(row.pk for row in publication._approved()) == sorted(late)


@pytest.mark.postgres
def test_the_same_over_postgresql(postgres_url: str) -> None:
    """Where the suite itself runs on SQLite: the tests above once more, over a PostgreSQL database of their own."""
    if connection.vendor == "postgresql":
        return
    base, _, _ = postgres_url.rpartition("/")
    environment = os.environ | {"DATABASE_URL": f"{base}/smmods_races_{os.getpid()}"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        __file__,
        "-k",
        "twenty",
        "--create-db",
    ]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        command, env=environment, cwd=root, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert services.postgres_answers()
