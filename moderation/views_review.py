"""The review page and what hangs on it: a file's viewer, writing to the author or to staff.

Rules
- Nobody opens the review of their own work: its author sees the submission's own page.
- What comes out of a package is text in a template that escapes it; nothing is sent as a file.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import RefusedError
from accounts.limits import limited
from accounts.models import User
from accounts.views_signed_in import person_who_may
from catalog.models import Dependency, Release
from moderation import (
    appeals,
    author,
    drafts,
    evidence,
    given,
    leases,
    notes,
    opened,
    policies,
    queue,
    second_person,
    viewers,
)
from moderation.forms import DecisionForm
from moderation.relation import ensure_not_own
from moderation.table import ACTIONS, possible
from uploads import documents
from uploads import status as progress
from uploads.checks import CHECKS
from uploads.models import Revision, Submission

QUEUE = "/moderation/queue/"
#: How many changed files the tree shows; the viewer's list has them all.
SHOWN_FILES = 500


def reviewed(request: HttpRequest, submission_id: str) -> tuple[User, Submission, Revision]:
    """Who reviews what. Raises RefusedError: 401, 403 by role or on one's own work, 404."""
    reader = person_who_may(request, "queue.view")
    submission = (
        Submission.objects.select_related("author", "current", "current__uploader")
        .filter(submission_id=submission_id)
        .first()
    )
    if submission is None or submission.current is None:
        raise RefusedError(
            "not_found", "There is no such submission to review.", "Look in the queue.", status=404
        )
    ensure_not_own(reader, submission)
    return reader, submission, submission.current


def address(submission_id: str) -> str:
    """The review page of a submission."""
    return f"/moderation/review/{submission_id}/"


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
    status: int = 200,
) -> HttpResponse:
    """The page with `form` as it was typed, or as its `draft` was kept, and what is wrong with it."""
    current = submission.current
    if current is None:
        raise RefusedError(
            "not_found", "There is no such submission to review.", "Look in the queue.", status=404
        )
    context = _head(reader, submission, current)
    context |= _difference(request, submission, current)
    context |= _decision(submission, form)
    context |= {
        "thread": _thread(submission),
        "author": author.panel(submission),
        "decisions": submission.decisions.select_related("decider", "revision"),
        "errors": errors or [],
        "draft": draft,
        "lease_minutes": leases.minutes(),
        "nav_counts": {QUEUE: queue.waiting_count()},
    }
    return render(request, "moderation/review.html", context, status=status)


def _head(reader: User, submission: Submission, current: Revision) -> dict[str, Any]:
    reasons = list(submission.reasons.filter(closed_at__isnull=True).order_by("due_at"))
    checks = _checks(current)
    first = second_person.waiting(submission)
    return {
        "submission": submission,
        "revision": current,
        "reasons": reasons,
        "due": reasons[0].due_at if reasons else None,
        "overdue": bool(reasons) and reasons[0].due_at < timezone.now(),
        "since": min((reason.opened_at for reason in reasons), default=None),
        "held": leases.holder_of(submission, reader),
        "checks": checks,
        "later": len(CHECKS) - len(checks),
        "failed": sum(check["status"] == "failed" for check in checks),
        "signals": sum(check["status"] == "warned" for check in checks),
        "first": first,
        "first_is_mine": first is not None and first.decider_id == reader.pk,
    }


def _checks(current: Revision) -> list[dict[str, Any]]:
    """The checks with their titles; those that only run while a release is published, once they have."""
    known = {check.id: check for check in CHECKS}
    return [
        progress.titled(row, {row["id"]: known[row["id"]].title} if row["id"] in known else {})
        for row in documents.checks_of(current)
        if row["status"] != "not_run" or row["id"] not in known or known[row["id"]].phase == "intake"
    ]


def _difference(request: HttpRequest, submission: Submission, current: Revision) -> dict[str, Any]:
    old = evidence.baseline(submission)
    files = evidence.tree(submission, old, current)
    item = f"{submission.submission_id}/{current.number}"
    chosen = _chosen(files, request.GET.get("path", ""))
    if chosen is not None and request.GET.get("path"):
        opened.note(request.session, item, chosen.path)
    unread = opened.unopened(
        request.session, item, (file.path for file in files.changed if file.new is not None)
    )
    style = "unified" if request.GET.get("view") == "unified" else "split"
    return {
        "old": old,
        "fields": evidence.field_changes(old, current),
        "tree": files,
        "counts": files.counts(),
        "more_files": max(len(files.changed) - SHOWN_FILES, 0),
        "folders": _folders(files, chosen, set(unread), f"{address(submission.submission_id)}?view={style}&"),
        "chosen": evidence.file_difference(chosen, old, current) if chosen is not None else None,
        "style": style,
        "unopened": unread,
        "path_query": urlencode({"path": chosen.path}) if chosen is not None else "",
    }


