"""Takes each rule out in turn and asks whether a test notices: `python -m tests.without_rules [words …]`.

Words choose rules whose name holds one of them; `--list` only names them. Prints those that no test misses and
returns their number. What a rule is, and how it is taken out: see `tests.rule_taken_out`.
"""

import ast
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.rule_taken_out import ROOT, SCHEMAS, check_codes, conditions, rows, take_out

PACKAGE = "uploads/package"
MODULES = (
    "archives",
    "attributes",
    "content",
    "extras",
    "headers",
    "kinds",
    "layout",
    "lookup",
    "members",
    "names",
    "polyglots",
    "reader",
    "streams",
    "unicode14",
)
TABLES = {
    "archives": ("_INSTALLERS", "_INSIDE"),
    "attributes": ("SYSTEMS",),
    "content": ("_RUN_BY_NAME", "_EXECUTABLE_NAMES", "_LEFT_BEHIND"),
    "extras": ("KNOWN",),
    "kinds": ("ARCHIVES", "EXECUTABLES", "_MAGIC", "_TEXT", "_WIDE", "_ANY", "EXPECTED", "LICENCE_NAMES"),
    "names": ("_INVISIBLE",),
    "polyglots": ("_DISC_MARKS",),
    "rules": ("_ALLOWED",),
}
DOCUMENTS = ("starminer.mod-manifest.v1", "smmods.mod-release-submission.v1")
KEYWORDS = {
    *("type", "const", "enum", "format", "pattern", "required", "additionalProperties", "uniqueItems"),
    *("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"),
}

#: After so many seconds something runs for ever that was bounded with the rule.
_PATIENCE = 60

# What is tested without Django starts in a fraction of the time.
BARE = ("--noconftest", "-p", "no:django", "-c", os.devnull, "--rootdir", ".", "--import-mode=importlib")
OF_PACKAGE = tuple(
    f"tests/uploads/package/test_{name}.py"
    for name in ("rules", "limits", "streams", "reader", "members", "lookup", "agreement", "fuzz")
)


def names() -> Iterator[str]:
    """Every rule that can be taken out."""
    from uploads.package import RULES
    from uploads.scanners import yara
    from uploads.signals.table import SIGNALS

    yield from RULES
    for module in MODULES:
        path = f"{PACKAGE}/{module}.py"
        yield from _places(path)
        yield from _rows(path, TABLES.get(module, ()))
    yield from _rows(f"{PACKAGE}/rules.py", TABLES["rules"])
    yield from dict.fromkeys(code for codes in check_codes().values() for code in codes)
    for file in sorted((ROOT / "uploads/checks").glob("*.py")):
        yield from _places(f"uploads/checks/{file.name}")
    yield from _places("accounts/strict_json.py")
    yield from _keywords()
    yield from (code for code, kind in SIGNALS.items() if not kind.portal)
    yield from yara.load().rules


