"""The review page, and writing to the author or to staff from it.

Rules
- Nobody opens the review of their own work: its author sees the submission's own page.
- What comes out of a package is text in a template that escapes it; nothing is sent as a file.
- What is looked at is in the address: `path` the file, `view` split or unified, `rows` how many of its rows,
  `files` the page of the tree, `show=all` also files that are the same, `find` files by a part of their path,
  `findings` the page of findings.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import permissions
from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from accounts.roles import Relation
from accounts.views_signed_in import person_who_may
from moderation import (
    appeals,
    author,
    conversation,
    decision_panel,
    drafts,
    evidence,
    findings,
    history,
    leases,
    notes,
    opened,
    tree_page,
    viewers,
    words_difference,
)
from moderation.forms import DecisionForm
from moderation.relation import relation_column
from uploads import documents
from uploads import status as progress
from uploads.checks import CHECKS
from uploads.models import Revision, Submission

QUEUE = "/moderation/queue/"
#: Rows of a difference beyond which nothing more is shown on the page.
MOST_ROWS = 8000


def reviewed(request: HttpRequest, submission_id: str) -> tuple[User, Submission, Revision]:
    """Who reviews what. Raises RefusedError: 401, 403 by role or on one's own work, 404."""
    reader = person_who_may(request, "queue.view")
    submission = (
        Submission.objects.select_related("author", "current", "current__uploader", "lease__holder")
        .annotate(stands=relation_column(reader))
        .filter(submission_id=submission_id)
        .first()
    )
    if submission is None or submission.current is None:
        raise absent()
    permissions.ensure(reader, "decision.make", Relation(vars(submission)["stands"]))
    submission.current.submission = submission
    return reader, submission, submission.current


def absent() -> RefusedError:
    """The refusal of a submission that is not there, or has nothing to review yet."""
    return RefusedError(
        "not_found", "There is no such submission to review.", "Look in the queue.", status=404
    )


def address(submission_id: str) -> str:
    """The review page of a submission."""
    return f"/moderation/review/{submission_id}/"


@dataclass(frozen=True, slots=True)
class Place:
    """What of the page is looked at, as its address says."""

    path: str
    style: str
    rows: int
    files: int
    everything: bool
    find: str
    findings: int

    @classmethod
    def of(cls, given: QueryDict) -> "Place":
        """What an address asks for; what can't be is as if it were not there."""
        return cls(
            given.get("path", "")[:400],
            "unified" if given.get("view") == "unified" else "split",
            min(_number(given, "rows"), MOST_ROWS),
            _number(given, "files"),
            given.get("show") == "all",
            given.get("find", "").strip()[:100],
            _number(given, "findings"),
        )

    def query(self, **more: Any) -> str:
        """The address that says the same but for `more`; empty values are left out."""
        values = {
            "path": self.path,
            "view": self.style if self.style != "split" else "",
            "files": self.files,
            "show": "all" if self.everything else "",
            "find": self.find,
            "findings": self.findings,
        } | more
        return urlencode({name: value for name, value in values.items() if value})


def _number(given: QueryDict, name: str) -> int:
    """A number of at most six digits, or 0."""
    text = given.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


@never_cache
@require_safe
def review(request: HttpRequest, submission_id: str) -> HttpResponse:
    """All that is needed to decide, in one page."""
    reader, submission, _ = reviewed(request, submission_id)
    draft = drafts.of(reader, submission)
    form = DecisionForm.restore(draft.fields) if draft is not None else DecisionForm()
    return review_page(request, reader, submission, form, draft=draft)


