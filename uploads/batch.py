"""What comes in the same batch: other submissions still on their way, of the same author or namespace.

Rules
- A mod may need one that is submitted beside it. The checks let that pass with a warning; an approval asks for
  the other one to be published first.
- Of each mod the submissions that are in the hands of the checks, of review, or of the publisher count.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from catalog import namespaces
from uploads.models import Submission
from uploads.states import State

Json = dict[str, Any]

#: On its way to the catalog: submitted, and not waiting for its author to mend it.
ON_THE_WAY = (State.UPLOADED, State.VALIDATING, State.PENDING_REVIEW, State.APPROVED)

MOST = 100


@dataclass(frozen=True, slots=True)
class Beside:
    """Another submission of the batch; `document` is its manifest, or its sidecar where none is read yet."""

    submission_id: str
    mod_id: str
    version: str
    document: Json


def beside(submission: Submission, mod_ids: Collection[str] | None = None) -> list[Beside]:
    """The batch's submissions (of these mods), the oldest first; one query, at most `MOST` rows."""
    namespace = namespaces.of(submission.mod_id or "")
    ours = Q(author=submission.author_id) | Q(mod_id__startswith=f"{namespace}.")
    found = Submission.objects.filter(
        ours,
        kind=Submission.Kind.PACKAGE,
        mod_id__isnull=False,
        state__in=[state.value for state in ON_THE_WAY],
    )
    if mod_ids is not None:
        found = found.filter(mod_id__in=sorted(mod_ids))
    rows = (
        found.exclude(pk=submission.pk)
        .order_by("pk")
        .values_list("submission_id", "mod_id", "version", "current__manifest", "current__sidecar")
    )
    return [
        Beside(submission_id, mod_id or "", version or "", manifest or sidecar or {})
        for submission_id, mod_id, version, manifest, sidecar in rows[:MOST]
    ]
