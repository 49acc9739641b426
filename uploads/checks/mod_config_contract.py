"""Settings that a mod offers: a safe path that nothing else has, and defaults that fit what the setting may be."""

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.errors import Problem
from catalog import schema_registry
from uploads.checks.base import (
    Check,
    Json,
    Phase,
    Result,
    Subject,
    failed,
    judged,
    not_run,
    objects_of,
    passed,
    text_of,
)
from uploads.checks.manifest_schema import SCHEMA
from uploads.package import names
from uploads.package.reader import MANIFEST

ID = "mod_config_contract"
_AT = "/modConfig"


def run(subject: Subject) -> Result:
    """Judge `modConfig`, first by its schema, then by what a schema cannot say."""
    if subject.manifest is None:
        return not_run(ID, "manifest_unreadable", "There is no readable manifest, so no settings yet.")
    if "modConfig" not in subject.manifest:
        return passed(ID, "The mod offers no settings.", settings=0)
    wrong = [
        Problem(p.code, p.message, p.hint, p.pointer, MANIFEST)
        for p in schema_registry.problems(SCHEMA, subject.manifest)
        if p.pointer == _AT or p.pointer.startswith(f"{_AT}/")
    ]
    if wrong:
        return failed(ID, wrong)
    contract = subject.manifest["modConfig"]
    settings = objects_of(contract, "settings")
    problems = [*_path_problems(text_of(contract, "path"), subject.report.paths), *_twice(settings)]
    for number, setting in enumerate(settings):
        for code, message, hint, key in _problems(setting):
            problems.append(Problem(code, message, hint, f"{_AT}/settings/{number}/{key}", MANIFEST))
    return judged(ID, problems, f"{len(settings)} settings are in order.", settings=len(settings))


def _path_problems(path: str, inside: Iterable[str]) -> Iterator[Problem]:
    """What would keep the manager from writing the settings' file: a path that is not portable, or taken."""
    at = f"{_AT}/path"
    for sentence in names.path_problems(path):
        hint = "Name it with plain letters and digits, like Config/settings.json."
        yield Problem("config_path_unsafe", f"modConfig.path: {sentence}", hint, at, MANIFEST)
    wanted = names.folded(path)
    for other in inside:
        same = names.folded(other)
        if other != path and (same == wanted or same.startswith(f"{wanted}/")):
            yield Problem(
                "config_path_taken",
                f"The package holds {other}, which Windows takes for {path}.",
                "Write the path as it is in the package, or use another name.",
                at,
                MANIFEST,
            )
            return


def _twice(settings: list[Json]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, setting in enumerate(settings):
        key = text_of(setting, "key")
        if key in seen:
            yield Problem(
                "setting_twice",
                f"Two settings have the key {key}.",
                "Give each its own key.",
                f"{_AT}/settings/{number}/key",
                MANIFEST,
            )
        seen.add(key)


def _problems(setting: Json) -> Iterator[tuple[str, str, str, str]]:
    """Code, message, hint and the property that each problem is about."""
    key, kind = text_of(setting, "key"), text_of(setting, "type")
    numeric = kind in ("integer", "number")
    if kind == "select":
        yield from _select_problems(key, setting)
    elif "options" in setting:
        yield (
            "options_misplaced",
            f"{key} has options but is no select.",
            "Make it a select, or drop them.",
            "options",
        )
    for bound in ("minimum", "maximum"):
        if bound in setting and not numeric:
            yield (
                "bound_misplaced",
                f"{key} has a {bound} but is no number.",
                "Only integer and number have bounds.",
                bound,
            )
    default = setting.get("default")
    if not _is_of(default, kind):
        yield "default_wrong_type", f"The default of {key} is no {kind}.", f"Write a {kind}.", "default"
    elif numeric and not _within(default, setting):
        yield (
            "default_out_of_bounds",
            f"The default of {key} is not between its minimum and maximum.",
            "Change the default or the bounds.",
            "default",
        )


def _select_problems(key: str, setting: Json) -> Iterator[tuple[str, str, str, str]]:
    values = [_known_as(option.get("value")) for option in objects_of(setting, "options")]
    if not values:
        yield "options_missing", f"{key} is a select without options.", 'Add "options".', "options"
        return
    if len(set(values)) < len(values):
        yield (
            "option_twice",
            f"Two options of {key} have the same value.",
            "Give each its own value.",
            "options",
        )
    default = setting.get("default")
    if _known_as(default) not in values:
        yield (
            "default_not_an_option",
            f"The default of {key} is none of its options.",
            "Choose one of them.",
            "default",
        )


def _known_as(value: object) -> tuple[str, object]:
    """What makes two values the same in JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, bool):
        return "boolean", value
    return ("number" if isinstance(value, int | float) else "text"), value


def _is_of(value: object, kind: str) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
    return True


def _within(value: Any, setting: Json) -> bool:
    """Whether a number lies between the setting's bounds, where it has any."""
    return bool(setting.get("minimum", value) <= value <= setting.get("maximum", value))


CHECK = Check(
    ID,
    "Settings",
    "Optional modConfig metadata must declare safe JSON config paths, select settings, defaults, and allowed option "
    "values.",
    Phase.INTAKE,
    (
        "config_path_unsafe",
        "config_path_taken",
        "setting_twice",
        "options_missing",
        "options_misplaced",
        "option_twice",
        "bound_misplaced",
        "default_wrong_type",
        "default_not_an_option",
        "default_out_of_bounds",
        *schema_registry.CODES,
    ),
    run,
)
