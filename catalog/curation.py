"""What admins keep by hand: the platform's own releases, and reserved namespaces.

Rules
- Each act needs its permission, is audited in its own transaction, and owes the publication that shows it.
- One release of each part of the platform is current; a version of it is written once.
- A release lies with us (a file, whose size and SHA-256 are computed here) or elsewhere (an https address, whose
  size and SHA-256 the admin states).
- A reserved namespace goes to one account at a time; whoever had it keeps what was published in it.
"""

import hashlib
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from accounts import audit, outbox, permissions
from accounts.audit import Action
from accounts.errors import RefusedError
from accounts.models import User
from catalog.models import Maintainer, Namespace, PlatformRelease

PUBLICATION = "publication.run"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A platform release that others serve: its address and what its bytes must be."""

    artifact_url: str
    sha256: str
    size_bytes: int


def release_platform(
    actor: User,
    kind: str,
    version: str,
    target_game_build: str,
    artifact: bytes | Elsewhere,
    *,
    source_executable_sha256: str = "",
    reason: str = "",
) -> PlatformRelease:
    """Make a release of one part of the platform the current one; `artifact` is its file, or where it lies.

    Raises RefusedError: 403 by permission, 409 `platform_version_exists`, 422 `bad_address`.
    """
    permissions.ensure(actor, "catalog.settings")
    part = PlatformRelease.Kind(kind)
    if PlatformRelease.objects.filter(kind=part, version=version).exists():
        raise RefusedError(
            "platform_version_exists",
            f"There is a {part.value} {version} already.",
            "Raise the version.",
            status=409,
        )
    fields = PlatformRelease(
        kind=part,
        version=version,
        target_game_build=target_game_build,
        current=True,
        source_executable_sha256=source_executable_sha256,
        published_at=timezone.now(),
    )
    if isinstance(artifact, Elsewhere):
        if not artifact.artifact_url.startswith("https://"):
            raise RefusedError(
                "bad_address", "A release elsewhere needs an https address.", "Begin it with https://."
            )
        fields.artifact_url = artifact.artifact_url
        fields.sha256, fields.size_bytes = artifact.sha256, artifact.size_bytes
    else:
        fields.sha256, fields.size_bytes = hashlib.sha256(artifact).hexdigest(), len(artifact)
        fields.file.save(f"{part.value}-{version}.zip", ContentFile(artifact), save=False)
    with transaction.atomic():
        before = PlatformRelease.objects.filter(kind=part, current=True).first()
        PlatformRelease.objects.filter(kind=part, current=True).update(current=False)
        fields.save()
        audit.record(
            actor,
            Action.CATALOG_PLATFORM_CHANGED,
            "platform",
            f"{part.value}@{version}",
            before={"current": before.version} if before else None,
            after={"current": version, "sha256": fields.sha256, "sizeBytes": fields.size_bytes},
            reason=reason,
        )
        outbox.owe(PUBLICATION, {"op": "refresh", "actor": actor.account_id}, key="platform")
    return fields


def hand_out_namespace(actor: User, name: str, owner: User, reason: str) -> Namespace:
    """Give a namespace to `owner`, who may then publish in it. Raises RefusedError (403 by permission)."""
    permissions.ensure(actor, "namespace.assign")
    with transaction.atomic():
        namespace, _ = Namespace.objects.get_or_create(name=name)
        before = list(namespace.maintainers.filter(owner=True).values_list("user__account_id", flat=True))
        if before == [owner.account_id]:
            return namespace
        namespace.maintainers.filter(owner=True).update(owner=False)
        Maintainer.objects.update_or_create(namespace=namespace, user=owner, defaults={"owner": True})
        audit.record(
            actor,
            Action.CATALOG_NAMESPACE_CLAIMED,
            "namespace",
            name,
            before={"owner": before[0]} if before else None,
            after={"owner": owner.account_id},
            reason=reason,
        )
    return namespace
