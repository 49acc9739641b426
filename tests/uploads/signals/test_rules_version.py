"""The rules' version agrees with the rules: who changes a table must say so."""

import hashlib
import json
import re

from uploads.checks import CHECKS, RULES_VERSION
from uploads.package import kinds
from uploads.package.rules import DEFAULT, PROFILE, RULES
from uploads.scanners import yara
from uploads.signals import links, lua, lua_names, names, programs, rules_version, secrets
from uploads.signals.table import SIGNALS


def tables() -> dict[str, object]:
    """All tables that decide what is refused and found; words for people are left out."""
    return {
        "profile": [DEFAULT, *((rule.code, rule.requirement, rule.check) for rule in RULES.values())],
        "kinds": [kinds.EXPECTED, sorted(kinds.ARCHIVES), sorted(kinds.EXECUTABLES)],
        "checks": [(check.id, check.codes, check.required) for check in CHECKS],
        "signals": [(kind.code, kind.weight, kind.portal) for kind in SIGNALS.values()],
        "names": names.GAME_LIBRARIES,
        "links": [links._RISKY_HOSTS, links._PROGRAM.pattern],
        "lua": [lua._FUNCTIONS, lua._WORDS.pattern, lua_names.ROOTS],
        "programs": [programs._NETWORK, programs._PROCESS, programs._INJECTION, programs._PACKERS],
        "secrets": [(form.rule, form.marks, form.pattern.pattern) for form in secrets.FORMS],
        "yara": yara.digest(),
    }


def plain(value: object) -> str:
    """A value in one order, whatever the order of its sets."""
    if isinstance(value, dict):
        return json.dumps([[plain(key), plain(item)] for key, item in sorted(value.items(), key=str)])
    if isinstance(value, frozenset | set):
        return json.dumps(sorted(plain(item) for item in value))
    if isinstance(value, list | tuple):
        return json.dumps([plain(item) for item in value])
    if hasattr(value, "__slots__") and not isinstance(value, str | bytes):
        return json.dumps([[name, plain(getattr(value, name))] for name in value.__slots__])
    return repr(value)


def test_the_version_grows_with_the_rules() -> None:
    digest = hashlib.sha256(plain(tables()).encode()).hexdigest()[:16]
    assert rules_version.DIGEST == digest, (
        "The rules changed. In uploads/signals/rules_version.py raise VERSION if the last one was released, "
        f'and write DIGEST = "{digest}".'
    )


def test_results_carry_the_version() -> None:
    assert rules_version.VERSION == RULES_VERSION
    assert re.fullmatch(re.escape(PROFILE) + r"(\.\d+)+", RULES_VERSION)


def test_every_table_counts() -> None:
    whole = tables()
    digests = {plain(whole | {name: "changed"}) for name in whole} | {plain(whole)}
    assert len(digests) == len(whole) + 1
