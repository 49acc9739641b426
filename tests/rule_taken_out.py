"""A pytest plugin that takes one rule out of the code under test: `-p tests.rule_taken_out --without-rule NAME`.

If no test fails then, the rule is not proven to matter (`tests.without_rules` asks this of each). Names:

* `zip.path`, `setting_twice`, `lua_io_popen`, `stealer_discord`: a rule of the profile, a check's code, a signal's
  code or a YARA rule: nobody hears of it any more
* `schemas/smmods.common.v1/$defs/modId/maxLength`: a keyword of a JSON Schema is gone
* `uploads/package/layout.py:97:12`: the condition at this line and column never holds
* `uploads/package/kinds.py:_MAGIC:3`: the table has lost its row with this number

The code under test knows nothing of this: its modules are changed while they are imported.
"""

import ast
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = "schemas/"

_TABLE = re.compile(r"(?P<file>[\w/]+\.py):(?P<table>[A-Za-z_]\w*):(?P<row>\d+)")
_PLACE = re.compile(r"(?P<file>[\w/]+\.py):(?P<line>\d+):(?P<column>\d+)")


def conditions(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.AST, str, int]]:
    """Each condition whose absence changes something: the test of an `if`, and each side of an `or` or `and`.

    With it where it hangs: the node, the name of its field, and the place in it (-1: the field itself).
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield node.test, node, "test", -1
        if isinstance(node, ast.BoolOp):
            for number, value in enumerate(node.values):
                yield value, node, "values", number
        if isinstance(node, ast.comprehension):
            for number, value in enumerate(node.ifs):
                yield value, node, "ifs", number


def rows(tree: ast.Module, table: str) -> list[Any]:
    """The rows of a table that is assigned to a name at a module's top: elements, or words of a text."""
    return _container(_assigned(tree, table))


def _assigned(tree: ast.Module, table: str) -> Any:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == table for target in targets):
            return vars(node)["value"]
    raise LookupError(table)


def _container(value: ast.expr | None) -> list[Any]:
    if isinstance(value, ast.Call) and value.args:
        return _container(value.args[0])
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        return value.elts
    if isinstance(value, ast.Dict):
        return value.values
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value.split()
    raise LookupError("no table")


def _cut(value: Any, row: int) -> None:
    if isinstance(value, ast.Call):
        _cut(value.args[0], row)
    elif isinstance(value, ast.Dict):
        del value.keys[row], value.values[row]
    elif isinstance(value, ast.Constant):
        words = value.value.split()
        del words[row]
        value.value = " ".join(words)
    else:
        del value.elts[row]


def changed(source: str, name: str) -> ast.Module:
    """A module's tree with the condition or the row of `name` gone. Raises LookupError for an unknown one."""
    tree = ast.parse(source)
    if table := _TABLE.fullmatch(name):
        _cut(_assigned(tree, table["table"]), int(table["row"]))
        return tree
    place = _PLACE.fullmatch(name)
    assert place is not None
    wanted = (int(place["line"]), int(place["column"]))
    found = [spot for spot in conditions(tree) if (spot[0].lineno, spot[0].col_offset) == wanted]
    if not found:
        raise LookupError(name)
    # Where an operation begins with its first part, the whole comes before the part: ask for the part.
    condition, holder, field, number = found[-1]
    absent = ast.Constant(isinstance(holder, ast.BoolOp) and isinstance(holder.op, ast.And))
    ast.copy_location(absent, condition)
    if number < 0:
        setattr(holder, field, absent)
    else:
        getattr(holder, field)[number] = absent
    return tree


class _Loader(SourceFileLoader):
    """Loads a module in its changed form, whatever compiled form of it lies about."""

    rule = ""

    def get_code(self, fullname: str) -> CodeType:
        """The changed code."""
        tree = changed(Path(self.path).read_text("utf-8"), self.rule)
        return compile(ast.fix_missing_locations(tree), self.path, "exec")


