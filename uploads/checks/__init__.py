"""The checks, each in its own file, in the order in which people read them.

`CHECKS` is the one list: the worker, the published contract, the pages and the tests read it. A check that
raises has failed (`check_crashed`), whatever the reason: what could not be checked is not let through.
"""

import hashlib
import logging
from collections.abc import Callable
from typing import Any, BinaryIO

from accounts import strict_json
from accounts.errors import Problem, RefusedError
from uploads.checks import (
    antivirus_scan,
    archive_content_policy,
    artifact_hash,
    backend_readiness,
    dependency_contract,
    detail_page,
    entrypoint_presence,
    file_signature,
    manager_catalog_parse,
    manifest_identity,
    manifest_schema,
    mod_config_contract,
    public_smoke,
    semantic_version,
    sidecar_schema,
    target_game_build,
    zip_path_safety,
)
from uploads.checks.base import (
    RULES_VERSION,
    BackendNotReadyError,
    Check,
    Json,
    MustWaitError,
    Phase,
    PortalFacts,
    PublishedRelease,
    Result,
    ScannerUnavailableError,
    Service,
    Status,
    Subject,
    failed,
    not_run,
)
from uploads.isolation.errors import IsolationError
from uploads.isolation.inspection import inspect
from uploads.package import RULES, Profile
from uploads.package.rules import ALLOWED_ENDINGS, DEFAULT, LIMITS
from uploads.scanners.beside import Scan, Scanned, Scanner

__all__ = [
    "CHECKS",
    "RULES_VERSION",
    "BackendNotReadyError",
    "Check",
    "MustWaitError",
    "Phase",
    "PortalFacts",
    "PublishedRelease",
    "Result",
    "ScannerUnavailableError",
    "Service",
    "Status",
    "Subject",
    "checks_document",
    "limits_document",
    "package_rules_document",
    "prepare",
    "run_after",
    "run_intake",
    "run_publication",
]

CHECKS: tuple[Check[Any], ...] = (
    sidecar_schema.CHECK,
    manifest_schema.CHECK,
    manifest_identity.CHECK,
    semantic_version.CHECK,
    target_game_build.CHECK,
    backend_readiness.CHECK,
    dependency_contract.CHECK,
    zip_path_safety.CHECK,
    file_signature.CHECK,
    archive_content_policy.CHECK,
    entrypoint_presence.CHECK,
    mod_config_contract.CHECK,
    antivirus_scan.CHECK,
    artifact_hash.CHECK,
    detail_page.CHECK,
    manager_catalog_parse.CHECK,
    public_smoke.CHECK,
)

#: What is asked again over the live address, after the switch.
AFTER: tuple[Check[Any], ...] = (manager_catalog_parse.CHECK, public_smoke.CHECK)

OnResult = Callable[[Result], None]

_PIECE = 1024 * 1024

log = logging.getLogger(__name__)


def prepare(
    open_package: Callable[[], BinaryIO],
    size: int,
    *,
    sha256: str = "",
    sidecar_raw: bytes | None = None,
    sidecar: Json | None = None,
    portal: PortalFacts | None = None,
    profile: Profile = DEFAULT,
    scanner: Scanner | None = None,
) -> Subject:
    """Inspect a package of `size` bytes in a confined child process, and read its documents for the checks.

    Give the sidecar as bytes where somebody sent it, as a document where the portal wrote it. `sha256` is the
    hash on receipt; without it the package's own is computed. `scanner` is asked while the package is being
    unpacked, from the moment that the headers hold; where the profile then refuses, its answer is dropped.
    Raises IsolationError and IsolationUnavailableError (`uploads.isolation.errors`).
    """
    scan = Scan(open_package, scanner) if scanner is not None else None
    try:
        found = inspect(
            open_package, size, profile=profile, on_headers=scan.start if scan is not None else None
        )
        report = found.report
        wanted = scan is not None and report.accepted
        scanned = scan.result() if scan is not None and wanted else None
    finally:
        if scan is not None:
            scan.drop()
    _ensure_same_bytes(report.sha256, sha256, scanned)
    return Subject(
        open_package=open_package,
        size=size,
        sha256=report.sha256 or sha256 or _sha256(open_package),
        report=report,
        manifest=_document(report.manifest_raw),
        sidecar=_document(sidecar_raw) if sidecar_raw is not None else sidecar,
        sidecar_raw=sidecar_raw,
        portal=portal,
        signals=found.signals,
        programs=found.programs,
        scanners=found.scanners,
        leaked_keys=found.leaked_keys,
        antivirus=scanned.verdict if scanned is not None else None,
        confined_by=found.confined_by,
    )


