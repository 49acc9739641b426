"""The published contract: every key that the manager's tools know, computed from what is running."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import OutboxRow
from catalog import contract_documents, schema_registry, service_status, tasks
from catalog.contract_calls import CALLS
from catalog.models import Publication
from moderation.publication import publish_due
from smmods.api import api
from tests import factories
from tests.catalog.publisher.world import put

pytestmark = pytest.mark.django_db
AT = datetime(2026, 6, 6, tzinfo=UTC)

#: The publishing workflow as the contract first wrote it: every key, and the kind of its value.
TEXT, FLAG, NUMBER = str, bool, int
WORKFLOW: dict[str, Any] = {
    "schema": TEXT,
    "generatedAt": TEXT,
    "status": TEXT,
    "liveBackend": FLAG,
    "summary": TEXT,
    "auth": {
        "live": FLAG,
        "accountRequired": FLAG,
        "sessionRequired": FLAG,
        "roles": [TEXT],
        "plannedCapabilities": [TEXT],
    },
    "upload": {
        "live": FLAG,
        "plannedEndpoint": {"method": TEXT, "path": TEXT},
        "statusEndpointTemplate": TEXT,
        "acceptedContentTypes": [TEXT],
        "requiredSidecarSchema": TEXT,
        "sidecarSchemaUrl": TEXT,
        "maxPackageBytes": NUMBER,
        "stagingPathTemplate": TEXT,
        "artifactPathTemplate": TEXT,
        "immutableArtifacts": FLAG,
        "liveUploadGate": TEXT,
    },
    "backendRequirements": {
        "status": TEXT,
        "summary": TEXT,
        "backendContractUrl": TEXT,
        "frameworkValidationContractUrl": TEXT,
        "frameworkValidationContractSchemaUrl": TEXT,
        "requiredServices": [{"id": TEXT, "required": FLAG, "live": FLAG, "description": TEXT}],
        "goLiveRules": [TEXT],
    },
    "states": [{"id": TEXT, "label": TEXT, "publicCatalogVisible": FLAG, "downloadEnabled": FLAG}],
    "transitions": [{"from": TEXT, "to": TEXT, "actor": TEXT}],
    "validationChecks": [{"id": TEXT, "required": FLAG, "description": TEXT}],
    "publicationOutputs": [TEXT],
    "manualFallback": {
        "active": FLAG,
        "tool": TEXT,
        "runbook": TEXT,
        "sidecarSchema": TEXT,
        "sidecarExample": TEXT,
        "command": TEXT,
    },
}
SERVICES = (
    "auth_service",
    "upload_storage",
    "validation_worker",
    "moderation_queue",
    "catalog_publisher",
    "audit_log",
    "public_smoke_runner",
)
FIRST_MOVES = (
    ("draft", "uploaded", "modder"),
    ("uploaded", "validating", "system"),
    ("validating", "validation_failed", "system"),
    ("validation_failed", "cancelled", "modder"),
    ("validating", "pending_review", "system"),
    ("pending_review", "changes_requested", "moderator"),
    ("pending_review", "rejected", "moderator"),
    ("pending_review", "approved", "moderator"),
    ("approved", "published", "system"),
    ("published", "hidden", "moderator"),
    ("published", "superseded", "system"),
)
FIRST_CHECKS = (
    "sidecar_schema",
    "manifest_schema",
    "manifest_identity",
    "semantic_version",
    "target_game_build",
    "backend_readiness",
    "dependency_contract",
    "zip_path_safety",
    "entrypoint_presence",
    "mod_config_contract",
    "artifact_hash",
    "detail_page",
    "manager_catalog_parse",
    "public_smoke",
)


def workflow() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(contract_documents.workflow(AT))
    return value


def same_shape(model: Any, value: Any, place: str = "") -> None:
    """Every key of the model is there with a value of its kind; more may be."""
    if isinstance(model, dict):
        assert model.keys() <= value.keys(), place
        for name, part in model.items():
            same_shape(part, value[name], f"{place}/{name}")
    elif isinstance(model, list):
        assert isinstance(value, list) and value, place
        for part in value:
            same_shape(model[0], part, f"{place}/0")
    else:
        assert type(value) is model, place


def all_live() -> None:
    for service in SERVICES:
        service_status.report(service, True, "seen")


def test_every_key_of_the_workflow_is_there_with_its_type() -> None:
    same_shape(WORKFLOW, workflow())


def test_what_is_beyond_the_contract_says_so() -> None:
    body = workflow()
    moves = [
        (row["from"], row["to"], row["actor"]) for row in body["transitions"] if not row.get("extension")
    ]
    assert sorted(moves) == sorted(FIRST_MOVES)
    checks = [row["id"] for row in body["validationChecks"] if not row.get("extension")]
    assert sorted(checks) == sorted(FIRST_CHECKS)
    assert {row["id"] for row in body["validationChecks"] if row.get("extension")} == {
        "antivirus_scan",
        "file_signature",
        "archive_content_policy",
    }
    assert len(body["states"]) == 12


def test_every_document_keeps_its_schema() -> None:
    for path, render in contract_documents.DOCUMENTS.items():
        body = json.loads(render(AT))
        if path.endswith(".schema.json"):
            assert body["$schema"].startswith("https://json-schema.org/"), path
        else:
            assert schema_registry.problems(body["schema"], body) == [], path


def test_nothing_is_live_that_was_not_seen() -> None:
    body = workflow()
    assert (body["liveBackend"], body["auth"]["live"], body["upload"]["live"]) == (False, False, False)
    assert [row["id"] for row in body["backendRequirements"]["requiredServices"]] == list(SERVICES)
    assert not any(row["live"] for row in body["backendRequirements"]["requiredServices"])


def test_everything_is_live_when_all_of_it_was_seen(settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    all_live()
    body = workflow()
    assert (body["liveBackend"], body["upload"]["live"], body["status"]) == (True, True, "live")


@pytest.mark.parametrize("service", SERVICES)
def test_one_service_that_is_missing_is_enough(service: str, settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    all_live()
    service_status.report(service, False, missing="away")
    body = workflow()
    assert body["liveBackend"] is False
    assert body["upload"]["live"] is (service == "public_smoke_runner")


def test_uploads_are_not_live_until_an_operator_says_so(settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = False
    all_live()
    assert (workflow()["upload"]["live"], workflow()["liveBackend"]) == (False, False)


@pytest.mark.parametrize(
    ("portal", "smoke", "active"),
    [(True, "passed", False), (True, "failed", True), (True, None, True), (False, "passed", True)],
)
def test_the_manual_lane_stays_until_a_release_of_the_portal_passed_the_smoke(
    portal: bool, smoke: str | None, active: bool
) -> None:
    assert workflow()["manualFallback"]["active"] is True
    Publication.objects.create(
        revision=1,
        cause="test",
        actor=factories.make_user("admin"),
        plan={"portal": portal},
        planned_at=AT,
        smoke={"status": smoke} if smoke else None,
    )
    assert workflow()["manualFallback"]["active"] is active


def test_the_table_of_calls_is_what_the_api_answers() -> None:
    there = {
        (method, "/api/v1" + path)
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
        if method != "HEAD"  # the same call as its GET
    }
    plain = {(method, _plain(path)) for method, path in there}
    said = {(call.method, _plain(call.path)) for call in CALLS}
    assert said <= plain, f"said and not there: {said - plain}"
    assert plain - said <= UNSAID, f"there and not said: {plain - said - UNSAID}"


#: Calls for a person's own things, which the publishing contract does not speak of.
UNSAID: set[tuple[str, str]] = set()


def _plain(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.rstrip("/").split("/")).replace(
        "{}.schema.json", "{}"
    )


def test_a_call_says_its_limit_in_words() -> None:
    words = {(call.method, call.path): call.limit_words() for call in CALLS}
    assert words["POST", "/api/v1/uploads"] == "60 an hour an account"
    assert words["POST", "/api/v1/validate"] == "30 an hour an address"
    assert words["GET", "/api/v1/audit"] is None


def test_the_contract_is_published_anew_when_what_is_running_changes() -> None:
    assert not contract_documents.out_of_date()
    put_refresh()
    assert not tasks.refresh_contract()
    service_status.report("auth_service", True, "seen")
    with transaction.atomic():
        assert tasks.refresh_contract()
        assert not tasks.refresh_contract(), "owed once"
    assert OutboxRow.objects.get(kind="publication.run").payload == {"op": "refresh"}
    put_refresh()
    assert not contract_documents.out_of_date()


def put_refresh() -> None:
    from catalog.publisher import Refresh

    put(Refresh())


def test_published_documents_can_be_read_by_anybody(client: Client) -> None:
    publish_due(factories.make_user("admin"))
    response = client.get("/api/v1/publishing/workflow.json")
    assert response.status_code == 200
    assert json.loads(response.getvalue())["schema"] == "smmods.publishing-workflow.v1"
