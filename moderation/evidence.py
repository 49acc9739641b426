"""What a reviewer sees of the bytes: the difference against the last approved release, file by file.

Rules
- The difference is against the newest other submission of the mod that was approved and not taken back; a
  published submission is compared with what was approved before it.
- Files are the same when their SHA-256 is; files that any approved revision of the mod already had fold away.
- Nothing of a package is run or rendered: text is shown as text with line numbers, everything else as facts
  and hex.
- Reading is bounded: at most `TEXT` bytes of a side are compared line by line.
- The number of queries is the same whatever a package holds; a tree of 5,000 files is shown `PAGE` at a time.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import IntegerField
from django.db.models.functions import Cast

from moderation import history, members
from moderation.differences import ROWS, Difference, compare
from moderation.history import History
from uploads.models import PackageFile, Revision, Submission

TEXT = 4 * 1024 * 1024
#: How many files the tree shows at a time.
PAGE = 100
_COUNTED = ("approved", "published", "superseded")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A value of manifest or sidecar that differs; empty where a side has none."""

    path: str
    old: str
    new: str


class FileRow(NamedTuple):
    """A member as the inventory has it."""

    path: str
    size_bytes: int
    sha256: str
    kind: str
    executable: bool


#: Files by path: each what a `FileRow` has behind its path.
Files = dict[str, tuple[int, str, str, bool]]


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of either side: `change` is added, changed, removed or same; `known` where it was reviewed before."""

    path: str
    change: str
    new: FileRow | None
    old: FileRow | None
    known: bool

    @property
    def executable(self) -> bool:
        """Whether either side of it can run by itself."""
        return any(side is not None and side.executable for side in (self.new, self.old))

    @property
    def kind(self) -> str:
        """What it is by its bytes, now, or before it was removed."""
        side = self.new or self.old
        return side.kind if side is not None else ""


class Tree:
    """The files of both sides. Those that are the same are only counted, unless somebody asks for them."""

    def __init__(self, before: Files, after: Files, known: Collection[str]) -> None:
        """`before` and `after` are files by path; `known` are hashes that were approved before."""
        self._before, self._after, self._known = before, after, known
        differing = [path for path, row in after.items() if path not in before or before[path][1] != row[1]]
        differing += [path for path in before if path not in after]
        #: What was added, changed or removed, by path.
        self.changed = tuple(self._file(path) for path in sorted(differing))
        #: How many files the package has now, and how many of them were reviewed before.
        self.total = len(after)
        self.known = sum(row[1] in known for row in after.values())

    def _file(self, path: str) -> TreeFile:
        now, then = self._after.get(path), self._before.get(path)
        if now is None:
            change = "removed"
        elif then is None:
            change = "added"
        else:
            change = "same" if now[1] == then[1] else "changed"
        return TreeFile(
            path,
            change,
            FileRow(path, *now) if now is not None else None,
            FileRow(path, *then) if then is not None else None,
            now is not None and now[1] in self._known,
        )

    @cached_property
    def files(self) -> tuple[TreeFile, ...]:
        """Every file of either side, by path."""
        return tuple(self._file(path) for path in sorted(self._after.keys() | self._before.keys()))

    def counts(self) -> dict[str, int]:
        """How many files were added, changed and removed."""
        return {
            change: sum(file.change == change for file in self.changed)
            for change in ("added", "changed", "removed")
        }

    def find(self, path: str) -> TreeFile | None:
        """The file at `path`, on either side."""
        return self._file(path) if path in self._after or path in self._before else None

    def named(self, words: str) -> list[TreeFile]:
        """The files of the package whose path holds `words`, whatever its case, by path."""
        wanted = words.casefold()
        return [self._file(path) for path in sorted(self._after) if wanted in path.casefold()]


def baseline(submission: Submission, past: History | None = None) -> Revision | None:
    """The revision that was approved last, before this submission; None for a first release."""
    if not submission.mod_id:
        return None
    past = past or history.of(submission)
    first = min(
        (row.pk for row in past.own if row.action == "approve" and not row.needs_second), default=None
    )
    for row in past.approved:
        if row.submission.state in _COUNTED and (first is None or row.pk < first):
            return row.revision
    return None


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


def tree(submission: Submission, old: Revision | None, new: Revision, past: History | None = None) -> Tree:
    """The files of both revisions side by side."""
    past = past or history.of(submission)
    sides: dict[int, Files] = {new.pk: {}}
    if old is not None:
        sides[old.pk] = {}
    # As a number: SQLite's truth values are converted one by one, which thousands of rows would feel.
    rows = PackageFile.objects.filter(revision__in=list(sides)).annotate(
        runs=Cast("executable", IntegerField())
    )
    columns = ("revision_id", "path", "size_bytes", "sha256", "kind", "runs")
    for revision, path, size, sha256, kind, runs in rows.order_by().values_list(*columns):
        sides[revision][path] = (size, sha256, kind, bool(runs))
    after, before = sides[new.pk], sides[old.pk] if old is not None else {}
    return Tree(before, after, _approved_hashes(past, old, after, before))


def _approved_hashes(past: History, old: Revision | None, after: Files, before: Files) -> set[str]:
    """Hashes that an approved revision of the same mod already had; only those the last one had not are asked for."""
    known = {row[1] for row in before.values()}
    others = {row.revision_id for row in past.approved} - ({old.pk} if old is not None else set())
    asked = {row[1] for row in after.values()} - known
    if others and asked:
        found = PackageFile.objects.filter(revision__in=others, sha256__in=asked).order_by()
        known.update(found.values_list("sha256", flat=True))
    return known


@dataclass(frozen=True, slots=True)
class FileDifference:
    """How one file differs: as text where both sides are text, else why not.

    `of_facts` tells that `difference` is of what is known of two programs, line by line, and not of a text.
    """

    file: TreeFile
    difference: Difference | None
    why: str = ""
    of_facts: bool = False


def file_difference(
    file: TreeFile,
    old: Revision | None,
    new: Revision,
    *,
    notes: Mapping[int, Any] | None = None,
    rows: int = ROWS,
) -> FileDifference:
    """The difference of one file; never raises for what lies in a package.

    `notes` are hung on lines of the new side, by their numbers; at most `rows` rows are made.
    """
    if file.kind == "pe":
        return _facts_difference(file, old, new, rows)
    sides = []
    for row, revision in ((file.old, old), (file.new, new)):
        if row is None or revision is None:
            sides.append("")
            continue
        if row.size_bytes > TEXT:
            return FileDifference(
                file,
                None,
                f"It has {row.size_bytes:,} bytes: too large to be compared line by line. "
                "Read it in the viewer, a piece at a time.",
            )
        piece = members.read(revision, file.path, limit=TEXT)
        if piece is None:
            return FileDifference(file, None, "Its bytes can't be read any more.")
        text = members.as_text(piece.raw)
        if text is None:
            return FileDifference(file, None, f"{members.why_no_text(piece.raw)} The viewer shows its bytes.")
        sides.append(text)
    difference = compare(sides[0].splitlines(), sides[1].splitlines(), notes=notes, rows=rows)
    return FileDifference(file, difference)


def _facts_difference(file: TreeFile, old: Revision | None, new: Revision, rows: int) -> FileDifference:
    """What two programs say of themselves: imports, exports, sections, signer, what lies behind their end."""
    wanted = [revision.pk for revision in (old, new) if revision is not None]
    found = dict(
        PackageFile.objects.filter(revision__in=wanted, path=file.path).values_list("revision_id", "facts")
    )
    before, after = (
        facts_lines(found.get(revision.pk, {})) if revision is not None else [] for revision in (old, new)
    )
    if not before and not after:
        return FileDifference(
            file, None, "It is a program of which nothing is known. The viewer shows its bytes."
        )
    return FileDifference(file, compare(before, after, rows=rows), of_facts=True)


def facts_lines(facts: Mapping[str, Any]) -> list[str]:
    """The facts of a program as lines, `imports: library KERNEL32.dll, name Sleep`, by their names.

    A database need not keep the order of an object's keys, so they are sorted.
    """
    return [line for name, value in sorted(facts.items()) for line in _fact(str(name), value)]


def _fact(name: str, value: Any) -> Iterable[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _fact(name, inner)
    elif isinstance(value, Mapping):
        plain = {key: inner for key, inner in sorted(value.items()) if not isinstance(inner, list | Mapping)}
        if plain:
            yield f"{name}: " + ", ".join(f"{key} {_plain(inner)}" for key, inner in plain.items())
        # What is listed below a library or a section says whose it is on each of its lines.
        whose = next((f" of {plain[key]}" for key in ("library", "name") if plain.get(key)), "")
        for key, inner in sorted(value.items()):
            if key not in plain:
                yield from _fact(f"{name}.{key}{whose}", inner)
    else:
        yield f"{name}: {_plain(value)}"
