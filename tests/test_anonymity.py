"""Nobody outside the staff ever reads who moderates: no page, API answer, feed, file, export or mail names them.

Every kind of decision, verdict, note, message, hold and answer is made by people with unmistakable names; then
every route of the portal is read as everybody who is not staff, and every mail and published file is looked
through for their names, addresses and account ids.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import get_resolver

from accounts.models import User
from catalog.publisher import public_tree
from moderation import appeals, assignments, drafts, leases, notes, reports, verdicts
from moderation.actions import decide
from moderation.models import Decision
from moderation.table import ACTIONS
from tests.catalog.publisher.world import Case
from tests.factories import drain, make_file, make_namespace, make_signal, make_submission, make_user
from tests.test_routes import routes
from uploads import services
from uploads.models import Submission
from uploads.states import State

pytestmark = pytest.mark.django_db

WORDS: dict[str, Any] = {
    "reasons": [{"policy": "quality", "values": {"place": "init.lua"}}],
    "note": "Please.",
}
NAMES = ("Xanthippe Quorl", "Zebulon Vantreight", "Ottoline Fizzwhistle")


class Story:
    """Staff with names of their own, an author with a co-maintainer, and what the staff did."""

    def __init__(self) -> None:
        self.one, self.two, self.chief = (
            make_user(role, f"{name.split()[0].lower()}@staff.example", display_name=name)
            for role, name in zip(("moderator", "moderator", "admin"), NAMES, strict=True)
        )
        self.author = make_user("modder", "author@example.com", display_name="The Author")
        self.helper = make_user("modder", "helper@example.com", display_name="The Helper")
        self.player = make_user("player", "player@example.com")
        make_namespace("ore", self.author, self.helper)
        self.submissions: list[Submission] = []

    @property
    def staff(self) -> tuple[User, ...]:
        return self.one, self.two, self.chief

    def waiting(self, mod_id: str, version: str = "1.0.0") -> Submission:
        """A checked submission in review."""
        submission = make_submission(self.author, mod_id=mod_id, version=version)
        told = Case(submission, self.author, self.one)
        told.received()
        told.checked()
        self.submissions.append(submission)
        return submission

    def act(self, actor: User, submission: Submission, action: str, **given: Any) -> None:
        submission.refresh_from_db()
        assert submission.current is not None
        decide(
            actor,
            submission.submission_id,
            action=action,
            revision=submission.current.number,
            sha256=submission.current.sha256,
            **given,
        )
        drain()


@pytest.fixture
def story() -> Story:
    """Everything that staff can do to somebody's work, done."""
    told = Story()
    one, two, chief = told.staff
    asked = told.waiting("ore.asked")
    told.act(one, asked, "escalate", question="Is it fine?")
    told.act(chief, asked, "request_changes", **WORDS)
    appealed = told.waiting("ore.appealed")
    told.act(one, appealed, "reject", **WORDS)
    services.post_message(told.author, appealed, "But why?")
    appeals.reply(two, appealed, "Because of the license.")
    told.act(two, appealed, "reopen", note="We look again.")
    told.act(one, appealed, "reject", **WORDS)
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        told.act(one, told.waiting("ore.lamp", version), "approve", note="Good.")
    lamp = {row.version: row for row in told.submissions if row.mod_id == "ore.lamp"}
    told.act(two, lamp["1.1.0"], "hide", **WORDS, level="soft")
    told.act(one, lamp["1.0.0"], "hide", **WORDS, level="hard")
    told.act(one, lamp["1.1.0"], "restore", **WORDS)
    told.act(one, lamp["1.0.0"], "restore", **WORDS)
    told.act(two, lamp["1.0.0"], "restore", **WORDS)
    told.act(chief, told.waiting("ore.single"), "approve")
    told.act(one, lamp["1.1.0"], "hide", **WORDS)
    older = told.waiting("ore.single", "0.9.0")
    told.act(one, older, "approve")
    older.refresh_from_db()
    if older.state == State.PUBLISHED:
        told.act(two, older, "supersede", successor="1.0.0")
    twice = told.waiting("ore.library")
    file = make_file(twice, "version.dll", b"MZ", "pe")
    file.executable = True
    file.save()
    told.act(one, twice, "approve", note="First of two.")
    held = told.waiting("ore.held")
    finding = make_signal(held, blocking=True)
    for scope in ("release", "mod", "everywhere"):
        verdicts.judge(one, held.submission_id, finding.fingerprint, "false_alarm", scope, "By me.")
    verdicts.judge(two, held.submission_id, finding.fingerprint, "false_alarm", "everywhere")
    notes.write(one, held, f"Between {one.name} and {two.name}.")
    appeals.reply(chief, held, "One question.")
    assignments.assign(chief, [held.submission_id], two.account_id)
    drafts.keep(one, held.submission_id, [("note", f"{one.name} thinks.")])
    leases.take(two, held.submission_id)
    filed = reports.file(
        slug="lamp", version="", reason=next(iter(reports.REASONS)), text="It broke.", reporter=told.player
    )
    reports.close(two, filed.report_id, upheld=False, outcome="We looked; it is fine.")
    drain()
    return told


