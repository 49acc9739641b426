"""A decision as far as somebody has typed it: kept while they look elsewhere, and through a lost lease.

Rules
- One draft a person and submission; it is theirs alone, whoever holds the item by then.
- What is kept is the form's fields as they were sent, at most `FIELDS` of them and `LIMIT` characters in all.
- A draft decides nothing and is no entry of the audit trail. Deciding clears the decider's own.
- A draft of an earlier revision comes back with its words; the bytes it is sent for are those of the page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts import permissions
from accounts.errors import RefusedError
from accounts.models import User
from moderation import typed
from moderation.models import DecisionDraft
from moderation.relation import ensure_not_own
from uploads.models import Submission

FIELDS, LIMIT = 200, 60_000
#: Fields that a browser sends with the form and that are none of its words.
NOT_KEPT = frozenset({"csrfmiddlewaretoken", "confirmed", "back", "keep"})

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, as (field, value) in the form's order, for which revision, and when it was kept."""

    fields: tuple[tuple[str, str], ...]
    revision: int
    at: datetime


def keep(actor: User, submission_id: str, fields: Iterable[tuple[str, str]]) -> Draft:
    """Keep the form of `actor` for this submission in place of what was kept before.

    Raises RefusedError: 401 and 403 by role or on one's own work, 404, 422 `draft_too_long`.
    """
    permissions.ensure(actor, "queue.view")
    submission = Submission.objects.filter(submission_id=submission_id).first()
    if submission is None:
        raise RefusedError("not_found", "There is no such submission.", "Check the address.", status=404)
    ensure_not_own(actor, submission)
    kept = [[name, value] for name, value in fields if name not in NOT_KEPT]
    if len(kept) > FIELDS or sum(len(name) + len(value) for name, value in kept) > LIMIT:
        raise typed.refused(
            "draft_too_long",
            f"A draft holds at most {LIMIT:,} characters.",
            "Shorten it; what you typed is still in the form.",
            "",
        )
    row, _ = DecisionDraft.objects.update_or_create(
        submission=submission, writer=actor, defaults={"typed": {"fields": kept}, "at": timezone.now()}
    )
    return _read(row)


def of(actor: User, submission: Submission) -> Draft | None:
    """What `actor` kept for this submission; None where nothing was."""
    row = DecisionDraft.objects.filter(submission=submission, writer=actor).first()
    return _read(row) if row is not None else None


def clear(actor: User, submission: Submission) -> bool:
    """Forget the draft of `actor`; returns whether there was one."""
    gone, _ = DecisionDraft.objects.filter(submission=submission, writer=actor).delete()
    return bool(gone)


def _read(row: DecisionDraft) -> Draft:
    fields = tuple((str(name), str(value)) for name, value in row.typed.get("fields", ()))
    number = dict(fields).get("revision", "")
    return Draft(fields, int(number) if number.isascii() and number.isdigit() else 0, row.at)
