"""The JSON Schemas of every document, and what is wrong with a document, in words.

The files in `schemas/` (JSON Schema, draft 2020-12) are the only place where a document's form is written:
they are published as they are, and the portal validates with them. What they share stands in
`smmods.common.v1`; `schema` hands each one out with that part bundled in, so it needs nothing else.

Three formats go beyond what a schema can say: `semver` and `npm-range` (see `catalog.versions`) and
`spdx-expression` (see `catalog.licences`). Problems have these codes: `property_missing`,
`property_unknown`, `wrong_schema`, `wrong_type`, `wrong_value`, `too_short`, `too_long`, `too_few`,
`too_many`, `too_small`, `too_big`, `said_twice`, `wrong_form`, `wrong_version`, `wrong_range`,
`wrong_licence`, `wrong_time`.
"""

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

from accounts.errors import Problem
from accounts.strict_json import escape
from catalog import licences, versions

MAX_PROBLEMS = 50
COMMON = "smmods.common.v1"

_FOLDER = Path(__file__).parent / "schemas"
_SUFFIX = ".schema.json"
_FORMATS = {
    "semver": versions.is_version,
    "npm-range": versions.is_range,
    "spdx-expression": licences.is_licence,
}

# Per keyword of JSON Schema: the problem's code, and its rank: of several problems with one value, the one
# with the lowest rank is told.
_CODES = {
    "type": ("wrong_type", 0),
    "const": ("wrong_value", 1),
    "enum": ("wrong_value", 1),
    "format": ("wrong_form", 2),
    "maxLength": ("too_long", 3),
    "minLength": ("too_short", 3),
    "pattern": ("wrong_form", 4),
    "maxItems": ("too_many", 5),
    "minItems": ("too_few", 5),
    "maximum": ("too_big", 5),
    "minimum": ("too_small", 5),
    "uniqueItems": ("said_twice", 6),
}
_FORMAT_CODES = {
    "semver": "wrong_version",
    "npm-range": "wrong_range",
    "spdx-expression": "wrong_licence",
    "date-time": "wrong_time",
}

CODES = (
    "property_missing",
    "property_unknown",
    "wrong_schema",
    *sorted({code for code, _ in _CODES.values()} | set(_FORMAT_CODES.values())),
)

# What people write by habit from other formats, by the property that they get wrong.
_HABITS = {
    "authors": 'Write a list, even for one: "authors": ["Ada"].',
    "categories": 'Write a list: "categories": ["gameplay"].',
    "conflicts": 'Write a list of objects: [{"id": "example.other", "version": "*"}].',
    "dependencies": 'Write a list of objects: [{"id": "example.other", "version": "^1.0.0"}].',
    "entrypoints": 'Write a list of objects: [{"type": "lua", "path": "Content/init.lua"}].',
    "links": 'Write an object: {"source": "https://…", "issues": "https://…"}.',
    "version": 'Write the version as text, in quotes: "1.0.0".',
}

_KINDS = {
    "object": "an object",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}


@cache
def ids() -> tuple[str, ...]:
    """The ids of all schemas, sorted, without the common part."""
    return tuple(sorted({path.name.removesuffix(_SUFFIX) for path in _FOLDER.glob(f"*{_SUFFIX}")} - {COMMON}))


@cache
def _read(schema_id: str) -> dict[str, Any]:
    if schema_id not in (*ids(), COMMON):
        raise KeyError(schema_id)
    document: dict[str, Any] = json.loads((_FOLDER / f"{schema_id}{_SUFFIX}").read_bytes())
    return document


@cache
def schema(schema_id: str) -> dict[str, Any]:
    """The schema, complete in itself: the shared parts that it uses are bundled under `$defs`.

    The answer is shared; don't change it. Raises KeyError for an unknown id.
    """
    document = dict(_read(schema_id))
    if schema_id == COMMON:
        return document
    common = _read(COMMON)
    used = _used(document, common["$defs"])
    parts = {name: part for name, part in common["$defs"].items() if name in used}
    return document | {"$defs": {COMMON: {"$id": COMMON, "$defs": parts}}}


def raw(schema_id: str) -> bytes:
    """The schema as it is published. Raises KeyError for an unknown id."""
    return (json.dumps(schema(schema_id), indent=2, ensure_ascii=False) + "\n").encode()


def problems(schema_id: str, document: object) -> list[Problem]:
    """What is wrong with `document` by this schema, at most 50 problems; empty if nothing is.

    Each has a JSON pointer, a sentence and a hint that says what to write. Raises KeyError for an unknown id.
    """
    found: dict[str, tuple[int, Problem]] = {}
    for error in _flat(_validator(schema_id).iter_errors(document)):
        for rank, problem in _problems_of(schema_id, error):
            key = problem.pointer if problem.code != "property_missing" else f"{problem.pointer}?"
            if key not in found or rank < found[key][0]:
                found[key] = (rank, problem)
        if len(found) >= MAX_PROBLEMS:
            break
    return [problem for _, problem in found.values()][:MAX_PROBLEMS]