def addresses(story: Story) -> Iterator[str]:
    """Every route outside of the workbench, for each of the author's submissions and mods."""
    values: dict[str, list[str]] = {
        "submission_id": [row.submission_id for row in story.submissions],
        "mod_id": ["ore.lamp", "ore.single"],
        "slug": ["lamp", "single"],
        "version": ["1.0.0", "1.1.0"],
        "schema_id": ["smmods.catalog.v1"],
        "account_id": [story.one.account_id],
    }
    for route in sorted(set(routes(get_resolver().url_patterns))):
        names = re.findall(r"<(?:\w+:)?(\w+)>", route)
        if route.startswith(("^", "dev/", "__")):
            continue
        for chosen in itertools.product(*(values.get(name, ["1"]) for name in names)):
            filled = dict(zip(names, chosen, strict=True))
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found, it=filled: it[found.group(1)], route)


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode("utf-8", "replace") + str(dict(answer.headers))


def betrayed(story: Story, text: str) -> list[str]:
    """What of the staff the text tells."""
    told = [word for person in story.staff for word in (person.name, person.email, person.account_id)]
    told += [person.name.split()[0] for person in story.staff]
    return [word for word in told if word.lower() in text.lower()]


def no_page(story: Story, who: str) -> None:
    """No page or answer of the API that `who` gets."""
    client = Client()
    if who != "anonymous":
        client.force_login(getattr(story, who))
    found: dict[str, list[str]] = {}
    seen = 0
    for address in addresses(story):
        text = read(client, address)
        # Whoever asks for an account by its id knows it; nothing else may follow from it.
        names = [word for word in betrayed(story, text) if word not in address]
        seen += 1
        if names:
            found[address] = names
    assert found == {}, who
    assert seen > 100
    if who == "author":
        assert "Moderation team" in read(client, story.submissions[0].get_absolute_url())


def no_mail(story: Story) -> None:
    """No mail to anybody who is not staff."""
    mails = [sent for sent in mail.outbox if not any(person.email in sent.to for person in story.staff)]
    assert len(mails) >= 12
    for sent in mails:
        parts = (sent.subject, sent.body, sent.alternatives, sent.from_email, sent.extra_headers, sent.cc)
        assert betrayed(story, str(parts)) == [], sent.subject
    assert any("Moderation team" in str(sent.body) for sent in mails)


def no_file() -> list[str]:
    """Every file of the published tree, as text."""
    files = [path for path in public_tree().root.rglob("*") if path.is_file()]
    assert len(files) > 10
    return [path.read_bytes().decode("utf-8", "replace") for path in files]


def no_answer_to_a_post(story: Story) -> None:
    """No answer to what an author sends."""
    client = Client()
    client.force_login(story.author)
    for submission in story.submissions:
        for place, data in (
            ("message/", {"text": "Hello?"}),
            ("follow/", {}),
            ("replace/", {}),
            ("withdraw/", {"confirmed": "1"}),
        ):
            answer = client.post(f"/upload/{submission.submission_id}/{place}", data)
            assert betrayed(story, answer.content.decode()) == [], place
        answer = client.post(f"/api/v1/uploads/{submission.submission_id}/cancel")
        assert betrayed(story, answer.content.decode()) == []


def test_nobody_outside_the_staff_reads_who_moderates(story: Story) -> None:
    made = set(Decision.objects.values_list("action", flat=True))
    assert set(ACTIONS) - made <= {"undo"}
    assert betrayed(story, f"x {story.one.email.upper()}") == [story.one.email, "Xanthippe"]
    for who in ("anonymous", "player", "author", "helper"):
        no_page(story, who)
    no_mail(story)
    assert [text for text in no_file() if betrayed(story, text)] == []
    no_answer_to_a_post(story)
    drain()
    no_mail(story)


def test_a_moderators_own_work_is_reviewed_without_names() -> None:
    story = Story()
    own = make_submission(story.one, mod_id="own.mod")
    leases.take(story.two, own.submission_id)
    notes.write(story.two, own, "Looks odd.")
    appeals.reply(story.two, own, "What is it for?")
    client = Client()
    client.force_login(story.one)
    others = [person for person in story.staff if person != story.one]
    for address in (f"/upload/{own.submission_id}/", f"/moderation/review/{own.submission_id}/"):
        text = client.get(address).content.decode()
        for person in others:
            assert person.name not in text, address
            assert person.email not in text, address
