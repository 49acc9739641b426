"""A submission as JSON (`smmods.upload-submission.v1`), and its checks as every reader sees them.

Rules
- Every check is listed once, in the order of the one tuple; what has not run says so.
- `actions` are what this viewer may do now with the submission, by the table of moves and the permissions.
"""

from datetime import UTC, datetime
from typing import Any

from accounts import permissions
from accounts.models import User
from uploads import queueing
from uploads.checks import CHECKS, Phase
from uploads.models import CheckResult, Revision, Submission
from uploads.states import REPLACEABLE, WITHDRAWABLE, State

SCHEMA = "smmods.upload-submission.v1"


def stamp(moment: datetime) -> str:
    """A time in UTC to the second, as every document of ours writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _result(row: CheckResult) -> dict[str, Any]:
    return {
        "id": row.check_id,
        "status": row.status,
        "code": row.code,
        "message": row.message,
        "hint": row.hint,
        "path": row.path,
        "evidence": row.evidence,
        "problems": row.problems,
        "rulesVersion": row.rules_version,
    }


def _not_run(check_id: str, why: str) -> dict[str, Any]:
    return {
        "id": check_id,
        "status": "not_run",
        "code": "",
        "message": "",
        "hint": why,
        "path": "",
        "evidence": {},
        "problems": [],
        "rulesVersion": "",
    }


#: Why a check has no result yet, by its phase.
WAITS = {
    Phase.INTAKE: "Waits for the package to be checked.",
    Phase.PUBLICATION: "Runs while the release is published.",
    Phase.AFTER: "Runs after the release is published.",
}


def checks_of(revision: Revision | None) -> list[dict[str, Any]]:
    """Every check of a revision with its status; those that have no result yet are `not_run`."""
    rows = {row.check_id: row for row in revision.results.all()} if revision is not None else {}
    if revision is not None and revision.submission.kind == Submission.Kind.LISTING:
        return [_result(row) for row in rows.values()]
    listed = [
        _result(rows.pop(check.id)) if check.id in rows else _not_run(check.id, WAITS[check.phase])
        for check in CHECKS
    ]
    return listed + [_result(row) for row in rows.values()]


def actions_of(submission: Submission, viewer: User) -> list[str]:
    """What the viewer may do now: submit, replace, cancel, message."""
    relation = submission.relation(viewer)
    may_replace = bool(permissions.can(viewer, "submission.replace", relation))
    may = {
        "submit": may_replace and submission.state == State.DRAFT,
        "replace": may_replace and submission.state in REPLACEABLE,
        "cancel": bool(permissions.can(viewer, "submission.cancel", relation))
        and submission.state in WITHDRAWABLE,
        "message": bool(permissions.can(viewer, "submission.message", relation)),
    }
    return [name for name, allowed in may.items() if allowed]


def queue_of(submission: Submission) -> dict[str, Any] | None:
    """The place in the queue and the usual wait in seconds; None while it is not in review."""
    place = queueing.place(submission) if submission.state == State.PENDING_REVIEW else None
    if place is None:
        return None
    waits = queueing.waits()
    return {"position": place.position, "medianWaitSeconds": round(waits.median) if waits else None}


def as_document(submission: Submission, viewer: User, *, queue: bool = True) -> dict[str, Any]:
    """The submission for this viewer. `queue` False leaves the place in the queue out, for long lists."""
    revision = submission.current
    if revision is not None:
        revision.submission = submission  # known already: no query for each line of a list
    return {
        "schema": SCHEMA,
        "kind": submission.kind,
        "submissionId": submission.submission_id,
        "state": submission.state,
        "revision": revision.number if revision else 1,
        "modId": submission.mod_id,
        "version": submission.version,
        "packageSha256": revision.sha256 if revision else None,
        "sizeBytes": revision.size_bytes if revision else None,
        "checks": checks_of(revision),
        "queue": queue_of(submission) if queue else None,
        "actions": actions_of(submission, viewer),
        "createdAt": stamp(submission.created_at),
        "updatedAt": stamp(submission.updated_at),
        "statusUrl": f"/api/v1/uploads/{submission.submission_id}",
        "pageUrl": submission.get_absolute_url(),
    }
