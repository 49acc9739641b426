"""Taking a rule out changes what it says and nothing else, and a test that needs the rule fails then."""

import ast
import subprocess
import sys

import pytest

from tests import without_rules
from tests.rule_taken_out import ROOT, changed

SOURCE = '''
TABLE: tuple[str, ...] = ("a", "b", "c")
WORDS = """ x y z """
SHELF = frozenset({1, 2})
NAMED = {"k": 1, "l": 2}


def f(a, b, items):
    if a or b:
        return [item for item in items if item]
    while a and b:
        pass
    return 1 if b else 2
'''


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("m.py:TABLE:1", "('a', 'c')"),
        ("m.py:WORDS:2", "'x y'"),
        ("m.py:SHELF:0", "frozenset({2})"),
        ("m.py:NAMED:1", "{'k': 1}"),
        ("m.py:9:12", "if a or False"),
        ("m.py:10:42", "for item in items if False"),
        ("m.py:11:16", "while a and True"),
        ("m.py:13:16", "return 1 if False else 2"),
    ],
)
def test_what_goes_is_what_was_named(name: str, expected: str):
    before, after = (
        ast.unparse(ast.parse(SOURCE)),
        ast.unparse(ast.fix_missing_locations(changed(SOURCE, name))),
    )
    assert expected in after
    assert expected not in before


@pytest.mark.parametrize("name", ["m.py:1:0", "m.py:ABSENT:0"])
def test_what_is_not_there_cannot_go(name: str):
    with pytest.raises(LookupError):
        changed(SOURCE, name)


def test_every_rule_has_a_name_of_its_own():
    names = list(without_rules.names())
    assert len(names) == len(set(names)) > 800
    for kind in (
        "zip.path",
        "setting_twice",
        "schemas/",
        "uploads/package/layout.py:",
        ":_MAGIC:",
        "lua_os_execute",
    ):
        assert any(kind in name for name in names)
    for name in names[:: len(names) // 40]:
        if ":" in name:
            changed((ROOT / name.partition(":")[0]).read_text("utf-8"), name)


def ran(name: str, words: str) -> int:
    start = without_rules.command(name)
    start = start[: start.index("--without-rule") + 2]
    command = [*start, *without_rules.BARE, "-k", words, without_rules.OF_PACKAGE[0]]
    return subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL).returncode


@pytest.mark.once
def test_a_test_fails_without_a_rule_and_passes_with_it():
    assert ran("", "symbolic") == 0
    for name in ("zip.kind", "uploads/package/attributes.py:SYSTEMS:1"):
        assert sys.executable in without_rules.command(name)
        assert ran(name, "symbolic or attributes") == 1
