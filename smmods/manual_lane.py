"""The manual lane: a package from the command line, by the same services and with the same people as an upload.

Rules
- The owner submits, a moderator decides; the two differ, and the moderator maintains nothing in the namespace.
- Everything that can be refused before a byte is staged is refused then.
- The work that is owed is done here and now, or by a worker, whoever is first; nothing is skipped.
- A submission whose checks fail is withdrawn again, so that its version stays free.
- It does not ask whether live uploads are on: it is the lane for when they are off.
"""

import time
from collections.abc import Collection, Iterator
from pathlib import Path

from accounts import outbox, permissions
from accounts.errors import Problem, RefusedError
from accounts.models import User
from accounts.roles import Relation
from accounts.strict_json import MAX_BYTES
from catalog.models import relation_to
from moderation.actions import decide
from uploads import services
from uploads.identity import read_sidecar
from uploads.models import QueueReason, Revision, Submission
from uploads.states import State

PIECE = 256 * 1024
CHECKED = (State.PENDING_REVIEW, State.VALIDATION_FAILED)
DECIDED = (State.PUBLISHED, State.SUPERSEDED, State.PENDING_REVIEW)


def import_release(
    package: Path, metadata: Path, owner: User, moderator: User, *, seconds: float = 120
) -> Submission:
    """Publish a package as `owner`'s release by `moderator`'s decision; returns the published submission.

    Waits at most `seconds` for the checks and again for the publication. Raises RefusedError: what the
    services refuse, `own_work` (403), `checks_failed`, `second_person` (409), `portal_not_ready` (503),
    `publication_refused` (409).
    """
    sidecar_raw = _start_of(metadata)
    _ensure_may_decide(owner, moderator, str(read_sidecar(sidecar_raw)["modId"]))
    submission = services.receive(
        owner,
        chunks=_pieces(package),
        content_type="application/zip",
        sidecar_raw=sidecar_raw,
        via=Submission.Via.MANUAL,
    )
    see_through(submission, CHECKED, seconds=seconds)
    if submission.state == State.VALIDATION_FAILED:
        problems = problems_of(submission)
        services.withdraw(owner, submission, reason="The checks failed; it was sent by the manual lane.")
        raise RefusedError(
            "checks_failed",
            f"{submission.mod_id} {submission.version} failed its checks.",
            "Mend the package and run the command again; the version is free.",
            problems=problems,
        )
    return approve(submission, moderator, seconds=seconds)


def approve(submission: Submission, moderator: User, *, seconds: float = 120) -> Submission:
    """Decide for these bytes and wait until they are published. Raises RefusedError as `import_release` does."""
    revision = revision_of(submission)
    outcome = decide(
        moderator,
        submission.submission_id,
        action="approve",
        revision=revision.number,
        sha256=revision.sha256,
    )
    if outcome.needs:
        raise RefusedError(
            outcome.needs,
            f"This release needs two people: {outcome.decision.needs_second}",
            f"The approval is kept. Another moderator decides at {submission.get_absolute_url()}.",
            status=409,
        )
    see_through(submission, DECIDED, seconds=seconds)
    if submission.state == State.PENDING_REVIEW:
        row = QueueReason.objects.filter(submission=submission, closed_at=None).order_by("-pk").first()
        raise RefusedError(
            "publication_refused",
            f"The publisher refused it: {row.detail if row else 'no reason was written'}",
            "It is back in the queue.",
            status=409,
        )
    return submission


def see_through(submission: Submission, states: Collection[State], *, seconds: float) -> None:
    """Do what is owed, or wait for who does it, until the submission is in one of `states`.

    Raises RefusedError `portal_not_ready` (503) when that takes longer than `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        outbox.drain()
        submission.refresh_from_db()
        if submission.state in states:
            return
        if time.monotonic() >= deadline:
            raise RefusedError(
                "portal_not_ready",
                f"After {seconds:.0f} s {submission} is still {submission.get_state_display().lower()}.",
                f"It goes on by itself when a worker runs; look at {submission.get_absolute_url()}.",
                status=503,
            )
        time.sleep(0.2)


def problems_of(submission: Submission) -> list[Problem]:
    """What the checks found wrong with the current revision."""
    return [
        Problem(row["code"], row["message"], row["hint"], path=row["path"])
        for result in revision_of(submission).results.filter(status="failed")
        for row in result.problems
    ]


def revision_of(submission: Submission) -> Revision:
    """The revision that counts now. Raises LookupError where there is none."""
    return services.current(submission)


def _ensure_may_decide(owner: User, moderator: User, mod_id: str) -> None:
    relation = Relation.AUTHOR if owner.pk == moderator.pk else relation_to(moderator.pk, mod_id)
    permissions.ensure(moderator, "decision.make", relation)


def _start_of(metadata: Path) -> bytes:
    """The metadata, or as much of it as shows that it is too long."""
    with metadata.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _pieces(package: Path) -> Iterator[bytes]:
    with package.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
