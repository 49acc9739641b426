"""Problem documents and cursors."""

import json

import pytest

from accounts import ids, problems
from accounts.errors import Problem, RefusedError


def test_a_refusal_as_a_problem_document() -> None:
    refused = RefusedError(
        "bad_input",
        "Two things are wrong.",
        "Mend them.",
        status=422,
        problems=[Problem("a", "A is.", "Hint.", pointer="/a"), Problem("b", "B is.", path="x/y.lua")],
        extra={"state": "published", "code": "not this one"},
    )
    answer = problems.response(refused)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert json.loads(answer.content) == {
        "type": "/api/v1/problems/bad_input",
        "title": "Unprocessable Entity",
        "status": 422,
        "code": "bad_input",
        "detail": "Two things are wrong.",
        "hint": "Mend them.",
        "errors": [
            {"pointer": "/a", "code": "a", "message": "A is.", "hint": "Hint."},
            {"pointer": "x/y.lua", "code": "b", "message": "B is.", "hint": ""},
        ],
        "state": "published",
    }
    assert answer["Cache-Control"] == "no-store"
    assert "Retry-After" not in answer
    assert str(refused) == "Two things are wrong."
    assert Problem("a", "A.").as_dict() == {
        "code": "a",
        "message": "A.",
        "hint": "",
        "pointer": "",
        "path": "",
    }


@pytest.mark.parametrize(
    ("status", "retry_after", "expected"),
    [(429, None, "30"), (503, None, "30"), (429, 7, "7"), (404, None, None)],
)
def test_when_to_come_back(status: int, retry_after: int | None, expected: str | None) -> None:
    answer = problems.response(RefusedError("x", "X.", status=status, retry_after=retry_after))
    assert answer.get("Retry-After") == expected
    assert "hint" not in json.loads(answer.content)


@pytest.mark.parametrize("value", ["a", "1", "é|2026-11-20", "x" * 50])
def test_cursors_come_back_as_they_went(value: str) -> None:
    cursor = problems.cursor_for(value)
    assert "=" not in cursor
    assert problems.read_cursor(cursor) == value


@pytest.mark.parametrize("cursor", ["a", "!", "é", "//", "____"])
def test_foreign_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(RefusedError) as caught:
        problems.read_number(cursor)
    assert (caught.value.code, caught.value.status) == ("bad_cursor", 400)


def test_numbers_in_cursors() -> None:
    assert problems.read_number(problems.cursor_for(42)) == 42


def test_ids_are_long_and_readable() -> None:
    made = {ids.account_id() for _ in range(100)}
    assert len(made) == 100
    for one in made:
        assert one.startswith("acc_")
        assert len(one) == 20
        assert not set(one[4:]) - set(ids.ALPHABET)
