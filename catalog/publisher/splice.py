"""A long list of entries in which one changes: cut and joined, rather than read anew from ten thousand rows.

Rules
- The list that is shown must be the one on record, by its hash; else it is put together from the rows.
- Entries are whole JSON objects in one spelling, joined by commas, in the database's order of mod ids. An entry
  holds its mod's id, so it stands in the list once.
- What does not fit exactly is no splice: `spliced` says None, and the list is put together from the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog import documents
from catalog.models import Mod, PublishedDocument
from catalog.publisher.tree import PublicTree


@dataclass(frozen=True, slots=True)
class Before:
    """The entries of a mod before a change; empty where it was not listed."""

    mod_id: str
    catalog_entry: str
    index_entry: str


def remember(mod_ids: Sequence[str]) -> Before | None:
    """The entries of the one mod that will change; None where it is not one."""
    if len(mod_ids) != 1:
        return None
    row = Mod.objects.filter(mod_id=mod_ids[0]).values_list("catalog_entry", "index_entry").first()
    return Before(mod_ids[0], *row) if row else None


def lists(tree: PublicTree, before: Before, revision: int, at: datetime) -> dict[str, bytes]:
    """Catalog and index with the one mod's new entries, by path; those that could not be spliced are left out."""
    found = {}
    for path, name, render in (
        (documents.CATALOG, "catalog_entry", documents.catalog),
        (documents.MODS_INDEX, "index_entry", documents.mods_index),
    ):
        shown = _shown(tree, path)
        if shown is None:
            continue
        new = Mod.objects.filter(mod_id=before.mod_id).values_list(name, flat=True).get()
        behind = Mod.objects.filter(mod_id__gt=before.mod_id, latest__isnull=False).order_by("mod_id")
        following = behind.values_list(name, flat=True).first() or ""
        entries = spliced(
            documents.entries_of(shown), getattr(before, name).encode(), new.encode(), following.encode()
        )
        if entries is not None:
            found[path] = render(revision, at, entries)
    return found


def _shown(tree: PublicTree, path: str) -> bytes | None:
    """The document that is shown, if it is the one on record."""
    row = PublishedDocument.objects.filter(path=path).first()
    body = tree.read(path)
    if row is None or body is None or documents.hash_of(body) != row.sha256:
        return None
    return body


def spliced(entries: bytes, old: bytes, new: bytes, following: bytes) -> bytes | None:
    """`entries` with `old` replaced by `new`; either may be empty: a mod that comes, or goes.

    `following` is the entry before which a new one comes, empty for the end. None where something is not found.
    """
    if not old:
        return _inserted(entries, new, following)
    place = entries.find(old)
    if place < 0:
        return None
    head, tail = entries[:place], entries[place + len(old) :]
    if new:
        return head + new + tail
    return head + tail[1:] if tail else head[:-1]


def _inserted(entries: bytes, new: bytes, following: bytes) -> bytes | None:
    if not new:
        return entries
    if not following:
        return entries + b"," + new if entries else new
    place = entries.find(following)
    return None if place < 0 else entries[:place] + new + b"," + entries[place:]
