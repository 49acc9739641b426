"""The whole run: order, crashes, waiting, and what is published of it."""

import dataclasses
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from catalog import schema_registry
from tests.packages import mod
from tests.uploads.checks.subjects import of_bytes, offline, portal, subject
from uploads import checks
from uploads.checks import (
    CHECKS,
    BackendNotReadyError,
    Phase,
    Result,
    Service,
    Status,
    checks_document,
    package_rules_document,
    run_intake,
)

# The publishing contract's own fourteen, in its order, and what they ask.
CONTRACT = {
    "sidecar_schema": "Sidecar metadata must use smmods.mod-release-submission.v1.",
    "manifest_schema": "Package manifest must match the Starminer mod manifest schema.",
    "manifest_identity": "Manifest id, name, version, and targetGameBuild must match sidecar release metadata.",
    "semantic_version": "Release version must be semantic and must not reuse an existing immutable artifact URL.",
    "target_game_build": "Release targetGameBuild must match the pinned runtime/framework build policy.",
    "backend_readiness": "Backend auth, upload storage, validation workers, moderation, catalog publishing, audit "
    "logs, and public smoke must be ready before uploads go live.",
    "dependency_contract": "Sidecar dependencies must match manifest dependencies and remain manager-readable.",
    "zip_path_safety": "ZIP entries must be relative, must not contain traversal, and executable files must stay "
    "under Binaries/Win64.",
    "entrypoint_presence": "Every manifest entrypoint path must exist inside the uploaded ZIP.",
    "mod_config_contract": "Optional modConfig metadata must declare safe JSON config paths, select settings, "
    "defaults, and allowed option values.",
    "artifact_hash": "Publication computes SHA256 from the exact immutable artifact served by smmods.com.",
    "detail_page": "A public mod detail page must exist before catalog publication.",
    "manager_catalog_parse": "The current smmodmanager build must parse catalog.json after publication.",
    "public_smoke": "Public smoke must fetch JSON endpoints, download artifacts, verify hashes, and run manager URL "
    "readers.",
}


def test_the_contract_s_checks_are_there_in_its_words_and_order():
    own = {check.id: check.description for check in CHECKS if not check.extension}
    assert list(own.items()) == list(CONTRACT.items())
    assert all(check.required for check in CHECKS)


def test_extensions():
    added = {check.id for check in CHECKS if check.extension}
    assert added == {"antivirus_scan", "file_signature", "archive_content_policy"}


def test_each_check_is_there_once_and_has_codes():
    assert len({check.id for check in CHECKS}) == len(CHECKS) == 17
    for check in CHECKS:
        assert check.codes
        assert len(set(check.codes)) == len(check.codes)


def test_published_forms_keep_the_schema():
    schema = schema_registry.schema("smmods.starminer-publishing-validation.v1")
    for name, rows in (("checks", checks_document()), ("packageRules", package_rules_document())):
        validator = Draft202012Validator({"$defs": schema["$defs"], **schema["properties"][name]})
        assert list(validator.iter_errors(rows)) == []


def test_a_good_mod_passes_everything():
    heard: list[Result] = []
    results = run_intake(subject(), heard.append)
    assert heard == results
    assert [result.check_id for result in results] == [c.id for c in CHECKS if c.phase is Phase.INTAKE]
    statuses = {result.check_id: result.status for result in results}
    assert statuses.pop("antivirus_scan") is Status.NOT_RUN
    assert set(statuses.values()) == {Status.PASSED}


def test_results_keep_their_schema():
    part = schema_registry.schema("smmods.upload-submission.v1")
    form = part["$defs"][schema_registry.COMMON]["$defs"]["checkResult"]
    validator = Draft202012Validator(form | {"$defs": part["$defs"][schema_registry.COMMON]["$defs"]})
    for result in (*run_intake(subject()), *run_intake(of_bytes(b"no ZIP", b"{", portal()))):
        assert list(validator.iter_errors(result.as_dict())) == []
        if result.problems:
            assert result.as_dict()["code"] == result.as_dict()["problems"][0]["code"]
        assert result.as_dict()["rulesVersion"] == checks.RULES_VERSION


def test_without_a_portal_nothing_of_it_is_asked():
    statuses = {result.check_id: result.status for result in run_intake(offline())}
    assert {name for name, status in statuses.items() if status is Status.NOT_RUN} == {
        "backend_readiness",
        "antivirus_scan",
    }
    assert Status.FAILED not in statuses.values()


def test_any_bytes_are_a_verdict():
    results = run_intake(of_bytes(b"", b"", portal()))
    assert {result.check_id for result in results if result.status is Status.FAILED} == {
        "sidecar_schema",
        "zip_path_safety",
    }
    assert not [result for result in results if result.code == "check_crashed"]


@pytest.mark.parametrize("value", [None, 1, "x", [], [1], {}, {"id": 1}, [[{}]], True])
def test_documents_of_any_shape_crash_no_check(value: Any):
    keys = (
        "id",
        "name",
        "version",
        "targetGameBuild",
        "entrypoints",
        "dependencies",
        "conflicts",
        "modConfig",
    )
    made = mod()
    for key in (*keys, "framework"):
        arrived = subject(made)
        assert arrived.manifest is not None
        assert arrived.sidecar is not None
        odd = dataclasses.replace(
            arrived, manifest=arrived.manifest | {key: value}, sidecar=arrived.sidecar | {key: value}
        )
        crashed = [result.check_id for result in run_intake(odd) if result.code == "check_crashed"]
        assert crashed == []


def test_a_check_that_crashes_has_failed(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    def broken(_: object) -> Result:
        raise RuntimeError("a mistake of ours")

    crashing = dataclasses.replace(CHECKS[0], run=broken)
    monkeypatch.setattr(checks, "CHECKS", (crashing, *CHECKS[1:]))
    first = run_intake(subject())[0]
    assert (first.status, first.code) == (Status.FAILED, "check_crashed")
    assert "a mistake of ours" not in first.message
    assert "a mistake of ours" in caplog.text


def test_what_cannot_be_asked_now_waits_unless_something_failed():
    facts = portal(services={"worker": Service(False, "no heartbeat")})
    heard: list[Result] = []
    with pytest.raises(BackendNotReadyError) as caught:
        run_intake(subject(facts=facts), heard.append)
    assert caught.value.check_id == "backend_readiness"
    assert len(heard) == 13
    results = {r.check_id: r for r in run_intake(subject(facts=facts, version="0.1.0"))}
    assert results["semantic_version"].status is Status.FAILED
    assert results["backend_readiness"].status is Status.NOT_RUN
    assert results["backend_readiness"].code == "backend_not_ready"


def test_hash_is_computed_where_nobody_gave_it():
    bad = of_bytes(b"no ZIP", None, None)
    assert bad.sha256 == checks.prepare(bad.open_package, bad.size).sha256
