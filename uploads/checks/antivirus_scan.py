"""Antivirus: only a clean answer of a scanner with fresh signatures lets a package pass."""

from accounts.errors import Problem
from uploads.checks.base import (
    Check,
    Phase,
    PortalFacts,
    Result,
    ScannerUnavailableError,
    Subject,
    failed,
    not_run,
    passed,
)
from uploads.scanners import clamd, clamd_probe
from uploads.scanners.verdict import Outcome, Verdict

ID = "antivirus_scan"
OFF = "off"
ANOTHER = "The scanner was started anew since its limits were tried; they are tried again first."


def run(subject: Subject) -> Result:
    """Scan the package. Raises ScannerUnavailableError where the scanner's answer cannot be believed."""
    portal = subject.portal
    if portal is None:
        return not_run(ID, "portal_needed", "Only a portal with a scanner can answer this.")
    if not subject.report.accepted:
        return not_run(ID, "package_not_opened", "The package is refused as it is; it was not scanned.")
    if portal.antivirus == OFF:
        return _switched_off(portal)
    if portal.antivirus_unfit:
        raise ScannerUnavailableError(ID, "scanner_error", portal.antivirus_unfit)
    verdict = subject.antivirus or _scan(subject, portal)
    tried = portal.antivirus_probed in ("", clamd_probe.identity(verdict.engine, verdict.process))
    if verdict.outcome is Outcome.CLEAN and not tried:
        raise ScannerUnavailableError(ID, "scanner_error", ANOTHER)
    if verdict.outcome is Outcome.CLEAN:
        return passed(ID, "The scanner found nothing.", engine=verdict.engine)
    if verdict.outcome is Outcome.FLAGGED:
        problem = Problem(
            "malware_found",
            f"The scanner found {verdict.detail}.",
            "Check the machine that you pack on. If this is a false alarm, write to the moderation team.",
        )
        return failed(ID, [problem], engine=verdict.engine, signature=verdict.detail)
    code = "scanner_pending" if verdict.outcome is Outcome.PENDING else "scanner_error"
    raise ScannerUnavailableError(ID, code, verdict.detail)


def _scan(subject: Subject, portal: PortalFacts) -> Verdict:
    """What the scanner says now, where nobody asked it while the package was being unpacked."""
    with subject.open_package() as package:
        return clamd.scan(
            package, portal.antivirus, timeout=portal.antivirus_timeout, max_age=portal.antivirus_max_age
        )


def _switched_off(portal: PortalFacts) -> Result:
    if portal.environment != "development":
        raise ScannerUnavailableError(ID, "scanner_error", "No scanner is configured.")
    return not_run(ID, "antivirus_off", "No scanner is configured, which only a development portal may do.")


CHECK = Check(
    ID,
    "Antivirus",
    "An antivirus scanner with fresh signatures must find the package clean.",
    Phase.INTAKE,
    ("malware_found", "scanner_pending", "scanner_error"),
    run,
    extension=True,
)
