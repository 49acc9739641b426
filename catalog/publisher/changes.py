"""What the publisher can be asked for, and what it answers: plain values.

A publication goes one way: it adds (`Publish`, `EditListing`, `Restore`, `Supersede`, `Refresh`) or it takes
back (`Hide`), since the order in which names are switched is turned round between the two.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is claimed of bytes that somebody sent: whose, which revision, their hash and size, a way to them."""

    submission_id: str
    revision: int
    mod_id: str
    sha256: str
    size_bytes: int
    uploaded_by: User
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRelease(Sent):
    """A release that somebody asks to publish.

    `manifest` and `sidecar` are the two documents as they were checked; `checks` is what the public may know
    of the checks; `portal` is whether it came through the portal rather than by the manual lane.
    """

    version: str
    manifest: dict[str, Any]
    sidecar: dict[str, Any]
    reviewed_at: datetime
    checks: list[dict[str, Any]] = field(default_factory=list)
    portal: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewListing(Sent):
    """New words for the listing of a published mod; its bytes are their canonical JSON."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish an approved release."""

    release: NewRelease


@dataclass(frozen=True, slots=True)
class EditListing:
    """Publish approved words. `words` is what the gate read from the very bytes; a caller leaves it out."""

    listing: NewListing
    words: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hide:
    """Take a release back: out of the catalog, its artifact 410. `level` is `soft` or `hard` (a danger)."""

    mod_id: str
    version: str
    reason: str
    level: str = "soft"


@dataclass(frozen=True, slots=True)
class Restore:
    """Bring a release back that was taken back."""

    mod_id: str
    version: str


@dataclass(frozen=True, slots=True)
class Supersede:
    """List a release as superseded by another one of the same mod."""

    mod_id: str
    version: str
    successor: str


@dataclass(frozen=True, slots=True)
class Refresh:
    """Render the platform's documents and the contract anew, and those of `mods`; publish what differs."""

    mods: tuple[str, ...] = ()


Change = Publish | EditListing | Hide | Restore | Supersede | Refresh


@dataclass(frozen=True, slots=True)
class Applied:
    """What a publication did to one release: `op` is publish, listing, hide, restore or supersede."""

    op: str
    mod_id: str
    version: str
    submission_id: str
    successor: str = ""

    def as_dict(self) -> dict[str, str]:
        """As the journal keeps it."""
        return {
            "op": self.op,
            "modId": self.mod_id,
            "version": self.version,
            "submissionId": self.submission_id,
            "successor": self.successor,
        }

    @classmethod
    def from_dict(cls, row: dict[str, str]) -> "Applied":
        """As the journal kept it."""
        return cls(row["op"], row["modId"], row["version"], row["submissionId"], row["successor"])
