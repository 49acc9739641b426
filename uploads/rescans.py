"""Rescans: a second look, by the rules in force, at what waits for review and at what is published.

Rules
- A dry run compares and writes down what it found, and nothing else. It comes first: what is applied by a person
  was looked at by a finished dry run of the same scope under the same rules.
- A rescan moves nothing. Applied to what waits, the new results take the place of the old ones; applied to what is
  published, a hit opens an urgent reason in the queue (`rescan_work`).
- Moderators may look, admins apply. The portal itself looks again at what waits when its rules changed, since
  such items can't be approved before.
- One rescan at a time. It goes through its revisions one by one, behind every upload that waits to be checked.
- Who started it and why, and how it ended, is recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts import audit, outbox, permissions
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import User
from uploads import scanner
from uploads.checks import RULES_VERSION
from uploads.models import Rescan, RescanResult, Revision, Submission
from uploads.rescan_compare import BETTER, SAME, WAITS, WORSE
from uploads.scanners import yara
from uploads.states import State

KIND = "rescan.run"
LONGEST = 300
RULES_CHANGED = "The rules changed."
_NOTICED, _KEPT_SECONDS = "rescans-outdated", 180
Scope = Rescan.Scope
#: The states that a scope is about. What was taken back is not looked at again.
STATES: dict[str, tuple[State, ...]] = {
    Scope.WAITING: (State.PENDING_REVIEW,),
    Scope.PUBLISHED: (State.PUBLISHED, State.SUPERSEDED),
    Scope.BOTH: (State.PENDING_REVIEW, State.PUBLISHED, State.SUPERSEDED),
}
OUTCOMES = (SAME, WORSE, BETTER, WAITS)
#: Outcomes of a look that was really taken.
LOOKED = (SAME, WORSE, BETTER)


@dataclass(frozen=True, slots=True)
class Outdated:
    """How many were last looked at by older rules, how many by much older signatures, and what is under way."""

    waiting: int
    published: int
    running: Rescan | None = None
    signatures: int = 0

    def __bool__(self) -> bool:
        return bool(self.waiting or self.published)

    @property
    def says(self) -> str:
        """How many of what, as the beginning of a sentence: "1 waiting item and 310 releases were"."""
        counts = ((self.waiting, "waiting item"), (self.published, "release"))
        told = [f"{count:,} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
        return f"{' and '.join(told)} {'was' if self.waiting + self.published == 1 else 'were'}"


def targets(scope: str) -> "QuerySet[Revision]":
    """The revisions that a scope is about: the current ones of packages, oldest first."""
    return Revision.objects.filter(
        submission__current=F("pk"),
        submission__kind=Submission.Kind.PACKAGE,
        submission__state__in=[state.value for state in STATES[scope]],
    ).order_by("pk")


def outdated() -> Outdated:
    """What older rules looked at last. Three queries, two more where there is a scanner, whatever the numbers."""
    looked = _applied().filter(rescan__rules_version=RULES_VERSION)
    published = _older(Scope.PUBLISHED).filter(~Exists(looked))
    return Outdated(_older(Scope.WAITING).count(), published.count(), running(), _by_old_signatures())


def _applied() -> "QuerySet[RescanResult]":
    """Of a revision in an outer query: the looks that hold."""
    return RescanResult.objects.filter(revision=OuterRef("pk"), rescan__dry_run=False, outcome__in=LOOKED)


def _by_old_signatures() -> int:
    """How many were last scanned when today's signatures were further away than old ones may be.

    Signatures change every day, so what was scanned by slightly older ones is not counted.
    """
    built = scanner.state().signatures_at
    if built is None:
        return 0
    limit = built - timedelta(days=settings.SMMODS_ANTIVIRUS_MAX_AGE_DAYS)
    since = _applied().filter(at__gte=limit)
    return targets(Scope.BOTH).exclude(checked_at__gte=limit).filter(~Exists(since)).count()


def notice() -> None:
    """Keep what `outdated` says for the pages that only mention it: the scheduler's task does, once a minute."""
    found = outdated()
    cache.set(_NOTICED, (found.waiting, found.published), _KEPT_SECONDS)


def noticed() -> Outdated:
    """What was last kept; no query."""
    waiting, published = cache.get(_NOTICED) or (0, 0)
    return Outdated(waiting, published)


def _older(scope: str) -> "QuerySet[Revision]":
    return targets(scope).exclude(rules_version=RULES_VERSION)


def running() -> Rescan | None:
    """The rescan that is under way, if any."""
    return Rescan.objects.filter(finished_at__isnull=True).first()


def versions() -> dict[str, str]:
    """By what a rescan that starts now looks: the YARA rules, and the antivirus with its signatures."""
    return {"yara": yara.version(), "antivirus": scanner.state().engine}


