"""API keys that got out: found where strangers may read them, they are revoked at once.

Rules
- A key is known by its prefix and the SHA-256 of its secret, both of which must match: whoever finds one
  hands over no secret, so none comes to the database or to a log.
- It is revoked in the caller's transaction, by the portal itself, and its owner hears of it by mail.
- Keys that are revoked already, or of another portal, are passed over.
"""

import hmac
import logging
from collections.abc import Mapping, Sequence

from accounts import keys, notifications
from accounts.models import ApiKey, User

log = logging.getLogger(__name__)

REASON = "The key lay in a package."


def revoke_leaked(leaked: Sequence[Mapping[str, str]], where: str) -> list[str]:
    """Revoke those of `leaked` (each `{"prefix", "sha256"}`) that open something; returns their prefixes.

    `where` is what they were found in, a submission's id, for the trail. Belongs into a transaction.
    """
    digests: dict[str, list[str]] = {}
    for row in leaked:
        digests.setdefault(row["prefix"], []).append(row["sha256"])
    if not digests:
        return []
    rows = ApiKey.objects.select_for_update().select_related("user")
    found = [
        key
        for key in rows.filter(prefix__in=sorted(digests), revoked_at__isnull=True).order_by("pk")
        if any(hmac.compare_digest(key.secret_sha256, digest) for digest in digests[key.prefix])
    ]
    for key in found:
        keys.revoke(User.objects.system(), key, f"{REASON} Found in {where}.")
        notifications.notify(key.user, "key_leaked", {"name": key.name, "prefix": key.prefix, "where": where})
        log.warning("a leaked API key was revoked", extra={"key": key.prefix, "where": where})
    return [key.prefix for key in found]
