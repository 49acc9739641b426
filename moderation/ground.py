"""The policies that review starts with. Admins edit them afterwards; nothing here overwrites an edit.

Rules
- None of them has a blank that must be filled. A line of a text whose blank was left empty is not sent.
- `DANGERS` are the reasons for which a release is taken back as a danger unless somebody says otherwise.
"""

from typing import Any, TypedDict

from django.db import connections

from moderation.models import Policy


class Start(TypedDict):
    """A policy as the portal ships it."""

    code: str
    title: str
    text: str
    default_action: str


PLACE = {"name": "place", "label": "Where", "required": False}
LINE = "\nWhere: {place}"

POLICIES: tuple[Start, ...] = (
    Start(
        code="malware",
        title="Harmful code",
        default_action="reject",
        text="It contains or loads code that harms players or their machines." + LINE,
    ),
    Start(
        code="impersonation",
        title="Impersonation",
        default_action="reject",
        text="It passes itself off as somebody else's mod, or as the game's or this portal's own work."
        + LINE,
    ),
    Start(
        code="copyright",
        title="Copyright",
        default_action="reject",
        text="It contains work of others without a licence that allows it." + LINE,
    ),
    Start(
        code="broken",
        title="Does not work",
        default_action="request_changes",
        text="It does not load, or it crashes or breaks the game." + LINE,
    ),
    Start(
        code="misleading",
        title="Misleading",
        default_action="request_changes",
        text="Its name, description or version does not say what it does." + LINE,
    ),
    Start(
        code="quality",
        title="Needs a change",
        default_action="request_changes",
        text="It works, but something has to change before it can be published." + LINE,
    ),
    Start(
        code="rules",
        title="Against the rules",
        default_action="reject",
        text="It breaks one of the portal's rules." + LINE,
    ),
    Start(
        code="other",
        title="Another reason",
        default_action="request_changes",
        text="Something that the other policies do not name." + LINE,
    ),
)

DANGERS = frozenset({"malware"})


def lay_ground(using: str = "default", **_: Any) -> None:
    """Make the starting policies that were never there; safe to repeat. Connected to `post_migrate`."""
    connection = connections[using]
    if Policy._meta.db_table not in connection.introspection.table_names():
        return
    known = set(Policy.objects.using(using).values_list("code", flat=True))
    Policy.objects.using(using).bulk_create(
        Policy(**start, blanks=[PLACE], position=place)
        for place, start in enumerate(POLICIES)
        if start["code"] not in known
    )
