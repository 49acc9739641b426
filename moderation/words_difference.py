"""What an edit of a listing would change: its fields side by side, its description by lines.

The words that it would take the place of are kept with the revision, so the comparison stays the same after the
edit was published.
"""

from dataclasses import dataclass

from moderation.differences import Difference, compare
from moderation.evidence import FieldChange, flatten
from uploads.models import Revision

DESCRIPTION = "description"


@dataclass(frozen=True, slots=True)
class WordsDifference:
    """The fields that differ, the description's lines, and whether it is the same."""

    fields: tuple[FieldChange, ...]
    description: Difference
    same: bool


def of(revision: Revision) -> WordsDifference:
    """The difference that the words of `revision` make."""
    before, after = revision.manifest or {}, revision.sidecar or {}
    old, new = flatten(before), flatten(after)
    fields = tuple(
        FieldChange(path, old.get(path, ""), new.get(path, ""))
        for path in dict.fromkeys([*old, *new])
        if path != DESCRIPTION and old.get(path) != new.get(path)
    )
    texts = [str(words.get(DESCRIPTION, "")) for words in (before, after)]
    return WordsDifference(
        fields, compare(texts[0].splitlines(), texts[1].splitlines()), texts[0] == texts[1]
    )
