"""The publisher's own gate: no bytes are published that the audit trail does not speak for.

Rules, each with its own code. What the caller says is never believed: who sent the bytes, what the checks
found and who decided are read from the audit trail, by the hash of the bytes in the publisher's hand.

* `bytes_differ`       the bytes in hand have the hash and the size that were announced
* `audit_damaged`      every entry that is relied on still has the content that its hash covers
* `origin_unknown`     the account named as its sender sent it, by the trail
* `not_checked`        the latest checks of the submission were of this revision and these bytes
* `checks_failed`      they passed, every required intake check among them
* `rules_outdated`     at the rules' current version
* `not_decided`        the latest decision is an approval, and final
* `decision_differs`   of this revision and these bytes, made after the checks
* `decider_unfit`      by a moderator or an admin
* `own_work`           who is neither the sender nor a maintainer of the namespace
* `blocking_finding`   every finding that stops an approval was judged harmless by such a person (`findings`)
* `second_missing`     where two people were asked for, or the way in had just been changed (`caution`): by two
                       different ones, both fit, on the same bytes
* `bytes_taken_back`   these bytes were never taken back before
* `version_exists`     the version was never published
* `dependency_not_published`  what it cannot do without can be installed: a public release lies in each range
* `mod_unknown`        words for a listing: the mod is in the catalog
* `namespace_taken`, `namespace_reserved`  the sender may publish in the namespace
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from accounts import audit
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from accounts.roles import Role
from catalog import contract, namespaces, versions
from catalog.models import Maintainer, Mod, Release
from catalog.publisher import caution, findings
from catalog.publisher.changes import NewListing, NewRelease, Sent

PASSED = "passed"
#: A check that warns informs a moderator; it stops nothing.
GOOD = frozenset({PASSED, "warned"})
SENT = (Action.UPLOAD_RECEIVED, Action.UPLOAD_SUBMITTED, Action.UPLOAD_REPLACED)
DECIDERS = frozenset({Role.MODERATOR.value, Role.ADMIN.value})


@dataclass(frozen=True, slots=True)
class Admission:
    """What let a release through: by whom it was sent, and the entries of its checks and its decision."""

    sender: User
    validation: int
    decision: int


def _refuse(code: str, message: str, hint: str = "Have it reviewed again.", status: int = 409) -> NoReturn:
    raise RefusedError(code, message, hint, status=status)


def _entries(submission_id: str, *actions: Action) -> list[AuditEntry]:
    """The trail's entries about a submission, the oldest first, each proven to be what was written."""
    rows = list(
        AuditEntry.objects.filter(
            target_type="submission", target_id=submission_id, action__in=[action.value for action in actions]
        )
        .select_related("actor")
        .order_by("sequence")
    )
    return _proven(rows)


def _proven(rows: list[AuditEntry]) -> list[AuditEntry]:
    for entry in rows:
        if audit.entry_hash(entry) != entry.hash:
            _refuse(
                "audit_damaged",
                f"Entry {entry.sequence} of the audit trail was changed.",
                "Run verify_audit.",
            )
    return rows


def _after(entry: AuditEntry) -> dict[str, Any]:
    return entry.after if isinstance(entry.after, dict) else {}


def _is_of(entry: AuditEntry, release: Sent) -> bool:
    said = _after(entry)
    return said.get("revision") == release.revision and said.get("sha256") == release.sha256


def admit(release: NewRelease, sha256: str, size_bytes: int) -> Admission:
    """Let a release through, or raise RefusedError with one of the codes above.

    `sha256` and `size_bytes` are those of the bytes in the publisher's hand.
    """
    if (sha256, size_bytes) != (release.sha256, release.size_bytes):
        _refuse("bytes_differ", "The staged bytes are not those that were announced.", "Upload it again.")
    sender = _sender(release)
    validation = _validation(release, required_checks(), contract.value("rules_version"))
    decision = _decision(release, validation)
    people = _people_with_a_stake(release, sender)
    _fit(decision, people)
    _second(release, decision, people)
    _findings(release, validation, people)
    _history(release)
    _dependencies(release)
    refusal = namespaces.refusal(sender, release.mod_id)
    if refusal:
        _refuse(*refusal, status=403)
    return Admission(sender, validation.sequence, decision.sequence)


def admit_listing(listing: NewListing, sha256: str, size_bytes: int) -> Admission:
    """Let new words for a mod's listing through, by the same rules as far as they can be asked of words.

    Besides, the mod must be in the catalog (`mod_unknown`), and its namespace the sender's own.
    """
    if (sha256, size_bytes) != (listing.sha256, listing.size_bytes):
        _refuse("bytes_differ", "The stored words are not those that were announced.", "Send them again.")
    sender = _sender(listing)
    rules = contract.value("listing_rules")
    validation = _validation(listing, rules["checks"], rules["version"])
    decision = _decision(listing, validation)
    people = _people_with_a_stake(listing, sender)
    _fit(decision, people)
    _second(listing, decision, people)
    if not Mod.objects.public().filter(mod_id=listing.mod_id).exists():
        _refuse("mod_unknown", f"{listing.mod_id} is not in the catalog.", "Publish a release first.")
    refusal = namespaces.refusal(sender, listing.mod_id)
    if refusal:
        _refuse(*refusal, status=403)
    return Admission(sender, validation.sequence, decision.sequence)


def _sender(release: Sent) -> User:
    sent = _entries(release.submission_id, *SENT)
    sender = next((entry.actor for entry in sent if entry.actor_id == release.uploaded_by.pk), None)
    if sender is None:
        _refuse("origin_unknown", "The audit trail does not know that this account sent the submission.")
    return sender


