"""What the page of a submission shows beside its rows: the bore log, the checks with their names, the facts.

Rules
- The log has five steps: received, checked, in review, decision, published; one of them is current, unless
  the submission has come to an end.
- When a step was taken is read from the rows, and for decisions from the audit trail, which names no
  moderator here.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.audit import Action
from accounts.models import AuditEntry
from catalog.models import Release
from uploads.checks import CHECKS, Phase
from uploads.documents import checks_of
from uploads.models import Submission
from uploads.states import State

#: States in which a worker is busy with the submission, or about to be.
UNDER_WAY = frozenset({State.UPLOADED, State.VALIDATING, State.APPROVED})
#: States in which the package is being checked, or about to be.
BEING_CHECKED = frozenset({State.UPLOADED, State.VALIDATING})
#: States after a person has decided.
DECIDED = frozenset(
    {
        State.CHANGES_REQUESTED,
        State.APPROVED,
        State.REJECTED,
        State.PUBLISHED,
        State.HIDDEN,
        State.SUPERSEDED,
    }
)
#: States in which the release is, or was, in the catalog.
CAME_OUT = frozenset({State.PUBLISHED, State.HIDDEN, State.SUPERSEDED})

#: What the page says first, by state: for people, and read out when it changes.
WORDS: dict[State, str] = {
    State.DRAFT: "This is a draft. Nobody but you sees it until you submit it.",
    State.UPLOADED: "Your package is here and waits to be checked.",
    State.VALIDATING: "Your package is being checked.",
    State.VALIDATION_FAILED: "The checks found something to fix. Replace the package when it is mended.",
    State.CANCELLED: "This submission was withdrawn. Its version is free again.",
    State.PENDING_REVIEW: "The checks are done. A person reads it next.",
    State.CHANGES_REQUESTED: "Changes were asked for. Answer below, or replace the package.",
    State.APPROVED: "Approved. It is being published.",
    State.PUBLISHED: "Published. Players find it in the catalog.",
    State.REJECTED: "Rejected. The conversation below says why; the version is free again.",
    State.HIDDEN: "Taken back. It is no longer in the catalog.",
    State.SUPERSEDED: "Published, and superseded by a newer version.",
}

Step = dict[str, Any]
Check = dict[str, Any]


def named_checks(submission: Submission) -> list[Check]:
    """The checks of the current revision with their titles; those under way are `current`."""
    titles = {check.id: check.title for check in CHECKS}
    intake = {check.id for check in CHECKS if check.phase is Phase.INTAKE}
    rows = [titled(row, titles) for row in checks_of(submission.current)]
    if submission.state == State.VALIDATING:
        for row in rows:
            if row["id"] in intake and not row["rulesVersion"]:
                row["status"] = "current"
    return rows


def still_to_come(checks: list[Check]) -> list[Check]:
    """Those that have not run because their phase, publication or after, has not begun."""
    later = {check.id for check in CHECKS if check.phase is not Phase.INTAKE}
    return [row for row in checks if row["id"] in later and not row["rulesVersion"]]


def titled(check: Check, titles: dict[str, str]) -> Check:
    """A check's result with the sentence that stands for it: its problem where it failed, else its name."""
    failed = check["status"] == "failed" and check["message"]
    row = check | {"title": check["message"] if failed else titles.get(check["id"], check["id"])}
    if check["status"] == "not_run" and check["message"]:
        row["hint"] = f"{check['message']} {check['hint']}".strip()
    return row


def summary(checks: list[Check]) -> str:
    """How many of each: "13 passed, 1 failed, 2 not run"."""
    words = {"passed": "passed", "failed": "failed", "warned": "with a signal", "not_run": "not run"}
    counts = Counter(check["status"] for check in checks)
    return ", ".join(f"{counts[status]} {word}" for status, word in words.items() if counts[status])


