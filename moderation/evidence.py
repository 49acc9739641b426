"""What a reviewer sees of the bytes: the difference against the last approved release, file by file.

Rules
- The difference is against the newest other submission of the mod that was approved and not taken back; a
  published submission is compared with what was approved before it.
- Files are the same when their SHA-256 is; files that any approved revision of the mod already had fold away.
- Nothing of a package is run or rendered: text is shown as text with line numbers, everything else as hex.
- Reading is bounded: at most `TEXT` bytes of a side are compared line by line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moderation import members
from moderation.differences import Difference, compare
from moderation.models import Decision
from uploads.models import PackageFile, Revision, Submission

TEXT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A value of manifest or sidecar that differs; empty where a side has none."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of either side: `change` is added, changed, removed or same; `known` where it was reviewed before."""

    path: str
    change: str
    new: PackageFile | None
    old: PackageFile | None
    known: bool

    @property
    def executable(self) -> bool:
        """Whether either side of it can run by itself."""
        return any(side is not None and side.executable for side in (self.new, self.old))


@dataclass(frozen=True, slots=True)
class Tree:
    """Every file, those that changed, and how many were reviewed before."""

    files: tuple[TreeFile, ...]
    changed: tuple[TreeFile, ...]
    known: int

    @property
    def total(self) -> int:
        """How many files the package has now."""
        return sum(file.new is not None for file in self.files)

    def counts(self) -> dict[str, int]:
        """How many files were added, changed and removed."""
        return {
            change: sum(file.change == change for file in self.files)
            for change in ("added", "changed", "removed")
        }


def baseline(submission: Submission) -> Revision | None:
    """The revision that was approved last, before this submission; None for a first release."""
    if not submission.mod_id:
        return None
    approved = (
        Decision.objects.filter(action="approve", needs_second="", submission__mod_id=submission.mod_id)
        .exclude(submission=submission)
        .filter(submission__state__in=("approved", "published", "superseded"))
    )
    own = submission.decisions.filter(action="approve", needs_second="").order_by("id").first()
    if own is not None:
        approved = approved.filter(pk__lt=own.pk)
    newest = approved.select_related("revision", "revision__submission").order_by("-id").first()
    return newest.revision if newest is not None else None


def field_changes(old: Revision | None, new: Revision) -> list[FieldChange]:
    """The fields of manifest, then sidecar, that differ; all of them for a first release."""
    found = []
    for name in ("manifest", "sidecar"):
        before = flatten(getattr(old, name) or {}) if old is not None else {}
        after = flatten(getattr(new, name) or {})
        found += [
            FieldChange(f"{name}.{path}", before.get(path, ""), after.get(path, ""))
            for path in [*after, *(path for path in before if path not in after)]
            if before.get(path) != after.get(path)
        ]
    return found


def flatten(value: Any, path: str = "") -> dict[str, str]:
    """A JSON value as paths and texts: `dependencies[0].id`; an empty list or object has none."""
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for key, inner in value.items():
            found |= flatten(inner, f"{path}.{key}" if path else str(key))
        return found
    if isinstance(value, list):
        found = {}
        for place, inner in enumerate(value):
            found |= flatten(inner, f"{path}[{place}]")
        return found
    return {path: _plain(value)}


def _plain(value: Any) -> str:
    """A single JSON value as its reader knows it."""
    if isinstance(value, str):
        return value
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def tree(submission: Submission, old: Revision | None, new: Revision) -> Tree:
    """The files of both revisions side by side, sorted by path."""
    after = {file.path: file for file in new.files.all()}
    before = {file.path: file for file in old.files.all()} if old is not None else {}
    hashes = _approved_hashes(submission, new)
    files = []
    for path in sorted(after.keys() | before.keys()):
        now, then = after.get(path), before.get(path)
        if now is None:
            change = "removed"
        elif then is None:
            change = "added"
        else:
            change = "same" if now.sha256 == then.sha256 else "changed"
        files.append(TreeFile(path, change, now, then, now is not None and now.sha256 in hashes))
    return Tree(
        tuple(files),
        tuple(file for file in files if file.change != "same"),
        sum(file.known for file in files),
    )


def _approved_hashes(submission: Submission, new: Revision) -> set[str]:
    """Which of the revision's hashes an approved revision of the same mod already had."""
    approved = Decision.objects.filter(
        action="approve", needs_second="", submission__mod_id=submission.mod_id
    ).exclude(submission=submission)
    return set(
        PackageFile.objects.filter(
            revision__in=approved.values("revision"), sha256__in=new.files.values("sha256")
        )
        .values_list("sha256", flat=True)
        .distinct()
    )


@dataclass(frozen=True, slots=True)
class FileDifference:
    """How one file differs: as text where both sides are text, else why not."""

    file: TreeFile
    difference: Difference | None
    why: str = ""


def file_difference(file: TreeFile, old: Revision | None, new: Revision) -> FileDifference:
    """The difference of one file; never raises for what lies in a package."""
    sides = []
    for row, revision in ((file.old, old), (file.new, new)):
        if row is None or revision is None:
            sides.append("")
            continue
        if row.size_bytes > TEXT:
            return FileDifference(
                file, None, "It is too large to be compared line by line; read it in the viewer."
            )
        piece = members.read(revision, file.path, limit=TEXT)
        if piece is None:
            return FileDifference(file, None, "Its bytes can't be read any more.")
        text = members.as_text(piece.raw)
        if text is None:
            return FileDifference(file, None, "It is not text; the viewer shows its bytes.")
        sides.append(text)
    return FileDifference(file, compare(sides[0].splitlines(), sides[1].splitlines()))
