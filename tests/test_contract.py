"""The publishing contract keeps every key that the mod manager's tools know, with its meaning and its type.

The tree below is written out here, not read from the code: it is what others were promised.
"""

import json
from typing import Any

import pytest
from django.test import Client

from catalog import schema_registry, service_status
from moderation import publication
from tests.factories import services_live

pytestmark = pytest.mark.django_db(transaction=True)

WORKFLOW = "/api/v1/publishing/workflow.json"

#: Each key with the type of its value; a list holds the tree of its entries; text in quotes is the value itself.
TREE: dict[str, Any] = {
    "schema": "smmods.publishing-workflow.v1",
    "generatedAt": str,
    "status": str,
    "liveBackend": bool,
    "summary": str,
    "auth": {
        "live": bool,
        "accountRequired": True,
        "sessionRequired": True,
        "roles": [str],
        "plannedCapabilities": [str],
    },
    "upload": {
        "live": bool,
        "plannedEndpoint": {"method": "POST", "path": "/api/v1/uploads"},
        "statusEndpointTemplate": "/api/v1/uploads/{submissionId}",
        "acceptedContentTypes": [str],
        "requiredSidecarSchema": "smmods.mod-release-submission.v1",
        "sidecarSchemaUrl": str,
        "maxPackageBytes": 104857600,
        "stagingPathTemplate": "uploads/staging/{submissionId}/{fileName}",
        "artifactPathTemplate": "downloads/mods/{modId}/{version}/{fileName}",
        "immutableArtifacts": True,
        "liveUploadGate": (
            "POST /api/v1/uploads returns uploads_disabled until SMMODS_LIVE_UPLOADS=1 is active on the "
            "deployed backend."
        ),
    },
    "backendRequirements": {
        "status": str,
        "summary": str,
        "backendContractUrl": str,
        "frameworkValidationContractUrl": str,
        "frameworkValidationContractSchemaUrl": str,
        "requiredServices": [{"id": str, "required": True, "live": bool, "description": str}],
        "goLiveRules": [str],
    },
    "states": [{"id": str, "label": str, "publicCatalogVisible": bool, "downloadEnabled": bool}],
    "transitions": [{"from": str, "to": str, "actor": str}],
    "validationChecks": [{"id": str, "required": bool, "description": str}],
    "publicationOutputs": [str],
    "manualFallback": {
        "active": bool,
        "tool": str,
        "runbook": "docs/manual-publishing.md",
        "sidecarSchema": str,
        "sidecarExample": "docs/mod-release-submission.example.json",
        "command": str,
    },
}
ROLES = ["player", "modder", "moderator", "admin"]
CONTENT_TYPES = ["application/zip", "application/x-zip-compressed"]
SERVICES = [
    "auth_service",
    "upload_storage",
    "validation_worker",
    "moderation_queue",
    "catalog_publisher",
    "audit_log",
    "public_smoke_runner",
]
STATES = [
    ("draft", "Draft", False),
    ("uploaded", "Uploaded", False),
    ("validating", "Validating", False),
    ("validation_failed", "Validation failed", False),
    ("cancelled", "Cancelled", False),
    ("pending_review", "Pending review", False),
    ("changes_requested", "Changes requested", False),
    ("approved", "Approved", False),
    ("published", "Published", True),
    ("rejected", "Rejected", False),
    ("hidden", "Hidden", False),
    ("superseded", "Superseded", True),
]
TRANSITIONS = [
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
]
CHECKS = [
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
]
EXTENSION_CHECKS = {"antivirus_scan", "file_signature", "archive_content_policy"}
OUTPUTS = [
    "/downloads/mods/{modId}/{version}/{fileName}",
    "/api/v1/catalog.json",
    "/api/v1/mods/index.json",
    "/api/v1/mods/{modId}/index.json",
    "/api/v1/mods/{modId}/versions.json",
]
GO_LIVE_RULES = [
    "Do not set liveBackend true until every required service is live.",
    "Do not enable public account copy until verification email delivery is configured and account creation "
    "fails closed when delivery is unavailable.",
    "Do not enable public account, upload, or moderation copy until rate_limit_exceeded responses are covered by "
    "backend deployment smoke.",
    "Do not expose POST /api/v1/uploads until auth, staging storage, validation workers, moderation, audit logging, "
    "catalog publication, and SMMODS_LIVE_UPLOADS=1 are covered by CI or deployment smoke.",
    "Do not remove static placeholder copy from account, upload, or moderation pages until the matching service is "
    "deployed and validated.",
    "Keep the manual fallback active until the backend import path has produced at least one verified public mod "
    "release.",
]


@pytest.fixture
def workflow() -> dict[str, Any]:
    """The workflow as it is served after a publication."""
    publication.run({"op": "refresh"})
    return served()


