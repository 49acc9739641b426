"""What the catalog would look like after a decision, shown before it is made.

The publisher's own code writes the facts and renders the mod's entries, in a transaction that is rolled back:
so a preview can't say anything else than what the publication would do, and nothing of it stays.

Rules
- Shown are the mod's entry in `catalog.json`, its list in `versions.json` and its rows in `blocklist.json`, as
  a difference by lines; times are those of now.
- Beside it the mods that depend on this one: whether each still finds a release that it takes.
- What the publisher would refuse by its facts (a namespace of somebody else, a version that is there) is said.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.errors import RefusedError
from catalog import documents, versions
from catalog.models import Dependency, Mod, Release
from catalog.publisher import Change, EditListing, Hide, Publish, Restore, Supersede, facts
from moderation.differences import Difference, compare
from moderation.publication import new_listing, new_release
from uploads.models import Submission

#: How many mods that depend on it are listed.
DEPENDANTS = 50
Json = dict[str, Any]


class _RollbackError(Exception):
    """Ends the rehearsal; nothing of it stays."""


@dataclass(frozen=True, slots=True)
class Document:
    """A part of one published document that would change."""

    path: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Dependant:
    """A mod whose latest release needs this one: the range that it takes, what it finds now and afterwards."""

    mod_id: str
    name: str
    slug: str
    takes: str
    optional: bool
    now: str
    then: str

    @property
    def left_alone(self) -> bool:
        """Whether it would find nothing any more."""
        return bool(self.now) and not self.then


@dataclass(frozen=True, slots=True)
class Preview:
    """The documents that would change, the dependants, and why the publisher would refuse (else empty)."""

    documents: tuple[Document, ...]
    dependants: tuple[Dependant, ...]
    more_dependants: int
    refused: str = ""

    @property
    def left_alone(self) -> int:
        """How many dependants would find no release any more."""
        return sum(one.left_alone for one in self.dependants)


#: Where nothing in the catalog changes.
NOTHING = Preview((), (), 0)


def preview(
    submission: Submission, action: str, *, successor: str = "", level: str = "", reason: str = ""
) -> Preview:
    """What `action` would make of the catalog. Empty documents where it changes nothing there."""
    now = timezone.now()
    mod_id = submission.mod_id or ""
    change = _change(submission, action, successor, level, reason)
    before, public = _said(mod_id, now), _public(mod_id)
    after, then, refused = before, public, ""
    if change is not None:
        try:
            with transaction.atomic():
                for done in facts.apply(change, now):
                    mod_id = done.mod_id
                facts.renew(mod_id, now)
                after, then = _said(mod_id, now), _public(mod_id)
                raise _RollbackError
        except _RollbackError:
            pass
        except RefusedError as error:
            refused = f"{error.message} {error.hint}"
        except IntegrityError:
            refused = "A release of this version was published before."
        except (KeyError, TypeError, ValueError):
            # Documents that failed their checks are kept as they came; the publisher never sees them.
            refused = "Its manifest or its sidecar lacks what a release needs."
    changed = [
        Document(path, compare(before.get(path, []), after.get(path, [])))
        for path in dict.fromkeys([*before, *after])
        if before.get(path) != after.get(path)
    ]
    dependants = _dependants(mod_id, public, then)
    return Preview(
        tuple(changed), tuple(dependants[:DEPENDANTS]), max(len(dependants) - DEPENDANTS, 0), refused
    )


def _change(submission: Submission, action: str, successor: str, level: str, reason: str) -> Change | None:
    current = submission.current
    if not submission.mod_id or current is None:
        return None
    if submission.kind == Submission.Kind.LISTING:
        return EditListing(new_listing(submission), current.sidecar or {}) if action == "approve" else None
    if not submission.version:
        return None
    which = (submission.mod_id, submission.version)
    match action:
        case "approve":
            return Publish(new_release(submission))
        case "hide":
            return Hide(*which, reason or "The reason that you give.", level or Release.Level.SOFT.value)
        case "restore":
            return Restore(*which)
        case "supersede" if successor:
            return Supersede(*which, successor)
        case _:
            return None


def _public(mod_id: str) -> list[str]:
    rows = Release.objects.filter(mod__mod_id=mod_id, taken_back_at__isnull=True)
    return versions.newest_first(rows.values_list("version", flat=True))


def _said(mod_id: str, at: datetime) -> dict[str, list[str]]:
    """What the published documents say of the mod, as lines of JSON by document."""
    mod = Mod.objects.select_related("latest", "namespace").filter(mod_id=mod_id).first()
    if mod is None:
        return {}
    blocked = json.loads(documents.blocklist(0, at))["releases"]
    parts: dict[str, Any] = {
        documents.CATALOG: documents.catalog_entry(mod) if mod.latest is not None else None,
        documents.versions_path(mod_id): json.loads(documents.versions_document(mod, at))["versions"],
        documents.BLOCKLIST: [row for row in blocked if row["modId"] == mod_id],
    }
    return {path: _lines(part) for path, part in parts.items() if part}


def _lines(part: Any) -> list[str]:
    return json.dumps(part, indent=2, ensure_ascii=False).splitlines()


def _dependants(mod_id: str, now: list[str], then: list[str]) -> list[Dependant]:
    wishes = (
        Dependency.objects.filter(mod_id_wanted=mod_id, release=F("release__mod__latest"))
        .select_related("release__mod")
        .order_by("release__mod__name", "pk")
    )
    return [
        Dependant(
            wish.release.mod.mod_id,
            wish.release.mod.name,
            wish.release.mod.slug,
            wish.version_range,
            wish.optional,
            _best(wish.version_range, now),
            _best(wish.version_range, then),
        )
        for wish in wishes
    ]


def _best(wanted: str, public: list[str]) -> str:
    """The newest of these versions that lies in the range; empty where none does."""
    try:
        return next((version for version in public if versions.fits(version, wanted)), "")
    except ValueError:
        return ""
