"""Blocking findings: which of them nobody has cleared, read from the audit trail alone.

Rules
- The checks' entry names the findings that stop an approval (`blocking`, by fingerprint). One that does not
  say so in that form clears nothing.
- A verdict counts within its scope: `release` on that submission, `mod` on that mod, `everywhere` once two
  different people have said the same.
- Only the newest verdict of each scope counts. A finding is cleared where one of these says `false_alarm` or
  `accepted_risk` and none says `true`.
- A judge is a moderator or an admin, and neither the sender nor a maintainer; what others say counts nothing.
"""

from collections.abc import Collection, Sequence
from typing import Any

from accounts.audit import Action
from accounts.models import AuditEntry
from accounts.roles import Role

RELEASE, MOD, EVERYWHERE = "release", "mod", "everywhere"
TRUE = "true"
CLEARS = frozenset({"false_alarm", "accepted_risk"})
SECOND_PERSON = "second_person"
JUDGES = frozenset({Role.MODERATOR.value, Role.ADMIN.value})


def blocking_of(said: dict[str, Any]) -> list[str] | None:
    """The fingerprints that a checks' entry calls blocking; None where it says nothing readable of them."""
    listed = said.get("blocking")
    if not isinstance(listed, list) or not all(isinstance(row, str) and row for row in listed):
        return None
    return listed


def verdicts_on(fingerprints: Collection[str]) -> list[AuditEntry]:
    """Every verdict on these findings, whatever its scope, the oldest first."""
    return list(
        AuditEntry.objects.filter(
            action=Action.MODERATION_FINDING_JUDGED.value, after__fingerprint__in=sorted(fingerprints)
        )
        .select_related("actor")
        .order_by("sequence")
    )


def uncleared(
    fingerprints: Sequence[str],
    verdicts: Sequence[AuditEntry],
    *,
    submission_id: str,
    mod_id: str,
    people: Collection[int],
) -> list[str]:
    """Those of `fingerprints` that `verdicts` (the oldest first) do not clear for this release.

    `people` are the accounts (by primary key) with a stake in it, whose verdicts count nothing.
    """
    fit = [entry for entry in verdicts if entry.actor_role in JUDGES and entry.actor_id not in people]
    return [
        fingerprint for fingerprint in fingerprints if not _cleared(fingerprint, fit, submission_id, mod_id)
    ]


def _cleared(fingerprint: str, fit: Sequence[AuditEntry], submission_id: str, mod_id: str) -> bool:
    newest: dict[str, object] = {}
    first: AuditEntry | None = None
    for entry in fit:
        said = entry.after if isinstance(entry.after, dict) else {}
        if said.get("fingerprint") != fingerprint:
            continue
        scope = said.get("scope")
        if scope == RELEASE and (entry.target_type, entry.target_id) == ("submission", submission_id):
            newest[RELEASE] = said.get("verdict")
        elif scope == MOD and mod_id and said.get("modId") == mod_id:
            newest[MOD] = said.get("verdict")
        elif scope == EVERYWHERE and said.get("needs") == SECOND_PERSON:
            first = entry
        elif scope == EVERYWHERE and said.get("needs") == "" and _seconds(entry, first):
            newest[EVERYWHERE] = said.get("verdict")
    verdicts = set(newest.values())
    return bool(verdicts & CLEARS) and TRUE not in verdicts


def _seconds(entry: AuditEntry, first: AuditEntry | None) -> bool:
    """Whether somebody else said the same before."""
    if first is None or first.actor_id == entry.actor_id:
        return False
    one: Any = first.after
    two: Any = entry.after
    return bool(one.get("verdict") == two.get("verdict"))
