"""Sharing a namespace: who may ask whom, what an answer changes, and that somebody always owns it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, OutboxRow, User
from catalog import adoption, sharing
from catalog.models import Invitation, Maintainer, Namespace
from tests.factories import drain, make_namespace, make_release, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_user("modder", display_name="Ada")


@pytest.fixture
def space(owner: User) -> Namespace:
    """A namespace with a published mod."""
    return make_release(owner, "deep.drill").mod.namespace


@pytest.fixture(autouse=True)
def owned(space: Namespace, owner: User) -> None:
    Maintainer.objects.filter(namespace=space, user=owner).update(owner=True)


def code_of(call: Any, *given: Any, **named: Any) -> str:
    with pytest.raises(RefusedError) as refused:
        call(*given, **named)
    return refused.value.code


def sent() -> list[str]:
    """Who got mail, in order of the alphabet."""
    drain()
    found = sorted(message.to[0] for message in mail.outbox)
    mail.outbox.clear()
    return found


def test_an_invitation_changes_nothing_until_it_is_accepted(owner: User, space: Namespace) -> None:
    mate = make_user("modder")
    invitation = sharing.invite(owner, "deep", mate.email.upper())
    assert sent() == [mate.email]
    assert not space.maintainers.filter(user=mate).exists()
    assert sharing.invited(mate) == [invitation]
    sharing.answer(mate, invitation.pk, accept=True)
    row = space.maintainers.get(user=mate)
    assert not row.owner
    assert sent() == sorted([owner.email, mate.email])
    space.refresh_from_db()
    assert space.maintainers_changed_at is not None
    entry = AuditEntry.objects.get(action=Action.CATALOG_MAINTAINERS_CHANGED)
    assert {one["account"] for one in entry.after} == {owner.account_id, mate.account_id}
    assert AuditEntry.objects.filter(action=Action.CATALOG_MAINTAINERS_ASKED).count() == 1
    assert OutboxRow.objects.filter(kind="publication.run", payload__mods=["deep.drill"]).exists()


def test_an_address_without_an_account_is_answered_alike(owner: User) -> None:
    known = sharing.invite(owner, "deep", make_user("modder").email)
    unknown = sharing.invite(owner, "deep", "nobody.yet@example.com")
    assert (known.kind, known.until.date()) == (unknown.kind, unknown.until.date())
    assert len(sent()) == 2
    late = make_user("modder", "nobody.yet@example.com")
    assert sharing.invited(late) == [unknown]


def test_only_the_address_may_answer_and_only_in_time(owner: User, space: Namespace) -> None:
    mate, other = make_user("modder"), make_user("modder")
    invitation = sharing.invite(owner, "deep", mate.email)
    assert code_of(sharing.answer, other, invitation.pk, accept=True) == "not_found"
    Invitation.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert code_of(sharing.answer, mate, invitation.pk, accept=True) == "invitation_over"
    assert sharing.invited(mate) == []
    again = sharing.invite(owner, "deep", mate.email)
    sharing.answer(mate, again.pk, accept=False)
    assert code_of(sharing.answer, mate, again.pk, accept=True) == "invitation_over"
    assert not space.maintainers.filter(user=mate).exists()


def test_a_player_first_accepts_the_agreement(owner: User) -> None:
    player = make_user("player")
    invitation = sharing.invite(owner, "deep", player.email)
    assert code_of(sharing.answer, player, invitation.pk, accept=True) == "role_required"


def test_an_invitation_of_somebody_who_left_is_void(owner: User, space: Namespace) -> None:
    mate, third = make_user("modder"), make_user("modder")
    Maintainer.objects.create(namespace=space, user=mate, owner=True)
    invitation = sharing.invite(mate, "deep", third.email)
    sharing.remove(owner, "deep", mate.account_id)
    assert code_of(sharing.answer, third, invitation.pk, accept=True) == "invitation_over"


@pytest.mark.parametrize(
    ("email", "kind", "code"),
    [
        ("no address", "maintainer", "bad_address"),
        ("ada@example.com", "king", "bad_kind"),
        ("", "maintainer", "bad_address"),
    ],
)
def test_what_is_wrong_is_refused(owner: User, email: str, kind: str, code: str) -> None:
    assert code_of(sharing.invite, owner, "deep", email, kind=kind) == code
    assert not Invitation.objects.exists()


def test_who_may_invite(owner: User, space: Namespace) -> None:
    mate = make_user("modder")
    Maintainer.objects.create(namespace=space, user=mate)
    assert code_of(sharing.invite, mate, "deep", "a@example.com") == "owner_required"
    assert code_of(sharing.invite, make_user("admin"), "deep", "a@example.com") == "not_found"
    assert code_of(sharing.invite, owner, "absent", "a@example.com") == "not_found"
    assert code_of(sharing.invite, owner, "deep", owner.email) == "invited_yourself"
    assert code_of(sharing.invite, owner, "deep", mate.email) == "maintains_already"
    sharing.invite(owner, "deep", "a@example.com")
    assert code_of(sharing.invite, owner, "deep", "A@example.com") == "invited_already"


def test_too_many_invitations(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST_OPEN", 1)
    sharing.invite(owner, "deep", "a@example.com")
    assert code_of(sharing.invite, owner, "deep", "b@example.com") == "too_many_open"


def test_an_invitation_is_taken_back_by_an_owner_alone(owner: User) -> None:
    mate = make_user("modder")
    invitation = sharing.invite(owner, "deep", mate.email)
    assert code_of(sharing.withdraw, mate, invitation.pk) == "not_found"
    sharing.withdraw(owner, invitation.pk)
    assert sharing.invited(mate) == []
    assert code_of(sharing.withdraw, owner, invitation.pk) == "invitation_over"
    assert code_of(sharing.withdraw, owner, 0) == "not_found"


def test_handing_over_takes_both_sides(owner: User, space: Namespace) -> None:
    heir = make_user("modder")
    invitation = sharing.invite(owner, "deep", heir.email, kind="transfer")
    assert space.maintainers.get().user == owner
    sharing.answer(heir, invitation.pk, accept=True)
    assert [(row.user, row.owner) for row in space.maintainers.all()] == [(heir, True)]
    assert owner.email in sent()


def test_leaving_and_letting_go(owner: User, space: Namespace) -> None:
    mate = make_user("modder")
    Maintainer.objects.create(namespace=space, user=mate)
    assert code_of(sharing.remove, owner, "deep", owner.account_id) == "last_owner"
    assert code_of(sharing.remove, mate, "deep", owner.account_id) == "owner_required"
    assert code_of(sharing.remove, owner, "deep", "absent") == "not_found"
    sharing.remove(owner, "deep", mate.account_id)
    assert mate.email in sent()
    Maintainer.objects.create(namespace=space, user=mate, owner=True)
    sharing.remove(mate, "deep", mate.account_id)
    assert space.maintainers.get().user == owner


def test_adopting_is_decided_by_somebody_else(owner: User, space: Namespace) -> None:
    asking, moderator = make_user("moderator"), make_user("moderator")
    asked = adoption.ask(asking, "deep.drill", "Its owner has been gone for a year.")
    assert sent() == [owner.email]
    assert adoption.waiting() == [asked]
    assert code_of(adoption.decide, asking, asked.pk, grant=True, words="Mine.") == "own_work"
    assert code_of(adoption.decide, make_user("modder"), asked.pk, grant=True, words="x") == "role_required"
    assert code_of(adoption.decide, moderator, asked.pk, grant=True, words=" ") == "text_required"
    adoption.decide(moderator, asked.pk, grant=True, words="Nobody answered.")
    assert {row.user: row.owner for row in space.maintainers.all()} == {owner: True, asking: True}
    assert code_of(adoption.decide, moderator, asked.pk, grant=False, words="No.") == "already_decided"
    drain()
    told = next(message for message in mail.outbox if "Your request" in message.subject)
    assert "Nobody answered." in told.body and moderator.name not in told.body


def test_a_refused_request_changes_nothing(owner: User, space: Namespace) -> None:
    asking = make_user("modder")
    asked = adoption.ask(asking, "deep.drill", "Please.")
    assert code_of(adoption.ask, asking, "deep.drill", "Please!") == "asked_already"
    adoption.decide(make_user("moderator"), asked.pk, grant=False, words="Its owner is there.")
    assert space.maintainers.get().user == owner
    assert adoption.ask(asking, "deep.drill", "Again.").pk != asked.pk


def test_what_a_request_needs(owner: User) -> None:
    modder = make_user("modder")
    assert code_of(adoption.ask, modder, "absent.mod", "Please.") == "not_found"
    assert code_of(adoption.ask, modder, "deep.drill", " ") == "text_required"
    assert code_of(adoption.ask, modder, "deep.drill", "x" * 2001) == "too_long"
    assert code_of(adoption.ask, owner, "deep.drill", "Please.") == "maintains_already"
    assert code_of(adoption.ask, make_user("player"), "deep.drill", "Please.") == "role_required"
    assert code_of(adoption.decide, make_user("moderator"), 0, grant=True, words="x") == "not_found"


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sessions of this test are fresh."""
    monkeypatch.setattr("accounts.views_fresh.is_fresh", lambda _: True)


