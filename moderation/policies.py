"""Policies: the reasons that a decision may give, in force one version at a time.

Rules
- An edit makes a new version and retires the one before; a decision keeps the words that it was made with.
- Blanks are filled by the moderator; a required one left empty is refused, a line with an optional one left
  empty is not sent. Nothing but declared blanks is replaced, so braces in what people type stay as typed.
- Editing needs `catalog.settings`; every edit is audited.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import permissions
from accounts.audit import Action, record
from accounts.errors import RefusedError
from accounts.models import User
from moderation import typed
from moderation.models import Policy
from moderation.table import ACTIONS

MOST = 8
_BLANK = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}\Z")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason as it was given: which policy, in which version, and the words that the author reads."""

    policy: str
    version: int
    title: str
    text: str

    def as_dict(self) -> dict[str, Any]:
        """The reason as the decision stores it."""
        return asdict(self)


def in_force() -> list[Policy]:
    """The policies that a decision may name now, in their order."""
    return list(Policy.objects.filter(retired_at__isnull=True))


def document() -> list[dict[str, Any]]:
    """The policies in force, for readers: code, version, title, text, blanks, default action."""
    return [
        {
            "code": policy.code,
            "version": policy.version,
            "title": policy.title,
            "text": sentence(policy),
            "blanks": policy.blanks,
            "defaultAction": policy.default_action,
        }
        for policy in in_force()
    ]


def sentence(policy: Policy) -> str:
    """A policy's text without the lines that hold blanks."""
    return "\n".join(line for line in policy.text.splitlines() if not _BLANK.search(line))


