"""The checks on what is inside, on dependencies, and on the portal."""

from typing import Any

import pytest

from tests import packages
from tests.packages import LUA, Part, mod, pe, with_parts
from tests.uploads.checks.subjects import of_bytes, offline, portal, subject, told, with_manifest_bytes
from uploads.checks import (
    CHECKS,
    BackendNotReadyError,
    Service,
    archive_content_policy,
    backend_readiness,
    dependency_contract,
    entrypoint_presence,
    file_signature,
    zip_path_safety,
)
from uploads.checks.base import KnownRelease
from uploads.package import RULES

PROFILE_CHECKS = {
    "zip_path_safety": zip_path_safety,
    "file_signature": file_signature,
    "archive_content_policy": archive_content_policy,
}


@pytest.mark.parametrize("check", PROFILE_CHECKS.values(), ids=PROFILE_CHECKS)
def test_a_good_package_keeps_the_profile(check: Any):
    assert told(check.run(subject())) == ("passed", [])


@pytest.mark.parametrize("code", RULES)
def test_each_rule_is_reported_by_its_check_alone(code: str):
    raw = next(raw for rule, _, raw in packages.HOSTILE if rule == code)
    arrived = of_bytes(raw, None, portal())
    for check_id, check in PROFILE_CHECKS.items():
        result = check.run(arrived)
        if check_id == RULES[code].check:
            assert result.status == "failed"
            assert set(told(result)[1]) == {code}
            assert result.evidence["broken"][code] >= 1
        else:
            assert result.status != "failed"


def test_files_that_were_not_opened_are_not_judged():
    arrived = of_bytes(with_parts(Part("Content/aux.lua", LUA)), None, portal())
    assert file_signature.run(arrived).code == "package_not_opened"
    assert archive_content_policy.run(arrived).code == "package_not_opened"


def test_every_rule_of_the_profile_is_some_check_s():
    by_id = {check.id: check for check in CHECKS}
    for code, rule in RULES.items():
        assert code in by_id[rule.check].codes


def test_entrypoints():
    assert told(entrypoint_presence.run(subject())) == ("passed", [])
    native = {"type": "native", "path": "Binaries/Win64/a.dll"}
    files = {"Binaries/Win64/a.dll": pe(), "Content/a.json": b"{}"}
    data = {"type": "data", "path": "Content/a.json"}
    assert told(entrypoint_presence.run(subject(files=files, entrypoints=[native, data]))) == ("passed", [])
    wrong = [{"type": "native", "path": "Content/a.json"}, {"type": "lua", "path": "Content/a.json"}]
    result = entrypoint_presence.run(subject(files=files, entrypoints=wrong))
    assert told(result) == ("failed", ["entrypoint_wrong_kind"] * 2)


def test_missing_entrypoints():
    entrypoints = [{"type": "lua", "path": "Content/Hello/init.lua"}, {"type": "lua", "path": "gone.lua"}, {}]
    result = entrypoint_presence.run(subject(entrypoints=entrypoints))
    assert told(result) == ("failed", ["entrypoint_missing"] * 3)
    assert result.problems[0].hint == f"Write it as it is in the package: {packages.ENTRYPOINT}."
    assert result.path == "Content/Hello/init.lua"
    assert entrypoint_presence.run(with_manifest_bytes(b"{")).status == "not_run"


def wish(mod_id: str = "example.base", version: str = "^1.0.0", **more: Any) -> dict[str, Any]:
    return {"id": mod_id, "version": version} | more


def test_dependencies_in_order():
    result = dependency_contract.run(subject(dependencies=[wish()], framework=">=0.5.8 <0.6.0"))
    assert told(result) == ("passed", [])
    assert result.evidence == {"dependencies": 1, "conflicts": 0}
    two = [wish(), wish("example.more", "*")]
    known = [KnownRelease("example.base", "1.0.0", "0.9.0"), KnownRelease("example.more", "0.1.0", "0.9.0")]
    facts = portal(releases=known)
    reordered = subject(mod(dependencies=two, sidecar_changes={"dependencies": two[::-1]}), facts=facts)
    assert told(dependency_contract.run(reordered)) == ("passed", [])


