"""What of the queue is asked for: a view, filters, a search and an order, all of it in the address.

Rules
- A view is a tab: which items. Filters narrow any view; every one that is set holds.
- What is not known is refused (422) and named, never ignored.
- `query` is the address of the same list, short: what is not set is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from moderation import typed
from uploads.models import QueueReason, Submission

VIEWS = {
    "all": "All",
    "free": "Unclaimed",
    "mine": "Mine",
    "new": "New",
    "updates": "Updates",
    "findings": "Findings",
    "reports": "Reports",
    "appeals": "Appeals",
    "second": "Second person",
    "escalated": "For an admin",
    "stuck": "Stuck",
    "author": "With the author",
    "decided": "Decided",
}
#: Views that are a part of another: their addresses work, and their tabs show while they hold something.
PARTS = ("second", "escalated", "appeals")
#: Views of what does not wait for staff.
SETTLED = ("author", "decided")
#: Views that are one kind of reason.
OF_KIND = {
    "new": QueueReason.Kind.FIRST_RELEASE.value,
    "updates": QueueReason.Kind.UPDATE.value,
    "reports": QueueReason.Kind.REPORT.value,
    "appeals": QueueReason.Kind.APPEAL.value,
}
SORTS = {"due": "Earliest due first, then risk", "risk": "Highest risk first", "age": "Waiting longest first"}
RISKS = ("None", "Low", "Raised", "Raised", "High", "Severe")
#: The least risk that can be asked for, in words.
LEAST_RISK = {"1": "Low or more", "2": "Raised or more", "4": "High or more", "5": "Severe"}
AGES = {"1": "One day or more", "3": "Three days or more", "7": "A week or more", "30": "A month or more"}
DUES = {"overdue": "Overdue", "today": "Due today", "later": "Due later"}
OF = {
    Submission.Kind.PACKAGE.value: "Packages",
    Submission.Kind.LISTING.value: "Listings",
}
TEXT = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """One list of the queue. Texts are empty where nothing is asked for."""

    view: str = "all"
    q: str = ""
    kind: str = ""
    of: str = ""
    risk: str = ""
    author: str = ""
    build: str = ""
    age: str = ""
    due: str = ""
    sort: str = "due"

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Filters":
        """From an address or a form; whatever else stands there is left alone.

        Raises RefusedError: 422 `unknown_view`, `unknown_kind`, `unknown_filter` for a value that there is not.
        """
        found = {name: str(given.get(name) or "").strip()[:TEXT] for name in NAMES}
        if str(given.get("mine") or "") in ("1", "true", "True"):
            found["view"] = "mine"
        filters = cls(**{name: value for name, value in found.items() if value})
        for name, known in KNOWN.items():
            value = getattr(filters, name)
            if value and value not in known:
                code = f"unknown_{name}" if name in ("view", "kind") else "unknown_filter"
                word = {"view": "view", "kind": "reason"}.get(name, f"value of {name}")
                raise typed.refused(
                    code, f"There is no {word} {value!r}.", f"Choose among: {', '.join(known)}.", name
                )
        return filters

    def query(self, **changes: str) -> str:
        """The address of this list, without its page, beginning with `?`; `changes` replaces some of it."""
        other = replace(self, **changes)
        given = {name: getattr(other, name) for name in NAMES}
        default = Filters()
        words = {name: value for name, value in given.items() if value and value != getattr(default, name)}
        return "?" + urlencode(words) if words else "?view=all"

    @property
    def narrowed(self) -> bool:
        """Whether anything but the view and the order is asked for."""
        return any(getattr(self, name) for name in NAMES if name not in ("view", "sort"))

    @property
    def least_risk(self) -> int:
        """The least risk; 0 where any will do."""
        return int(self.risk or 0)

    def waiting_before(self, now: datetime) -> datetime | None:
        """The moment before which an item must have come; None where any will do."""
        return now - timedelta(days=int(self.age)) if self.age else None


NAMES = tuple(field.name for field in fields(Filters))
KNOWN: dict[str, Any] = {
    "view": VIEWS,
    "kind": QueueReason.Kind.values,
    "of": OF,
    "risk": LEAST_RISK,
    "age": AGES,
    "due": DUES,
    "sort": SORTS,
}
