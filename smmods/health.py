"""For probes: is the process alive, is the portal ready for people, how is it doing.

Rules
- `/healthz` asks nothing but the process itself. `/readyz` asks what a visitor's request would need; each
  part answers ok or not, with a reason that names no host, user or path.
- A probe is never answered 500: a part that fails is a part that isn't ready (503).
- `/metrics` answers only the addresses in `SMMODS_METRICS_ADDRESSES`; to others it isn't there (404).
"""

import ipaddress
import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from accounts import limits
from catalog import service_status
from uploads import scanner

log = logging.getLogger(__name__)

#: Part → the service of the contract whose worker must have answered lately.
HEARTBEATS = (("worker", "validation_worker"), ("publisher", "catalog_publisher"))


@dataclass(frozen=True)
class Part:
    """One part of the portal: its name, whether it is ready, and why not."""

    name: str
    ok: bool
    reason: str = ""


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return ""


def _cache() -> str:
    token = secrets.token_hex(8)
    cache.set("readyz", token, 30)
    return "" if cache.get("readyz") else "the cache forgets what it is given"


def _staging() -> str:
    storages["staging"].exists("readyz")
    return ""


def _public() -> str:
    return "" if settings.PUBLIC_ROOT.is_dir() else "the published tree is not there"


def _heartbeat(service: str) -> Callable[[], str]:
    def beat() -> str:
        sight = service_status.sights()[service]
        return "" if sight.live else sight.missing or "it isn't live"

    return beat


def _scanner() -> str:
    seen = scanner.state()
    return "" if seen.fit else f"packages wait for the scanner, which is {seen.word}"


PARTS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("database", _database),
    ("cache", _cache),
    ("staging_storage", _staging),
    ("published_tree", _public),
    *((name, _heartbeat(service)) for name, service in HEARTBEATS),
    ("scanner", _scanner),
)


def parts() -> list[Part]:
    """Ask every part. Never raises: what can't be asked isn't ready."""
    return [_ask(name, ask) for name, ask in PARTS]


def _ask(name: str, ask: Callable[[], str]) -> Part:
    try:
        reason = ask()
    except Exception:  # whatever a driver raises, the part isn't ready
        log.exception("readiness probe failed", extra={"part": name})
        reason = "it can't be asked"
    return Part(name, not reason, reason)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process lives: its version and commit."""
    return _answer({"status": "ok", "version": settings.SMMODS_VERSION, "commit": settings.SMMODS_COMMIT})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether people can be sent here: 200, or 503 with what isn't ready."""
    found = parts()
    ready = all(part.ok for part in found)
    body: dict[str, Any] = {
        "status": "ready" if ready else "not_ready",
        "parts": [asdict(part) for part in found],
    }
    answer = _answer(body, status=200 if ready else 503)
    if not ready:
        answer["Retry-After"] = "10"
    return answer


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for the addresses that may scrape. Raises Http404 for any other."""
    if not may_scrape(request):
        raise Http404
    answer: HttpResponse = ExportToDjangoView(request)
    try:
        answer.content += scanner_metrics().encode()
    except DatabaseError:
        log.exception("the scanner's state can't be read")
    answer["Cache-Control"] = "no-store"
    return answer


def scanner_metrics() -> str:
    """The scanner in Prometheus' text format: 1 for the word that holds, and the age of what it knows (seconds)."""
    seen = scanner.state()
    lines = [
        "# HELP smmods_scanner_state How the antivirus scanner is: 1 for the state that holds.",
        "# TYPE smmods_scanner_state gauge",
        *(f'smmods_scanner_state{{state="{word}"}} {int(word is seen.word)}' for word in scanner.Word),
    ]
    for name, what, since in (
        ("signature", "Age of the scanner's signatures", seen.signatures_at),
        ("probe", "Time since the scanner's limits were tried", seen.probed_at),
    ):
        if since is not None:
            age = (timezone.now() - since).total_seconds()
            lines += [
                f"# HELP smmods_scanner_{name}_age_seconds {what}.",
                f"# TYPE smmods_scanner_{name}_age_seconds gauge",
                f"smmods_scanner_{name}_age_seconds {age:.0f}",
            ]
    return "\n".join(lines) + "\n"


def may_scrape(request: HttpRequest) -> bool:
    """Whether the client's address lies in one of the networks that may scrape."""
    try:
        address = ipaddress.ip_address(limits.client_address(request))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.SMMODS_METRICS_ADDRESSES)


def _answer(body: dict[str, Any], status: int = 200) -> JsonResponse:
    answer = JsonResponse(body, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