def start(actor: User, *, scope: str, reason: str, dry_run: bool = True) -> Rescan:
    """Begin a rescan; the worker carries it out.

    Raises RefusedError: 403 by role; 422 `unknown_scope`, `reason_missing`, `reason_too_long`; 409
    `dry_run_first`, `rescan_running`, `nothing_to_rescan`.
    """
    _ensure_may(actor, scope, dry_run)
    reason = " ".join(reason.split())
    if scope not in STATES:
        raise RefusedError(
            "unknown_scope", f"There is no scope {scope!r}.", f"Choose among: {', '.join(Scope.values)}."
        )
    if not reason:
        raise RefusedError("reason_missing", "A rescan needs a reason.", "Say why in a sentence.")
    if len(reason) > LONGEST:
        raise RefusedError(
            "reason_too_long", f"The reason has more than {LONGEST} characters.", "Say it shorter."
        )
    if not dry_run and not actor.is_system and not dry_run_done(scope):
        raise RefusedError(
            "dry_run_first",
            "No finished dry run of this scope was made under the rules in force.",
            "Make a dry run, read what it found, and apply it then.",
            status=409,
        )
    return _begin(actor, scope, reason, targets(scope), dry_run=dry_run)


def start_automatic() -> Rescan | None:
    """Look again at what waits and was looked at by older rules, as the portal itself; None where nothing is due.

    It moves nothing, and without it these items could not be approved.
    """
    if running() is not None or not _older(Scope.WAITING).exists():
        return None
    system = User.objects.system()
    _ensure_may(system, Scope.WAITING, dry_run=False)
    try:
        return _begin(system, Scope.WAITING, RULES_CHANGED, _older(Scope.WAITING), dry_run=False)
    except RefusedError:
        return None  # somebody was first


def _ensure_may(actor: User, scope: str, dry_run: bool) -> None:
    if actor.is_system and scope == Scope.WAITING:
        permissions.ensure(actor, "rescan.automatic")
        return
    permissions.ensure(actor, "rescan.start")
    if not dry_run:
        permissions.ensure(actor, "rescan.apply")


def _begin(actor: User, scope: str, reason: str, chosen: "QuerySet[Revision]", *, dry_run: bool) -> Rescan:
    with transaction.atomic():
        rescan = Rescan.objects.create(
            started_by=actor,
            reason=reason,
            scope=scope,
            dry_run=dry_run,
            rules_version=RULES_VERSION,
            scanners=versions(),
        )
        rows = [RescanResult(rescan=rescan, revision_id=pk) for pk in chosen.values_list("pk", flat=True)]
        rescan.total = len(rows)
        rescan.save(update_fields=["total"])
        # Recording takes the trail's lock, so of two who start at once the second sees the first.
        audit.record(
            actor,
            Action.RESCAN_STARTED,
            "rescan",
            str(rescan.pk),
            after={
                "scope": scope,
                "dryRun": dry_run,
                "total": rescan.total,
                "rulesVersion": rescan.rules_version,
                "scanners": rescan.scanners,
            },
            reason=reason,
        )
        if Rescan.objects.filter(finished_at__isnull=True).exclude(pk=rescan.pk).exists():
            raise RefusedError(
                "rescan_running", "A rescan is under way.", "Wait until it has finished.", status=409
            )
        if not rows:
            raise RefusedError(
                "nothing_to_rescan", "There is nothing to look at.", "Choose another scope.", status=409
            )
        RescanResult.objects.bulk_create(rows, batch_size=500)
        owe(rescan, rows[0].revision_id)
    return rescan


def owe(rescan: Rescan, revision: int, *, turn: int = 0, since: str = "", delay: float = 0) -> None:
    """Owe the look at one revision; belongs into the caller's transaction.

    `turn` counts the rounds over those that had to wait, `since` is when the round began.
    """
    outbox.owe(
        KIND,
        {"rescan": rescan.pk, "revision": revision, "turn": turn, "since": since},
        key=str(rescan.pk),
        delay=delay,
    )


def dry_run_done(scope: str) -> Rescan | None:
    """The newest finished dry run that covers this scope under the rules in force."""
    return (
        Rescan.objects.filter(
            dry_run=True,
            finished_at__isnull=False,
            rules_version=RULES_VERSION,
            scope__in=(scope, Scope.BOTH),
        )
        .order_by("-pk")
        .first()
    )


def find(actor: User, number: int) -> Rescan:
    """The rescan with this number. Raises RefusedError: 403 by role, 404 `not_found`."""
    permissions.ensure(actor, "rescan.start")
    found = Rescan.objects.select_related("started_by").filter(pk=number).first()
    if found is None:
        raise RefusedError("not_found", "There is no such rescan.", "Check the address.", status=404)
    return found


def listed(actor: User) -> "QuerySet[Rescan]":
    """Every rescan, the newest first, each with `looked` and `worse`: how many were looked at, and got worse."""
    permissions.ensure(actor, "rescan.start")
    return (
        Rescan.objects.select_related("started_by")
        .annotate(
            looked=Count("results", filter=~Q(results__outcome="")),
            worse=Count("results", filter=Q(results__outcome=WORSE)),
        )
        .order_by("-pk")
    )


def outcomes(rescan: Rescan) -> dict[str, int]:
    """How many of each outcome; under "" those that were not looked at yet."""
    rows = rescan.results.order_by().values_list("outcome").annotate(count=Count("pk"))
    return dict(rows)


def as_document(rescan: Rescan, counts: Mapping[str, int]) -> dict[str, object]:
    """A rescan as JSON."""
    return {
        "rescan": rescan.pk,
        "scope": rescan.scope,
        "dryRun": rescan.dry_run,
        "reason": rescan.reason,
        "rulesVersion": rescan.rules_version,
        "scanners": rescan.scanners,
        "total": rescan.total,
        "finished": rescan.finished_at is not None,
        "outcomes": {outcome: counts.get(outcome, 0) for outcome in OUTCOMES},
    }
