"""Judging a finding from the review page: one form a finding, back to the same place with what was said.

Rules
- Works without a script; with one, only the findings and the decision are shown anew.
- A refusal stays on the page, with the note as it was typed.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.errors import RefusedError
from accounts.limits import limited
from moderation import verdicts
from moderation.forms import DecisionForm, errors_of
from moderation.views_review import Place, address, review_page, reviewed


@never_cache
@require_POST
@limited("write")
def judge(request: HttpRequest, submission_id: str) -> HttpResponse:
    """`fingerprint`, `verdict`, `scope`, `note`; `here` is the query of the page that it came from."""
    reader, submission, _ = reviewed(request, submission_id)
    fingerprint = request.POST.get("fingerprint", "")
    note = request.POST.get("note", "")
    here = Place.of(QueryDict(request.POST.get("here", "")[:2000])).query()
    try:
        judged = verdicts.judge(
            reader,
            submission_id,
            fingerprint,
            request.POST.get("verdict", ""),
            request.POST.get("scope", ""),
            note,
        )
    except RefusedError as refused:
        if refused.status not in (404, 409, 422):
            raise
        return review_page(
            request,
            reader,
            submission,
            DecisionForm(),
            errors=[("#checks", message, hint) for _, message, hint in errors_of(refused)],
            written={"fingerprint": fingerprint, "note": note},
            status=refused.status,
        )
    said = f"{judged.verdict.get_verdict_display()}, {judged.verdict.get_scope_display().lower()}"
    if judged.needs:
        messages.warning(request, f"Kept: {said}. It holds once a second person says the same.")
    else:
        messages.success(request, f"Noted: {said}.")
    place = f"finding-{fingerprint}" if fingerprint.isalnum() else "checks"
    return redirect(f"{address(submission_id)}{'?' if here else ''}{here}#{place}")
