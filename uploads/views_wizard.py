"""The wizard: a package in, the form filled from it, submitted; a new package for a submission; a rehearsal.

Rules
- Every step works without a script; with one, the first shows progress and can be cancelled (js/upload.js asks
  for JSON and is told where to go).
- The form's token is checked after the size of the request and the gate, so that a package that can't be taken
  is refused before it is read.
"""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from accounts import permissions, problems
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from accounts.views_fresh import fresh_required
from catalog import copy
from uploads import drafts, gate, rehearsal, services
from uploads.api_parts import read_form, read_parts
from uploads.documents import actions_of
from uploads.forms import FROM_MANIFEST, DetailsForm, initial
from uploads.models import Submission
from uploads.staging import Staged
from uploads.states import State
from uploads.views import account


def wants_json(request: HttpRequest) -> bool:
    """Whether the page's script is asking."""
    return request.headers.get("Accept", "").partition(",")[0].strip() == "application/json"


@csrf_exempt
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponseBase:
    """Step 1: what is needed to upload, or the form that takes a package."""
    if request.method == "GET":
        return render(request, "uploads/start.html", _start_facts(request))
    try:
        user = account(request)
        permissions.ensure(user, "upload.create")
        gate.ensure_open()
        read_form(request)
        return _receive(request)
    except RefusedError as refused:
        return _refused(request, refused, "uploads/start.html", _start_facts(request))


@csrf_protect
@limited("upload")
def _receive(request: HttpRequest) -> HttpResponse:
    parts = read_parts(request)
    submission = services.receive(
        account(request),
        chunks=parts.chunks(),
        content_type=parts.content_type,
        sidecar_raw=parts.sidecar,
        via=Submission.Via.WEB,
    )
    return _go(request, f"{submission.get_absolute_url()}details/")


def _start_facts(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    may = permissions.can(user if isinstance(user, User) else None, "upload.create")
    return {"gate": gate.state(), "claim": copy.claim("/upload/"), "may": may}


@require_http_methods(["GET", "POST"])
@fresh_required
@limited("write")
def details(request: HttpRequest, submission_id: str) -> HttpResponse:
    """Step 2: what players will read, filled from the manifest or the sidecar; then submitted."""
    user = account(request)
    submission = services.find(user, submission_id)
    if submission.state != State.DRAFT or "submit" not in actions_of(submission, user):
        return redirect(submission)
    revision = services.current(submission)
    begun = drafts.sidecar_from(revision.manifest, revision.sidecar)
    read = revision.manifest is not None or revision.sidecar is not None
    form = DetailsForm(_with_identity(request, begun, read) or None, initial=initial(begun))
    code = 200
    if request.method == "POST":
        code = 422
        if form.is_valid():
            try:
                gate.ensure_open()
                services.submit(user, submission, drafts.sidecar_of(form.properties(), begun))
                return redirect(submission)
            except RefusedError as refused:
                form.show(refused)
                code = refused.status
    peek = drafts.NOTHING
    if revision.manifest is None:
        peek = drafts.peek(Staged(revision.staging_name, revision.sha256, revision.size_bytes))
    return render(
        request,
        "uploads/details.html",
        {
            "submission": submission,
            "revision": revision,
            "form": form,
            "fixed": read,
            "begun": begun,
            "identity": [form[name] for name in FROM_MANIFEST],
            "problems": peek.problems,
            "gate": gate.state(),
        },
        status=code,
    )


def _with_identity(request: HttpRequest, begun: dict[str, Any], read: bool) -> Any:
    """The posted fields; those that the manifest says are taken from there, whatever was posted."""
    if request.method != "POST":
        return None
    posted = request.POST.copy()
    if read:
        known = initial(begun)
        for name in FROM_MANIFEST:
            posted[name] = known[name]
    return posted


@csrf_exempt
@require_http_methods(["GET", "POST"])
def replace(request: HttpRequest, submission_id: str) -> HttpResponseBase:
    """A new package for a submission: its next revision."""
    if not request.user.is_authenticated and request.method == "GET":
        return redirect_to_login(request.get_full_path())
    user = account(request)
    submission = services.find(user, submission_id)
    facts = {"submission": submission, "gate": gate.state()}
    if request.method == "GET":
        if "replace" not in actions_of(submission, user):
            return redirect(submission)
        if submission.kind == Submission.Kind.LISTING:
            return redirect("listing-edit", mod_id=submission.mod_id)
        return render(request, "uploads/replace.html", facts)
    try:
        permissions.ensure(user, "submission.replace", submission.relation(user))
        gate.ensure_open()
        read_form(request)
        return _replace(request, submission)
    except RefusedError as refused:
        return _refused(request, refused, "uploads/replace.html", facts)


@csrf_protect
@limited("upload")
def _replace(request: HttpRequest, submission: Submission) -> HttpResponse:
    parts = read_parts(request)
    services.replace(
        account(request),
        submission,
        chunks=parts.chunks(),
        content_type=parts.content_type,
        sidecar_raw=parts.sidecar,
    )
    return _go(request, submission.get_absolute_url())


@csrf_exempt
@require_http_methods(["GET", "POST"])
def rehearse(request: HttpRequest) -> HttpResponseBase:
    """A rehearsal for anybody: the same checks, nothing kept."""
    if request.method == "GET":
        return render(request, "uploads/try.html", {})
    try:
        read_form(request)
        return _rehearse(request)
    except RefusedError as refused:
        return _refused(request, refused, "uploads/try.html", {})


@csrf_protect
@limited("rehearsal")
def _rehearse(request: HttpRequest) -> HttpResponse:
    parts = read_parts(request)
    report = rehearsal.rehearse(
        chunks=parts.chunks(), content_type=parts.content_type, sidecar_raw=parts.sidecar
    )
    facts = {
        "report": report,
        "checks": rehearsal.named(report),
        "file_name": parts.package.name if parts.package else "",
    }
    return render(request, "uploads/try.html", facts)


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """On to the next page: a redirect, or for the script the address."""
    if wants_json(request):
        return JsonResponse({"location": address}, status=201)
    return redirect(address)


def _refused(
    request: HttpRequest, refused: RefusedError, template: str, facts: dict[str, Any]
) -> HttpResponse:
    """The same page with what was refused and why, or for the script the problem document."""
    if wants_json(request):
        return problems.response(refused)
    answer = render(request, template, facts | {"refused": refused}, status=refused.status)
    if refused.retry_after is not None:
        answer["Retry-After"] = str(refused.retry_after)
    return answer
