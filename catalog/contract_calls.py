"""Every call of the JSON API in one table: who may make it, under which limit, with which errors, on which service.

Rules
- The table is what `backend-contract.json` publishes; a test compares it with the calls that are really there.
- Roles add up, so a call names the lowest role that may make it and those above. `anyone` needs no account.
- `scope` is what an API key must have; without one only a signed-in session counts, unless anyone may call.
- Errors are the codes of the problem documents that a caller should be ready for, the general ones left out:
  `not_signed_in`, `role_required`, `not_found`, `bad_input`, `csrf_failed`.
"""

from dataclasses import dataclass

from accounts import limits
from accounts.roles import LADDER, Role

ANYONE = ("anyone",)


def _from(role: Role) -> tuple[str, ...]:
    return tuple(step.value for step in LADDER[LADDER.index(role) :])


PLAYER, MODDER, MODERATOR, ADMIN = (_from(role) for role in LADDER)


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `limit` names a row of the table of limits; `extension` is what the contract lacks."""

    method: str
    path: str
    summary: str
    roles: tuple[str, ...]
    service: str
    scope: str = ""
    limit: str = ""
    statuses: tuple[int, ...] = (200,)
    errors: tuple[str, ...] = ()
    extension: bool = False

    def limit_words(self) -> str | None:
        """The limit as people read it: "60 an hour an account"; None where there is none."""
        if not self.limit:
            return None
        rule = limits.limit(self.limit)
        span = "an hour" if rule.period == limits.HOUR else "a minute"
        return (
            f"{rule.count} {span} an {rule.by}"
            if rule.by[0] in "aeiou"
            else f"{rule.count} {span} a {rule.by}"
        )


_BUSY = ("rate_limit_exceeded",)
_PACKAGE = (
    "uploads_disabled",
    "unsupported_content_type",
    "package_too_large",
    "package_empty",
    "sidecar_invalid",
    "sidecar_disagrees",
    "namespace_taken",
    "namespace_reserved",
    "version_exists",
    "too_many_open",
    "staging_unavailable",
    *_BUSY,
)

CALLS: tuple[Call, ...] = (
    Call(
        "POST",
        "/api/v1/uploads",
        "Send a package and its sidecar",
        MODDER,
        "upload_storage",
        "uploads:write",
        "upload",
        (202,),
        _PACKAGE,
    ),
    Call(
        "GET",
        "/api/v1/uploads",
        "List one's submissions",
        PLAYER,
        "upload_storage",
        "uploads:read",
        "key_read",
        errors=("bad_cursor", *_BUSY),
    ),
    Call(
        "GET",
        "/api/v1/uploads/{submissionId}",
        "A submission, its checks and its place in the queue",
        PLAYER,
        "validation_worker",
        "uploads:read",
        "key_read",
        errors=_BUSY,
    ),
    Call(
        "POST",
        "/api/v1/uploads/{submissionId}/cancel",
        "Withdraw a submission",
        MODDER,
        "upload_storage",
        "uploads:write",
        "write",
        errors=("illegal_move", *_BUSY),
        extension=True,
    ),
    Call(
        "POST",
        "/api/v1/uploads/{submissionId}/package",
        "Replace the package: a new revision",
        MODDER,
        "upload_storage",
        "uploads:write",
        "upload",
        (202,),
        ("illegal_move", *_PACKAGE),
        extension=True,
    ),
    Call(
        "POST",
        "/api/v1/validate",
        "Rehearse: the same checks and report, nothing queued",
        ANYONE,
        "validation_worker",
        "",
        "rehearsal",
        errors=("unsupported_content_type", "package_too_large", *_BUSY),
        extension=True,
    ),
    Call(
        "GET",
        "/api/v1/moderation/queue",
        "What waits for a decision, and why",
        MODERATOR,
        "moderation_queue",
        errors=("bad_cursor",),
    ),
    Call(
        "POST",
        "/api/v1/submissions/{submissionId}/decisions",
        "Decide on a submission",
        MODERATOR,
        "moderation_queue",
        "",
        "write",
        errors=("stale_revision", "already_decided", "illegal_move", "lease_held", "own_work", *_BUSY),
    ),
    Call(
        "POST",
        "/api/v1/submissions/{submissionId}/findings",
        "Judge a finding",
        MODERATOR,
        "moderation_queue",
        "",
        "write",
        errors=("finding_unknown", "already_judged", "own_work", *_BUSY),
        extension=True,
    ),
    Call(
        "GET", "/api/v1/accounts", "List and search accounts", ADMIN, "auth_service", errors=("bad_cursor",)
    ),
    Call(
        "PUT",
        "/api/v1/accounts/{accountId}/roles",
        "Give and take roles, with a reason",
        ADMIN,
        "auth_service",
        "",
        "write",
        errors=("last_admin", *_BUSY),
    ),
    Call(
        "POST",
        "/api/v1/catalog/publish",
        "Publish whatever is approved",
        ADMIN,
        "catalog_publisher",
        "catalog:publish",
        "write",
        (202,),
        ("publisher_busy", *_BUSY),
    ),
    Call(
        "GET",
        "/api/v1/publications/{revision}",
        "A publication and its smoke report",
        ADMIN,
        "catalog_publisher",
        "catalog:publish",
        "key_read",
        errors=_BUSY,
        extension=True,
    ),
    Call(
        "GET",
        "/api/v1/downloads/{modId}/{version}",
        "The fast lane to an artifact; latest is a version",
        PLAYER,
        "catalog_publisher",
        "downloads:read",
        "key_read",
        (302,),
        ("taken_back", *_BUSY),
        extension=True,
    ),
    Call(
        "GET",
        "/api/v1/schemas/{schemaId}.schema.json",
        "A document's JSON Schema",
        ANYONE,
        "catalog_publisher",
        "",
        "anonymous_read",
        errors=_BUSY,
        extension=True,
    ),
    Call(
        "GET",
        "/api/v1/audit",
        "The audit trail, filtered and paged",
        MODERATOR,
        "audit_log",
        errors=("bad_cursor",),
    ),
)
