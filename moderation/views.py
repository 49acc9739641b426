"""Pages around the queue: how moderation works (public), what waits, and taking the next item."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.limits import limited
from accounts.views_signed_in import person, person_who_may
from catalog import copy
from moderation import leases, policies, queue
from moderation.table import ACTIONS, answer_days
from uploads import queueing
from uploads.models import QueueReason

QUEUE = "/moderation/queue/"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """How moderation works and how long it usually takes: for everybody."""
    return render(
        request,
        "moderation/home.html",
        {
            "claim": copy.claim("/moderation/"),
            "waits": queueing.waits(),
            "waiting": queue.waiting_count(),
            "actions": list(ACTIONS.values()),
            "policies": [(policy, policies.sentence(policy)) for policy in policies.in_force()],
            "answer_days": answer_days(),
            "lease_minutes": leases.minutes(),
        },
    )


@never_cache
@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    """The queue with its figures, tabs, search and filter; a page behind a cursor."""
    reader = person_who_may(request, "queue.view")
    view, kind = request.GET.get("view", "all"), request.GET.get("kind", "")
    if request.GET.get("mine") == "1":
        view = "mine"
    q, cursor = request.GET.get("q", "").strip()[:200], request.GET.get("cursor", "")
    found = queue.page(reader, view=view, q=q, kind=kind, cursor=cursor)
    kept = {name: value for name, value in (("q", q), ("kind", kind)) if value}
    tabs = [
        {
            "word": word,
            "href": "?" + urlencode({"view": name} | kept),
            "current": name == view,
            "count": found.figures.views.get(name, 0),
        }
        for name, word in queue.VIEWS.items()
    ]
    context: dict[str, Any] = {
        "page": found,
        "figures": found.figures,
        "tabs": tabs,
        "view": view,
        "q": q,
        "kind": kind,
        "kinds": QueueReason.Kind.choices,
        "first": not cursor,
        "next_href": "?" + urlencode({"view": view} | kept | {"cursor": found.next}) if found.next else "",
        "nav_counts": {QUEUE: found.figures.waiting},
        "waits_here": view not in ("author", "decided"),
    }
    return render(request, "moderation/queue.html", context)


@never_cache
@require_POST
@limited("write")
def take_next(request: HttpRequest) -> HttpResponse:
    """Lease the next free item and open it."""
    reader = person(request)
    found = queue.next_free(reader)
    if found is None:
        messages.info(request, "Nothing is free: every waiting item is held, escalated or your own work.")
        return redirect(QUEUE)
    leases.take(reader, found.submission_id)
    return redirect(f"/moderation/review/{found.submission_id}/")
