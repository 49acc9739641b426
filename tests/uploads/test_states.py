"""The states and moves: the contract's eleven to the letter, ours beside them, and every pair walked."""

import itertools

import pytest
from django.db import transaction

from accounts import permissions
from accounts.errors import RefusedError
from accounts.models import User
from accounts.roles import Relation
from catalog import contract, schema_registry
from tests import factories
from uploads import states
from uploads.models import Submission
from uploads.states import MOVES, Mover, State
from uploads.transitions import move

#: As the publishing contract lists them: from, to, actor.
CONTRACT_MOVES = {
    ("draft", "uploaded", "modder"),
    ("uploaded", "validating", "system"),
    ("validating", "validation_failed", "system"),
    ("validation_failed", "cancelled", "modder"),
    ("validating", "pending_review", "system"),
    ("pending_review", "changes_requested", "moderator"),
    ("pending_review", "rejected", "moderator"),
    ("pending_review", "approved", "moderator"),
    ("approved", "published", "system"),
    ("published", "hidden", "moderator"),
    ("published", "superseded", "system"),
}
EXTENSIONS = {
    ("validation_failed", "uploaded", "modder"),
    ("changes_requested", "uploaded", "modder"),
    ("changes_requested", "pending_review", "modder"),
    ("draft", "cancelled", "modder"),
    ("uploaded", "cancelled", "modder"),
    ("pending_review", "cancelled", "modder"),
    ("changes_requested", "cancelled", "modder"),
    ("draft", "cancelled", "system"),
    ("changes_requested", "cancelled", "system"),
    ("validating", "uploaded", "system"),
    ("approved", "pending_review", "system"),
    ("approved", "pending_review", "moderator"),
    ("hidden", "published", "moderator"),
    ("hidden", "superseded", "moderator"),
    ("superseded", "hidden", "moderator"),
    ("rejected", "pending_review", "moderator"),
}
#: In the contract's order, with its labels and what the public sees.
CONTRACT_STATES = [
    ("draft", "Draft", False, False),
    ("uploaded", "Uploaded", False, False),
    ("validating", "Validating", False, False),
    ("validation_failed", "Validation failed", False, False),
    ("cancelled", "Cancelled", False, False),
    ("pending_review", "Pending review", False, False),
    ("changes_requested", "Changes requested", False, False),
    ("approved", "Approved", False, False),
    ("published", "Published", True, True),
    ("rejected", "Rejected", False, False),
    ("hidden", "Hidden", False, False),
    ("superseded", "Superseded", True, True),
]
#: Who may make a mover's move: role and relation, written out.
MAY = {
    "modder": {
        (role, relation) for role in ("modder", "moderator", "admin") for relation in ("author", "maintainer")
    },
    "moderator": {("moderator", "other"), ("admin", "other")},
    "system": {("system", "other")},
}
ROLES = ("player", "modder", "moderator", "admin", "system")


def test_the_contracts_moves_are_there_exactly_and_ours_are_marked() -> None:
    ours = {(m.source.value, m.target.value, m.actor.value) for m in MOVES if m.extension}
    theirs = [(m.source.value, m.target.value, m.actor.value) for m in MOVES if not m.extension]
    assert len(theirs) == 11
    assert set(theirs) == CONTRACT_MOVES
    assert ours == EXTENSIONS


def test_the_contracts_states_are_there_exactly() -> None:
    listed = [tuple(row.values()) for row in states.states_document()]
    assert listed == CONTRACT_STATES


def test_the_published_documents_are_filled_from_the_table() -> None:
    assert contract.value("states") == states.states_document()
    moves = contract.value("transitions")
    assert {(m["from"], m["to"], m["actor"]) for m in moves} == CONTRACT_MOVES | EXTENSIONS
    assert [m for m in moves if "extension" not in m] == [
        {"from": m.source.value, "to": m.target.value, "actor": m.actor.value}
        for m in MOVES
        if not m.extension
    ]
    for row in moves:
        assert set(row) <= set(
            schema_registry.schema("smmods.publishing-workflow.v1")["properties"]["transitions"]["items"][
                "properties"
            ]
        )


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_way_on_or_leaves_the_version_free(state: State) -> None:
    assert any(m.source is state for m in MOVES) or state in states.FREE


def test_the_diagram_has_a_line_a_move() -> None:
    diagram = states.diagram()
    for m in MOVES:
        assert f"    {m.source.value} --> {m.target.value}: {m.why} ({m.actor.value})\n" in diagram
    assert len(diagram.splitlines()) == len(MOVES) + 2


@pytest.fixture
def people(db: None) -> dict[tuple[str, str], User]:
    """Somebody of every role in every relation to `space.mod`; the author of a submission is put in per case."""
    found = {}
    for role in ROLES:
        if role == "system":
            found[role, "other"] = User.objects.system()
            continue
        for relation in Relation:
            found[role, relation.value] = factories.make_user(role)
        factories.make_namespace("space", found[role, "maintainer"])
    return found


@pytest.mark.parametrize("source", State)
def test_every_state_target_mover_role_and_relation(
    source: State, people: dict[tuple[str, str], User]
) -> None:
    """The whole table: a move happens where the literal copies above say so, and nowhere else."""
    allowed = CONTRACT_MOVES | EXTENSIONS
    for target, mover, ((role, relation), person) in itertools.product(State, Mover, people.items()):
        author = person if relation == "author" else people["player", "other"]
        submission = Submission(
            author=author, via="api", mod_id="space.mod", version="1.0.0", state=source.value
        )
        expected = (source.value, target.value, mover.value) in allowed and (role, relation) in MAY[
            mover.value
        ]
        with transaction.atomic():
            submission.save()
            try:
                move(submission, target, actor=person, mover=mover)
                happened = True
            except RefusedError as refused:
                happened = False
                assert refused.code in {
                    "illegal_move",
                    "role_required",
                    "not_found",
                    "own_work",
                    "system_only",
                }
            submission.refresh_from_db()
            assert happened is expected, (source, target, mover, role, relation)
            assert submission.state == (target.value if expected else source.value)
            transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_a_move_belongs_into_a_transaction() -> None:
    submission = Submission(state="draft")
    with pytest.raises(RuntimeError):
        move(submission, State.UPLOADED, actor=User(), mover=Mover.MODDER)


@pytest.mark.django_db
def test_whoever_comes_second_hears_what_is_true_now() -> None:
    submission = factories.make_submission(state="uploaded")
    stale = Submission.objects.get(pk=submission.pk)
    move(submission, State.CANCELLED, actor=submission.author, mover=Mover.MODDER)
    with pytest.raises(RefusedError) as refused:
        move(stale, State.VALIDATING, actor=User.objects.system(), mover=Mover.SYSTEM)
    assert (refused.value.code, refused.value.status) == ("illegal_move", 409)
    assert refused.value.extra == {"state": "cancelled"}
    assert permissions.can(submission.author, "submission.cancel", Relation.AUTHOR)