def render(given: Sequence[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """The reasons of a decision, in the words that are kept and sent.

    `given` is a list of `{"policy": code, "values": {blank: text}}`. Raises RefusedError (422):
    `too_many_reasons`, `unknown_policy`, `reason_twice`, `unknown_blank`, `blank_required`, or what
    `typed.text` refuses.
    """
    if len(given) > MOST:
        raise typed.refused(
            "too_many_reasons",
            f"A decision gives at most {MOST} reasons.",
            "Name those that matter most.",
            "/reasons",
        )
    known = {policy.code: policy for policy in in_force()}
    seen: set[str] = set()
    reasons = []
    for place, item in enumerate(given):
        code, pointer = str(item.get("policy", "")), f"/reasons/{place}"
        if code not in known:
            raise typed.refused(
                "unknown_policy",
                f"There is no policy {code!r} in force.",
                f"Choose among: {', '.join(known)}.",
                f"{pointer}/policy",
            )
        if code in seen:
            raise typed.refused(
                "reason_twice", f"The reason {code} is given twice.", "Name it once.", pointer
            )
        seen.add(code)
        reasons.append(_rendered(known[code], item.get("values") or {}, pointer))
    return tuple(reasons)


def _rendered(policy: Policy, values: Mapping[str, Any], pointer: str) -> Reason:
    filled: dict[str, str] = {}
    for blank in policy.blanks:
        name, place = blank["name"], f"{pointer}/values/{blank['name']}"
        filled[name] = typed.text(str(values.get(name) or ""), place, limit=typed.VALUE)
        if blank.get("required") and not filled[name]:
            raise typed.refused(
                "blank_required",
                f"The reason {policy.code} asks for: {blank['label']}.",
                "Fill it in.",
                place,
            )
    for name in values:
        if name not in filled:
            raise typed.refused(
                "unknown_blank",
                f"The reason {policy.code} has no blank {name!r}.",
                f"It has: {', '.join(filled) or 'none'}.",
                f"{pointer}/values/{name}",
            )
    return Reason(policy.code, policy.version, policy.title, fill(policy.text, filled))


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with its blanks filled; a line of which a blank is empty is left out."""
    lines = []
    for line in text.splitlines():
        wanted = [name for name in _BLANK.findall(line) if name in values]
        if all(values[name] for name in wanted):
            lines.append(_BLANK.sub(lambda match: values.get(match[1], match[0]), line))
    return "\n".join(lines)


def edit(
    actor: User,
    code: str,
    *,
    title: str,
    text: str,
    blanks: Sequence[Mapping[str, Any]] = (),
    default_action: str = "",
    position: int = 0,
    reason: str = "",
) -> Policy:
    """Put a new version of the policy `code` in force, or make it; returns the version in force.

    Raises RefusedError: 403 by role, 422 for a code, text or blank that can't be.
    """
    permissions.ensure(actor, "catalog.settings")
    checked = check(code, title=title, text=text, blanks=blanks, default_action=default_action)
    with transaction.atomic():
        newest = Policy.objects.select_for_update().filter(code=code).order_by("-version").first()
        before = _values(newest) if newest else None
        Policy.objects.filter(code=code, retired_at__isnull=True).update(retired_at=timezone.now())
        policy = Policy.objects.create(
            code=code, version=newest.version + 1 if newest else 1, position=position, **checked
        )
        record(
            actor,
            Action.MODERATION_POLICY_CHANGED,
            "policy",
            code,
            before=before,
            after=_values(policy),
            reason=reason,
        )
    return policy


def retire(actor: User, code: str, *, reason: str) -> None:
    """Take the policy out of force; decisions that named it keep their words.

    Raises RefusedError: 403 by role, 404 where it is not in force, 409 for the last one in force.
    """
    permissions.ensure(actor, "catalog.settings")
    with transaction.atomic():
        policy = Policy.objects.select_for_update().filter(code=code, retired_at__isnull=True).first()
        if policy is None:
            raise RefusedError(
                "not_found", "There is no such policy in force.", "Check its code.", status=404
            )
        if not Policy.objects.filter(retired_at__isnull=True).exclude(code=code).exists():
            raise RefusedError(
                "last_policy",
                "A rejection needs a reason, so one policy must stay in force.",
                "Make another one first.",
                status=409,
            )
        Policy.objects.filter(pk=policy.pk).update(retired_at=timezone.now())
        record(
            actor,
            Action.MODERATION_POLICY_CHANGED,
            "policy",
            code,
            before=_values(policy),
            after=None,
            reason=reason,
        )


def check(
    code: str, *, title: str, text: str, blanks: Sequence[Mapping[str, Any]], default_action: str
) -> dict[str, Any]:
    """A policy's fields as they are kept. Raises RefusedError (422) for what can't be."""
    if not _CODE.match(code):
        raise typed.refused(
            "bad_code",
            "A code is lower-case letters, digits and hyphens, at most 40.",
            "For example: quality.",
            "code",
        )
    if default_action and not (default_action in ACTIONS and ACTIONS[default_action].reason):
        raise typed.refused(
            "unknown_action",
            f"{default_action!r} is not an action that gives reasons.",
            f"Choose among: {', '.join(name for name, rule in ACTIONS.items() if rule.reason)}.",
            "default_action",
        )
    declared = [_blank(blank) for blank in blanks]
    names = [blank["name"] for blank in declared]
    if len(set(names)) != len(names):
        raise typed.refused(
            "blank_twice", "Two blanks have the same name.", "Give each a name of its own.", "blanks"
        )
    words = typed.text(text, "text", needed="Say what the author reads.")
    for name in _BLANK.findall(words):
        if name not in names:
            raise typed.refused(
                "unknown_blank",
                f"The text has a blank {{{name}}} that is not declared.",
                "Declare it, or take it out.",
                "text",
            )
    return {
        "title": typed.text(title, "title", limit=80, needed="A policy needs a title."),
        "text": words,
        "blanks": declared,
        "default_action": default_action,
    }


def _blank(given: Mapping[str, Any]) -> dict[str, Any]:
    name, label = str(given.get("name", "")), str(given.get("label", "")).strip()
    if not _NAME.match(name) or not label or set(given) - {"name", "label", "required"}:
        raise typed.refused(
            "bad_blank",
            "A blank is an object with name (lower-case letters, digits, _), label and required.",
            'For example: {"name": "place", "label": "Where", "required": false}.',
            "blanks",
        )
    return {
        "name": name,
        "label": typed.text(label, "blanks", limit=60),
        "required": bool(given.get("required")),
    }


def _values(policy: Policy) -> dict[str, Any]:
    return {
        "version": policy.version,
        "title": policy.title,
        "text": policy.text,
        "blanks": policy.blanks,
        "defaultAction": policy.default_action,
        "position": policy.position,
    }
