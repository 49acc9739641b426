"""Namespaces: the first segment of a mod id, and who may publish in it.

Rules
- A namespace belongs to the account whose first release in it is approved; it is shared with co-maintainers.
- Reserved ones are handed out by admins and never claimed by a release.
"""

from accounts.models import User
from catalog.models import Maintainer

RESERVED = frozenset({"starminer", "smmods", "official", "admin"})


def of(mod_id: str) -> str:
    """The namespace of a mod id."""
    return mod_id.partition(".")[0]


def refusal(user: User, mod_id: str) -> tuple[str, str, str] | None:
    """Why `user` may not publish in the namespace of `mod_id`: code, sentence, hint; None where they may."""
    name = of(mod_id)
    known = set(Maintainer.objects.filter(namespace__name=name).values_list("user_id", flat=True))
    if user.pk in known:
        return None
    if name in RESERVED:
        return (
            "namespace_reserved",
            f"The namespace {name!r} is handed out by admins alone.",
            "Choose another first segment for the mod id, or ask an admin for this one.",
        )
    if known:
        return (
            "namespace_taken",
            f"The namespace {name!r} belongs to somebody else.",
            "Choose another first segment for the mod id, or ask its maintainers to add you.",
        )
    return None