def review_page(
    request: HttpRequest,
    reader: User,
    submission: Submission,
    form: DecisionForm,
    *,
    draft: drafts.Draft | None = None,
    errors: list[tuple[str, str, str]] | None = None,
    written: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with `form` as it was typed, or as its `draft` was kept, and what is wrong with it.

    `written` are words for the conversation or for a verdict that were refused, by their field.
    """
    current = submission.current
    if current is None:
        raise absent()
    place = Place.of(request.GET)
    past = history.of(submission)
    found = findings.of(submission, current, place.findings)
    people, figures = author.panel(submission, past.authors)
    context = _head(reader, submission, current, past)
    context |= _difference(request, submission, current, past, found, place)
    context |= decision_panel.of(submission, form, context["checks"], found, figures)
    context |= {
        "findings": found,
        "talk": conversation.of(submission),
        "author": people,
        "figures": figures,
        "decisions": past.own,
        "errors": errors or [],
        "written": written or {},
        "draft": draft,
        "place": place,
        "finding_pages": [
            {"number": number, "query": place.query(findings=number)} for number in range(1, found.pages + 1)
        ],
        "here": place.query(),
        "lease_minutes": leases.minutes(),
        "nav_counts": {QUEUE: figures.waiting},
    }
    return render(request, "moderation/review.html", context, status=status)


def _head(reader: User, submission: Submission, current: Revision, past: history.History) -> dict[str, Any]:
    reasons = list(submission.reasons.filter(closed_at__isnull=True).order_by("due_at"))
    checks = _checks(current)
    first = past.waiting(submission)
    return {
        "submission": submission,
        "revision": current,
        "base": address(submission.submission_id),
        "reasons": reasons,
        "due": reasons[0].due_at if reasons else None,
        "overdue": bool(reasons) and reasons[0].due_at < timezone.now(),
        "since": min((reason.opened_at for reason in reasons), default=None),
        "held": _held(reader, submission),
        "checks": checks,
        "later": len(CHECKS) - len(checks),
        "failed": [check for check in checks if check["status"] == "failed"],
        "others": [check for check in checks if check["status"] not in ("failed", "passed")],
        "passed": [check for check in checks if check["status"] == "passed"],
        "first": first,
        "first_is_mine": first is not None and first.decider_id == reader.pk,
    }


def _held(reader: User, submission: Submission) -> leases.Held | None:
    """The live lease, which was read with the submission."""
    lease = getattr(submission, "lease", None)
    if lease is None or lease.until <= timezone.now():
        return None
    return leases.Held(lease.holder, lease.taken_at, lease.until, lease.holder_id == reader.pk)


def _checks(current: Revision) -> list[dict[str, Any]]:
    """The checks with their titles; those that only run while a release is published, once they have."""
    known = {check.id: check for check in CHECKS}
    return [
        progress.titled(row, {row["id"]: known[row["id"]].title} if row["id"] in known else {})
        for row in documents.checks_of(current)
        if row["status"] != "not_run" or row["id"] not in known or known[row["id"]].phase == "intake"
    ]


def _difference(
    request: HttpRequest,
    submission: Submission,
    current: Revision,
    past: history.History,
    found: findings.Findings,
    place: Place,
) -> dict[str, Any]:
    if submission.kind == Submission.Kind.LISTING:
        return _words_difference(submission, current, place)
    old = evidence.baseline(submission, past)
    files = evidence.tree(submission, old, current, past)
    item = f"{submission.submission_id}/{current.number}"
    chosen = files.find(place.path) or tree_page.first_to_read(files)
    if chosen is not None and place.path:
        opened.note(request.session, item, chosen.path)
    unread = opened.unopened(
        request.session, item, (file.path for file in files.changed if file.new is not None)
    )
    fields = evidence.field_changes(old, current)

    def link(**more: Any) -> str:
        return f"{address(submission.submission_id)}?{place.query(**more)}#difference"

    notes_of = found.by_line.get(chosen.path, {}) if chosen is not None else {}
    return {
        "old": old,
        "fields": fields[: tree_page.FIELDS],
        "more_fields": max(len(fields) - tree_page.FIELDS, 0),
        "tree": files,
        "counts": files.counts(),
        "listing": tree_page.of(
            files,
            chosen,
            set(unread),
            found.by_path,
            link,
            everything=place.everything,
            page=place.files,
        ),
        "matching": tree_page.matching(files, place.find),
        "chosen": evidence.file_difference(
            chosen, old, current, notes=notes_of, **({"rows": place.rows} if place.rows else {})
        )
        if chosen is not None
        else None,
        "chosen_notes": notes_of.get(0, ()),
        "pictured": chosen is not None and chosen.kind in viewers.PICTURES,
        "style": place.style,
        "split_link": link(path=chosen.path if chosen else "", view=""),
        "unified_link": link(path=chosen.path if chosen else "", view="unified"),
        "more_link": link(path=chosen.path if chosen else "", rows=MOST_ROWS),
        "can_show_more": place.rows < MOST_ROWS,
        "unopened": unread,
    }


def _words_difference(submission: Submission, current: Revision, place: Place) -> dict[str, Any]:
    def link(style: str) -> str:
        return f"{address(submission.submission_id)}?{place.query(view=style)}#difference"

    return {
        "words": words_difference.of(current),
        "style": place.style,
        "split_link": link(""),
        "unified_link": link("unified"),
        "unopened": [],
    }


@never_cache
@require_POST
@limited("write")
def write(request: HttpRequest, submission_id: str) -> HttpResponse:
    """A message to the author, or a note for staff alone."""
    reader, submission, _ = reviewed(request, submission_id)
    text, to = request.POST.get("text", ""), request.POST.get("to", "")
    try:
        if to == "author":
            appeals.reply(reader, submission, text)
            messages.success(request, "Sent. The author reads it as from the moderation team.")
        else:
            notes.write(reader, submission, text)
            messages.success(request, "Noted. Only staff see it.")
    except RefusedError as refused:
        if refused.status != 422:
            raise
        return review_page(
            request,
            reader,
            submission,
            DecisionForm(),
            errors=[("#conversation", refused.message, refused.hint)],
            written={"author" if to == "author" else "staff": text},
            status=422,
        )
    return redirect(f"{address(submission_id)}#conversation")
