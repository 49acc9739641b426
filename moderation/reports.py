"""Reports: what somebody says is wrong with a mod or one of its releases, and what becomes of it.

Rules
- Anybody may report what is public, signed in or not; a reason from `REASONS`, words, and, for the outcome, an
  account or an address of mail.
- A report of the same release for the same reason as one that is open folds into that one: it counts there
  and opens nothing new. Beyond `MOST_FOLDED` only the fact is taken note of.
- A report joins the queue at the submission of the release that it is about (of the latest one where the whole
  mod is meant): security reports are due in hours, the others in working days. A sooner due time wins.
- Nobody answers a report on their own work. Closing one closes what is folded into it; everybody who left an
  address hears the outcome, in words that name no moderator, and the address is erased.
- Taking a release back upholds the open reports about it.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts import notifications, permissions
from accounts.audit import Action, record
from accounts.errors import RefusedError
from accounts.models import User
from catalog.models import Mod, Release
from moderation import typed
from moderation.models import Report
from moderation.relation import relation_of
from uploads import queueing
from uploads.models import QueueReason, Submission

WORDS = 2000
MOST_FOLDED = 100
KIND = QueueReason.Kind.REPORT


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody reports: `security` ones are due in hours; `words` asks for a description."""

    code: str
    label: str
    says: str
    security: bool = False
    words: bool = False


REASONS: dict[str, Reason] = {
    reason.code: reason
    for reason in (
        Reason(
            "malware",
            "It does harm",
            "It deletes files, sends data without asking, runs programs, or a scanner warns of it.",
            security=True,
        ),
        Reason(
            "impersonation",
            "It pretends to be another",
            "It uses the name or look of another mod or person.",
            security=True,
        ),
        Reason(
            "copyright",
            "It isn’t theirs to publish",
            "It holds work of others without their permission.",
            words=True,
        ),
        Reason("broken", "It doesn’t work", "It crashes, or damages saved games.", words=True),
        Reason("misleading", "It says what isn’t so", "Name, text or pictures promise something else."),
        Reason("rules", "It breaks the rules", "Hate, harassment, or other things that have no place here."),
        Reason("other", "Something else", "Say what.", words=True),
    )
}


@dataclass(frozen=True, slots=True)
class Filed:
    """A report that was taken: its id, and whether others had said the same."""

    report_id: str
    folded: bool


def file(
    *, slug: str, version: str, reason: str, text: str, reporter: User | None = None, email: str = ""
) -> Filed:
    """Take a report on the mod at `slug`, on `version` of it or on the whole (empty).

    Raises RefusedError: 404 where nothing public is there, 422 `unknown_reason`, `text_required`,
    `bad_address`, or what `typed.text` refuses, 403 where the account may nothing.
    """
    known = REASONS.get(reason)
    if known is None:
        raise typed.refused("unknown_reason", "Choose a reason from the list.", "Any that fits.", "reason")
    needed = "Say what is wrong, so that somebody can look for it." if known.words else ""
    words = typed.text(text, "text", limit=WORDS, needed=needed)
    address = _address(email)
    if reporter is not None:
        permissions.ensure(reporter, "report")
    release = _release(slug, version)
    with transaction.atomic():
        submission = Submission.objects.select_for_update().get(submission_id=release.submission_id)
        first = _open_one(release.mod.mod_id, version, reason)
        if first is not None and first.folded.count() >= MOST_FOLDED:
            return Filed(first.report_id, folded=True)
        report = Report.objects.create(
            submission=submission,
            mod_id=release.mod.mod_id,
            version=version,
            reason=reason,
            text=words,
            reporter=reporter,
            email="" if reporter is not None else address,
            folded_into=first,
        )
        _queue(submission, known)
        record(
            reporter or User.objects.system(),
            Action.REPORT_FILED,
            "report",
            report.report_id,
            after={
                "modId": report.mod_id,
                "version": version,
                "reason": reason,
                "foldedInto": first.report_id if first else "",
            },
        )
    return Filed(report.report_id, first is not None)


def close(actor: User, report_id: str, *, upheld: bool, outcome: str) -> Report:
    """Answer a report and everything that is folded into it; `outcome` is what the reporters read.

    Raises RefusedError: 401 and 403 by permission (`own_work`), 404, 409 `report_closed`, 422 `text_required`.
    """
    permissions.ensure(actor, "queue.view")
    with transaction.atomic():
        report = (
            Report.objects.select_for_update(of=("self",))
            .select_related("submission")
            .filter(report_id=report_id)
            .first()
        )
        if report is None:
            raise RefusedError("not_found", "There is no such report.", "Look in the list.", status=404)
        permissions.ensure(actor, "decision.make", relation_of(actor, report.submission))
        words = typed.text(
            outcome, "outcome", limit=WORDS, needed="Say what came of it; the reporters read it."
        )
        if report.status != Report.Status.OPEN:
            raise RefusedError(
                "report_closed",
                f"This report has been closed: {report.get_status_display().lower()}.",
                "Nothing needs to be done.",
                status=409,
            )
        _close(actor, report.folded_into or report, upheld=upheld, words=words)
        if not _open_ones(report.submission).exists():
            _leave_queue(report.submission, "report closed")
    report.refresh_from_db()
    return report


