"""The table of actions agrees with the table of moves, and what stands beside it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.roles import PERMISSIONS
from moderation import second_person, table
from moderation.table import ACTIONS
from moderation.words import moments_ago
from uploads.signals.names import GAME_LIBRARIES
from uploads.states import MOVES, Mover, State


def test_every_move_of_a_moderator_has_its_action() -> None:
    moves = {(move.source, move.target) for move in MOVES if move.actor is Mover.MODERATOR}
    made = {(source, rule.target) for rule in ACTIONS.values() for source in rule.sources if rule.target}
    assert moves - made == {(State.HIDDEN, State.SUPERSEDED)}
    assert made <= moves


@pytest.mark.parametrize("rule", ACTIONS.values(), ids=str)
def test_a_row_is_complete(rule: table.Rule) -> None:
    assert rule.permission in PERMISSIONS
    assert rule.label
    assert rule.follows
    assert rule.from_words
    assert rule.needs_words
    if rule.mail:
        folder = Path(settings.BASE_DIR) / "templates" / "email"
        assert all((folder / f"{rule.mail}{end}").is_file() for end in (".txt", ".html", ".subject.txt"))


def test_the_document_lists_the_table() -> None:
    assert table.document()[1] == {
        "id": "request_changes",
        "label": "Request changes",
        "from": ["pending_review"],
        "to": "changes_requested",
        "needs": ["reason"],
        "permission": "decision.make",
        "actor": "moderator",
        "follows": ACTIONS["request_changes"].follows,
    }


def test_the_rules_for_two_people_name_actions_of_the_table() -> None:
    named = {rule.action for rule in second_person.RULES}
    assert named <= {*ACTIONS, second_person.JUDGE_EVERYWHERE}
    assert all(rule.label and rule.says for rule in second_person.RULES)
    assert {
        "version.dll",
        "winmm.dll",
        "dinput8.dll",
        "xinput1_3.dll",
        "dxgi.dll",
    } <= GAME_LIBRARIES


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (1, "1 second ago"),
        (40, "40 seconds ago"),
        (61, "1 minute ago"),
        (7300, "2 hours ago"),
    ],
)
def test_moments_are_told_in_one_unit(seconds: int, words: str) -> None:
    assert moments_ago(timezone.now() - timedelta(seconds=seconds)) == words
    assert "ago" in moments_ago(timezone.now() - timedelta(days=3))
