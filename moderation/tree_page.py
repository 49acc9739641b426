"""The tree of files as a page shows it: a page at a time, by folders, with what asks for a look marked.

Rules
- What changed comes first and alone; files that are the same are shown when they are asked for.
- A page holds `evidence.PAGE` files, so that it stays small whatever the package holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moderation.evidence import PAGE, Tree, TreeFile

#: How many fields of manifest and sidecar, and how many files that match a search, are shown.
FIELDS, MATCHES = 200, 50


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the tree: folders with files, how many files there are in all, and addresses of the pages beside."""

    folders: tuple[dict[str, Any], ...]
    first: int
    last: int
    total: int
    before: str
    after: str
    other: str
    everything: bool


def first_to_read(files: Tree) -> TreeFile | None:
    """The file that is shown when none is asked for: the first changed one that is not the manifest."""
    first = [file for file in files.changed if file.path != "manifest.json"]
    return next(iter([*first, *files.changed]), None)


def of(
    files: Tree,
    chosen: TreeFile | None,
    unread: set[str],
    found: Mapping[str, int],
    link: Callable[..., str],
    *,
    everything: bool = False,
    page: int = 0,
) -> Listing:
    """The page of the tree with number `page`, from 1; 0 is the one that holds `chosen`.

    `found` counts findings by path, `link` makes an address of the page with changed values.
    """
    rows = files.files if everything else files.changed
    pages = max(-(-len(rows) // PAGE), 1)
    if not page:
        page = rows.index(chosen) // PAGE + 1 if chosen in rows else 1
    page = min(page, pages)
    start = (page - 1) * PAGE
    folders: dict[str, list[dict[str, Any]]] = {}
    for file in rows[start : start + PAGE]:
        folder, _, name = file.path.rpartition("/")
        folders.setdefault(folder, []).append(
            {
                "name": name,
                "href": link(path=file.path, files=page if pages > 1 else 0),
                "change": file.change if file.change != "same" else "",
                "executable": file.executable,
                "known": file.known,
                "current": chosen is not None and file.path == chosen.path,
                "unread": file.path in unread,
                "findings": found.get(file.path, 0),
            }
        )
    return Listing(
        tuple({"name": name, "files": listed} for name, listed in sorted(folders.items())),
        start + 1 if rows else 0,
        min(start + PAGE, len(rows)),
        len(rows),
        link(files=page - 1, path="") if page > 1 else "",
        link(files=page + 1, path="") if page < pages else "",
        link(show="" if everything else "all", files=0),
        everything,
    )


def matching(files: Tree, words: str) -> tuple[list[TreeFile], int]:
    """The first files of the package whose path holds `words`, whatever its case, and how many there are."""
    found = files.named(words) if words else []
    return found[:MATCHES], len(found)
