"""Each refusal of strict JSON beside the nearest JSON that is read."""

import json

import pytest

from accounts.errors import RefusedError
from accounts.strict_json import CODES, loads
from tests.accounts.json_rows import REFUSED


@pytest.mark.parametrize(
    ("code", "bad", "good"), REFUSED, ids=[f"{row[0]} {n}" for n, row in enumerate(REFUSED)]
)
def test_each_refusal_and_what_is_next_to_it(code: str, bad: bytes, good: bytes):
    with pytest.raises(RefusedError) as caught:
        loads(bad)
    error = caught.value
    assert (error.code, error.status) == (code, 413 if code == "json_too_large" else 400)
    assert [problem.code for problem in error.problems] == [code]
    assert error.message.endswith(".")
    assert error.hint.endswith(".")
    assert loads(good) == json.loads(good)


def test_each_code_has_rows():
    assert {code for code, _, _ in REFUSED} == set(CODES)


def test_a_number_is_shown_as_far_as_it_helps():
    def message(raw: bytes) -> str:
        with pytest.raises(RefusedError) as caught:
            loads(raw)
        return caught.value.message

    assert "The number 9007199254740993 is" in message(b"9007199254740993")
    assert f"The number {'1' * 40} is" in message(b"1" * 40)
    assert f"The number {'1' * 37}... is" in message(b"1" * 41)


def test_a_text_s_place_is_named():
    def told(raw: bytes) -> tuple[str, str]:
        with pytest.raises(RefusedError) as caught:
            loads(raw)
        return caught.value.message, caught.value.problems[0].pointer

    assert told(rb'"\ud800"') == ("The text at the top level holds half of a surrogate pair.", "")
    assert told(rb'{"a": ["\u0000"]}') == ("The text at /a/0 holds a NUL.", "/a/0")
