"""What the header links to: for readers, and for staff in the workbench.

Rules
- An item is current where the path is its own or below it.
- The staff's items are shown in the area "Moderation" and "Administration"; readers' pages never show them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One link of the header: where to, its word, its `aria-current`, and a count beside it."""

    href: str
    word: str
    current: str = ""
    count: int = 0


READERS = (
    ("/mods/", "Mods"),
    ("/players/", "Players"),
    ("/modders/", "Modders"),
    ("/download/", "Download"),
    ("/support/", "Support"),
)
MODERATION = (
    ("/moderation/queue/", "Queue"),
    ("/moderation/reports/", "Reports"),
    ("/moderation/rescans/", "Rescans"),
    ("/moderation/adoptions/", "Adoptions"),
    ("/moderation/recall/", "Recall"),
    ("/moderation/statistics/", "Statistics"),
    ("/moderation/audit/", "Audit log"),
)
ADMINISTRATION = (("/account/roles/", "Roles"), ("/admin/", "Administration"))
#: Pages that belong to another page's link.
BELONGS = {"/wiki/": "/modders/", "/upload/": "/modders/", "/moderation/review/": "/moderation/queue/"}


def items(path: str, area: str, is_admin: bool, counts: dict[str, int]) -> list[Item]:
    """The links for a page at `path` in `area` ("" for readers); `counts` are tiles by address."""
    rows = MODERATION + (ADMINISTRATION if is_admin else ()) if area else READERS
    here = next((home for start, home in BELONGS.items() if path.startswith(start)), path)
    return [
        Item(
            href,
            word,
            "page" if href == path else "true" if here.startswith(href) else "",
            counts.get(href, 0),
        )
        for href, word in rows
    ]
