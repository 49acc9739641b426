"""Who may submit what: the questions about a release's identity that the door answers before keeping a byte.

Rules
- `sidecar_*`             the sidecar is strict JSON (see `accounts.strict_json`) and keeps its schema
- `sidecar_disagrees`     what the sidecar says of the package (name, SHA-256, size) is true of the bytes
- `namespace_reserved`    `starminer`, `smmods`, `official` and `admin` are handed out by admins
- `namespace_taken`       a claimed namespace is its maintainers' alone
- `version_exists`        a version is taken by an open submission, and for ever once published
- `too_many_open`         at most 20 open submissions an account
Source: SMMODS's formats, identities and limits.
"""

from typing import Any

from accounts import strict_json
from accounts.errors import Problem, RefusedError
from accounts.models import User
from catalog import namespaces, schema_registry
from catalog.models import Release
from uploads.models import Submission
from uploads.staging import Staged, file_name
from uploads.states import FREE

SIDECAR = "smmods.mod-release-submission.v1"
MAX_OPEN = 20


def read_sidecar(raw: bytes) -> dict[str, Any]:
    """The sidecar that `raw` holds.

    Raises RefusedError: what `strict_json.loads` says (400 or 413), or `sidecar_invalid` (422) with every
    problem's place.
    """
    return checked_sidecar(strict_json.loads(raw))


def checked_sidecar(document: object) -> dict[str, Any]:
    """`document` itself, if it keeps the sidecar's schema. Raises RefusedError `sidecar_invalid` (422)."""
    found = schema_registry.problems(SIDECAR, document)
    if found or not isinstance(document, dict):
        raise RefusedError(
            "sidecar_invalid",
            f"The sidecar does not keep {SIDECAR}: {found[0].message}"
            if found
            else "The sidecar is no object.",
            "Mend each place that errors names; the schema is at "
            "/api/v1/publishing/mod-release-submission.schema.json.",
            problems=found,
        )
    return document


def ensure_describes(sidecar: dict[str, Any], staged: Staged) -> None:
    """Refuse a sidecar that speaks of other bytes. Raises RefusedError `sidecar_disagrees` (422)."""
    claims = sidecar.get("package", {})
    true_of = {
        "fileName": file_name(sidecar["modId"], sidecar["version"]),
        "sha256": staged.sha256,
        "sizeBytes": staged.size_bytes,
    }
    problems = [
        Problem(
            "sidecar_disagrees",
            f"package.{key} says {claims[key]!r}; the bytes received say {truth!r}.",
            "Write it anew after packing, or leave package out.",
            f"/package/{key}",
        )
        for key, truth in true_of.items()
        if key in claims and claims[key] != truth
    ]
    if problems:
        raise RefusedError(
            "sidecar_disagrees",
            problems[0].message,
            "Send the package that the sidecar was written for.",
            problems=problems,
        )


def ensure_may_submit(actor: User, mod_id: str) -> None:
    """Refuse a namespace that is reserved or somebody else's. Raises RefusedError (403)."""
    refusal = namespaces.refusal(actor, mod_id)
    if refusal is not None:
        raise RefusedError(*refusal, status=403)


def ensure_version_free(mod_id: str, version: str, *, but: Submission | None = None) -> None:
    """Refuse a version that is published or on its way. Raises RefusedError `version_exists` (409)."""
    if Release.objects.filter(mod__mod_id=mod_id, version=version).exists():
        raise version_exists(mod_id, version)
    taken = Submission.objects.filter(mod_id=mod_id, version=version).exclude(
        state__in=[s.value for s in FREE]
    )
    if but is not None:
        taken = taken.exclude(pk=but.pk)
    if taken.exists():
        raise version_exists(mod_id, version)


def version_exists(mod_id: str, version: str) -> RefusedError:
    """The refusal of a version that somebody else's or one's own submission or release has."""
    return RefusedError(
        "version_exists",
        f"{mod_id} {version} is there already.",
        "Raise the version in manifest.json and the sidecar; to mend a submission that is still open, replace "
        "its package instead.",
        status=409,
        problems=[Problem("version_exists", "This version is taken.", "Raise it.", "/version")],
    )


def ensure_room(actor: User) -> None:
    """Refuse the 21st open submission of an account. Raises RefusedError `too_many_open` (409)."""
    if Submission.objects.open().filter(author=actor).count() >= MAX_OPEN:
        raise RefusedError(
            "too_many_open",
            f"You have {MAX_OPEN} open submissions already.",
            "Withdraw one that you no longer want, or wait for a decision.",
            status=409,
        )
