"""Caution after a change: what was sent within a day of a change of the way in is looked at by two people.

Mod sites have spread malware through accounts that were taken over: who takes one over changes its address or
factors, or the maintainers of a namespace, and then submits.

Rules
- Counted are changes of the mail address and of factors of whoever sent it, and of the namespace's maintainers,
  from `HOURS` hours before the bytes were received on. Setting one for the first time is no change.
- The publisher's gate finds the same in the audit trail by itself (`catalog.publisher.caution`).
"""

from datetime import timedelta

from catalog import namespaces
from catalog.models import Namespace
from catalog.publisher.caution import HOURS
from uploads.models import Submission

SAYS = "Its sender's address or factors, or the maintainers, were changed less than a day before it was sent."


def changes(submission: Submission) -> list[str]:
    """What was changed too lately, in words; empty where nothing was."""
    current = submission.current
    if current is None:
        return []
    since = current.received_at - timedelta(hours=HOURS)
    people = {user.pk: user for user in (submission.author, current.uploader)}
    found = [
        f"{user.changed_what or 'account'} of {user.name}"
        for user in people.values()
        if user.changed_at is not None and user.changed_at >= since
    ]
    name = namespaces.of(submission.mod_id or "")
    if Namespace.objects.filter(name=name, maintainers_changed_at__gte=since).exists():
        found.append("maintainers")
    return found