def served() -> dict[str, Any]:
    response = Client().get(WORKFLOW)
    assert response.status_code == 200
    document: dict[str, Any] = json.loads(b"".join(response.streaming_content))
    return document


def missing(tree: Any, value: Any, place: str = "") -> list[str]:
    """Where `value` lacks something of `tree`, or has it in another type."""
    if isinstance(tree, dict):
        if not isinstance(value, dict):
            return [f"{place} is no object"]
        return [
            fault
            for key, part in tree.items()
            for fault in (
                missing(part, value[key], f"{place}/{key}") if key in value else [f"{place}/{key} is missing"]
            )
        ]
    if isinstance(tree, list):
        if not isinstance(value, list) or not value:
            return [f"{place} is no list with something in it"]
        return [fault for row in value for fault in missing(tree[0], row, f"{place}/-")]
    if isinstance(tree, type):
        return [] if type(value) is tree else [f"{place} is {value!r}"]
    return [] if type(value) is type(tree) and value == tree else [f"{place} is {value!r}, not {tree!r}"]


def test_every_key_is_there_with_its_type(workflow: dict[str, Any]) -> None:
    assert missing(TREE, workflow) == []
    assert schema_registry.problems("smmods.publishing-workflow.v1", workflow) == []


def test_the_comparison_finds_what_is_missing_or_of_another_type(workflow: dict[str, Any]) -> None:
    del workflow["auth"]["roles"]
    workflow["upload"]["live"] = "yes"
    workflow["states"] = []
    workflow["manualFallback"] = None
    workflow["upload"]["maxPackageBytes"] = 1
    assert {fault.partition(" is ")[0] for fault in missing(TREE, workflow)} == {
        "/auth/roles",
        "/upload/live",
        "/upload/maxPackageBytes",
        "/states",
        "/manualFallback",
    }


def test_the_lists_are_the_contracts(workflow: dict[str, Any]) -> None:
    assert workflow["auth"]["roles"] == ROLES
    assert workflow["upload"]["acceptedContentTypes"] == CONTENT_TYPES
    assert workflow["publicationOutputs"] == OUTPUTS
    assert [one["id"] for one in workflow["backendRequirements"]["requiredServices"]] == SERVICES
    assert workflow["backendRequirements"]["goLiveRules"] == GO_LIVE_RULES


def test_the_states_are_the_contracts_twelve(workflow: dict[str, Any]) -> None:
    found = [(one["id"], one["label"], one["publicCatalogVisible"]) for one in workflow["states"]]
    assert found == STATES
    assert all(one["publicCatalogVisible"] == one["downloadEnabled"] for one in workflow["states"])


def test_the_contracts_eleven_moves_are_unmarked_and_all_others_are_extensions(
    workflow: dict[str, Any],
) -> None:
    own = [one for one in workflow["transitions"] if "extension" not in one]
    assert [(one["from"], one["to"], one["actor"]) for one in own] == TRANSITIONS
    assert all(set(one) == {"from", "to", "actor"} for one in own)
    assert all(one["extension"] is True for one in workflow["transitions"] if one not in own)


def test_the_contracts_fourteen_checks_are_unmarked_and_all_others_are_extensions(
    workflow: dict[str, Any],
) -> None:
    own = [one["id"] for one in workflow["validationChecks"] if "extension" not in one]
    assert own == CHECKS
    others = {one["id"] for one in workflow["validationChecks"] if one.get("extension") is True}
    assert others == EXTENSION_CHECKS
    assert all(one["required"] for one in workflow["validationChecks"] if one["id"] in CHECKS)


def test_addresses_lead_to_documents(workflow: dict[str, Any]) -> None:
    needs = workflow["backendRequirements"]
    addresses = [needs[key] for key in needs if key.endswith("Url")]
    addresses += [workflow["upload"]["sidecarSchemaUrl"], workflow["manualFallback"]["sidecarSchema"]]
    for address in addresses:
        assert address.startswith("/")
        assert Client().get(address).status_code == 200, address


def test_what_is_live_follows_from_what_is_running(settings: Any) -> None:
    settings.SMMODS_LIVE_UPLOADS = True
    publication.run({"op": "refresh"})
    before = served()
    assert (before["liveBackend"], before["upload"]["live"], before["manualFallback"]["active"]) == (
        False,
        False,
        True,
    )
    services_live()
    service_status.report("public_smoke_runner", True, "It passed.")
    publication.run({"op": "refresh"})
    after = served()
    assert (after["liveBackend"], after["upload"]["live"], after["auth"]["live"]) == (True, True, True)
    settings.SMMODS_LIVE_UPLOADS = False
    publication.run({"op": "refresh"})
    assert (served()["liveBackend"], served()["upload"]["live"]) == (False, False)