class _Finder(MetaPathFinder):
    """Finds the one module that is changed, before anybody else does."""

    def __init__(self, rule: str) -> None:
        self._rule = rule
        self._file = rule.partition(":")[0]
        self._module = self._file.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Ours for the one module, nothing for all others."""
        if fullname != self._module:
            return None
        loader = _Loader(fullname, str(ROOT / self._file))
        loader.rule = self._rule
        return importlib.util.spec_from_file_location(fullname, ROOT / self._file, loader=loader)


def _silence_profile(code: str) -> None:
    from uploads.package.rules import Findings

    add: Callable[..., None] = Findings.add

    def silent(self: Findings, found: str, *arguments: Any, **named: Any) -> None:
        if found != code:
            add(self, found, *arguments, **named)

    type.__setattr__(Findings, "add", silent)


def _silence_checks(code: str) -> None:
    from uploads import checks
    from uploads.checks import Check, Result, Status

    def silent(run: Callable[[Any], Result]) -> Callable[[Any], Result]:
        def without(subject: Any) -> Result:
            result = run(subject)
            problems = tuple(problem for problem in result.problems if problem.code != code)
            if problems == result.problems:
                return result
            status = result.status if problems else Status.PASSED
            return replace(
                result, status=status, problems=problems, code=problems[0].code if problems else ""
            )

        return without

    for check in checks.CHECKS:
        quiet: Check[Any] = check
        module = sys.modules[f"uploads.checks.{check.id}"]
        run = silent(check.run)
        object.__setattr__(quiet, "run", run)
        vars(module)["run"] = run


def _silence_signals(name: str) -> None:
    from uploads.signals.examine import Examiner

    finish = Examiner.finish

    def silent(self: Examiner) -> None:
        finish(self)
        self.signals = [signal for signal in self.signals if name not in (signal.code, signal.rule)]

    type.__setattr__(Examiner, "finish", silent)


def _without_keyword(pointer: str) -> None:
    from catalog import schema_registry

    schema_id, *steps = pointer.removeprefix(SCHEMAS).split("/")
    part: Any = schema_registry._read(schema_id)
    for step in steps[:-1]:
        part = part[int(step)] if isinstance(part, list) else part[step]
    del part[int(steps[-1]) if isinstance(part, list) else steps[-1]]


def _inspect_here() -> None:
    """Packages are read in this process: what is asked is whether a check misses a rule, a hundred times."""
    from uploads import checks
    from uploads.isolation.inspection import Inspection
    from uploads.package import read_package
    from uploads.signals.examine import Examiner

    def inspect(open_package: Callable[[], Any], size: int, **named: Any) -> Inspection:
        examiner = Examiner()
        with open_package() as package:
            report = read_package(package, size, named["profile"], examiner, named["on_headers"])
        examiner.finish()
        return Inspection(report, examiner.signals, examiner.programs, examiner.leaked_keys, {}, "nothing")

    vars(checks)["inspect"] = inspect


def take_out(name: str) -> None:
    """Take a rule out of this process. Must come before the module that it is in is imported."""
    if ":" in name:
        changed((ROOT / name.partition(":")[0]).read_text("utf-8"), name)
        sys.meta_path.insert(0, _Finder(name))
    elif name.startswith(SCHEMAS):
        _without_keyword(name)
    elif name.startswith(("zip.", "content.")):
        _silence_profile(name)
    elif any(name in codes for codes in check_codes().values()):
        _silence_checks(name)
    else:
        _silence_signals(name)


def check_codes() -> dict[str, tuple[str, ...]]:
    """The codes that are a check's own: neither the profile's nor those of the schemas."""
    from catalog import schema_registry
    from uploads.checks import CHECKS
    from uploads.package import RULES

    shared = {*RULES, *schema_registry.CODES}
    return {check.id: tuple(code for code in check.codes if code not in shared) for check in CHECKS}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option."""
    parser.addoption("--without-rule", default="", help="take this rule out of the code under test")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Before anything of ours is imported."""
    name = early_config.known_args_namespace.without_rule
    if ":" in name:
        take_out(name)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Once everything is imported."""
    name = config.getoption("--without-rule")
    if name and ":" not in name:
        take_out(name)
    if name.startswith("uploads/checks/") or any(name in codes for codes in check_codes().values()):
        _inspect_here()
