"""Holding an item and keeping a draft of its decision: what the review page posts while somebody works on it.

Rules
- Every answer works without a script: a redirect to a page, or a page that says what is in the way.
- A script asks for JSON (`Accept`) and is told until when, or what was lost.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import problems
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from accounts.views_signed_in import person_who_may
from moderation import drafts, leases
from moderation.relation import ensure_not_own
from uploads.models import Submission

QUEUE = "/moderation/queue/"


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


@never_cache
@require_POST
@limited("write")
def lease(request: HttpRequest, submission_id: str) -> HttpResponse:
    """`do`: take, over (take over, with a reason), renew (the heartbeat), leave (the page went away), release."""
    reader = person_who_may(request, "queue.view")
    what = request.POST.get("do", "take")
    if what == "release":
        leases.release(reader, submission_id)
        return redirect(QUEUE)
    if what == "leave":
        leases.leave(reader, submission_id)
        return HttpResponse(status=204)
    try:
        if what == "renew":
            held = leases.renew(reader, submission_id)
            return JsonResponse({"until": held.until.isoformat(timespec="seconds")})
        leases.take(reader, submission_id, reason=request.POST.get("reason", "") if what == "over" else None)
    except RefusedError as refused:
        if refused.status not in (409, 422):
            raise
        if what == "renew":
            return problems.response(refused)
        return _in_the_way(request, reader, submission_id, refused)
    return redirect(f"/moderation/review/{submission_id}/")


def _in_the_way(
    request: HttpRequest, reader: User, submission_id: str, refused: RefusedError
) -> HttpResponse:
    """Somebody else holds it, or the reason is missing: the page that offers to take over."""
    submission = Submission.objects.get(submission_id=submission_id)
    ensure_not_own(reader, submission)
    context = {
        "submission": submission,
        "held": leases.holder_of(submission, reader),
        "refused": refused,
        "reason": request.POST.get("reason", ""),
        "base": f"/moderation/review/{submission_id}/",
    }
    return render(request, "moderation/held.html", context, status=refused.status)


@never_cache
@require_POST
@limited("write")
def draft(request: HttpRequest, submission_id: str) -> HttpResponse:
    """Keep the decision's form as it is; `Keep draft` without a script, the autosave with one."""
    reader = person_who_may(request, "queue.view")
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    try:
        kept = drafts.keep(reader, submission_id, [(name, str(value)) for name, value in fields])
    except RefusedError as refused:
        if _wants_json(request):
            return problems.response(refused)
        raise
    if _wants_json(request):
        return JsonResponse({"at": kept.at.isoformat(timespec="seconds")})
    messages.success(request, "Draft kept. It comes back when you open this item again; nobody else sees it.")
    return redirect(f"/moderation/review/{submission_id}/#decision")
