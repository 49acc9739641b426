"""What a reviewer sees of the author: the account, its releases, earlier decisions, who else maintains the mod.

For staff only. All people are read in one query, figures included; decisions come from `evidence.history`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.utils import timezone

from accounts.audit import Action
from accounts.models import AuditEntry, User
from catalog import namespaces
from catalog.models import Dependency, Maintainer, Release
from moderation.models import Decision
from moderation.table import ACTIONS
from uploads.models import QueueReason, Submission

#: For how many days a change of address or factors is worth a look.
RECENT = 30


@dataclass(frozen=True, slots=True)
class Panel:
    """The author's account, what it has published, and how earlier decisions went, as words and counts.

    `factors` are the kinds of second factor; `changed` are changes of the account within `RECENT` days, with
    their times; `maintainers` are the mod's other maintainers.
    """

    name: str
    email: str
    role: str
    since: datetime
    factors: tuple[str, ...]
    uploader: str
    published: int
    taken_back: int
    submitted: int
    decisions: tuple[tuple[str, int], ...]
    policies: tuple[tuple[str, int], ...]
    maintainers: tuple[str, ...]
    changed: tuple[tuple[str, datetime], ...]

    @property
    def second_factor(self) -> bool:
        """Whether one is set."""
        return bool(self.factors)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the page needs beside, from the same query: waiting items, mods that depend on this, bytes taken back."""

    waiting: int
    dependants: int
    taken_back_before: bool


_FACTORS = {
    Authenticator.Type.TOTP: "authenticator",
    Authenticator.Type.WEBAUTHN: "passkey",
}


def panel(submission: Submission, decisions: Iterable[Decision] = ()) -> tuple[Panel, Figures]:
    """The panel of the submission's author; `decisions` are those on all their submissions."""
    current = submission.current
    wanted = {submission.author_id} | ({current.uploader_id} if current is not None else set())
    maintained = Maintainer.objects.filter(
        user=OuterRef("pk"), namespace__name=namespaces.of(submission.mod_id or "")
    )
    figures = _figures(submission)
    people: list[dict[str, Any]] = list(
        User.objects.annotate(maintains_it=Exists(maintained), **figures)
        .filter(Q(pk__in=wanted) | Q(maintains_it=True))
        .order_by("pk")
        .values("pk", "display_name", "email", "role", "created_at", "maintains_it", *figures)
    )
    author = next(person for person in people if person["pk"] == submission.author_id)
    uploader = current.uploader_id if current is not None else submission.author_id
    others = [person for person in people if person["pk"] != submission.author_id]
    actions, policies = Counter[str](), Counter[str]()
    for row in decisions:
        if row.action == "escalate" or row.needs_second:
            continue
        actions[row.action] += 1
        policies.update(reason["policy"] for reason in row.reasons)
    since = timezone.now() - timedelta(days=RECENT)
    changes = (("mail address", author["email_changed"]), ("second factor", author["factor_changed"]))
    return (
        Panel(
            _name(author),
            author["email"],
            author["role"],
            author["created_at"],
            tuple(word for kind, word in _FACTORS.items() if author[f"has_{kind.value}"]),
            next((_name(one) for one in others if one["pk"] == uploader), ""),
            author["published"],
            author["gone"],
            author["submitted"],
            tuple((ACTIONS[name].done.lower(), count) for name, count in actions.most_common()),
            tuple(policies.most_common()),
            tuple(_name(one) for one in others if one["maintains_it"]),
            tuple((word, at) for word, at in changes if at is not None and at > since),
        ),
        Figures(author["waiting"], author["dependants"], author["taken_back_before"]),
    )


def _name(person: dict[str, Any]) -> str:
    """What `User.name` is."""
    return str(person["display_name"] or person["email"].partition("@")[0])


def _figures(submission: Submission) -> dict[str, Subquery | Exists]:
    """Columns beside each person; those of the submission are the same in every row."""
    current = submission.current
    releases = Release.objects.filter(uploaded_by=OuterRef("pk"))
    dependants = Dependency.objects.filter(
        mod_id_wanted=submission.mod_id or "", release__taken_back_at__isnull=True
    )
    return {
        "published": _count(releases),
        "gone": _count(releases.filter(taken_back_at__isnull=False)),
        "submitted": _count(Submission.objects.filter(author=OuterRef("pk"))),
        "waiting": _count(QueueReason.objects.filter(closed_at__isnull=True), "submission"),
        "dependants": _count(dependants, "release__mod"),
        "taken_back_before": Exists(
            Release.objects.filter(
                sha256=current.sha256 if current is not None else "", taken_back_at__isnull=False
            )
        ),
        "email_changed": _latest(Action.ACCOUNT_EMAIL_CHANGED),
        "factor_changed": _latest(Action.ACCOUNT_FACTOR_CHANGED),
        **{
            f"has_{kind.value}": Exists(Authenticator.objects.filter(user=OuterRef("pk"), type=kind.value))
            for kind in _FACTORS
        },
    }


def _count(rows: "QuerySet[Model]", what: str = "pk") -> Subquery:
    """How many different `what` there are among `rows`, as a column."""
    counted = rows.order_by().annotate(all=Value(1)).values("all").annotate(n=Count(F(what), distinct=True))
    return Subquery(counted.values("n"))


def _latest(action: Action) -> Subquery:
    entries = AuditEntry.objects.filter(action=action.value, target_id=OuterRef("account_id"))
    return Subquery(entries.order_by("-sequence").values("at")[:1])