def _validation(release: Sent, required: Sequence[str], rules_version: str) -> AuditEntry:
    runs = _entries(release.submission_id, Action.VALIDATION_FINISHED)
    if not runs or not _is_of(runs[-1], release):
        _refuse("not_checked", "These bytes were not the last to be checked.", "Have it checked again.")
    said = _after(runs[-1])
    if said.get("rulesVersion") != rules_version:
        _refuse(
            "rules_outdated",
            f"It was checked by the rules {said.get('rulesVersion')!r}; those in force are {rules_version!r}.",
            "Have it checked again.",
        )
    statuses = said.get("checks")
    if said.get("state") != "pending_review" or not isinstance(statuses, dict):
        _refuse("checks_failed", "The checks did not pass.", "Replace the package.")
    waived = frozenset(contract.value("waived_checks"))
    bad = [
        check_id
        for check_id in required
        if statuses.get(check_id) not in GOOD
        and not (statuses.get(check_id) == "not_run" and check_id in waived)
    ]
    bad += [check_id for check_id, status in statuses.items() if status == "failed" and check_id not in bad]
    if bad:
        _refuse("checks_failed", f"Not passed: {', '.join(bad)}.", "Replace the package.")
    return runs[-1]


def required_checks() -> list[str]:
    """The intake checks that every release must have passed, by the contract."""
    return [row["id"] for row in contract.value("checks") if row["required"] and row["phase"] == "intake"]


def _decision(release: Sent, validation: AuditEntry) -> AuditEntry:
    decisions = _entries(release.submission_id, Action.MODERATION_DECIDED)
    last = decisions[-1] if decisions else None
    if last is None or (_after(last).get("action"), _after(last).get("state")) != ("approve", "approved"):
        _refuse("not_decided", "The audit trail has no approval of this submission.")
    if _after(last).get("needs"):
        _refuse(
            "second_missing", "The approval waits for a second person.", "Ask somebody else to look at it."
        )
    if not _is_of(last, release) or last.sequence < validation.sequence:
        _refuse("decision_differs", "The approval is of other bytes, or from before the checks.")
    return last


def _people_with_a_stake(release: Sent, sender: User) -> set[int]:
    sent = _entries(release.submission_id, *SENT)
    maintainers = Maintainer.objects.filter(namespace__name=namespaces.of(release.mod_id))
    return (
        {entry.actor_id for entry in sent}
        | {sender.pk, release.uploaded_by.pk}
        | set(maintainers.values_list("user_id", flat=True))
    )


def _fit(decision: AuditEntry, people: set[int]) -> None:
    if decision.actor_role not in DECIDERS:
        _refuse("decider_unfit", "It was not approved by a moderator or an admin.")
    if decision.actor_id in people:
        _refuse("own_work", "It was approved by its author or a maintainer.", "Leave it to somebody else.")


def _second(release: Sent, decision: AuditEntry, people: set[int]) -> None:
    """Where a second person was asked for, or must have been, the final approval names the first, another's."""
    asked = [
        entry
        for entry in _entries(release.submission_id, Action.MODERATION_DECIDED, Action.MODERATION_SECONDED)
        if _after(entry).get("needs") == "second_person" and _is_of(entry, release)
    ]
    named = _after(decision).get("firstSequence")
    sent = [e for e in _entries(release.submission_id, *SENT) if _after(e).get("sha256") == release.sha256]
    if not asked and named is None and not caution.changed(sent, release.mod_id):
        return
    first = next((entry for entry in asked if entry.sequence == named), None)
    if first is None or first.sequence >= decision.sequence or first.actor_id == decision.actor_id:
        _refuse("second_missing", "Two different people must approve it.", "Ask somebody else to look at it.")
    _fit(first, people)


def _findings(release: Sent, validation: AuditEntry, people: set[int]) -> None:
    """What the checks called blocking was judged, by people who may, and not to be true."""
    blocking = findings.blocking_of(_after(validation))
    if blocking is None:
        _refuse("blocking_finding", "The checks did not say which findings block.", "Have it checked again.")
    if not blocking:
        return
    open_ones = findings.uncleared(
        blocking,
        _proven(findings.verdicts_on(blocking)),
        submission_id=release.submission_id,
        mod_id=release.mod_id,
        people=people,
    )
    if open_ones:
        _refuse(
            "blocking_finding",
            f"Not judged to be harmless: {', '.join(open_ones)}.",
            "Judge each finding on the review page, or reject the release.",
        )


def _history(release: NewRelease) -> None:
    if Release.objects.filter(sha256=release.sha256, taken_back_at__isnull=False).exists():
        _refuse("bytes_taken_back", "These very bytes were taken back before.", "Upload a mended version.")
    if Release.objects.filter(mod__mod_id=release.mod_id, version=release.version).exists():
        _refuse(
            "version_exists",
            f"{release.mod_id} {release.version} was published before.",
            "Raise the version.",
        )


def _dependencies(release: NewRelease) -> None:
    """The catalog never lists what can't be installed: each wish that is no option has a public release."""
    listed = release.manifest.get("dependencies") or []
    wishes = [(row["id"], row["version"]) for row in listed if not row.get("optional")]
    there = Release.objects.public().filter(mod__mod_id__in=[mod_id for mod_id, _ in wishes])
    known = list(there.values_list("mod__mod_id", "version"))
    missing = [
        f"{mod_id} {wanted}"
        for mod_id, wanted in wishes
        if not any(mod_id == name and versions.fits(version, wanted) for name, version in known)
    ]
    if missing:
        _refuse(
            "dependency_not_published",
            f"It needs what is not published: {', '.join(missing)}.",
            "Approve that first; this can follow when it is in the catalog.",
        )
