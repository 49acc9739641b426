"""Adopting a namespace whose maintainers are gone: somebody asks, its owners hear of it, staff decide.

Rules
- Granted, who asked owns the namespace beside those who are there; nobody is put out.
- Nobody decides on their own request, nor on one for a namespace that they maintain.
"""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import notifications, permissions
from accounts.errors import RefusedError
from accounts.models import User
from accounts.roles import Relation
from catalog import maintainers
from catalog.models import AdoptionRequest, Maintainer, Mod

WORDS = 2000


def waiting() -> list[AdoptionRequest]:
    """The requests that nobody has answered, the oldest first."""
    rows = AdoptionRequest.objects.filter(outcome=AdoptionRequest.State.OPEN).order_by("pk")
    return list(rows.select_related("namespace", "asked_by").prefetch_related("namespace__maintainers__user"))


def ask(actor: User, mod_id: str, text: str) -> AdoptionRequest:
    """Ask staff for the namespace of a mod whose maintainers are gone; its owners hear of it.

    Raises RefusedError: 401, 403 by role, 404, 422 `text_required`, `too_long`; 409 `maintains_already`,
    `asked_already`.
    """
    permissions.ensure(actor, "upload.create")
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise maintainers.wrong("text_required", "Say why you should have it.", "A few sentences.", "text")
    if len(words) > WORDS:
        raise maintainers.wrong("too_long", f"At most {WORDS:,} characters are taken.", "Shorten it.", "text")
    mod = Mod.objects.select_related("namespace").filter(mod_id=mod_id).first()
    if mod is None:
        raise RefusedError("not_found", "There is no such mod.", "Check the id.", status=404)
    namespace = mod.namespace
    if namespace.maintainers.filter(user=actor).exists():
        raise maintainers.first("maintains_already", "You maintain this namespace already.")
    with transaction.atomic():
        try:
            with transaction.atomic():
                asked = AdoptionRequest.objects.create(namespace=namespace, asked_by=actor, text=words)
        except IntegrityError as error:
            raise maintainers.first("asked_already", "Your request is waiting already.") from error
        maintainers.asked(actor, namespace, {"adoption": asked.pk})
        for row in namespace.maintainers.select_related("user").filter(owner=True):
            notifications.notify(
                row.user, "adoption_asked", {"namespace": namespace.name, "page_path": maintainers.PAGE}
            )
    return asked


def decide(actor: User, number: int, *, grant: bool, words: str) -> AdoptionRequest:
    """Staff's answer to a request to adopt; `words` are what the person is told.

    Raises RefusedError: 401, 403 by role or on one's own request, 404, 409 `already_decided`, 422
    `text_required`.
    """
    said = words.strip()
    if not said:
        raise maintainers.wrong("text_required", "Say why; the person reads it.", "A sentence.", "words")
    with transaction.atomic():
        asked = (
            AdoptionRequest.objects.select_for_update(of=("self",))
            .select_related("namespace", "asked_by")
            .filter(pk=number)
            .first()
        )
        if asked is None:
            raise RefusedError("not_found", "There is no such request.", "Look at the list.", status=404)
        namespace = asked.namespace
        stake = actor.pk == asked.asked_by_id or namespace.maintainers.filter(user=actor).exists()
        permissions.ensure(actor, "decision.make", Relation.AUTHOR if stake else Relation.OTHER)
        if asked.outcome != AdoptionRequest.State.OPEN:
            raise maintainers.first("already_decided", "Somebody has answered it already.")
        asked.outcome = AdoptionRequest.State.GRANTED if grant else AdoptionRequest.State.REFUSED
        asked.words, asked.decided_at, asked.decided_by = said, timezone.now(), actor
        asked.save(update_fields=["outcome", "words", "decided_at", "decided_by"])
        if grant:
            before = maintainers.now_in(namespace)
            Maintainer.objects.update_or_create(
                namespace=namespace, user=asked.asked_by, defaults={"owner": True}
            )
            maintainers.changed(actor, namespace, before)
        else:
            maintainers.asked(actor, namespace, {"adoptionRefused": asked.pk})
        notifications.notify(
            asked.asked_by,
            "adoption_decided",
            {"namespace": namespace.name, "granted": grant, "words": said, "page_path": maintainers.PAGE},
        )
    return asked
