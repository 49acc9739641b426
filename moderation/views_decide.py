"""Deciding: the form is asked once more with the same facts, then carried out; a conflict keeps the words.

Rules
- What was typed is kept as a draft before anything else, so that no refusal and no closed page loses it.
- After a decision: the list that was looked at last, or, where asked for, the next free item of it.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from moderation import actions, consequences, drafts, evidence, leases, opened
from moderation.forms import DecisionForm, errors_of
from moderation.views_catalog import preview_of
from moderation.views_queue import list_address, open_next
from moderation.views_review import address, review_page, reviewed
from uploads.models import Submission

#: After these the item's own page has more to say than the list.
STAYS = ("hide", "restore", "supersede", "undo")


@never_cache
@require_POST
@limited("write")
def decide(request: HttpRequest, submission_id: str) -> HttpResponse:
    """First post: the page that asks once more, or by htmx the mail alone. With `confirmed`: the decision itself."""
    reader, submission, _ = reviewed(request, submission_id)
    form = DecisionForm.read(request.POST)
    if request.POST.get("back"):
        return review_page(request, reader, submission, form)
    confirmed = request.POST.get("confirmed", "")
    mail_alone = "HX-Request" in request.headers and not confirmed
    try:
        drafts.keep(reader, submission_id, form.hidden())
        if not confirmed:
            would = actions.rehearse(reader, submission_id, **form.given())
            return (_mail if mail_alone else _ask_once_more)(request, submission, form, would)
        outcome = actions.decide(reader, submission_id, **form.given())
    except RefusedError as refused:
        if mail_alone:
            context = {"base": address(submission_id), "refused": refused}
            return render(request, "moderation/mail.html", context)
        return _refused(request, reader, submission, form, refused)
    _say(request, outcome)
    if outcome.decision.action in STAYS:
        return redirect(address(submission_id))
    return open_next(request, reader) if confirmed == "next" else redirect(list_address(request))


def _mail(
    request: HttpRequest, submission: Submission, _: DecisionForm, would: actions.Rehearsal
) -> HttpResponse:
    """What the author would read, for the decision's part of the page."""
    subject, body = consequences.preview_mail(would.submission, would.rule, would.words)
    context = {
        "base": address(submission.submission_id),
        "would": would,
        "mail_subject": subject,
        "mail_body": body,
    }
    return render(request, "moderation/mail.html", context)


def _ask_once_more(
    request: HttpRequest, submission: Submission, form: DecisionForm, would: actions.Rehearsal
) -> HttpResponse:
    subject, body = consequences.preview_mail(would.submission, would.rule, would.words)
    left, changed = _unopened(request, submission)
    context: dict[str, Any] = {
        "submission": submission,
        "revision": submission.current,
        "form": form,
        "would": would,
        "mail_subject": subject,
        "mail_body": body,
        "unopened": (len(left), changed),
        "unopened_first": left[:5],
        "goes_on": form.action not in STAYS,
    }
    if not would.why_second:
        context |= preview_of(submission, form, "\n".join(reason.text for reason in would.words.reasons))
    return render(request, "moderation/confirm.html", context)


def _unopened(request: HttpRequest, submission: Submission) -> tuple[list[str], int]:
    """The changed files that were not opened, and how many changed."""
    current = submission.current
    if current is None:
        return [], 0
    files = evidence.tree(submission, evidence.baseline(submission), current)
    changed = [file.path for file in files.changed if file.new is not None]
    item = f"{submission.submission_id}/{current.number}"
    return opened.unopened(request.session, item, changed), len(changed)


def _refused(
    request: HttpRequest, reader: User, submission: Submission, form: DecisionForm, refused: RefusedError
) -> HttpResponse:
    if refused.status == 409:
        submission.refresh_from_db()
        context = {
            "submission": submission,
            "refused": refused,
            "form": form,
            "typed": form.typed(),
            "held": leases.holder_of(submission, reader) if refused.code == "lease_held" else None,
        }
        return render(request, "moderation/conflict.html", context, status=409)
    if refused.status in (403, 422) and refused.code != "own_work":
        submission.refresh_from_db()
        return review_page(
            request, reader, submission, form, errors=errors_of(refused), status=refused.status
        )
    raise refused


def _say(request: HttpRequest, outcome: actions.Outcome) -> None:
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
