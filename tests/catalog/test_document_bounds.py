"""Manifest and sidecar: every bound at its limit and one past it, every property absent, of a wrong type, unknown."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import RefusedError
from accounts.strict_json import loads
from catalog import schema_registry
from tests.catalog.document_rows import BOUNDS, FULL, MANIFEST, SIDECAR
from tests.fuzzing import examples


def parts(pointer: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]


def with_value(schema_id: str, pointer: str, value: Any) -> dict[str, Any]:
    """The full document with another value in one place."""
    document = json.loads(json.dumps(FULL[schema_id]))
    *above, last = parts(pointer)
    place: Any = document
    for step in above:
        place = place[step]
    place[last] = value
    return document


def told(schema_id: str, document: object) -> list[tuple[str, str]]:
    found = schema_registry.problems(schema_id, document)
    assert all(problem.message.endswith((".", "?")) and problem.hint for problem in found)
    return [(problem.code, problem.pointer) for problem in found]


@pytest.mark.parametrize("schema_id", FULL)
def test_the_full_document_is_right(schema_id: str):
    assert told(schema_id, FULL[schema_id]) == []


@pytest.mark.parametrize(
    ("schema_id", "pointer", "good", "bad", "code"),
    BOUNDS,
    ids=[f"{schema_id.partition('.')[0]} {pointer} {n}" for n, (schema_id, pointer, *_) in enumerate(BOUNDS)],
)
def test_each_bound_at_its_limit_and_one_past(schema_id: str, pointer: str, good: Any, bad: Any, code: str):
    assert told(schema_id, with_value(schema_id, pointer, good)) == []
    assert told(schema_id, with_value(schema_id, pointer, bad)) == [(code, pointer)]


def inside(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    """Every value in a document with its pointer."""
    found = [(pointer, value)]
    if isinstance(value, dict):
        for key, child in value.items():
            found += inside(child, f"{pointer}/{key}")
    elif isinstance(value, list):
        for number, child in enumerate(value):
            found += inside(child, f"{pointer}/{number}")
    return found


PLACES = [(schema_id, pointer, value) for schema_id, full in FULL.items() for pointer, value in inside(full)]

REQUIRED = {
    MANIFEST: {"schema", "id", "name", "version", "targetGameBuild", "entrypoints"},
    SIDECAR: {"schema", "modId", "name", "version", "targetGameBuild", "dependencies", "summary", "license"},
    "relation": {"id", "version"},
    "entrypoint": {"type", "path"},
    "modConfig": {"path", "settings"},
    "setting": {"key", "label", "type", "default"},
    "option": {"value", "label"},
    "anything": set(),
}


def kind(schema_id: str, pointer: str) -> str:
    """What sort of object stands at a place."""
    if not pointer:
        return schema_id
    name = next(step for step in reversed(parts(pointer)) if isinstance(step, str))
    known = {
        "dependencies": "relation",
        "conflicts": "relation",
        "entrypoints": "entrypoint",
        "settings": "setting",
    }
    return (known | {"modConfig": "modConfig", "options": "option"}).get(name, "anything")


@pytest.mark.parametrize(
    ("schema_id", "pointer", "value"), [row for row in PLACES if isinstance(row[2], dict)]
)
def test_each_object_takes_its_own_properties_and_misses_those_that_it_needs(
    schema_id: str, pointer: str, value: dict[str, Any]
):
    for name in value:
        less = {key: child for key, child in value.items() if key != name}
        document = with_value(schema_id, pointer, less) if pointer else less
        needed = name in REQUIRED[kind(schema_id, pointer)]
        assert told(schema_id, document) == ([("property_missing", f"{pointer}/{name}")] if needed else [])
    more = value | {"colour": "red"}
    document = with_value(schema_id, pointer, more) if pointer else more
    assert told(schema_id, document) == [("property_unknown", f"{pointer}/colour")]


@pytest.mark.parametrize(("schema_id", "pointer", "value"), PLACES)
def test_each_value_has_its_own_type(schema_id: str, pointer: str, value: Any):
    free = pointer.endswith(("/default", "/value"))
    others: list[Any] = [None, True, 1, "1", [], {}]
    for other in others:
        same = type(other) is type(value) or (isinstance(value, float) and isinstance(other, int))
        if same or (free and not isinstance(other, list | dict) and other is not None):
            continue
        document = with_value(schema_id, pointer, other) if pointer else other
        codes = [code for code, place in told(schema_id, document) if place == pointer]
        expected = "wrong_schema" if pointer == "/schema" else "wrong_type"
        if pointer.endswith("/type"):
            expected = "wrong_value"
        assert codes == [expected], other


@pytest.mark.parametrize("schema_id", FULL)
def test_the_schema_s_own_name_and_no_other(schema_id: str):
    for other in ("", "starminer.mod-manifest.v2", SIDECAR if schema_id == MANIFEST else MANIFEST):
        assert told(schema_id, FULL[schema_id] | {"schema": other}) == [("wrong_schema", "/schema")]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """A document with one to three values exchanged, dropped or added anywhere."""
    schema_id = draw(st.sampled_from([MANIFEST, SIDECAR]))
    document = json.loads(json.dumps(FULL[schema_id]))
    for _ in range(draw(st.integers(1, 3))):
        objects = [value for _, value in inside(document) if isinstance(value, dict | list) and value]
        place = draw(st.sampled_from(objects))
        step: Any = draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if draw(st.booleans()):
            place[step] = draw(JUNK)
        elif isinstance(place, dict) and draw(st.booleans()):
            place[draw(st.text(max_size=8))] = draw(JUNK)
        else:
            del place[step]
        if not document:
            break
    return schema_id, document


@examples(200)
@given(mutated())
def test_mutated_documents_are_judged_the_same_twice(row: tuple[str, Any]):
    schema_id, document = row
    raw = json.dumps(document).encode()
    try:
        read = loads(raw)
    except RefusedError as error:
        assert error.code.startswith("json_")
        return
    found = schema_registry.problems(schema_id, read)
    assert found == schema_registry.problems(schema_id, read)
    for problem in found:
        assert problem.code in schema_registry.CODES
        assert problem.message
        assert problem.hint


@examples(100)
@given(JUNK)
def test_anything_is_judged(value: Any):
    for schema_id in FULL:
        try:
            read = loads(json.dumps(value).encode())
        except RefusedError:
            return
        assert schema_registry.problems(schema_id, read)
