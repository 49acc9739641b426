"""Finding a file in every release ever, by its SHA-256, and taking back all that hold it.

Rules
- Everything that was ever checked is looked through: published, hidden, waiting, refused and withdrawn alike. A
  hash is that of a whole package or of one file inside.
- What is public can be taken back at once, looked at first (`hide_all`); what still waits is shown, to be
  decided by itself.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts import permissions
from accounts.models import User
from accounts.roles import Relation
from moderation import hide_all, typed
from moderation.hide_all import Done, Planned
from uploads.models import PackageFile, Revision, Submission

#: How many holders are listed; there may be more, and the number says so.
SHOWN = 200
GONE = "It is not a published release with this file any more."
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Holder:
    """A revision that holds the file: under which path, empty where it is the package itself."""

    submission: Submission
    revision: int
    path: str
    current: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Who holds the file (the newest first, at most `SHOWN`), how many there are, and what could be taken back."""

    sha256: str
    holders: tuple[Holder, ...]
    total: int
    planned: tuple[Planned, ...]


def find(actor: User, sha256: str) -> Found:
    """Everything that holds the file. Raises RefusedError: 401 and 403 by role, 422 `bad_sha256`."""
    permissions.ensure(actor, "decision.make", Relation.OTHER)
    wanted = sha256.strip().lower()
    if not _SHA256.match(wanted):
        raise typed.refused("bad_sha256", "A SHA-256 is 64 hexadecimal digits.", "Copy it whole.", "sha256")
    inside = PackageFile.objects.filter(sha256=wanted)
    rows = (
        Revision.objects.filter(Q(sha256=wanted) | Q(pk__in=inside.values("revision")))
        .select_related("submission", "submission__author")
        .order_by("-pk")
    )
    shown = list(rows[:SHOWN])
    paths = dict(inside.filter(revision__in=shown).order_by("-path").values_list("revision_id", "path"))
    holders = tuple(
        Holder(row.submission, row.number, paths.get(row.pk, ""), row.submission.current_id == row.pk)
        for row in shown
    )
    public = hide_all.public().filter(Q(current__sha256=wanted) | Q(current__in=inside.values("revision")))
    return Found(wanted, holders, rows.count(), hide_all.plan(actor, public))


def hide(
    actor: User,
    sha256: str,
    keys: Sequence[str],
    *,
    reasons: Sequence[Mapping[str, Any]],
    level: str = "",
    note: str = "",
) -> Done:
    """Take back those of the public holders that `keys` name. Raises RefusedError as `hide_all.hide` does."""
    found = find(actor, sha256)
    return hide_all.take_back(actor, found.planned, keys, GONE, reasons=reasons, level=level, note=note)