@cache
def _validator(schema_id: str) -> Draft202012Validator:
    return Draft202012Validator(
        schema(schema_id), validate_formats=True, formats=_FORMATS, ignore_unknown_formats=False, offline=True
    )


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        for child in part.values():
            yield from _references(child)
    elif isinstance(part, list):
        for child in part:
            yield from _references(child)


def _used(document: dict[str, Any], parts: dict[str, Any]) -> set[str]:
    used: set[str] = set()
    waiting = list(_references(document))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting.extend(_references(parts[name]))
    return used


def _flat(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Errors of an `anyOf` are those of the branch that was meant: all of ours are "this or null"."""
    for error in errors:
        if isinstance(error.kind, ValidationErrorKind.AnyOf):
            meant = [branch for branch in error.kind.context if not _wants_null(branch)]
            yield from _flat(meant[0])
        else:
            yield error


def _wants_null(branch: list[ValidationError]) -> bool:
    return any(error.kind.as_dict().get("types") == ["null"] for error in branch)


def _problems_of(schema_id: str, error: ValidationError) -> Iterator[tuple[int, Problem]]:
    path = [str(step) for step in error.instance_path]
    pointer = "".join(f"/{escape(step)}" for step in path)
    part = _part(schema_id, error)
    if isinstance(error.kind, ValidationErrorKind.Required):
        name = error.kind.property
        told = part["properties"].get(name, {}) if part else {}
        hint = _HABITS.get(name) or _meaning(told) or f"Add {json.dumps(name)}."
        yield 0, Problem("property_missing", f"{name} is missing.", hint, f"{pointer}/{escape(name)}")
    elif isinstance(error.kind, ValidationErrorKind.AdditionalProperties):
        for name in error.kind.unexpected:
            hint = _nearest(name, list(part.get("properties", {})) if part else [])
            yield (
                0,
                Problem(
                    "property_unknown",
                    f"{_shown(name)} is not a property here.",
                    hint,
                    f"{pointer}/{escape(name)}",
                ),
            )
    else:
        code, rank = _CODES.get(error.kind.name, ("wrong_form", 9))
        if isinstance(error.kind, ValidationErrorKind.Format):
            code = _FORMAT_CODES.get(error.kind.format, code)
        if pointer == "/schema":
            code = "wrong_schema"
        name = next((step for step in reversed(path) if not step.isdigit()), "document")
        message = _message(error, name)
        hint = (
            (_HABITS.get(name) if code == "wrong_type" else None)
            or _meaning(part)
            or f"Change it: it {_rule(error)}."
        )
        yield rank, Problem(code, message, hint, pointer)


def _part(schema_id: str, error: ValidationError) -> dict[str, Any]:
    """The part of the schema whose keyword failed."""
    steps = list(error.schema_path)[:-1]
    found: Any = schema(schema_id)
    if steps[:1] == ["$defs"]:
        found = _read(COMMON)
    for step in steps:
        found = found[int(step)] if isinstance(found, list) else found[str(step)]
    return found if isinstance(found, dict) else {}


def _meaning(part: dict[str, Any]) -> str:
    """What a part of a schema says of itself, the shared part that it points at included."""
    if "description" in part:
        return str(part["description"])
    reference = part.get("$ref", "")
    return _meaning(_read(COMMON)["$defs"][reference.rpartition("/")[2]]) if reference else ""


def _nearest(name: str, known: list[str]) -> str:
    lower = {option.lower(): option for option in known}
    near = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {json.dumps(lower[near[0]])}?"
    return f"Take it out. Known here: {', '.join(known)}." if known else "Take it out."


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _message(error: ValidationError, name: str) -> str:
    return _explained(error) or f"{name} {_rule(error)}; it is {_shown(error.instance)}."


def _explained(error: ValidationError) -> str:
    """The sentence of the parser behind a format of ours."""
    value, form = str(error.instance), error.kind.as_dict().get("format")
    try:
        if form == "semver":
            versions.parse(value)
        elif form == "npm-range":
            versions.parse_range(value)
        elif form == "spdx-expression":
            return f"SPDX does not know {', '.join(map(repr, licences.unknown_licences(value)))}."
    except ValueError as reason:
        return str(reason)
    return ""


def _rule(error: ValidationError) -> str:
    told = error.kind.as_dict()
    limit = told.get("limit", 0)
    match error.kind.name:
        case "type":
            return f"must be {' or '.join(_KINDS.get(name, name) for name in told['types'])}"
        case "const":
            return f"must be {_shown(told['expected_value'])}"
        case "enum":
            return f"must be one of {', '.join(map(_shown, told['options']))}"
        case "maxLength":
            return f"may have at most {limit:,} characters"
        case "minLength" | "minItems" if limit == 1:
            return "must not be empty"
        case "minLength":
            return f"must have at least {limit:,} characters"
        case "maxItems":
            return f"may have at most {limit:,} entries"
        case "maximum":
            return f"may be at most {limit}"
        case "minimum":
            return f"must be at least {limit}"
        case "uniqueItems":
            return "must not say the same thing twice"
    return "has the wrong form"
