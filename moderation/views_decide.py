"""Deciding: the form is asked once more with the same facts, then carried out; a conflict keeps the words."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from moderation import actions, consequences, evidence, opened
from moderation.forms import DecisionForm, errors_of
from moderation.views_review import QUEUE, address, review_page, reviewed
from uploads.models import Submission


@never_cache
@require_POST
@limited("write")
def decide(request: HttpRequest, submission_id: str) -> HttpResponse:
    """First post: the page that asks once more. With `confirmed`: the decision itself."""
    reader, submission, _ = reviewed(request, submission_id)
    form = DecisionForm.read(request.POST)
    if request.POST.get("back"):
        return review_page(request, reader, submission, form)
    try:
        if not request.POST.get("confirmed"):
            return _ask_once_more(
                request, submission, form, actions.rehearse(reader, submission_id, **form.given())
            )
        outcome = actions.decide(reader, submission_id, **form.given())
    except RefusedError as refused:
        return _refused(request, reader, submission, form, refused)
    return _done(request, outcome)


def _ask_once_more(
    request: HttpRequest, submission: Submission, form: DecisionForm, would: actions.Rehearsal
) -> HttpResponse:
    subject, body = consequences.preview_mail(would.submission, would.rule, would.words)
    context: dict[str, Any] = {
        "submission": submission,
        "revision": submission.current,
        "form": form,
        "would": would,
        "mail_subject": subject,
        "mail_body": body,
        "unopened": _unopened(request, submission),
    }
    return render(request, "moderation/confirm.html", context)


def _unopened(request: HttpRequest, submission: Submission) -> tuple[int, int]:
    """How many changed files were not opened, of how many."""
    current = submission.current
    if current is None:
        return 0, 0
    files = evidence.tree(submission, evidence.baseline(submission), current)
    changed = [file.path for file in files.changed if file.new is not None]
    item = f"{submission.submission_id}/{current.number}"
    return len(opened.unopened(request.session, item, changed)), len(changed)


def _refused(
    request: HttpRequest, reader: User, submission: Submission, form: DecisionForm, refused: RefusedError
) -> HttpResponse:
    if refused.status == 409:
        submission.refresh_from_db()
        context = {"submission": submission, "refused": refused, "form": form, "typed": form.typed()}
        return render(request, "moderation/conflict.html", context, status=409)
    if refused.status in (403, 422) and refused.code != "own_work":
        submission.refresh_from_db()
        return review_page(
            request, reader, submission, form, errors=errors_of(refused), status=refused.status
        )
    raise refused


def _done(request: HttpRequest, outcome: actions.Outcome) -> HttpResponse:
    name = outcome.submission.name or outcome.submission.submission_id
    rule = actions.ACTIONS[outcome.decision.action]
    if outcome.needs:
        messages.warning(
            request,
            f"Kept. {name} {outcome.submission.version} now waits for a second person: "
            f"{outcome.decision.needs_second}",
        )
    else:
        messages.success(request, f"{rule.done}: {name} {outcome.submission.version}. {rule.follows}")
    if outcome.decision.action in ("hide", "restore", "supersede"):
        return redirect(address(outcome.submission.submission_id))
    return redirect(QUEUE)
