"""Repack for me: what it would change in a submission's package, and the repacked file of any package.

Rules
- The page of a submission shows the difference and its one button; what is submitted is what was shown.
- Repacking costs as much as a rehearsal and counts as one, on looking too, unless it is known already.
- The file of a package that is tried comes back in the answer to the very request that brought it; the portal
  keeps nothing.
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from accounts.errors import RefusedError
from accounts.limits import hit, key_for, limited
from uploads import arrivals, gate, repacking, services
from uploads.api_parts import read_form, read_parts
from uploads.documents import actions_of
from uploads.models import Submission
from uploads.views import account


@require_http_methods(["GET", "POST"])
@login_required
@limited("upload")
@limited("rehearsal")
def of_submission(request: HttpRequest, submission_id: str) -> HttpResponse:
    """The difference that repacking would make, and the button that submits it."""
    user = account(request)
    submission = services.find(user, submission_id)
    packed = submission.kind == Submission.Kind.PACKAGE
    if request.method == "GET" and not (packed and "replace" in actions_of(submission, user)):
        return redirect(submission)
    facts: dict[str, Any] = {"submission": submission, "gate": gate.state()}
    try:
        if request.method == "POST":
            gate.ensure_open()
            repacking.submit(user, submission, request.POST.get("sha256", ""))
            messages.success(request, "The repacked package is in. The checks run again.")
            return redirect(submission)
        facts |= _difference(request, submission)
        return render(request, "uploads/repack.html", facts)
    except RefusedError as refused:
        if refused.status == 404:
            raise
        if refused.code == "repack_changed":
            facts |= _difference(request, submission)
        answer = render(request, "uploads/repack.html", facts | {"refused": refused}, status=refused.status)
        if refused.retry_after is not None:
            answer["Retry-After"] = str(refused.retry_after)
        return answer


def _difference(request: HttpRequest, submission: Submission) -> dict[str, Any]:
    revision = services.current(submission)
    if request.method == "GET" and repacking.known(revision) is None:
        hit("rehearsal", key_for("rehearsal", request))
    return {"repack": repacking.of(revision), "revision": revision}


@csrf_exempt
@require_http_methods(["GET", "POST"])
def of_anything(request: HttpRequest) -> HttpResponseBase:
    """The page that repacks any package, for anybody; a POST answers with the file."""
    if request.method == "GET":
        return render(request, "uploads/repack_try.html", {})
    try:
        read_form(request)
        return _file(request)
    except RefusedError as refused:
        answer = render(request, "uploads/repack_try.html", {"refused": refused}, status=refused.status)
        if refused.retry_after is not None:
            answer["Retry-After"] = str(refused.retry_after)
        return answer


@csrf_protect
@limited("rehearsal")
def _file(request: HttpRequest) -> FileResponse:
    parts = read_parts(request)
    arrivals.ensure_zip(parts.content_type)
    _, file = repacking.repacked(parts.chunks())
    name = (parts.package.name if parts.package else None) or "package.zip"
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"{name.removesuffix('.zip')}-repacked.zip",
        content_type="application/zip",
    )
