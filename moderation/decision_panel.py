"""The decision's part of the review page: possible actions, what stands against approving, reasons with blanks."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.errors import Problem, RefusedError
from catalog.models import Release
from moderation import approvals, given, policies
from moderation.author import Figures
from moderation.findings import Findings
from moderation.forms import DecisionForm
from moderation.table import ACTIONS, possible
from uploads.models import Submission


def of(
    submission: Submission,
    form: DecisionForm,
    checks: Sequence[Mapping[str, Any]],
    found: Findings,
    figures: Figures,
) -> dict[str, Any]:
    """What the panel shows; `checks`, `found` and `figures` are what the page has read already."""
    rules = possible(submission.state, listing=submission.kind == Submission.Kind.LISTING)
    asks = {
        name: any(getattr(rule, name) for rule in rules)
        for name in ("reason", "successor", "question", "level", "note")
    }
    approvable = any(rule.name == "approve" for rule in rules)
    return {
        "form": form,
        "rules": rules,
        "chosen_action": form.action if form.action in ACTIONS else "",
        "blocks": _blocks(submission, checks, found, figures) if approvable else [],
        "choices": form.choices(policies.in_force()) if asks["reason"] else [],
        "asks": asks,
        "successors": _successors(submission) if asks["successor"] else [],
    }


def _successors(submission: Submission) -> list[Release]:
    others = Release.objects.filter(
        mod__mod_id=submission.mod_id, taken_back_at__isnull=True, superseded_at__isnull=True
    ).exclude(version=submission.version)
    return list(others.order_by("-version_key"))


def _blocks(
    submission: Submission, checks: Sequence[Mapping[str, Any]], found: Findings, figures: Figures
) -> list[Problem]:
    """What an approval would be refused for, each with how to unblock it; the service asks again."""
    blocks = [
        given.failed_check(check["id"], check["code"], check["message"], check["path"])
        for check in checks
        if check["status"] == "failed"
    ]
    if figures.taken_back_before:
        blocks.append(given.TAKEN_BACK)
    if given.by_older_rules(submission):
        blocks.append(given.OLDER_RULES)
    blocks += [
        Problem(
            "blocking_finding",
            f"Finding {one.number} stops it: {one.message}",
            "It opens with the verdict false alarm or accepted risk, if that is what it is.",
            path=f"#finding-{one.fingerprint}",
        )
        for one in found.stopping
    ]
    if submission.current is not None:
        try:
            approvals.ensure_installable(submission, submission.current)
        except RefusedError as refused:
            blocks += refused.problems
    return blocks
