"""The page of a recall: find a file by its hash, see who holds it, take back what is public."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.views_signed_in import person_who_may
from moderation import policies, recall
from moderation.forms import DecisionForm, errors_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("write")
def page(request: HttpRequest) -> HttpResponse:
    """`/moderation/recall/?sha256=…`: who holds the file; posted, the ticked releases are taken back."""
    reader = person_who_may(request, "queue.view")
    sha256 = request.GET.get("sha256", "").strip()[:100]
    form, errors, done, found, status = DecisionForm(), [], None, None, 200
    try:
        if request.method == "POST":
            form = DecisionForm.read(request.POST)
            given = form.given()
            done = recall.hide(
                reader,
                sha256,
                request.POST.getlist("item"),
                reasons=given["reasons"],
                level=form.level,
                note=form.note,
            )
    except RefusedError as refused:
        if refused.status != 422:
            raise
        errors, status = errors_of(refused), 422
    try:
        found = recall.find(reader, sha256) if sha256 else None
    except RefusedError as refused:
        if refused.status != 422:
            raise
        errors, status = errors_of(refused), 422
    context: dict[str, Any] = {
        "sha256": sha256,
        "found": found,
        "more": found.total - len(found.holders) if found is not None else 0,
        "form": form,
        "choices": form.choices(policies.in_force()),
        "errors": errors,
        "done": done,
    }
    return render(request, "moderation/recall.html", context, status=status)
