"""Taking back everything that one author has published: looked at first, then decided release by release.

Rules
- Each release is hidden by `decide`, bound to the bytes of the preview, with the same level, reasons and note.
- One refusal holds no other up: what was refused is listed with why.
- Nothing else is ever decided in bulk; approvals never.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts import permissions
from accounts.errors import RefusedError
from accounts.models import User
from accounts.roles import Relation
from moderation import typed
from moderation.actions import decide
from moderation.relation import own_ids
from moderation.table import ACTIONS
from uploads.models import Submission

#: How many releases are taken back in one go; the rest stands on the next preview.
MOST = 100
OWN = "It is your own work, or that of a mod that you maintain."


@dataclass(frozen=True, slots=True)
class Planned:
    """A release that would be taken back; `why_not` says why it can't be by this person."""

    submission: Submission
    revision: int
    sha256: str
    why_not: str = ""

    @property
    def key(self) -> str:
        """Release and bytes in one text, as the preview's form sends them back."""
        return f"{self.submission.submission_id}:{self.revision}:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Preview:
    """Whose releases, which of them (at most `MOST`), and how many there are in all."""

    author: User
    planned: tuple[Planned, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Done:
    """What was taken back, and (release, why) of what was not."""

    hidden: tuple[Submission, ...]
    refused: tuple[tuple[str, str], ...]


def preview(actor: User, account_id: str) -> Preview:
    """What `hide` would be about. Raises RefusedError: 401 and 403 by role, 404."""
    permissions.ensure(actor, "decision.make", Relation.OTHER)
    author = User.objects.people().filter(account_id=account_id).first()
    if author is None:
        raise RefusedError("not_found", "There is no such account.", "Check the address.", status=404)
    rows = public().filter(author=author)
    return Preview(author, plan(actor, rows), rows.count())


def public() -> QuerySet[Submission]:
    """The submissions whose releases can be taken back."""
    states = [state.value for state in ACTIONS["hide"].sources]
    return Submission.objects.filter(
        kind=Submission.Kind.PACKAGE, state__in=states, current__isnull=False
    ).order_by("mod_id", "-pk")


def plan(actor: User, rows: QuerySet[Submission]) -> tuple[Planned, ...]:
    """What taking back the first `MOST` of these releases would be."""
    shown = list(rows.select_related("current")[:MOST])
    own = own_ids(actor, shown)
    return tuple(
        Planned(row, row.current.number, row.current.sha256, OWN if row.pk in own else "")
        for row in shown
        if row.current is not None
    )


def hide(
    actor: User,
    account_id: str,
    keys: Sequence[str],
    *,
    reasons: Sequence[Mapping[str, Any]],
    level: str = "",
    note: str = "",
) -> Done:
    """Take back the releases named by `keys` (of a preview) for these reasons.

    Raises RefusedError: 401, 403, 404; 422 `nothing_chosen`, `too_many`, or what `decide` says of reasons, level
    and note, in which case nothing was taken back.
    """
    shown = preview(actor, account_id)
    gone = "It is not a published release of this author any more."
    return take_back(actor, shown.planned, keys, gone, reasons=reasons, level=level, note=note)


def take_back(
    actor: User,
    planned: Sequence[Planned],
    keys: Sequence[str],
    gone: str,
    *,
    reasons: Sequence[Mapping[str, Any]],
    level: str = "",
    note: str = "",
) -> Done:
    """Take back those of the `planned` releases that `keys` name; of others it is said that they are `gone`.

    Raises RefusedError as `hide` does.
    """
    wanted = _read(keys)
    names = {one.submission.submission_id: _name(one.submission) for one in planned}
    hidden: list[Submission] = []
    refused: list[tuple[str, str]] = []
    for submission_id, revision, sha256 in wanted:
        name = names.get(submission_id)
        if name is None:
            refused.append((submission_id, gone))
            continue
        try:
            outcome = decide(
                actor,
                submission_id,
                action="hide",
                revision=revision,
                sha256=sha256,
                reasons=reasons,
                level=level,
                note=note,
            )
        except RefusedError as error:
            # What is wrong with the words is wrong for every release: said before anything was taken back.
            if error.status == 422 and not hidden:
                raise
            refused.append((name, f"{error.message} {error.hint}"))
        else:
            hidden.append(outcome.submission)
    return Done(tuple(hidden), tuple(refused))


def _name(submission: Submission) -> str:
    return f"{submission.name or submission.mod_id} {submission.version}"


def _read(keys: Sequence[str]) -> list[tuple[str, int, str]]:
    if not keys:
        raise typed.refused(
            "nothing_chosen", "No release is chosen.", "Tick the releases that you mean.", "item"
        )
    if len(keys) > MOST:
        raise typed.refused("too_many", f"At most {MOST} releases go at once.", "Choose fewer.", "item")
    found = []
    for key in dict.fromkeys(keys):
        submission_id, _, rest = key.partition(":")
        number, _, sha256 = rest.partition(":")
        found.append((submission_id, int(number) if number.isascii() and number.isdigit() else 0, sha256))
    return found