def test_false_and_absent_optional_are_the_same():
    changes = {"dependencies": [wish(optional=False)]}
    assert told(dependency_contract.run(subject(dependencies=[wish()], sidecar_changes=changes))) == (
        "passed",
        [],
    )


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"dependencies": [wish()], "sidecar_changes": {"dependencies": []}}, ["dependencies_differ"]),
        ({"sidecar_changes": {"dependencies": [wish()]}}, ["dependencies_differ"]),
        (
            {"dependencies": [wish()], "sidecar_changes": {"dependencies": [wish(version="*")]}},
            ["dependencies_differ", "dependencies_differ"],
        ),
        (
            {"dependencies": [wish()], "sidecar_changes": {"dependencies": [wish(optional=True)]}},
            ["dependencies_differ", "dependencies_differ"],
        ),
        ({"dependencies": [wish("example.hello-lua")]}, ["dependency_on_itself"]),
        ({"conflicts": [wish("example.hello-lua", "<0.1.0")]}, ["conflict_with_itself"]),
        ({"dependencies": [wish(), wish(version="*")]}, ["dependency_twice"]),
        ({"dependencies": [wish(version="newest")]}, ["range_unreadable"]),
        ({"conflicts": [wish(version="newest")]}, ["range_unreadable"]),
        ({"dependencies": [wish("example.gone")]}, ["dependency_unknown"]),
        ({"dependencies": [wish(version="^3.0.0")]}, ["dependency_unsatisfied"]),
        ({"dependencies": [wish(version="^2.0.0")]}, ["dependency_unsatisfied"]),
        ({"dependencies": [wish()], "conflicts": [wish(version="*")]}, ["dependency_conflicts"]),
        ({"framework": "^1.0.0"}, ["framework_unsatisfied"]),
        ({"framework": "newest"}, ["range_unreadable"]),
    ],
)
def test_bad_dependencies(changes: dict[str, Any], codes: list[str]):
    assert told(dependency_contract.run(subject(**changes))) == ("failed", codes)


def test_a_conflict_with_some_versions_only_is_no_contradiction():
    arrived = subject(dependencies=[wish()], conflicts=[wish(version="1.0.0")])
    assert told(dependency_contract.run(arrived)) == ("passed", [])


def test_optional_dependencies_warn():
    arrived = subject(dependencies=[wish("example.gone", optional=True)])
    assert told(dependency_contract.run(arrived)) == ("warned", ["dependency_unknown"])
    both = subject(dependencies=[wish("example.gone", optional=True), wish("example.none")])
    assert told(dependency_contract.run(both)) == ("failed", ["dependency_unknown", "dependency_unknown"])


def test_dependencies_without_a_portal():
    assert told(dependency_contract.run(offline(dependencies=[wish("example.gone")]))) == ("passed", [])
    assert told(dependency_contract.run(offline(framework="^9.0.0"))) == ("passed", [])
    assert told(dependency_contract.run(of_bytes(mod().package, None, None))) == ("passed", [])
    assert dependency_contract.run(with_manifest_bytes(b"{")).status == "not_run"


def test_no_framework_yet_satisfies_any_range():
    arrived = subject(facts=portal(framework=None), framework="^9.0.0")
    assert told(dependency_contract.run(arrived)) == ("passed", [])


def test_portal_ready():
    result = backend_readiness.run(subject())
    assert told(result) == ("passed", [])
    assert result.evidence == {"services": {"database": "answers", "storage": "writes"}}
    assert backend_readiness.run(offline()).status == "not_run"


def test_portal_not_ready_waits():
    facts = portal(services={"worker": Service(False, "no heartbeat"), "storage": Service(True)})
    with pytest.raises(BackendNotReadyError) as caught:
        backend_readiness.run(subject(facts=facts))
    assert caught.value.message == "Not running: worker (no heartbeat)."