def _chosen(files: evidence.Tree, path: str) -> evidence.TreeFile | None:
    """The file that was asked for, else the first changed one that is not the manifest."""
    for file in files.files:
        if file.path == path:
            return file
    first = [file for file in files.changed if file.path != "manifest.json"]
    return next(iter([*first, *files.changed]), None)


def _folders(
    files: evidence.Tree, chosen: evidence.TreeFile | None, unread: set[str], link: str
) -> list[dict[str, Any]]:
    folders: dict[str, list[dict[str, Any]]] = {}
    for file in files.changed[:SHOWN_FILES]:
        folder, _, name = file.path.rpartition("/")
        query = urlencode({"path": file.path})
        folders.setdefault(folder, []).append(
            {
                "name": f"{name} (executable)" if file.executable else name,
                "href": f"{link}{query}#difference",
                "change": file.change,
                "current": chosen is not None and file.path == chosen.path,
                "unread": file.path in unread,
            }
        )
    return [{"name": name, "files": rows} for name, rows in sorted(folders.items())]


def _decision(submission: Submission, form: DecisionForm) -> dict[str, Any]:
    rules = possible(submission.state)
    others = Release.objects.filter(mod__mod_id=submission.mod_id, taken_back_at__isnull=True).exclude(
        version=submission.version
    )
    return {
        "form": form,
        "rules": rules,
        "chosen_action": form.action if form.action in ACTIONS else "",
        "blocks": given.blocks(submission) if any(rule.name == "approve" for rule in rules) else [],
        "choices": form.choices(policies.in_force()),
        "asks_reason": any(rule.reason for rule in rules),
        "asks_successor": any(rule.successor for rule in rules),
        "asks_question": any(rule.question for rule in rules),
        "asks_level": any(rule.level for rule in rules),
        "successors": others.filter(superseded_at__isnull=True).order_by("-version_key")
        if any(rule.successor for rule in rules)
        else [],
        "dependants": Dependency.objects.filter(
            mod_id_wanted=submission.mod_id or "", release__taken_back_at__isnull=True
        )
        .values("release__mod__name")
        .distinct()
        .count(),
    }


def _thread(submission: Submission) -> list[dict[str, Any]]:
    """Messages and staff notes by time; among staff the team's words have a writer too."""
    rows = [
        {
            "author": message.writer.name,
            "team": message.from_staff,
            "staff": False,
            "at": message.at,
            "about": f"revision {message.revision_number}"
            + (f", written by {message.writer.name}" if message.from_staff else ""),
            "text": message.text,
        }
        for message in submission.messages.select_related("writer")
    ]
    rows += [
        {
            "author": note.writer.name,
            "team": False,
            "staff": True,
            "at": note.at,
            "about": "",
            "text": note.text,
        }
        for note in submission.staff_notes.select_related("writer")
    ]
    return sorted(rows, key=lambda row: row["at"])


@never_cache
@require_safe
def file(request: HttpRequest, submission_id: str) -> HttpResponse:
    """One member of the package as numbered lines or as hex; `side=old` shows the last approved one."""
    _, submission, current = reviewed(request, submission_id)
    path, side = request.GET.get("path", ""), request.GET.get("side", "new")
    revision = evidence.baseline(submission) if side == "old" else current
    row = revision.files.filter(path=path).first() if revision is not None else None
    if revision is None or row is None:
        raise RefusedError(
            "not_found", "There is no such file in this package.", "Choose one of the list.", status=404
        )
    offset = request.GET.get("offset", "0")
    start = int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 12 else 0
    as_hex = request.GET.get("as") == "hex"
    found = viewers.view(revision, row, start, as_hex=as_hex)
    if revision.pk == current.pk:
        opened.note(request.session, f"{submission_id}/{current.number}", path)
    base = {"path": path, "side": side} | ({"as": "hex"} if as_hex else {})
    context = {
        "submission": submission,
        "revision": revision,
        "view": found,
        "old": side == "old",
        "before": urlencode(base | {"offset": found.before}) if found.before is not None else "",
        "after": urlencode(base | {"offset": found.after}) if found.after is not None else "",
        "other": urlencode({"path": path, "side": side} | ({} if as_hex else {"as": "hex"})),
        "files": revision.files.values_list("path", flat=True),
    }
    return render(request, "moderation/file.html", context)


@never_cache
@require_POST
@limited("write")
def write(request: HttpRequest, submission_id: str) -> HttpResponse:
    """A message to the author, or a note for staff alone."""
    reader, submission, _ = reviewed(request, submission_id)
    text = request.POST.get("text", "")
    if request.POST.get("to") == "author":
        appeals.reply(reader, submission, text)
        messages.success(request, "Sent. The author reads it as from the moderation team.")
    else:
        notes.write(reader, submission, text)
        messages.success(request, "Noted. Only staff see it.")
    return redirect(f"{address(submission_id)}#conversation")
