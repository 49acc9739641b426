"""What the public pages may claim: one table of page × services.

Rules
- A page claims a service only while `service_status` saw it live; never seen, or too long ago, is not live.
- Uploads are claimed only while the operator's switch (`SMMODS_LIVE_UPLOADS`) is on, too.
- A page that can't be claimed says which service is missing, in plain words, and what to do meanwhile.

Source: the publishing workflow's go-live rules: accounts by sign-in and its mail; uploads by storage, worker,
queue, publisher and audit; moderation by its queue.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from catalog import service_status
from catalog.models import ServiceStatus


@dataclass(frozen=True, slots=True)
class Page:
    """A page, the services that it stands on, and what it says while one of them is missing."""

    path: str
    name: str
    services: tuple[str, ...]
    off: str
    meanwhile: str


PAGES: dict[str, Page] = {
    page.path: page
    for page in (
        Page(
            "/account/",
            "Accounts",
            ("auth_service",),
            "New accounts are not taken at the moment.",
            "Mods can be found and downloaded without an account.",
        ),
        Page(
            "/upload/",
            "Uploads",
            (
                "auth_service",
                "upload_storage",
                "validation_worker",
                "moderation_queue",
                "catalog_publisher",
                "audit_log",
            ),
            "Uploads are not taken at the moment.",
            "Send your package through the manual lane: same checks, same review.",
        ),
        Page(
            "/moderation/",
            "Moderation",
            ("moderation_queue",),
            "The moderation queue is not running at the moment.",
            "Nothing is published without review, so releases wait until it runs again.",
        ),
        Page(
            "/download/",
            "Publication",
            ("catalog_publisher",),
            "New releases are not published at the moment.",
            "Everything that is published already can be downloaded.",
        ),
    )
}
#: The services' names for readers, in the order of the status list.
SERVICES: dict[str, str] = {
    "auth_service": "Accounts and sign-in mail",
    "upload_storage": "Storage for uploads",
    "validation_worker": "Package checks",
    "moderation_queue": "Moderation queue",
    "catalog_publisher": "Publication of releases",
    "audit_log": "Audit log",
    "public_smoke_runner": "Check after each publication",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A service that a page needs and that is not live: its name for readers, and what was seen."""

    service: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a page may speak of its services as live; if not, what is missing and what to do."""

    page: Page
    missing: tuple[Missing, ...]

    @property
    def live(self) -> bool:
        return not self.missing

    @property
    def sentence(self) -> str:
        """What the banner says below the first sentence: what is missing, then what to do meanwhile."""
        if len(self.missing) == 1:
            why = f"{self.missing[0].name}: {self.missing[0].why}."
        else:
            why = f"Not live just now: {', '.join(gap.name[:1].lower() + gap.name[1:] for gap in self.missing)}."
        return f"{why} {self.page.meanwhile}" if self.missing else ""


def claim(path: str) -> Claim:
    """What the page at `path` may claim now. Raises KeyError for a page that is not in the table."""
    page = PAGES[path]
    gaps = []
    if path == "/upload/" and not settings.SMMODS_LIVE_UPLOADS:
        gaps.append(Missing("SMMODS_LIVE_UPLOADS", "Uploads", "the operator has not switched them on"))
    seen = service_status.sights()
    gaps += [
        Missing(service, SERVICES[service], _small(seen[service].missing))
        for service in page.services
        if not seen[service].live
    ]
    return Claim(page, tuple(gaps))


def _small(sentence: str) -> str:
    """A sentence as the part after a colon: no full stop, first letter small."""
    text = sentence.rstrip(". ") or "not seen running yet"
    return text[:1].lower() + text[1:]


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One line of the public status list: a status that `catalog.marks` knows, its word, and when it was seen."""

    service: str
    name: str
    status: str
    word: str
    missing: str
    seen_at: datetime | None


def status_list() -> list[ServiceLine]:
    """Every service of the contract with what was last seen of it."""
    times = dict(ServiceStatus.objects.values_list("service", "checked_at"))
    lines = []
    for service, sight in service_status.sights().items():
        at = times.get(service)
        if at is None:
            status, word = "not_checked", "Not seen yet"
        else:
            status, word = ("passed", "Running") if sight.live else ("failed", "Not running")
        lines.append(ServiceLine(service, SERVICES[service], status, word, sight.missing, at))
    return lines
