"""The portal itself: everything that a release needs on its way is running. If not, the submission waits."""

from uploads.checks.base import BackendNotReadyError, Check, Phase, Result, Subject, not_run, passed

ID = "backend_readiness"


def run(subject: Subject) -> Result:
    """Ask each service that this environment needs. Raises BackendNotReadyError if one is missing."""
    if subject.portal is None:
        return not_run(ID, "portal_needed", "Only a running portal can answer this.")
    services = subject.portal.services
    missing = [f"{name} ({service.why})" for name, service in services.items() if not service.live]
    if missing:
        raise BackendNotReadyError(ID, "backend_not_ready", f"Not running: {', '.join(missing)}.")
    evidence = {name: service.why for name, service in services.items()}
    return passed(ID, f"{len(services)} services are running.", services=evidence)


CHECK = Check(
    ID,
    "Portal ready",
    "Backend auth, upload storage, validation workers, moderation, catalog publishing, audit logs, and public smoke "
    "must be ready before uploads go live.",
    Phase.INTAKE,
    ("backend_not_ready",),
    run,
)
