"""A mod's listing: the words that readers see beside its releases, and edits of them between two releases.

Rules
- The words are the latest release's own (its sidecar), or those of an approved edit that is newer than it:
  whatever was reviewed last is shown.
- An edit is read from the bytes that passed the gate, never from what a caller says; they keep the schema
  `smmods.listing.v1` and are of the mod that they name.
- Reading them is bounded: a listing has at most `MOST` bytes.
"""

import hashlib
from typing import Any

from accounts import strict_json
from accounts.errors import RefusedError
from catalog import schema_registry
from catalog.models import Mod, Release
from catalog.publisher import gate
from catalog.publisher.changes import Applied, EditListing, NewListing

SCHEMA = "smmods.listing.v1"
MOST = 256 * 1024
FIELDS = ("summary", "description", "categories", "links")


def words(mod: Mod, release: Release) -> dict[str, Any]:
    """Summary, description, categories and links that the mod is listed with beside `release`, its latest."""
    edit = mod.listing
    if edit is not None and release.pk <= mod.listing_after:
        return {name: edit[name] for name in FIELDS}
    sidecar = release.sidecar
    return {
        "summary": sidecar["summary"],
        "description": sidecar.get("description", "") or release.manifest.get("description", ""),
        "categories": list(sidecar.get("categories", [])),
        "links": dict(sidecar.get("links", {})),
    }


def admit(listing: NewListing) -> dict[str, Any]:
    """The words that `listing` brings, once the gate has let its bytes through.

    Raises RefusedError: what `gate.admit_listing` says, `bytes_missing` and `listing_invalid` (409).
    """
    try:
        with listing.open() as source:
            raw = source.read(MOST + 1)
    except FileNotFoundError as error:
        raise RefusedError(
            "bytes_missing", "The stored words are no longer there.", "Send them again.", status=409
        ) from error
    gate.admit_listing(listing, hashlib.sha256(raw).hexdigest(), len(raw))
    document = strict_json.loads(raw)
    problems = schema_registry.problems(SCHEMA, document)
    if problems or not isinstance(document, dict) or document["modId"] != listing.mod_id:
        raise RefusedError(
            "listing_invalid",
            f"The words do not keep {SCHEMA}, or are another mod's.",
            "Have them checked again.",
            status=409,
            problems=problems,
        )
    return document


def apply(change: EditListing) -> list[Applied]:
    """Write the words of an admitted edit; returns what was done."""
    new = {name: change.words[name] for name in FIELDS}
    mod = Mod.objects.get(mod_id=change.listing.mod_id)
    newest = mod.releases.order_by("-pk").values_list("pk", flat=True).first()
    Mod.objects.filter(pk=mod.pk).update(listing=new, listing_after=newest or 0)
    return [Applied("listing", change.listing.mod_id, "", change.listing.submission_id)]