def test_the_page_shows_and_does(owner: User, client: Client, fresh: None) -> None:
    mate = make_user("modder", display_name="<b>Mate</b>")
    client.force_login(owner)
    page = client.get("/account/mods/").content.decode()
    assert "deep" in page and "the last owner" in page
    act = "/account/mods/act/"
    assert client.post(act, {"do": "invite", "namespace": "deep", "email": mate.email}).status_code == 302
    again = client.post(act, {"do": "invite", "namespace": "deep", "email": mate.email})
    assert again.status_code == 409 and "waiting already" in again.content.decode()
    wrong = client.post(act, {"do": "invite", "namespace": "deep", "email": "typed words"})
    assert wrong.status_code == 422 and "typed words" in wrong.content.decode()
    assert client.post(act, {"do": "absent"}).status_code == 422
    client.force_login(mate)
    assert "asks you to" in client.get("/account/mods/").content.decode()
    number = Invitation.objects.get().pk
    client.post(act, {"do": "accept", "invitation": str(number)})
    assert Maintainer.objects.filter(user=mate).exists()
    client.post(act, {"do": "remove", "namespace": "deep", "account": mate.account_id})
    assert not Maintainer.objects.filter(user=mate).exists()


def test_an_old_session_changes_nothing(owner: User, client: Client) -> None:
    client.force_login(owner)
    answer = client.post(
        "/account/mods/act/", {"do": "invite", "namespace": "deep", "email": "a@example.com"}
    )
    assert answer.status_code == 302 and "/account/fresh/" in answer["Location"]
    assert not Invitation.objects.exists()