def bore_log(submission: Submission, checks: list[Check]) -> list[Step]:
    """The steps of the log, in order."""
    state = State(submission.state)
    steps = [_received(submission), _checked(submission, checks)]
    if state is State.CANCELLED:
        return [*steps, _step("failed", "Withdrawn", submission.updated_at)]
    steps += [_review(submission), _decision(submission), _published(submission)]
    if state is State.SUPERSEDED:
        steps.append(_step("done", "Superseded", submission.updated_at))
    if state is State.HIDDEN:
        steps.append(_step("failed", "Taken back", submission.updated_at))
    return steps


def _step(status: str, title: str, at: datetime | None = None, note: str = "") -> Step:
    return {"status": status, "title": title, "at": at, "note": note}


def _received(submission: Submission) -> Step:
    revision = submission.current
    files = revision.files.count() if revision else 0
    note = f"{revision.size_bytes:,} bytes" if revision else ""
    if files:
        note += f", {files:,} file{'' if files == 1 else 's'}"
    return _step("done", "Received", revision.received_at if revision else submission.created_at, note)


def _checked(submission: Submission, checks: list[Check]) -> Step:
    state, revision = State(submission.state), submission.current
    at = revision.checked_at if revision else None
    if state is State.DRAFT:
        return _step("current", "Not submitted yet", None, "The checks begin when you submit it")
    if state is State.UPLOADED:
        return _step("current", "Waits to be checked", None, _why_returned(submission) or "Seconds, usually")
    if state is State.VALIDATING:
        return _step("current", "Being checked", None, "Package rules, manifest, dependencies, scans")
    failed = sum(check["status"] == "failed" for check in checks)
    if state is State.VALIDATION_FAILED or (state is State.CANCELLED and failed):
        found = "one problem" if failed == 1 else f"{failed} problems"
        return _step("failed", f"Checks found {found}", at, summary(checks))
    if at is None:
        return _step("todo", "Checks")
    return _step("done", "Checks passed", at, summary(checks))


def _review(submission: Submission) -> Step:
    state = State(submission.state)
    if state is State.PENDING_REVIEW:
        return _step("current", "In review", submission.queued_at, "Read by a person")
    if state in DECIDED:
        return _step("done", "Reviewed", submission.queued_at)
    return _step("todo", "In review", None, "Read by a person")


def _decision(submission: Submission) -> Step:
    state = State(submission.state)
    if state not in DECIDED:
        return _step("todo", "Decision", None, "By mail and on this page")
    at = _last_decision(submission)
    if state is State.CHANGES_REQUESTED:
        due = submission.answer_due_at
        until = f"Answer by {due.day} {due:%b %Y}" if due else "Answer below, or replace the package"
        return _step("partial", "Changes requested", at, until)
    if state is State.REJECTED:
        return _step("failed", "Rejected", at)
    return _step("done", "Approved", at)


def _published(submission: Submission) -> Step:
    state = State(submission.state)
    if state in CAME_OUT:
        release = Release.objects.filter(submission_id=submission.submission_id).first()
        return _step("passed", "Published", release.published_at if release else None)
    if state is State.APPROVED:
        return _step("current", "Being published", None, "Seconds, usually")
    return _step("todo", "Published", None, "Seconds after approval")


def _why_returned(submission: Submission) -> str:
    """What the checks wait for, where a worker had to give the submission back."""
    last = _entries(submission, Action.VALIDATION_STARTED, Action.VALIDATION_RETURNED).first()
    returned = last is not None and last.action == Action.VALIDATION_RETURNED
    return last.reason if last is not None and returned else ""


def _entries(submission: Submission, *actions: Action) -> QuerySet[AuditEntry]:
    """The submission's entries of these kinds, the newest first."""
    return AuditEntry.objects.filter(
        target_type="submission", target_id=submission.submission_id, action__in=[a.value for a in actions]
    ).order_by("-sequence")


def _last_decision(submission: Submission) -> datetime | None:
    return _entries(submission, Action.MODERATION_DECIDED).values_list("at", flat=True).first()