def uphold_all(actor: User, submission: Submission) -> None:
    """The release was taken back: its open reports are upheld. In the caller's transaction."""
    for report in _open_ones(submission).filter(folded_into__isnull=True):
        _close(actor, report, upheld=True, words="The release was taken back.")
    _leave_queue(submission, "taken back")


def standing(submission: Submission) -> list[Report]:
    """The open reports about a submission's release, those that others folded into, the newest first."""
    return list(_open_ones(submission).filter(folded_into__isnull=True).select_related("reporter"))


def listed(*, q: str = "", closed: bool = False) -> QuerySet[Report]:
    """Reports that stand for themselves, the newest first, each with `others`, how many said the same."""
    rows = Report.objects.filter(folded_into__isnull=True).select_related("submission", "reporter")
    rows = rows.exclude(status=Report.Status.OPEN) if closed else rows.filter(status=Report.Status.OPEN)
    if q:
        rows = rows.filter(
            Q(mod_id__icontains=q) | Q(text__icontains=q) | Q(reason=q) | Q(report_id__iexact=q)
        )
    return rows.annotate(others=Count("folded")).order_by("-pk")


def history(report: Report) -> list[Report]:
    """Earlier reports of the same mod that were closed, the newest ten."""
    rows = Report.objects.filter(mod_id=report.mod_id, folded_into__isnull=True).exclude(pk=report.pk)
    return list(rows.exclude(status=Report.Status.OPEN)[:10])


def reported(mod: Mod, version: str) -> Release | None:
    """The public release that a report on `version` (empty: the latest) would be about."""
    public = Release.objects.public().filter(mod=mod).exclude(submission_id="")
    if version:
        return public.filter(version=version).first()
    return mod.latest or public.newest_first().first()


def _release(slug: str, version: str) -> Release:
    mod = Mod.objects.public().select_related("latest").filter(slug=slug).first()
    release = reported(mod, version) if mod is not None else None
    if release is None:
        raise RefusedError(
            "not_found",
            "There is no such mod or version in the catalog.",
            "Choose it on the mod’s page.",
            status=404,
        )
    return release


def _address(email: str) -> str:
    address = email.strip()
    if not address:
        return ""
    try:
        validate_email(address)
    except ValidationError:
        raise typed.refused(
            "bad_address", "This is no address of mail.", "Correct it, or leave it empty.", "email"
        ) from None
    return address


def _open_one(mod_id: str, version: str, reason: str) -> Report | None:
    return Report.objects.filter(
        mod_id=mod_id, version=version, reason=reason, status=Report.Status.OPEN, folded_into__isnull=True
    ).first()


def _open_ones(submission: Submission) -> "QuerySet[Report]":
    return Report.objects.filter(submission=submission, status=Report.Status.OPEN)


def _queue(submission: Submission, reason: Reason) -> None:
    now = timezone.now()
    kind = KIND if reason.security else QueueReason.Kind.FIRST_RELEASE
    due = queueing.due_time(kind, now)
    row = queueing.open_reason(submission, KIND, due=due)
    count = _open_ones(submission).count()
    row.detail = f"{reason.label}: {count} report{'' if count == 1 else 's'}"
    row.due_at = min(row.due_at, due)
    row.save(update_fields=["detail", "due_at"])


def _leave_queue(submission: Submission, act: str) -> None:
    QueueReason.objects.filter(submission=submission, kind=KIND, closed_at=None).update(
        closed_at=timezone.now(), closed_by=act
    )


def _close(actor: User, first: Report, *, upheld: bool, words: str) -> None:
    status = Report.Status.UPHELD if upheld else Report.Status.DISMISSED
    told = [first, *first.folded.select_related("reporter").filter(status=Report.Status.OPEN)]
    context = {
        "mod": first.mod_id,
        "version": first.version,
        "upheld": upheld,
        "outcome": words,
        "page_path": "",
    }
    accounts = {report.reporter.pk: report.reporter for report in told if report.reporter is not None}
    for person in accounts.values():
        notifications.notify(person, "report_outcome", context)
    for address in sorted({report.email.lower() for report in told if report.email}):
        notifications.notify_address(address, "report_outcome", context)
    Report.objects.filter(pk__in=[report.pk for report in told]).update(
        status=status, outcome=words, closed_at=timezone.now(), closed_by=actor, email=""
    )
    record(
        actor,
        Action.REPORT_CLOSED,
        "report",
        first.report_id,
        before={"status": Report.Status.OPEN.value},
        after={"status": status.value, "modId": first.mod_id, "version": first.version, "reports": len(told)},
        reason=words,
    )
