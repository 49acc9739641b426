"""A JSON object read field by field: each is there, of its kind and in its form, or a problem is noted.

Rules
- A field that is wrong is noted with its place and read as an empty value, so that one reading finds every
  problem, up to a limit.
- Forms are written here by themselves, not taken from the schemas: two readings of the same rule that must
  agree.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from accounts.errors import Problem
from catalog.client.ranges import is_range, is_version

MAX_PROBLEMS = 50


def _by(pattern: str) -> Callable[[str], bool]:
    match = re.compile(pattern).fullmatch
    return lambda value: match(value) is not None


#: What a text must look like, by the name of its form.
FORMS: dict[str, Callable[[str], bool]] = {
    "text": lambda _: True,
    "name": lambda value: value.strip() != "",
    "mod id": _by(r"(?=.{3,100}$)[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+"),
    "slug": _by(r"[a-z0-9][a-z0-9-]*"),
    "build": _by(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"),
    "sha256": _by(r"[0-9a-f]{64}"),
    "address": _by(r"/[^/\\\s][^\\\s]*"),
    "time": _by(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"),
    "version": is_version,
    "range": is_range,
}


class _RepeatedError(ValueError):
    """A key that stands twice in one object."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedError(next(name for name in names if names.count(name) > 1))
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def load(raw: bytes, schema: str, problems: list[Problem]) -> "Fields | None":
    """The document of that schema as fields that note into `problems`; None where it is not one at all."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except _RepeatedError as error:
        problems.append(Problem("said_twice", f"The key {error.args[0]!r} stands twice in one object."))
        return None
    except (ValueError, RecursionError) as error:
        problems.append(Problem("not_json", f"This is not JSON: {error}."))
        return None
    if not isinstance(value, dict) or value.get("schema") != schema:
        problems.append(Problem("wrong_schema", f"This is not a {schema} document.", pointer="/schema"))
        return None
    return Fields(value, "", problems)


class Fields:
    """One object of a document, at `pointer`."""

    __slots__ = ("pointer", "problems", "value")

    def __init__(self, value: dict[str, Any], pointer: str, problems: list[Problem]) -> None:
        self.value = value
        self.pointer = pointer
        self.problems = problems

    def complain(self, name: str, code: str, message: str) -> None:
        """Note a problem with the field `name`."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(code, message, pointer=f"{self.pointer}/{name}"))

    def _wrong_kind(self, name: str, kind: str) -> None:
        if name in self.value:
            self.complain(name, "wrong_type", f"{name} must be {kind}.")
        else:
            self.complain(name, "property_missing", f"{name} is missing.")

    def text(self, name: str, form: str = "text") -> str:
        """A text in one of `FORMS`; "" where it is wrong."""
        value = self.value.get(name)
        if not isinstance(value, str):
            self._wrong_kind(name, "text")
            return ""
        if not FORMS[form](value):
            self.complain(name, "wrong_form", f"{name} is {value!r}, which is not a {form}.")
            return ""
        return value

    def text_or_null(self, name: str, form: str = "text") -> str | None:
        """A text in that form, or null; the field itself must be there."""
        if name in self.value and self.value[name] is None:
            return None
        return self.text(name, form)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.value.get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._wrong_kind(name, "a list of texts")
            return ()
        return tuple(value)

    def one_of(self, name: str, options: tuple[str, ...]) -> str:
        """One of the words in `options`."""
        value = self.text(name)
        if value not in options:
            self.complain(name, "wrong_form", f"{name} must be one of {', '.join(options)}.")
        return value

    def whole(self, name: str, *, least: int) -> int:
        """A whole number, at least `least`."""
        value = self.value.get(name)
        if type(value) is not int:
            self._wrong_kind(name, "a whole number")
            return least
        if value < least:
            self.complain(name, "wrong_form", f"{name} must be at least {least}.")
        return value

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """True or false; `default` where it may be left out."""
        value = self.value.get(name, default)
        if not isinstance(value, bool):
            self._wrong_kind(name, "true or false")
            return False
        return value

    def object(self, name: str) -> "Fields":
        """An object; an empty one where it is wrong."""
        value = self.value.get(name)
        if not isinstance(value, dict):
            self._wrong_kind(name, "an object")
            return Fields({}, f"{self.pointer}/{name}", [])
        return Fields(value, f"{self.pointer}/{name}", self.problems)

    def objects(self, name: str) -> Iterator["Fields"]:
        """The objects of a list; what is no object is noted and passed over."""
        value = self.value.get(name)
        if not isinstance(value, list):
            self._wrong_kind(name, "a list")
            return
        for place, item in enumerate(value):
            if isinstance(item, dict):
                yield Fields(item, f"{self.pointer}/{name}/{place}", self.problems)
            else:
                self.complain(f"{name}/{place}", "wrong_type", "Each entry must be an object.")
