"""What a reviewer sees of the author: the account, its releases, earlier decisions. For staff only."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator

from catalog.models import Release
from moderation.models import Decision, StaffNote
from moderation.table import ACTIONS
from uploads.models import Submission


@dataclass(frozen=True, slots=True)
class Panel:
    """The author's account, what it has published, and how earlier decisions went, as words and counts."""

    name: str
    email: str
    since: datetime
    second_factor: bool
    uploader: str
    published: int
    taken_back: int
    decisions: tuple[tuple[str, int], ...]
    policies: tuple[tuple[str, int], ...]
    notes_elsewhere: int


def panel(submission: Submission) -> Panel:
    """The panel of the submission's author."""
    author = submission.author
    releases = Release.objects.filter(uploaded_by=author)
    rows = (
        Decision.objects.filter(submission__author=author, needs_second="")
        .exclude(action="escalate")
        .values_list("action", "reasons")
    )
    actions, policies = Counter[str](), Counter[str]()
    for action, reasons in rows:
        actions[action] += 1
        policies.update(reason["policy"] for reason in reasons)
    uploader = submission.current.uploader if submission.current is not None else author
    return Panel(
        author.name,
        author.email,
        author.created_at,
        Authenticator.objects.filter(user=author).exists(),
        uploader.name if uploader.pk != author.pk else "",
        releases.count(),
        releases.filter(taken_back_at__isnull=False).count(),
        tuple((ACTIONS[name].done.lower(), count) for name, count in actions.most_common()),
        tuple(policies.most_common()),
        StaffNote.objects.filter(submission__author=author).exclude(submission=submission).count(),
    )
