"""What was decided before, read at once: on this submission, on the mod's others, on the author's others."""

from dataclasses import dataclass

from django.db.models import Case, F, JSONField, Q, Value, When

from moderation import second_person
from moderation.models import Decision
from uploads.models import Submission

#: How many decisions are looked at: all on the mod first, then the newest on the author's other mods.
PAST = 2000


@dataclass(frozen=True, slots=True)
class History:
    """Decisions of before, read at once: on this submission, on the mod's others, on the author's others."""

    own: tuple[Decision, ...]
    approved: tuple[Decision, ...]
    authors: tuple[Decision, ...]

    def waiting(self, submission: Submission) -> Decision | None:
        """The first of two people's decision, as `second_person.waiting` finds it."""
        newest = next((row for row in self.own if row.action != "escalate"), None)
        return second_person.still_waiting(submission, newest)


def of(submission: Submission) -> History:
    """What was decided before, the newest first, in one query.

    The revisions of `approved` have their manifest and sidecar; those of the others would be asked for.
    """
    same_mod = Q(submission__mod_id=submission.mod_id) if submission.mod_id else Q(pk__in=())
    own_or_mod = Q(submission=submission) | same_mod
    approval = same_mod & Q(action="approve", needs_second="") & ~Q(submission=submission)
    documents = {
        name: Case(When(approval, then=F(f"revision__{name}")), default=Value(None), output_field=JSONField())
        for name in ("manifest", "sidecar")
    }
    rows = (
        Decision.objects.filter(own_or_mod | Q(submission__author=submission.author_id))
        .select_related("decider", "revision", "submission")
        .defer("revision__manifest", "revision__sidecar")
        .annotate(old_manifest=documents["manifest"], old_sidecar=documents["sidecar"])
        # The mod's own come first: they decide what is compared, so none of them may be cut off.
        .order_by(Case(When(own_or_mod, then=0), default=1), "-id")[:PAST]
    )
    own, approved, authors = [], [], []
    for row in rows:
        of_mod = bool(submission.mod_id) and row.submission.mod_id == submission.mod_id
        if row.submission_id == submission.pk:
            own.append(row)
        elif of_mod and row.submission.kind == submission.kind and _approves(row):
            row.revision.manifest, row.revision.sidecar = row.old_manifest, row.old_sidecar
            row.revision.submission = row.submission
            approved.append(row)
        if row.submission.author_id == submission.author_id:
            authors.append(row)
    return History(tuple(own), tuple(approved), tuple(authors))


def _approves(row: Decision) -> bool:
    """Whether it is a final approval."""
    return row.action == "approve" and not row.needs_second
