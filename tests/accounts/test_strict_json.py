import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.errors import RefusedError
from accounts.strict_json import canonical, escape, loads


def refusal(raw: bytes, **limits: int) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        loads(raw, **limits)
    assert caught.value.problems[0].code == caught.value.code
    assert caught.value.hint
    return caught.value


def test_reads_plain_json():
    raw = '{"a": [1, -2.5, true, null], "ü": "\\ud83d\\ude00", "Infinity": "NaN"}'.encode()
    assert loads(raw) == {"a": [1, -2.5, True, None], "ü": "😀", "Infinity": "NaN"}


@pytest.mark.parametrize(
    ("code", "raw"),
    [
        ("json_bom", b"\xef\xbb\xbf{}"),
        ("json_bom", "{}".encode("utf-16")),
        ("json_not_utf8", b'{"a": "\xff"}'),
        ("json_not_utf8", b'"\xed\xa0\x80"'),
        ("json_nul", b'{"a": "\0"}'),
        ("json_nul", rb'{"a": "\u0000"}'),
        ("json_nul", rb'{"a\u0000": 1}'),
        ("json_too_deep", b"[" * 33 + b"]" * 33),
        ("json_too_deep", b"[" * 100_000),
        ("json_not_finite", b'{"a": NaN}'),
        ("json_not_finite", b"[-Infinity]"),
        ("json_syntax", b""),
        ("json_syntax", b"{} {}"),
        ("json_syntax", b'{"a": 1,}'),
        ("json_syntax", b'{"a'),
        ("json_syntax", b'"a\\'),
        ("json_duplicate_key", b'{"a": 1, "b": 2, "a": 1}'),
        ("json_duplicate_key", rb'{"a": 1, "\u0061": 2}'),
        ("json_number_range", b"9007199254740993"),
        ("json_number_range", b"-1e17"),
        ("json_number_range", b"1e999"),
        ("json_number_range", b"1" * 10_000),
        ("json_lone_surrogate", rb'{"a": ["\ud800"]}'),
    ],
)
def test_refuses(code: str, raw: bytes):
    error = refusal(raw)
    assert error.code == code
    assert error.status == 400


def test_too_large_is_measured_before_anything_else():
    assert refusal(b" " * (256 * 1024 + 1)).code == "json_too_large"
    assert refusal(b"[1]", limit=2).status == 413
    assert loads(b"[1]", limit=3) == [1]


def test_limits_themselves_pass():
    assert loads(b"[9007199254740992, -9007199254740992]") == [2**53, -(2**53)]
    assert loads(b"[" * 32 + b"]" * 32)
    # Brackets inside a string are no nesting, nor is a row of siblings.
    assert loads(b'"' + b"[" * 40 + b'"') == "[" * 40
    assert loads(b"[" + b",".join([b"[]"] * 100) + b"]") == [[]] * 100


def test_says_where():
    assert "line 2, column 5" in refusal(b'{\n"a" 1}').message
    assert "line 2, column 2" in refusal(b"[1,\n NaN]").message
    assert refusal(rb'{"a": {"b/c": ["\ud800"]}}').problems[0].pointer == "/a/b~1c/0"
    assert '"twice"' in refusal(b'{"twice": 1, "twice": 2}').message


@pytest.mark.parametrize("unit", [b'\\"', b'"\\', b'"', b"\\"])
def test_unclosed_strings_cost_linear_time(unit: bytes):
    started = time.process_time()
    refusal(b'["' + unit * (200_000 // len(unit)))
    assert time.process_time() - started < 1


def test_canonical_is_sorted_compact_and_utf8():
    assert canonical({"b": [1, 2.5], "a": "ü"}) == '{"a":"ü","b":[1,2.5]}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))
    with pytest.raises(UnicodeEncodeError):
        canonical("\ud800")


def test_escape():
    assert escape("a/b~c") == "a~1b~0c"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text("ab/~"), children, max_size=4),
    max_leaves=20,
)


@settings(max_examples=50, deadline=None)
@given(VALUES)
def test_reads_what_it_writes(value: object):
    assert loads(canonical(value)) == value
    assert canonical(loads(json.dumps(value).encode())) == canonical(value)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text('[]{}",:\\1eNaN-').map(str.encode))
def test_any_bytes_are_a_value_or_a_refusal(raw: bytes):
    try:
        loads(raw)
    except RefusedError as error:
        assert error.code.startswith("json_")