def _ensure_same_bytes(told: str, received: str, scanned: Scanned | None) -> None:
    """What the child says of the package's hash is what we hashed ourselves, wherever we did."""
    ours = [received, scanned.sha256 if scanned is not None else ""]
    if told and any(own and own != told for own in ours):
        raise IsolationError("inspection_nonsense", "it read other bytes than we did, or says so")


def run_intake(subject: Subject, on_result: OnResult | None = None) -> list[Result]:
    """Run the intake checks in their order; `on_result` hears of each as it ends.

    Raises MustWaitError (ScannerUnavailableError, BackendNotReadyError) where nothing failed but a check could
    not be answered: the submission waits. Where something failed anyway, that check is `not_run` and the
    verdict stands.
    """
    waiting: list[MustWaitError] = []
    checks = [check for check in CHECKS if check.phase is Phase.INTAKE]
    results = [_run(check, subject, on_result, waiting) for check in checks]
    if waiting and not any(result.status is Status.FAILED for result in results):
        raise waiting[0]
    return results


def run_publication(release: PublishedRelease, on_result: OnResult | None = None) -> list[Result]:
    """Run the checks over the planned tree. A failure must stop the switch."""
    return [_run(check, release, on_result, []) for check in CHECKS if check.phase is Phase.PUBLICATION]


def run_after(release: PublishedRelease, on_result: OnResult | None = None) -> list[Result]:
    """Run the checks after the switch, `release.get` reading the live address."""
    return [_run(check, release, on_result, []) for check in AFTER]


def checks_document() -> list[Json]:
    """The checks as the published contract lists them."""
    return [
        {
            "id": check.id,
            "title": check.title,
            "required": check.required,
            "description": check.description,
            "phase": check.phase.value,
            "codes": list(check.codes),
        }
        | ({"extension": True} if check.extension else {})
        for check in CHECKS
    ]


def limits_document() -> Json:
    """The numbers of the package profile and of the documents, and the allowed endings, by name."""
    return {
        **{name: value for name, _, value in LIMITS},
        "allowedEndings": " ".join(sorted(ALLOWED_ENDINGS)),
        "maxDocumentBytes": strict_json.MAX_BYTES,
        "maxDocumentDepth": strict_json.MAX_DEPTH,
        "maxNumber": strict_json.MAX_NUMBER,
    }


def package_rules_document() -> list[Json]:
    """The package profile's rules as the published contract lists them."""
    return [
        {
            "code": rule.code,
            "title": rule.title,
            "rule": rule.requirement,
            "hint": rule.hint,
            "check": rule.check,
        }
        for rule in RULES.values()
    ]


def _run(
    check: Check[Any], subject: object, on_result: OnResult | None, waiting: list[MustWaitError]
) -> Result:
    try:
        result = check.run(subject)
    except MustWaitError as wait:
        waiting.append(wait)
        result = not_run(check.id, wait.code, wait.message)
    except Exception as crash:
        # Anything may go wrong inside, and a check that did not finish has not passed.
        log.exception("check %s crashed", check.id)
        problem = Problem(
            "check_crashed",
            f"The check could not be finished ({type(crash).__name__}).",
            "This is our mistake: the moderation team sees it. Try again later.",
        )
        result = failed(check.id, [problem])
    if on_result is not None:
        on_result(result)
    return result


def _document(raw: bytes | None) -> Json | None:
    """The JSON object in `raw`; None where it is not one, which the schema's check explains."""
    try:
        value = strict_json.loads(raw) if raw is not None else None
    except RefusedError:
        return None
    return value if isinstance(value, dict) else None


def _sha256(open_package: Callable[[], BinaryIO]) -> str:
    digest = hashlib.sha256()
    with open_package() as package:
        while piece := package.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
