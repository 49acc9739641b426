"""Verdicts on findings: what a person made of a signal, how far that reaches, and what stands now.

Rules
- A verdict is `true`, `false_alarm` or `accepted_risk`; it reaches this release, this mod, or everywhere.
- Nobody judges findings in their own work; the permission is that of deciding, and it binds admins too.
- A verdict that holds everywhere needs two people (`second_person`): the first one's is kept and changes
  nothing until somebody else says the same.
- The newest verdict of each reach stands; a new one replaces it and the trail keeps both. A finding is settled
  where one that stands says false alarm or accepted risk and none says true. The publisher's gate reads the
  same from the audit trail.
- A finding is known by its fingerprint, whatever file and version it moves to.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import permissions
from accounts.audit import Action, record
from accounts.errors import RefusedError
from accounts.models import AuditEntry, User
from accounts.roles import Relation
from moderation import second_person, typed
from moderation.models import FindingVerdict
from moderation.relation import relation_of
from moderation.words import moments_ago
from uploads.models import Signal, Submission

Verdict, Scope = FindingVerdict.Verdict, FindingVerdict.Scope
CLEARS = frozenset({Verdict.FALSE_ALARM.value, Verdict.ACCEPTED.value})
SECOND_PERSON = "second_person"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a verdict came to: the row that was written, and `second_person` where it waits for one."""

    verdict: FindingVerdict
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one finding, for one submission.

    `holds` are the verdicts that reach it, the narrowest first; `waiting` is one for everywhere that a second
    person has not agreed to; `elsewhere` are verdicts on other releases of the mod, which do not reach this.
    """

    holds: tuple[FindingVerdict, ...] = ()
    waiting: FindingVerdict | None = None
    elsewhere: tuple[FindingVerdict, ...] = ()

    @property
    def verdict(self) -> str:
        """What holds, all in all: `true` beats the others; empty where nobody has judged it."""
        said = [row.verdict for row in self.holds]
        if Verdict.TRUE.value in said:
            return Verdict.TRUE.value
        return said[0] if said else ""

    @property
    def settled(self) -> bool:
        """Whether it was judged to be harmless, so that it stops nothing."""
        return self.verdict in CLEARS

    def known_before(self, submission: Submission) -> bool:
        """Whether it was settled by what was said of other releases, so that it can fold away."""
        return self.settled and all(row.submission_id != submission.pk for row in self.holds)


UNJUDGED = Standing()


def judge(
    actor: User, submission_id: str, fingerprint: str, verdict: str, scope: str, note: str = ""
) -> Judged:
    """Say what the finding `fingerprint` in the submission's current revision is, and how far that reaches.

    `note` (at most 500 characters) is kept for staff. Raises RefusedError: 401 and 403 by permission
    (`role_required`, `own_work`), 404 `not_found` or `finding_unknown`, 409 `already_judged`, 422
    `unknown_verdict`, `unknown_scope` or what `typed.text` refuses.
    """
    permissions.ensure(actor, "decision.make", Relation.OTHER)
    _ensure_choice(verdict, Verdict.values, "verdict")
    _ensure_choice(scope, Scope.values, "scope")
    words = typed.text(note, "/note", limit=typed.VALUE)
    try:
        with transaction.atomic():
            submission = _locked(submission_id)
            permissions.ensure(actor, "decision.make", relation_of(actor, submission))
            if scope == Scope.MOD and not submission.mod_id:
                raise typed.refused(
                    "unknown_scope", "This submission names no mod.", "Judge it for this release.", "/scope"
                )
            finding = _finding(submission, fingerprint)
            return _write(actor, submission, finding, verdict, scope, words)
    except IntegrityError as error:
        raise RefusedError(
            "already_judged",
            "Somebody else judged it at the same moment.",
            "Reload the page and look at what they said.",
            status=409,
        ) from error


def _ensure_choice(value: str, values: Collection[str], name: str) -> None:
    if value not in values:
        raise typed.refused(
            f"unknown_{name}",
            f"There is no {name} {value!r}.",
            f"Choose among: {', '.join(values)}.",
            f"/{name}",
        )


def _locked(submission_id: str) -> Submission:
    submission = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("current", "author")
        .filter(submission_id=submission_id)
        .first()
    )
    if submission is None or submission.current is None:
        raise RefusedError("not_found", "There is no such submission.", "Check the address.", status=404)
    return submission


def _finding(submission: Submission, fingerprint: str) -> Signal:
    finding = Signal.objects.filter(revision=submission.current_id, fingerprint=fingerprint).first()
    if finding is None:
        raise RefusedError(
            "finding_unknown",
            "The current revision has no such finding.",
            "The package may have been replaced; reload the page.",
            status=404,
        )
    return finding


def _write(
    actor: User, submission: Submission, finding: Signal, verdict: str, scope: str, note: str
) -> Judged:
    before = FindingVerdict.objects.filter(
        _target(submission, scope), fingerprint=finding.fingerprint, scope=scope, replaced_at__isnull=True
    )
    held = before.filter(in_force_at__isnull=False).first()
    first = before.filter(in_force_at__isnull=True).first()
    if held is not None and held.verdict == verdict and held.note == note:
        raise _already(actor, held)
    needs = second_person.why(submission, second_person.JUDGE_EVERYWHERE) if scope == Scope.EVERYWHERE else ""
    sequence = None
    if needs and first is not None and first.verdict == verdict:
        sequence = _agreed(actor, submission, first)
        needs = ""
    now = timezone.now()
    if first is not None and sequence is None:
        FindingVerdict.objects.filter(pk=first.pk).update(replaced_at=now)
    if not needs and held is not None:
        FindingVerdict.objects.filter(pk=held.pk).update(replaced_at=now)
    if sequence is not None and first is not None:
        first.second, first.in_force_at = actor, now
        first.save(update_fields=["second", "in_force_at"])
        row = first
    else:
        row = FindingVerdict.objects.create(
            fingerprint=finding.fingerprint,
            code=finding.code,
            verdict=verdict,
            scope=scope,
            submission=submission,
            revision_id=finding.revision_id,
            mod_id=submission.mod_id or "",
            note=note,
            judge=actor,
            at=now,
            in_force_at=None if needs else now,
        )
    record(
        actor,
        Action.MODERATION_FINDING_JUDGED,
        "submission",
        submission.submission_id,
        before={"verdict": held.verdict, "scope": held.scope} if held is not None else None,
        after={
            "fingerprint": finding.fingerprint,
            "code": finding.code,
            "verdict": verdict,
            "scope": scope,
            "modId": submission.mod_id or "",
            "needs": SECOND_PERSON if needs else "",
        }
        | ({"firstSequence": sequence} if sequence is not None else {}),
        reason=note,
    )
    return Judged(row, SECOND_PERSON if needs else "")


def _target(submission: Submission, scope: str) -> Q:
    """What a verdict of this scope is about, beside its fingerprint."""
    if scope == Scope.RELEASE:
        return Q(submission=submission)
    return Q(mod_id=submission.mod_id or "") if scope == Scope.MOD else Q()


def _agreed(actor: User, submission: Submission, first: FindingVerdict) -> int | None:
    """The number of the first person's entry that `actor` agrees to.

    Raises RefusedError: 409 where that was the same person, 403 where the first one judged the actor's own work.
    """
    if first.judge_id == actor.pk:
        raise RefusedError(
            "already_judged",
            f"You said so {moments_ago(first.at)}; somebody else must be the second.",
            "Nothing more is needed from you.",
            status=409,
            extra={"needs": SECOND_PERSON},
        )
    permissions.ensure(actor, "decision.make", relation_of(actor, first.submission))
    return (
        AuditEntry.objects.filter(
            action=Action.MODERATION_FINDING_JUDGED,
            actor_id=first.judge_id,
            after__fingerprint=first.fingerprint,
            after__verdict=first.verdict,
            after__needs=SECOND_PERSON,
        )
        .order_by("-sequence")
        .values_list("sequence", flat=True)
        .first()
    )


def _already(actor: User, held: FindingVerdict) -> RefusedError:
    who = "you" if held.judge_id == actor.pk else "somebody else"
    return RefusedError(
        "already_judged",
        f"{held.get_verdict_display()} by {who} {moments_ago(held.at)}; nothing changes.",
        "Choose another verdict, or another reach.",
        status=409,
    )


_REACH = {Scope.RELEASE.value: 0, Scope.MOD.value: 1, Scope.EVERYWHERE.value: 2}


def standing(submission: Submission, fingerprints: Iterable[str]) -> dict[str, Standing]:
    """What stands on each of these findings for this submission, in one query; those unjudged are left out."""
    wanted = set(fingerprints)
    if not wanted:
        return {}
    reach = Q(scope=Scope.RELEASE, submission=submission) | Q(scope=Scope.EVERYWHERE)
    if submission.mod_id:
        reach |= Q(mod_id=submission.mod_id)
    rows = (
        FindingVerdict.objects.filter(reach, fingerprint__in=wanted, replaced_at__isnull=True)
        .select_related("judge", "second", "submission")
        .order_by("-id")
    )
    grouped: dict[str, list[FindingVerdict]] = defaultdict(list)
    for row in rows:
        grouped[row.fingerprint].append(row)
    return {fingerprint: _sorted(submission, found) for fingerprint, found in grouped.items()}


def _sorted(submission: Submission, rows: list[FindingVerdict]) -> Standing:
    others = [row for row in rows if row.scope == Scope.RELEASE and row.submission_id != submission.pk]
    holds = [row for row in rows if row.in_force_at is not None and row not in others]
    waiting = [row for row in rows if row.in_force_at is None]
    return Standing(
        tuple(sorted(holds, key=lambda row: _REACH[row.scope])), next(iter(waiting), None), tuple(others)
    )


def open_blocking(submission: Submission) -> list[Signal]:
    """The findings in the current revision that stop an approval and were not judged to be harmless."""
    blocking = list(Signal.objects.filter(revision=submission.current_id, blocking=True))
    known = standing(submission, (row.fingerprint for row in blocking))
    return [row for row in blocking if not known.get(row.fingerprint, UNJUDGED).settled]
