"""The API's description: what every call shares is added, and a form for readers is made of it.

Rules
- Every call names the problem document as its answer to anything that goes wrong.
- The readers' form is taken from the OpenAPI document alone: method, address, who may, input, answers.
"""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM: Json = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457), with a stable code.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "hint": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message", "hint"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "message", "hint")},
            },
        },
    },
}
_PROBLEM_ANSWER: Json = {
    "description": "A problem document with a stable code.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def described(document: Json) -> Json:
    """`document` with the problem document as every call's default answer; changed in place and returned."""
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for calls in document["paths"].values():
        for method in METHODS:
            if method in calls:
                calls[method].setdefault("responses", {})["default"] = _PROBLEM_ANSWER
    return document


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that a call takes: its name, where it goes (path, query, header, body), its kind."""

    name: str
    place: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call, for readers."""

    anchor: str
    method: str
    path: str
    title: str
    text: str
    needs: tuple[str, ...]
    inputs: tuple[Input, ...]
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Calls that belong together: by the first part of their address."""

    name: str
    calls: tuple[Call, ...]


def sections(document: Json) -> list[Section]:
    """The calls of an OpenAPI document, by the first part of their address below /api/v1/."""
    found: dict[str, list[Call]] = {}
    for path, calls in document["paths"].items():
        name = path.removeprefix("/api/v1/").partition("/")[0]
        found.setdefault(name, []).extend(
            _call(document, method, path, calls[method]) for method in METHODS if method in calls
        )
    return [Section(name, tuple(calls)) for name, calls in sorted(found.items())]


def _call(document: Json, method: str, path: str, operation: Json) -> Call:
    given = [
        Input(
            p["name"], p["in"], _kind(p.get("schema", {})), bool(p.get("required")), p.get("description", "")
        )
        for p in operation.get("parameters", ())
    ]
    body = operation.get("requestBody", {})
    for media, content in body.get("content", {}).items():
        given += _fields(document, media, content.get("schema", {}))
    return Call(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation.get("summary", ""),
        text=operation.get("description", ""),
        needs=tuple(name for need in operation.get("security", ()) for name in need),
        inputs=tuple(given),
        answers=tuple(
            (str(status), answer.get("description", "")) for status, answer in operation["responses"].items()
        ),
    )


def _fields(document: Json, media: str, schema: Json) -> list[Input]:
    """The properties of a body's schema, each as an input."""
    part = _resolved(document, schema)
    required = part.get("required", ())
    return [
        Input(name, media, _kind(value), name in required, value.get("description", ""))
        for name, value in part.get("properties", {}).items()
    ]


def _resolved(document: Json, schema: Json) -> Json:
    reference = schema.get("$ref", "")
    found: Json = document["components"]["schemas"][reference.rpartition("/")[2]] if reference else schema
    return found


def _kind(schema: Json) -> str:
    """A schema's kind in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")
