"""What is given with an action, checked against its row of the table and brought into the form that is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.errors import Problem, RefusedError
from catalog.models import Release
from moderation import policies, typed
from moderation.ground import DANGERS
from moderation.policies import Reason
from moderation.table import Rule
from uploads.checks import RULES_VERSION
from uploads.models import Submission


@dataclass(frozen=True, slots=True)
class Words:
    """What was given with an action, in the form that is kept."""

    reasons: tuple[Reason, ...] = ()
    note: str = ""
    successor: str = ""
    level: str = ""


def check(
    submission: Submission,
    rule: Rule,
    *,
    reasons: Sequence[Mapping[str, Any]] = (),
    note: str = "",
    successor: str = "",
    level: str = "",
    question: str = "",
) -> Words:
    """What was given, in the form that is kept. Raises RefusedError (422) for what is missing or wrong."""
    for name, value, taken in (
        ("successor", successor, rule.successor),
        ("level", level, rule.level),
        ("question", question, rule.question),
        ("note", note, rule.note or rule.question),
    ):
        if value and not taken:
            raise typed.refused(
                "not_for_this_action", f"{rule.label} takes no {name}.", "Leave it out.", f"/{name}"
            )
    rendered = policies.render(reasons)
    if rule.reason and not rendered:
        raise typed.refused(
            "reason_required",
            f"{rule.label} needs at least one reason.",
            "Choose from the list of policies.",
            "/reasons",
        )
    words = typed.text(note, "/note")
    if rule.question:
        words = typed.text(question or note, "/question", needed="Ask what an admin has to answer.")
    if rule.name == "approve":
        blocked = blocks(submission)
        if blocked:
            raise RefusedError(
                "approval_blocked", blocked[0].message, blocked[0].hint, status=422, problems=blocked
            )
    return Words(
        rendered,
        words,
        _successor(submission, successor.strip()) if rule.successor else "",
        _level(level, rendered) if rule.level else "",
    )


def _successor(submission: Submission, version: str) -> str:
    found = (
        Release.objects.public()
        .filter(mod__mod_id=submission.mod_id, version=version, superseded_at__isnull=True)
        .exclude(version=submission.version)
    )
    if not version or not found.exists():
        raise typed.refused(
            "successor_not_published",
            "The successor must be another published version of the same mod.",
            "Choose one that is listed and not itself superseded.",
            "/successor",
        )
    return version


def _level(level: str, reasons: Sequence[Reason]) -> str:
    if not level:
        danger = any(reason.policy in DANGERS for reason in reasons)
        return Release.Level.HARD if danger else Release.Level.SOFT
    if level not in Release.Level.values:
        raise typed.refused(
            "bad_level",
            f"{level!r} is not a level.",
            "soft warns players, hard disables the release.",
            "/level",
        )
    return level


TAKEN_BACK = Problem(
    "bytes_taken_back",
    "These very bytes were published once and taken back.",
    "Restore that release instead, or reject this one.",
)


OLDER_RULES = Problem(
    "rules_outdated",
    "It was checked by older rules than those in force, and the publisher would refuse it.",
    "The portal looks at it again by itself within minutes; see the page on rescans.",
)


def failed_check(check_id: str, code: str, message: str, path: str) -> Problem:
    """A failed check as what stands in the way of an approval."""
    return Problem(
        code or "check_failed",
        f"The check {check_id} failed: {message}",
        "Ask for changes: the author can replace the package.",
        path=path,
    )


def blocks(submission: Submission) -> list[Problem]:
    """What keeps these bytes from being approved, each with how to unblock it; empty where nothing does."""
    current = submission.current
    if current is None:
        return []
    found = [
        failed_check(result.check_id, result.code, result.message, result.path)
        for result in current.results.filter(status="failed")
    ]
    if Release.objects.taken_back().filter(sha256=current.sha256).exists():
        found.append(TAKEN_BACK)
    if by_older_rules(submission):
        found.append(OLDER_RULES)
    return found


def by_older_rules(submission: Submission) -> bool:
    """Whether the package was checked by other rules than those in force; the words of a listing have their own."""
    current = submission.current
    package = submission.kind == Submission.Kind.PACKAGE
    return package and current is not None and current.rules_version != RULES_VERSION
