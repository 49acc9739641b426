"""Whether the audit trail shows a change of the way in shortly before bytes were sent.

Rules
- Changes of address and factors of whoever sent the bytes, and of the namespace's maintainers, count from `HOURS`
  hours before the first entry about these bytes on. Setting one for the first time is no change.
- Then two different people must approve (`gate`).
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q

from accounts.audit import Action
from accounts.models import AuditEntry
from catalog import namespaces

HOURS = 24


def changed(sent: Iterable[AuditEntry], mod_id: str) -> bool:
    """Whether something was changed too lately for what these entries say was sent."""
    entries = list(sent)
    if not entries:
        return False
    since = min(entry.at for entry in entries) - timedelta(hours=HOURS)
    senders = {entry.actor.account_id for entry in entries}
    account = Q(target_type="account", target_id__in=senders) & (
        Q(action=Action.ACCOUNT_EMAIL_CHANGED) | Q(action=Action.ACCOUNT_FACTOR_CHANGED, after__change=True)
    )
    shared = Q(
        target_type="namespace",
        target_id=namespaces.of(mod_id),
        action=Action.CATALOG_MAINTAINERS_CHANGED,
    )
    return AuditEntry.objects.filter(account | shared, at__gte=since).exists()
