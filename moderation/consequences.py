"""What follows from a decision, in its transaction: queue, thread, mail, publication, deadline.

Rules
- The author reads "Moderation team", never a name: no context of a mail holds one.
- What waits for a second person, and what only staff are asked, reaches nobody outside.
- A publication is owed, never done here.
- An approval that can be undone is told, and published, once that time has passed; an undone one never.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import notifications, outbox
from accounts.models import User
from catalog import words as dates
from catalog.models import Mod, Release
from moderation import reports, table
from moderation.given import Words
from moderation.models import Decision, StaffNote
from moderation.policies import Reason
from moderation.table import Rule
from uploads import mails, queueing
from uploads.models import Message, QueueReason, Submission

PUBLICATION = "publication.run"
DEADLINE, TELL = "moderation.deadline", "moderation.tell"
UNDONE = "The approval was undone before it was published."
Kind = QueueReason.Kind


def ask_second(submission: Submission, why: str) -> None:
    """The first of two people has spoken: the item stays, and says whom it waits for."""
    queueing.open_reason(submission, Kind.BY_HAND, f"Second person: {why}")


def follow(
    actor: User, submission: Submission, rule: Rule, decision: Decision, reasons: Sequence[Reason]
) -> None:
    """Everything that a final decision sets off."""
    now = timezone.now()
    if rule.name == "escalate":
        Submission.objects.filter(pk=submission.pk).update(escalated_at=now)
        submission.escalated_at = now
        StaffNote.objects.create(submission=submission, writer=actor, text=decision.note)
        queueing.open_reason(submission, Kind.BY_HAND, f"For an admin: {decision.note}")
        return
    due = answer_due(rule, now)
    Submission.objects.filter(pk=submission.pk).update(escalated_at=None, answer_due_at=due)
    submission.escalated_at, submission.answer_due_at = None, due
    queueing.close_reasons(submission, rule.name)
    if rule.name == "hide":
        reports.uphold_all(actor, submission)
    if rule.name == "reopen":
        queueing.open_reason(submission, Kind.APPEAL, "Reopened; the first decider is left out.")
    if rule.name == "undo":
        _put_back(submission)
        return
    wait = 0.0
    if decision.undo_until is not None:
        wait = (decision.undo_until + table.CLOCKS - now).total_seconds()
        outbox.owe(TELL, {"decision": decision.pk}, key=submission.submission_id, delay=wait)
    else:
        _tell(actor, submission, decision, reasons, due)
    if due is not None:
        _owe_deadline(submission, due)
    if rule.publication:
        outbox.owe(
            PUBLICATION,
            {
                "op": rule.publication,
                "submission": submission.submission_id,
                "level": decision.level,
                "reason": "\n".join(reason.text for reason in reasons),
                "successor": decision.successor,
                "actor": actor.account_id,
            },
            key=submission.submission_id,
            delay=wait,
        )


def _tell(
    actor: User,
    submission: Submission,
    decision: Decision,
    reasons: Sequence[Reason],
    due: datetime | None = None,
) -> None:
    """The thread and the mail to the author."""
    _say(actor, submission, decision, reasons)
    rule = table.ACTIONS[decision.action]
    mails.tell_author(submission, rule.mail, mail_context(submission, decision, reasons, due))


def tell_later(payload: outbox.Payload) -> None:
    """The handler of `moderation.tell`, `{"decision"}`: an approval that was not undone is told now, once."""
    with transaction.atomic():
        decision = (
            Decision.objects.select_for_update(of=("self",))
            .select_related("submission__author", "submission__current", "decider")
            .filter(pk=payload["decision"], undo_until__isnull=False)
            .first()
        )
        if decision is None:
            return
        Decision.objects.filter(pk=decision.pk).update(undo_until=None)
        undone = decision.submission.decisions.filter(action="undo", pk__gt=decision.pk)
        if not undone.exists():
            reasons = [Reason(**row) for row in decision.reasons]
            _tell(decision.decider, decision.submission, decision, reasons)


def _put_back(submission: Submission) -> None:
    """Into the queue again, at the place that its first wait gave it."""
    began = submission.queued_at or timezone.now()
    due = queueing.due_time(queueing.review_kind(submission), began)
    queueing.open_reason(submission, Kind.BY_HAND, UNDONE, due)


def _owe_deadline(submission: Submission, due: datetime) -> None:
    end = (due - timezone.now()).total_seconds()
    for step, delay in (("warn", end - table.warning_days() * 86400), ("end", end)):
        outbox.owe(
            DEADLINE,
            {"submission": submission.submission_id, "due": due.isoformat(), "step": step},
            key=submission.submission_id,
            delay=delay,
        )


def said(rule: Rule, decision: Decision, reasons: Sequence[Reason]) -> str:
    """The line of the thread that a decision leaves, as Markdown; empty where there is nothing to say."""
    lines = [f"**{reason.title}.** {reason.text}" for reason in reasons]
    if decision.note:
        lines.append(decision.note)
    return "\n\n".join([f"{rule.done}.", *lines]) if lines else ""


def _say(actor: User, submission: Submission, decision: Decision, reasons: Sequence[Reason]) -> None:
    text = said(table.ACTIONS[decision.action], decision, reasons)
    if text and submission.current is not None:
        Message.objects.create(
            submission=submission,
            writer=actor,
            from_staff=True,
            revision_number=submission.current.number,
            text=text,
        )


def preview_mail(submission: Submission, rule: Rule, words: Words) -> tuple[str, str]:
    """Subject and text of the mail that the author would get; empty where there is none."""
    if not rule.mail:
        return "", ""
    decision = Decision(
        action=rule.name, note=words.note, successor=words.successor, level=words.level, submission=submission
    )
    due = answer_due(rule, timezone.now())
    message = notifications.render(
        submission.author.email, rule.mail, mail_context(submission, decision, words.reasons, due)
    )
    return str(message.subject), str(message.body).partition("\n--\n")[0].strip()


def answer_due(rule: Rule, now: datetime) -> datetime | None:
    """Until when the author has to answer; None where nothing is asked."""
    return now + timedelta(days=table.answer_days()) if rule.name == "request_changes" else None


def mail_context(
    submission: Submission, decision: Decision, reasons: Sequence[Reason], due: datetime | None
) -> dict[str, Any]:
    """What the mail about a decision is made of: plain values, no name of anybody on staff."""
    current = submission.current
    mod = Mod.objects.filter(mod_id=submission.mod_id).only("slug").first() if submission.mod_id else None
    return {
        "mod": submission.name or submission.mod_id or submission.submission_id,
        "version": submission.version or "",
        "revision": current.number if current is not None else 0,
        "sha256": current.sha256 if current is not None else "",
        "reasons": [{"title": reason.title, "text": reason.text} for reason in reasons],
        "note": decision.note,
        "successor": decision.successor,
        "danger": decision.level == Release.Level.HARD,
        "due": dates.day(due) if due is not None else "",
        "page": f"{settings.SMMODS_SITE_URL}{submission.get_absolute_url()}",
        "mod_page": f"{settings.SMMODS_SITE_URL}{mod.get_absolute_url()}" if mod is not None else "",
    }