def test_asking_and_answering_on_the_pages(owner: User, client: Client) -> None:
    modder = make_user("modder")
    client.force_login(modder)
    assert client.get("/mods/absent/adopt/").status_code == 404
    assert client.get("/mods/drill/adopt/").status_code == 200
    assert client.post("/mods/drill/adopt/", {"text": ""}).status_code == 422
    assert client.post("/mods/drill/adopt/", {"text": "<i>Please</i>"}).status_code == 302
    client.force_login(make_user("moderator"))
    page = client.get("/moderation/adoptions/").content.decode()
    assert "&lt;i&gt;Please" in page and "never signed in" in page
    number = str(adoption.waiting()[0].pk)
    refused = client.post("/moderation/adoptions/", {"request": number, "do": "grant", "words": ""})
    assert refused.status_code == 422
    client.post("/moderation/adoptions/", {"request": number, "do": "refuse", "words": "No."})
    assert "Nobody asks" in client.get("/moderation/adoptions/").content.decode()


def test_as_many_questions_for_many_namespaces(owner: User) -> None:
    counts = []
    for number in (1, 9):
        for place in range(number):
            make_namespace(f"space{number}x{place}", owner)
        with CaptureQueriesContext(connection) as queries:
            sharing.of(owner)
        counts.append(len(queries))
    assert counts[0] == counts[1]
