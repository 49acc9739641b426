"""The register as the publisher's tests need it, and a fresh lease for each."""

from typing import Any

import pytest

from catalog import contract

CHECKS = [
    {"id": check_id, "required": True, "description": "What it is for.", "phase": phase}
    for check_id, phase in (
        ("sidecar_schema", "intake"),
        ("zip_path_safety", "intake"),
        ("antivirus_scan", "intake"),
        ("artifact_hash", "publication"),
        ("public_smoke", "after"),
    )
]
SUPPLIED: dict[str, Any] = {
    "checks": CHECKS,
    "package_rules": [
        {
            "code": "zip.path",
            "title": "Paths",
            "rule": "Safe.",
            "hint": "Mend it.",
            "check": "zip_path_safety",
        }
    ],
    "rules_version": "smz-1",
    "waived_checks": frozenset({"antivirus_scan"}),
}


@pytest.fixture(autouse=True)
def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the higher rooms say, in short: the publisher's rules don't depend on how many checks there are."""
    for name, value in SUPPLIED.items():
        monkeypatch.setitem(contract._register, name, lambda value=value: value)
