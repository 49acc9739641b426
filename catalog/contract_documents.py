"""The publishing contract as it is now: what the portal takes, checks, decides and publishes, computed.

Rules
- Every key of the contract that the manager's tools know is there, with its meaning and its type; what is ours
  beyond it is marked `extension`.
- `live`, `liveBackend` and `manualFallback.active` follow from what is really running, never from a setting
  alone, and never from what somebody typed in.
- States, moves and checks are read from the tables that the portal itself works by (`catalog.contract`).

Source of the keys, the texts and the go-live rules: SMMODS's publishing contract.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts import limits
from accounts.roles import LADDER
from accounts.strict_json import canonical
from catalog import contract, documents, schema_registry, service_status
from catalog.contract_calls import CALLS
from catalog.models import Publication, PublishedDocument

WORKFLOW = "api/v1/publishing/workflow.json"
BACKEND = "api/v1/publishing/backend-contract.json"
SIDECAR_SCHEMA = "api/v1/publishing/mod-release-submission.schema.json"
SUBMISSION_SCHEMA = "api/v1/publishing/upload-submission.schema.json"
VALIDATION = "api/v1/publishing/starminer-publishing-validation.v1.json"
VALIDATION_SCHEMA = "api/v1/publishing/starminer-publishing-validation.schema.json"

SIDECAR = "smmods.mod-release-submission.v1"
GO_LIVE_RULES = (
    "Do not set liveBackend true until every required service is live.",
    "Do not enable public account copy until verification email delivery is configured and account creation "
    "fails closed when delivery is unavailable.",
    "Do not enable public account, upload, or moderation copy until rate_limit_exceeded responses are covered "
    "by backend deployment smoke.",
    "Do not expose POST /api/v1/uploads until auth, staging storage, validation workers, moderation, audit "
    "logging, catalog publication, and SMMODS_LIVE_UPLOADS=1 are covered by CI or deployment smoke.",
    "Do not remove static placeholder copy from account, upload, or moderation pages until the matching "
    "service is deployed and validated.",
    "Keep the manual fallback active until the backend import path has produced at least one verified public "
    "mod release.",
)
#: The services that the fourth go-live rule names.
UPLOAD_SERVICES = (
    "auth_service",
    "upload_storage",
    "validation_worker",
    "moderation_queue",
    "catalog_publisher",
    "audit_log",
)
CAPABILITIES = (
    "free account creation",
    "email verification",
    "session cookies",
    "mod ownership",
    "upload ownership",
    "moderation permissions",
    "audit log attribution",
)
OUTPUTS = (
    "/downloads/mods/{modId}/{version}/{fileName}",
    "/api/v1/catalog.json",
    "/api/v1/mods/index.json",
    "/api/v1/mods/{modId}/index.json",
    "/api/v1/mods/{modId}/versions.json",
)
Json = dict[str, Any]


def uploads_live(seen: dict[str, service_status.Sight]) -> bool:
    """Whether packages are taken: switched on by the operator, and the services it needs are live."""
    return bool(settings.SMMODS_LIVE_UPLOADS) and all(seen[service].live for service in UPLOAD_SERVICES)


def backend_live(seen: dict[str, service_status.Sight]) -> bool:
    """The first go-live rule: every service of the contract is live, and so are uploads."""
    return all(sight.live for sight in seen.values()) and uploads_live(seen)


def manual_lane_needed() -> bool:
    """The last go-live rule: until a release made in the portal was published and passed the public smoke."""
    return not Publication.objects.filter(plan__portal=True, smoke__status="passed").exists()


def _services(seen: dict[str, service_status.Sight]) -> list[Json]:
    return [
        {
            "id": service.id,
            "required": True,
            "live": seen[service.id].live,
            "description": service.description,
        }
        for service in service_status.SERVICES.values()
    ]


def workflow(at: datetime) -> bytes:
    """`workflow.json`: states, moves, services and checks of the publishing lane."""
    seen = service_status.sights()
    uploads, live = uploads_live(seen), backend_live(seen)
    return canonical(
        {
            "schema": "smmods.publishing-workflow.v1",
            "generatedAt": documents.timestamp(at),
            "status": "live" if live else "not-live",
            "liveBackend": live,
            "summary": (
                "Every required service is live: mods are published through the portal."
                if live
                else "Not every required service was seen running; the manual lane stays open meanwhile."
            ),
            "auth": {
                "live": seen["auth_service"].live,
                "accountRequired": True,
                "sessionRequired": True,
                "roles": [role.value for role in LADDER],
                "plannedCapabilities": list(CAPABILITIES),
            },
            "upload": {
                "live": uploads,
                "plannedEndpoint": {"method": "POST", "path": "/api/v1/uploads"},
                "statusEndpointTemplate": "/api/v1/uploads/{submissionId}",
                "acceptedContentTypes": ["application/zip", "application/x-zip-compressed"],
                "requiredSidecarSchema": SIDECAR,
                "sidecarSchemaUrl": f"/{SIDECAR_SCHEMA}",
                "maxPackageBytes": settings.SMMODS_MAX_PACKAGE_BYTES,
                "stagingPathTemplate": "uploads/staging/{submissionId}/{fileName}",
                "artifactPathTemplate": "downloads/mods/{modId}/{version}/{fileName}",
                "immutableArtifacts": True,
                "liveUploadGate": "POST /api/v1/uploads returns uploads_disabled until SMMODS_LIVE_UPLOADS=1 is "
                "active on the deployed backend.",
            },
            "backendRequirements": {
                "status": "live" if live else "incomplete",
                "summary": "These services must exist and be covered by validation before liveBackend can become "
                "true.",
                "backendContractUrl": f"/{BACKEND}",
                "frameworkValidationContractUrl": f"/{VALIDATION}",
                "frameworkValidationContractSchemaUrl": f"/{VALIDATION_SCHEMA}",
                "requiredServices": _services(seen),
                "goLiveRules": list(GO_LIVE_RULES),
            },
            "states": contract.value("states"),
            "transitions": contract.value("transitions"),
            "validationChecks": contract.value("checks"),
            "publicationOutputs": list(OUTPUTS),
            "manualFallback": {
                "active": manual_lane_needed(),
                "tool": "manage.py import_release",
                "runbook": "docs/manual-publishing.md",
                "sidecarSchema": f"/{SIDECAR_SCHEMA}",
                "sidecarExample": "docs/mod-release-submission.example.json",
                "command": "python manage.py import_release --package mod-1.2.3.zip --metadata "
                "mod-1.2.3.release.json --owner EMAIL --as MODERATOR",
            },
        }
    )


def backend_contract(at: datetime) -> bytes:
    """`backend-contract.json`: each call with its role, scope, limit, errors and service."""
    seen = service_status.sights()
    uploads = uploads_live(seen)
    taken = {("POST", "/api/v1/uploads"), ("POST", "/api/v1/uploads/{submissionId}/package")}
    return canonical(
        {
            "schema": "smmods.publishing-backend-contract.v1",
            "generatedAt": documents.timestamp(at),
            "liveBackend": backend_live(seen),
            "summary": "Sign in with a session and the CSRF token, or send an API key with the scope named.",
            "services": _services(seen),
            "calls": [
                {
                    "method": call.method,
                    "path": call.path,
                    "summary": call.summary,
                    "roles": list(call.roles),
                    "scope": call.scope or None,
                    "sessionOnly": not call.scope and "anyone" not in call.roles,
                    "limit": call.limit_words(),
                    "statuses": list(call.statuses),
                    "errors": list(call.errors),
                    "service": call.service,
                    "live": uploads if (call.method, call.path) in taken else seen[call.service].live,
                }
                | ({"extension": True} if call.extension else {})
                for call in CALLS
            ],
            "checks": contract.value("checks"),
            "limits": {
                name: f"{limits.limit(name).count} in {limits.limit(name).period} s, by {limits.limit(name).by}"
                for name in limits.TABLE
            },
        }
    )


def validation_contract(at: datetime) -> bytes:
    """The rules that a package and its documents are checked by."""
    return canonical(
        {
            "schema": "smmods.starminer-publishing-validation.v1",
            "generatedAt": documents.timestamp(at),
            "rulesVersion": contract.value("rules_version"),
            "profile": "smz-1",
            "summary": "One package, one meaning: every tool that opens an accepted package sees the same files.",
            "manifestSchema": "/api/v1/schemas/starminer.mod-manifest.v1.schema.json",
            "sidecarSchema": f"/{SIDECAR_SCHEMA}",
            "checks": contract.value("checks"),
            "packageRules": contract.value("package_rules"),
            "limits": contract.value("limits") | {"maxPackageBytes": settings.SMMODS_MAX_PACKAGE_BYTES},
        }
    )


def _schema(schema_id: str) -> Callable[[datetime], bytes]:
    return lambda _: schema_registry.raw(schema_id)


#: Every document of the contract by its path, and how it is rendered for a time.
DOCUMENTS: dict[str, Callable[[datetime], bytes]] = {
    SIDECAR_SCHEMA: _schema(SIDECAR),
    SUBMISSION_SCHEMA: _schema("smmods.upload-submission.v1"),
    VALIDATION_SCHEMA: _schema("smmods.starminer-publishing-validation.v1"),
    VALIDATION: validation_contract,
    BACKEND: backend_contract,
    WORKFLOW: workflow,
}


def out_of_date() -> bool:
    """Whether the published workflow says otherwise than what holds now; not before anything was published.

    The documents differ only with what is running, so the workflow speaks for all of them.
    """
    row = PublishedDocument.objects.filter(path=WORKFLOW).first()
    if row is None:
        return False
    shown = Publication.objects.filter(revision=row.revision).first()
    if shown is None:
        return True
    at = documents.time_of(shown.plan["generatedAt"])
    return documents.hash_of(workflow(at)) != row.sha256
