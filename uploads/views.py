"""Pages of a submission: how it stands, the thread, withdrawing; and the list of one's own."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import permissions
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from catalog.models import Mod
from uploads import following, keeping, queueing, repacking, services
from uploads import status as page_status
from uploads.documents import actions_of
from uploads.forms import MessageForm
from uploads.models import Submission
from uploads.states import State

PAGE_SIZE = 20


def account(request: HttpRequest) -> User:
    """The account that is signed in. Raises RefusedError (401) where nobody is."""
    if not isinstance(request.user, User):
        raise RefusedError("not_signed_in", "You are not signed in.", "Sign in and try again.", status=401)
    return request.user


@require_GET
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """One's own submissions and those in one's namespaces, the newest first."""
    user = account(request)
    rows = Submission.objects.of(user).select_related("current", "author")
    listed = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "uploads/mine.html", {"page": listed})


@require_GET
@login_required
def status(request: HttpRequest, submission_id: str) -> HttpResponse:
    """How a submission stands."""
    user = account(request)
    submission = services.find(user, submission_id)
    if submission.state == State.DRAFT and "submit" in actions_of(submission, user):
        return redirect("submission-details", submission_id=submission_id)
    return render(request, "uploads/status.html", page(submission, user))


@require_GET
@login_required
def progress(request: HttpRequest, submission_id: str) -> HttpResponse:
    """The parts of the page that change by themselves; 204 while they are as the page has them."""
    user = account(request)
    submission = services.find(user, submission_id)
    if request.GET.get("seen") == seen(submission):
        return HttpResponse(status=204)
    return render(request, "uploads/progress.html", page(submission, user) | {"live": True})


@require_POST
@login_required
@limited("write")
def message(request: HttpRequest, submission_id: str) -> HttpResponse:
    """Write in the thread."""
    user = account(request)
    submission = services.find(user, submission_id)
    form = MessageForm(request.POST)
    if form.is_valid():
        try:
            services.post_message(user, submission, form.cleaned_data["text"])
        except RefusedError as refused:
            form.add_error("text", f"{refused.message} {refused.hint}".strip())
        else:
            return redirect(f"{submission.get_absolute_url()}#conversation")
    submission.refresh_from_db()
    return render(request, "uploads/status.html", page(submission, user) | {"form": form}, status=422)


@require_http_methods(["GET", "POST"])
@login_required
@limited("write")
def withdraw(request: HttpRequest, submission_id: str) -> HttpResponse:
    """Asks once more, then withdraws."""
    user = account(request)
    submission = services.find(user, submission_id)
    if request.method == "POST":
        services.withdraw(user, submission)
        messages.success(request, "Withdrawn. The version is free again.")
        return redirect("upload-mine")
    if "cancel" not in actions_of(submission, user):
        return redirect(submission)
    return render(request, "uploads/withdraw.html", {"submission": submission})


@require_POST
@login_required
@limited("write")
def follow(request: HttpRequest, submission_id: str) -> HttpResponse:
    """Begin to hear of what happens to the submission, or hear no more (`do` is follow or unfollow)."""
    user = account(request)
    submission = services.find(user, submission_id)
    if request.POST.get("do") == "unfollow":
        following.unfollow(user, submission)
    else:
        following.follow(user, submission)
    return redirect(submission)


def seen(submission: Submission) -> str:
    """What the page knows of a submission: changes whenever the page should."""
    revision = submission.current.number if submission.current else 0
    return f"{submission.state}.{revision}.{submission.updated_at:%Y%m%d%H%M%S%f}"


def page(submission: Submission, user: User) -> dict[str, Any]:
    """Everything that the page of a submission shows."""
    every = page_status.named_checks(submission)
    later = page_status.still_to_come(every)
    checks = [check for check in every if check not in later]
    state = State(submission.state)
    failed = sum(check["status"] == "failed" for check in checks)
    mod = Mod.objects.public().filter(mod_id=submission.mod_id).select_related("latest").first()
    return {
        "submission": submission,
        "revision": submission.current,
        "earlier": submission.revisions.order_by("-number")[1:],
        "mod": mod,
        "checks": checks,
        "later": later,
        "failed": failed,
        "summary": page_status.summary(checks),
        "steps": page_status.bore_log(submission, checks),
        "words": page_status.WORDS[state],
        "under_way": state in page_status.UNDER_WAY,
        "being_checked": state in page_status.BEING_CHECKED,
        "seen": seen(submission),
        "place": queueing.place(submission),
        "waits": queueing.waits(),
        "actions": actions_of(submission, user),
        "thread": _thread(submission, user),
        "form": MessageForm(),
        "edits": mod is not None
        and submission.kind == Submission.Kind.PACKAGE
        and bool(permissions.can(user, "listing.edit", submission.relation(user))),
        "own": user.pk == submission.author_id,
        "follows": user.pk != submission.author_id and following.follows(user, submission),
        "kept_until": keeping.kept_until(submission),
    } | _repack(submission, user)


def _repack(submission: Submission, user: User) -> dict[str, Any]:
    """Whether repacking may help, and what it would do where somebody has looked already."""
    if "replace" not in actions_of(submission, user) or not repacking.may_help(submission):
        return {"may_repack": False}
    found = repacking.known(submission.current) if submission.current else None
    return {
        "may_repack": found is None or found["possible"],
        "repack": found,
        "repack_href": reverse("submission-repack", args=[submission.submission_id]),
    }


def _thread(submission: Submission, user: User) -> list[dict[str, Any]]:
    """The conversation; the team has no names here."""
    return [
        {
            "author": "" if row.from_staff else row.writer.name,
            "team": row.from_staff,
            "you": row.writer_id == user.pk and not row.from_staff,
            "at": row.at,
            "about": f"with revision {row.revision_number}",
            "text": row.text,
        }
        for row in submission.messages.select_related("writer")
    ]