def _places(path: str) -> Iterator[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    found = {(spot[0].lineno, spot[0].col_offset) for spot in conditions(tree)}
    yield from (f"{path}:{line}:{column}" for line, column in sorted(found))


def _rows(path: str, tables: tuple[str, ...]) -> Iterator[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    for table in tables:
        yield from (f"{path}:{table}:{number}" for number, _ in enumerate(rows(tree, table)))


def _keywords() -> Iterator[str]:
    """The keywords of the documents that strangers write, and of the parts that these use."""
    from catalog import schema_registry

    folder = Path(schema_registry.__file__).parent / "schemas"
    common = json.loads((folder / f"{schema_registry.COMMON}.schema.json").read_text("utf-8"))["$defs"]
    used: set[str] = set()
    for schema_id in DOCUMENTS:
        document = json.loads((folder / f"{schema_id}.schema.json").read_text("utf-8"))
        used |= set(schema_registry.schema(schema_id)["$defs"][schema_registry.COMMON]["$defs"])
        yield from _keywords_of(document, f"{SCHEMAS}{schema_id}")
    for name in sorted(used):
        yield from _keywords_of(common[name], f"{SCHEMAS}{schema_registry.COMMON}/$defs/{name}")


def _keywords_of(part: Any, pointer: str) -> Iterator[str]:
    if not isinstance(part, dict):
        return
    for key, value in part.items():
        if key == "required":
            yield from (f"{pointer}/required/{number}" for number, _ in enumerate(value))
        elif key in KEYWORDS and not isinstance(value, dict) and (key, value) != ("minLength", 0):
            yield f"{pointer}/{key}"
        elif key == "properties":
            for name, child in value.items():
                yield from _keywords_of(child, f"{pointer}/properties/{name}")
        elif key == "items":
            yield from _keywords_of(value, f"{pointer}/items")


def command(name: str) -> list[str]:
    """What runs the tests that should miss a rule, until the first does."""
    start = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.rule_taken_out",
    ]
    start += ["--without-rule", name]
    if name.startswith((f"{PACKAGE}/", "zip.", "content.")):
        return [*start, *BARE, *OF_PACKAGE]
    if name.startswith("accounts/"):
        return [
            *start,
            *BARE,
            "tests/accounts/test_strict_json.py",
            "tests/accounts/test_strict_json_bounds.py",
        ]
    if name.startswith(SCHEMAS):
        return [*start, *BARE, "tests/catalog/test_document_bounds.py"]
    if name.startswith("uploads/checks/") or any(name in codes for codes in check_codes().values()):
        return [*start, "tests/uploads/checks"]
    return [*start, "tests/uploads/signals", "tests/uploads/scanners/test_yara.py"]


def seen_by_rows(name: str) -> bool:
    """Whether the table of packages (`test_rules`) tells that a rule of the package is gone, asked in a fork."""
    from tests.uploads.package.test_rules import ROWS, package

    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] != 0
    signal.alarm(_PATIENCE)
    for module in [module for module in sys.modules if module.startswith(PACKAGE.replace("/", "."))]:
        del sys.modules[module]
    try:
        take_out(name)
        read = importlib.import_module(f"{PACKAGE.replace('/', '.')}.reader").read_package
        for row in ROWS:
            bad, good = package(row.bad), package(row.good)
            told = {problem.code for problem in read(io.BytesIO(bad), len(bad)).problems}
            if told != {row.code} or read(io.BytesIO(good), len(good)).problems:
                os._exit(1)
    finally:
        # Reached by an error too, which a test would have met.
        os._exit(1 if sys.exc_info()[0] else 0)


def missed(name: str) -> bool:
    """Whether a test fails without the rule."""
    if name.startswith((f"{PACKAGE}/", "zip.", "content.")) and seen_by_rows(name):
        return True
    try:
        ran = _run(name)
    except subprocess.TimeoutExpired:
        return True
    # 1: a test failed; 2: the tests could not even be collected. Anything else says nothing about the rule.
    if ran.returncode not in (0, 1, 2):
        raise RuntimeError(f"{name}: pytest ended with {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return ran.returncode != 0


def _run(name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(name), cwd=ROOT, capture_output=True, text=True, check=False, timeout=10 * _PATIENCE
    )


def main(arguments: list[str]) -> int:
    """The number of rules that nobody misses."""
    words = [word for word in arguments if not word.startswith("-")]
    chosen = [name for name in names() if not words or any(word in name for word in words)]
    if "--list" in arguments:
        sys.stdout.write("".join(f"{name}\n" for name in chosen))
        return 0
    started = time.monotonic()
    survivors = []
    for name in chosen:
        if not missed(name):
            survivors.append(name)
            sys.stdout.write(f"no test misses {name}\n")
            sys.stdout.flush()
    minutes = (time.monotonic() - started) / 60
    sys.stdout.write(f"{len(chosen)} rules taken out in {minutes:.0f} minutes, {len(survivors)} not missed\n")
    return len(survivors)


if __name__ == "__main__":
    sys.exit(min(100, main(sys.argv[1:])))
