"""A submission's conversation as staff see it: messages with the author, staff notes, and notes on the author's others.

Read in one query, by time. Among staff the team's words have a writer too; authors see "Moderation team".
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, CharField, F, IntegerField, Q, Value
from django.db.models.functions import Coalesce

from moderation.models import StaffNote
from uploads.models import Message, Submission

#: How many notes on the author's other submissions are shown.
ELSEWHERE = 5


@dataclass(frozen=True, slots=True)
class Note:
    """A staff note on another submission of the same author."""

    submission_id: str
    name: str
    version: str
    writer: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """The thread's rows for `components/thread.html`, and the newest notes elsewhere with their number."""

    rows: tuple[dict[str, Any], ...]
    elsewhere: tuple[Note, ...]
    elsewhere_count: int


_COLUMNS = (
    "at",
    "text",
    "writer__display_name",
    "writer__email",
    "of",
    "of_name",
    "of_version",
    "team",
    "note",
    "on",
)


def _of() -> dict[str, Any]:
    return {
        "of": F("submission__submission_id"),
        "of_name": F("submission__name"),
        "of_version": Coalesce("submission__version", Value(""), output_field=CharField()),
    }


def of(submission: Submission) -> Conversation:
    """What was said about the submission, the oldest first."""
    messages = Message.objects.filter(submission=submission).annotate(
        **_of(), team=F("from_staff"), note=Value(False, BooleanField()), on=F("revision_number")
    )
    notes = StaffNote.objects.filter(
        Q(submission=submission) | Q(submission__author=submission.author_id)
    ).annotate(
        **_of(),
        team=Value(False, BooleanField()),
        note=Value(True, BooleanField()),
        on=Value(0, IntegerField()),
    )
    said = messages.order_by().values_list(*_COLUMNS).union(notes.order_by().values_list(*_COLUMNS), all=True)
    rows: list[dict[str, Any]] = []
    elsewhere: list[Note] = []
    for at, text, display_name, email, of_id, name, version, team, note, number in sorted(said):
        writer = display_name or email.partition("@")[0]
        if of_id != submission.submission_id:
            elsewhere.append(Note(of_id, name, version, writer, text, at))
            continue
        about = "" if note else f"revision {number}" + (f", written by {writer}" if team else "")
        rows.append(
            {
                "author": writer,
                "team": bool(team),
                "staff": bool(note),
                "at": at,
                "about": about,
                "text": text,
            }
        )
    return Conversation(tuple(rows), tuple(elsewhere[::-1][:ELSEWHERE]), len(elsewhere))
