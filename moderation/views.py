"""How moderation works, and how it is doing: the public page above the workbench."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog import copy
from moderation import leases, policies, queue
from moderation.table import ACTIONS, answer_days
from uploads import queueing


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
