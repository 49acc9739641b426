"""What the catalog would look like after a decision: a page of its own, a part of the review page by htmx, and
a part of the question that is asked once more."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from moderation import catalog_preview
from moderation.forms import DecisionForm
from moderation.views_review import address, reviewed
from uploads.models import Submission


def preview_of(submission: Submission, form: DecisionForm, reason: str = "") -> dict[str, Any]:
    """The template's values where the chosen action changes the catalog; empty where it does not."""
    rule = form.rule
    if rule is None or not rule.publication:
        return {}
    found = catalog_preview.preview(
        submission, rule.name, successor=form.successor, level=form.level, reason=reason
    )
    return {"catalog": found, "action_words": _words(form)}


def _words(form: DecisionForm) -> str:
    """The action as it stands behind "if you": approve it, request changes."""
    label = form.rule.label.lower() if form.rule is not None else "approve"
    return label if " " in label else f"{label} it"


@never_cache
@require_safe
def catalog(request: HttpRequest, submission_id: str) -> HttpResponse:
    """What the catalog would look like after `action` (approve where none is chosen); nothing is written."""
    _, submission, _ = reviewed(request, submission_id)
    form = DecisionForm.read(request.GET)
    if form.rule is None:
        form = replace(form, action="approve")
    context = {
        "submission": submission,
        "base": address(submission_id),
        "catalog": catalog_preview.NOTHING,
        "action_words": _words(form),
    }
    return render(request, "moderation/catalog.html", context | preview_of(submission, form))
