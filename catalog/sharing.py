"""Sharing a namespace: inviting, leaving, handing over.

Rules
- Owners invite, let go and hand over; whoever is invited decides for themselves. Nothing changes before.
- An invitation goes to an address of mail and answers alike whether it has an account or not. Only the account
  with that address sees and answers it, within `DAYS` days; it must have accepted the modder agreement.
- A namespace always has an owner: the last one neither leaves nor is let go; they hand over, which both sides
  agree to.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import notifications, permissions
from accounts.errors import RefusedError
from accounts.models import User
from catalog import maintainers
from catalog.models import Invitation, Maintainer, Mod, Namespace

DAYS = 14
MOST_OPEN = 20
Kind = Invitation.Kind


@dataclass(frozen=True, slots=True)
class Shared:
    """A namespace as one of its maintainers sees it."""

    namespace: Namespace
    mine: Maintainer
    people: tuple[Maintainer, ...]
    invitations: tuple[Invitation, ...]
    mods: tuple[Mod, ...]


def of(user: User) -> list[Shared]:
    """The namespaces that an account maintains, by name; a constant number of queries."""
    rows = (
        Namespace.objects.filter(maintainers__user=user)
        .prefetch_related("maintainers__user", "mods__latest")
        .order_by("name")
    )
    waiting: dict[int, list[Invitation]] = {}
    for invitation in open_invitations().filter(namespace__in=[row.pk for row in rows]):
        waiting.setdefault(invitation.namespace_id, []).append(invitation)
    return [
        Shared(
            row,
            next(one for one in row.maintainers.all() if one.user_id == user.pk),
            tuple(sorted(row.maintainers.all(), key=lambda one: (not one.owner, one.since, one.pk))),
            tuple(waiting.get(row.pk, ())),
            tuple(sorted(row.mods.all(), key=lambda mod: mod.name)),
        )
        for row in rows
    ]


def open_invitations() -> "QuerySet[Invitation]":
    """Invitations that nobody has answered and whose time is not over."""
    return Invitation.objects.filter(answered_at__isnull=True, until__gt=timezone.now()).select_related(
        "namespace", "invited_by"
    )


def invited(user: User) -> list[Invitation]:
    """The invitations that an account may answer."""
    return list(open_invitations().filter(email=user.email.lower()))


def invite(actor: User, name: str, email: str, *, kind: str = Kind.MAINTAINER) -> Invitation:
    """Ask the person at `email` to maintain the namespace with you, or (kind `transfer`) to take it over.

    Raises RefusedError: 401, 403 by role, 404 where the namespace is not yours, 403 `owner_required`; 422
    `bad_address`, `bad_kind`, `invited_yourself`; 409 `maintains_already`, `invited_already`, `too_many_open`.
    """
    if kind not in Kind.values:
        raise maintainers.wrong(
            "bad_kind", f"{kind!r} is no kind of invitation.", "maintainer or transfer.", "kind"
        )
    address = _address(email)
    with transaction.atomic():
        namespace = _owned(actor, name)
        if address == actor.email.lower():
            raise maintainers.wrong(
                "invited_yourself", "That is your own address.", "Invite somebody else.", "email"
            )
        there = namespace.maintainers.filter(user__email__iexact=address)
        if kind == Kind.MAINTAINER and there.exists():
            raise maintainers.first("maintains_already", "They maintain this namespace already.")
        if open_invitations().filter(namespace=namespace).count() >= MOST_OPEN:
            raise maintainers.first("too_many_open", f"{MOST_OPEN} invitations are waiting already.")
        _expire(namespace, address)
        now = timezone.now()
        try:
            with transaction.atomic():
                invitation = Invitation.objects.create(
                    namespace=namespace,
                    email=address,
                    invited_by=actor,
                    kind=kind,
                    at=now,
                    until=now + timedelta(days=DAYS),
                )
        except IntegrityError as error:
            raise maintainers.first(
                "invited_already", "An invitation to this address is waiting already."
            ) from error
        maintainers.asked(actor, namespace, {"invited": kind, "invitation": invitation.pk})
        notifications.notify_address(
            address,
            "invitation",
            {
                "by": actor.name,
                "namespace": name,
                "transfer": kind == Kind.TRANSFER,
                "days": DAYS,
                "page_path": maintainers.PAGE,
            },
        )
    return invitation


def answer(user: User, number: int, *, accept: bool) -> Invitation:
    """Accept or decline an invitation to one's own address.

    Raises RefusedError: 404 where there is none for this account, 403 by role (a player first accepts the modder
    agreement), 409 `invitation_over` where it was withdrawn, or its sender may no longer invite.
    """
    with transaction.atomic():
        invitation = (
            Invitation.objects.select_for_update(of=("self",))
            .select_related("namespace", "invited_by")
            .filter(pk=number, email=user.email.lower())
            .first()
        )
        if invitation is None:
            raise RefusedError("not_found", "There is no such invitation.", "Ask for another.", status=404)
        namespace, sender = invitation.namespace, invitation.invited_by
        if invitation.answered_at is not None or invitation.until <= timezone.now():
            raise maintainers.first("invitation_over", "This invitation is no longer open.")
        if accept:
            permissions.ensure(user, "upload.create")
            Namespace.objects.select_for_update().get(pk=namespace.pk)
            if not namespace.maintainers.filter(user=sender, owner=True).exists():
                raise maintainers.first(
                    "invitation_over", "Whoever invited you no longer owns the namespace."
                )
            before = maintainers.now_in(namespace)
            owner = invitation.kind == Kind.TRANSFER
            Maintainer.objects.update_or_create(namespace=namespace, user=user, defaults={"owner": owner})
            if owner:
                Maintainer.objects.filter(namespace=namespace, user=sender).delete()
        _answered(invitation, user, Invitation.Answer.ACCEPTED if accept else Invitation.Answer.DECLINED)
        if accept:
            maintainers.changed(user, namespace, before, also=[sender])
        else:
            maintainers.asked(user, namespace, {"declined": invitation.pk})
            notifications.notify(
                sender,
                "invitation_declined",
                {"who": invitation.email, "namespace": namespace.name, "page_path": maintainers.PAGE},
            )
    return invitation


def withdraw(actor: User, number: int) -> None:
    """Take an invitation back. Raises RefusedError: 404, 403 `owner_required`, 409 `invitation_over`."""
    with transaction.atomic():
        invitation = Invitation.objects.select_related("namespace").filter(pk=number).first()
        if invitation is None:
            raise RefusedError("not_found", "There is no such invitation.", "Look at the list.", status=404)
        namespace = _owned(actor, invitation.namespace.name)
        if invitation.answered_at is not None:
            raise maintainers.first("invitation_over", "It has been answered already.")
        _answered(invitation, actor, Invitation.Answer.WITHDRAWN)
        maintainers.asked(actor, namespace, {"withdrawn": invitation.pk})


def remove(actor: User, name: str, account_id: str) -> None:
    """Let a maintainer go; naming oneself, leave.

    Raises RefusedError: 404, 403 `owner_required` for others, 409 `last_owner`.
    """
    with transaction.atomic():
        namespace = _mine(actor, name) if account_id == actor.account_id else _owned(actor, name)
        row = namespace.maintainers.select_related("user").filter(user__account_id=account_id).first()
        if row is None:
            raise RefusedError("not_found", "There is no such maintainer.", "Look at the list.", status=404)
        if row.owner and not namespace.maintainers.filter(owner=True).exclude(pk=row.pk).exists():
            raise maintainers.first("last_owner", "A namespace always has an owner. Hand it over first.")
        before, gone = maintainers.now_in(namespace), row.user
        row.delete()
        maintainers.changed(actor, namespace, before, also=[gone])


def _mine(actor: User, name: str) -> Namespace:
    permissions.ensure(actor, "upload.create")
    namespace = Namespace.objects.select_for_update().filter(name=name).first()
    if namespace is None or not namespace.maintainers.filter(user=actor).exists():
        raise RefusedError("not_found", "You maintain no such namespace.", "Check its name.", status=404)
    return namespace


def _owned(actor: User, name: str) -> Namespace:
    namespace = _mine(actor, name)
    if not namespace.maintainers.filter(user=actor, owner=True).exists():
        raise RefusedError(
            "owner_required", "Only an owner does this.", "Ask an owner of the namespace.", status=403
        )
    return namespace


def _address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise maintainers.wrong(
            "bad_address", "This is no address of mail.", "Correct it.", "email"
        ) from None
    return address


def _expire(namespace: Namespace, address: str) -> None:
    """An invitation whose time is over gives way to a new one."""
    now = timezone.now()
    Invitation.objects.filter(
        namespace=namespace, email=address, answered_at__isnull=True, until__lte=now
    ).update(answered_at=now, answer=Invitation.Answer.WITHDRAWN)


def _answered(invitation: Invitation, by: User, how: str) -> None:
    invitation.answered_at, invitation.answered_by, invitation.answer = timezone.now(), by, how
    invitation.save(update_fields=["answered_at", "answered_by", "answer"])
