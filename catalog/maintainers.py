"""Who maintains a namespace: how a change of it is recorded, told and published.

Rules
- Every change is audited, told to all maintainers and whoever left by mail, marks the time of the change
  (submissions soon after it need two people), and is published with the mods' documents.
- What is only asked (an invitation, a request) is audited too, and changes nothing.
"""

from collections.abc import Sequence

from django.utils import timezone

from accounts import audit, notifications, outbox
from accounts.audit import Action
from accounts.errors import Problem, RefusedError
from accounts.models import User
from catalog.models import Mod, Namespace

#: The page on which people see and change this.
PAGE = "/account/mods/"


def now_in(namespace: Namespace) -> list[dict[str, object]]:
    """The maintainers as the audit trail keeps them."""
    rows = namespace.maintainers.select_related("user").order_by("pk")
    return [{"account": row.user.account_id, "owner": row.owner} for row in rows]


def asked(actor: User, namespace: Namespace, facts: dict[str, object]) -> None:
    """Record what was asked, answered or taken back without changing anything."""
    audit.record(actor, Action.CATALOG_MAINTAINERS_ASKED, "namespace", namespace.name, after=facts)


def changed(actor: User, namespace: Namespace, before: object, also: Sequence[User] = ()) -> None:
    """Record, tell and publish that the maintainers have changed; `also` names those who left."""
    Namespace.objects.filter(pk=namespace.pk).update(maintainers_changed_at=timezone.now())
    audit.record(
        actor,
        Action.CATALOG_MAINTAINERS_CHANGED,
        "namespace",
        namespace.name,
        before=before,
        after=now_in(namespace),
    )
    rows = list(namespace.maintainers.select_related("user").order_by("pk"))
    names = [f"{row.user.name}{' (owner)' if row.owner else ''}" for row in rows]
    for user in ({row.user.pk: row.user for row in rows} | {user.pk: user for user in also}).values():
        notifications.notify(
            user, "maintainers_changed", {"namespace": namespace.name, "names": names, "page_path": PAGE}
        )
    mods = list(Mod.objects.filter(namespace=namespace).values_list("mod_id", flat=True))
    outbox.owe("publication.run", {"op": "refresh", "mods": mods, "actor": actor.account_id}, key="refresh")


def wrong(code: str, message: str, hint: str, pointer: str) -> RefusedError:
    """A refusal (422) of one field."""
    return RefusedError(code, message, hint, status=422, problems=[Problem(code, message, hint, pointer)])


def first(code: str, message: str) -> RefusedError:
    """A refusal (409): somebody or something was first."""
    return RefusedError(code, message, "Reload the page to see what is true now.", status=409)
