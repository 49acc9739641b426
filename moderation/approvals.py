"""What must hold before an approval beside the state and the bytes: the publisher's gate would refuse it else.

Rules
- `blocking_finding`: every finding that stops an approval was judged harmless, as the audit trail tells it.
- `dependency_not_published`: what the release cannot do without is in the catalog already. What comes in the
  same batch is approved first, and named.
- Refused approvals leave nothing behind; all else that was found informs and never blocks.
"""

from typing import Any

from accounts.errors import Problem, RefusedError
from catalog import namespaces, versions
from catalog.models import Maintainer, Release
from catalog.publisher import findings
from uploads import batch
from uploads.models import Revision, Signal, Submission


def ensure_ready(submission: Submission, current: Revision) -> None:
    """Raise RefusedError (409 `blocking_finding` or `dependency_not_published`) naming what is in the way."""
    _ensure_judged(submission, current)
    ensure_installable(submission, current)


def _ensure_judged(submission: Submission, current: Revision) -> None:
    rows = {row.fingerprint: row for row in Signal.objects.filter(revision=current, blocking=True)}
    if not rows:
        return
    left = findings.uncleared(
        list(rows),
        findings.verdicts_on(rows),
        submission_id=submission.submission_id,
        mod_id=submission.mod_id or "",
        people=_people_with_a_stake(submission),
    )
    problems = [
        Problem(
            rows[fingerprint].code,
            rows[fingerprint].message,
            "Judge it on the review page: a false alarm or an accepted risk lets the approval through.",
            path=rows[fingerprint].path,
        )
        for fingerprint in left
    ]
    if problems:
        raise RefusedError(
            "blocking_finding",
            f"{len(problems)} of the findings must be judged first: {problems[0].message}",
            "Judge each one on the review page, or reject the release.",
            status=409,
            problems=problems,
            extra={"findings": left},
        )


def _people_with_a_stake(submission: Submission) -> set[int]:
    """Whose verdicts count nothing: the author, who uploaded a revision, and the maintainers."""
    maintainers = Maintainer.objects.filter(namespace__name=namespaces.of(submission.mod_id or ""))
    return {
        submission.author_id,
        *submission.revisions.values_list("uploader_id", flat=True),
        *maintainers.values_list("user_id", flat=True),
    }


def ensure_installable(submission: Submission, current: Revision) -> None:
    """Raise RefusedError (409 `dependency_not_published`) where it needs what the catalog does not have."""
    listed = (current.manifest or {}).get("dependencies") or []
    wishes: list[dict[str, Any]] = [row for row in listed if not row.get("optional")]
    if not wishes:
        return
    ids = {row["id"] for row in wishes}
    public = list(Release.objects.public().filter(mod__mod_id__in=ids).values_list("mod__mod_id", "version"))
    missing = [row for row in wishes if not _among(row, public)]
    if not missing:
        return
    on_its_way = batch.beside(submission, {row["id"] for row in missing})
    problems = []
    for row in missing:
        first = next((one for one in on_its_way if _among(row, [(one.mod_id, one.version)])), None)
        problems.append(
            Problem(
                "dependency_not_published",
                f"It needs {row['id']} {row['version']}, which is not published.",
                f"Approve {first.mod_id} {first.version} first ({first.submission_id})."
                if first is not None
                else "Reject it, or wait until that is published.",
            )
        )
    raise RefusedError(
        "dependency_not_published",
        problems[0].message,
        problems[0].hint,
        status=409,
        problems=problems,
        extra={"approveFirst": [one.submission_id for one in on_its_way]},
    )


def _among(wish: dict[str, Any], known: list[tuple[str, str]]) -> bool:
    return any(name == wish["id"] and versions.fits(version, wish["version"]) for name, version in known)
