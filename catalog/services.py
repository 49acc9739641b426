"""What admins keep: game builds, categories, the platform's own releases, reserved namespaces.

Rules
- Builds, categories and platform releases need `catalog.settings`; namespaces need `namespace.assign` and a
  reason.
- Every change is audited, and a refresh of the published documents is owed, in the same transaction. A save
  that changes nothing writes nothing.
- There is always exactly one pinned build, and it is accepted.
- The bytes of a platform release are never exchanged: another file is another version.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from accounts import outbox, permissions
from accounts.audit import Action, record
from accounts.errors import Problem, RefusedError
from accounts.models import User
from catalog import versions
from catalog.models import Category, GameBuild, Maintainer, Mod, Namespace, PlatformRelease

PUBLICATION = "publication.run"
CHUNK = 256 * 1024
_BUILD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z")
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")
_SEGMENT = re.compile(r"[a-z0-9][a-z0-9-]{0,97}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def edit_build(actor: User, build: str, *, status: str, pinned: bool = False, reason: str = "") -> GameBuild:
    """Make or change a game build. Pinning one unpins the other.

    Raises RefusedError: 403 by role, 409 `pinned_build_needed` for unpinning, 422 for a name or status that
    can't be.
    """
    permissions.ensure(actor, "catalog.settings")
    if not _BUILD.match(build):
        raise _wrong(
            "bad_build",
            "A build is letters, digits, dots, hyphens and underscores, at most 40.",
            "For example 0.9.0.",
            "build",
        )
    if status not in GameBuild.Status.values:
        raise _wrong(
            "bad_status", f"{status!r} is not a status.", ", ".join(GameBuild.Status.values), "status"
        )
    with transaction.atomic():
        found = GameBuild.objects.select_for_update().filter(build=build).first()
        before = _build_values(found) if found else None
        if found is not None and found.pinned and not pinned:
            raise RefusedError(
                "pinned_build_needed",
                "One build must be pinned: the one that the runtime and framework target.",
                "Pin another build instead; this one is then no longer pinned.",
                status=409,
                problems=[Problem("pinned_build_needed", "Pin another build instead.", pointer="pinned")],
            )
        if pinned and status != GameBuild.Status.ACCEPTED:
            raise _wrong(
                "pinned_not_accepted", "The pinned build must be accepted.", "Choose accepted.", "status"
            )
        if pinned:
            GameBuild.objects.filter(pinned=True).exclude(build=build).update(pinned=False)
        found, _ = GameBuild.objects.update_or_create(
            build=build, defaults={"status": status, "pinned": pinned}
        )
        _changed(actor, Action.CATALOG_BUILD_CHANGED, "build", build, before, _build_values(found), reason)
    return found


def edit_category(
    actor: User, code: str, *, name: str, position: int = 0, retired: bool = False, reason: str = ""
) -> Category:
    """Make or change a category. Raises RefusedError: 403 by role, 422 for a code or name that can't be."""
    permissions.ensure(actor, "catalog.settings")
    if not _CODE.match(code):
        raise _wrong(
            "bad_code", "A code is lower-case letters, digits and hyphens.", "For example: world.", "code"
        )
    name = name.strip()
    if not name or len(name) > 60:
        raise _wrong("bad_name", "A category's name has 1 to 60 characters.", "Give it a short one.", "name")
    with transaction.atomic():
        found = Category.objects.select_for_update().filter(code=code).first()
        before = _category_values(found) if found else None
        found, _ = Category.objects.update_or_create(
            code=code, defaults={"name": name, "position": position, "retired": retired}
        )
        _changed(
            actor, Action.CATALOG_CATEGORY_CHANGED, "category", code, before, _category_values(found), reason
        )
    return found


def save_platform_release(
    actor: User,
    kind: str,
    version: str,
    *,
    target_game_build: str,
    artifact_url: str = "",
    file: "File[bytes] | None" = None,
    sha256: str = "",
    size_bytes: int | None = None,
    source_executable_sha256: str = "",
    current: bool = False,
    reason: str = "",
) -> PlatformRelease:
    """Make or change a release of the runtime, the framework or the manager.

    Its bytes are a `file` of ours, whose hash and size are computed, or lie at `artifact_url` (https) with
    `sha256` (hex) and `size_bytes` given. `current` makes it the published one of its kind. Raises
    RefusedError: 403 by role, 409 `bytes_differ` where the version is known with other bytes, 422.
    """
    permissions.ensure(actor, "catalog.settings")
    _check_platform(kind, version, target_game_build, source_executable_sha256)
    if file is not None:
        found_sha256, found_size = _measure(file)
        if sha256 and sha256 != found_sha256:
            raise _wrong("bytes_differ", "The file does not have this SHA-256.", "Leave it empty.", "sha256")
        sha256, size_bytes, artifact_url = found_sha256, found_size, ""
    with transaction.atomic():
        found = PlatformRelease.objects.select_for_update().filter(kind=kind, version=version).first()
        if file is None and not (found is not None and found.file):
            _check_outside(artifact_url, sha256, size_bytes)
        if found is not None and sha256 and found.sha256 != sha256:
            raise RefusedError(
                "bytes_differ",
                f"{found} is known with other bytes.",
                "Give the new bytes a new version.",
                status=409,
                problems=[Problem("bytes_differ", "Give the new bytes a new version.", pointer="version")],
            )
        before = _platform_values(found) if found else None
        row = found or PlatformRelease(kind=kind, version=version, sha256=sha256, size_bytes=size_bytes or 0)
        row.target_game_build = target_game_build
        row.source_executable_sha256 = source_executable_sha256
        if file is not None and not row.file:
            file.seek(0)
            row.file.save(f"{kind}-{version}-{sha256[:8]}.zip", file, save=False)
        row.artifact_url = "" if row.file else artifact_url
        if current:
            PlatformRelease.objects.filter(kind=kind, current=True).exclude(pk=row.pk).update(current=False)
        row.current = current
        row.save()
        _changed(
            actor,
            Action.CATALOG_PLATFORM_CHANGED,
            "platform",
            f"{kind}@{version}",
            before,
            _platform_values(row),
            reason,
        )
    return row


def assign_namespace(actor: User, name: str, emails: Sequence[str], reason: str) -> Namespace:
    """Hand a namespace to these accounts; the first owns it, those not named lose it.

    Raises RefusedError: 403 by role, 422 for a name, an address or a missing reason.
    """
    permissions.ensure(actor, "namespace.assign")
    if not _SEGMENT.match(name):
        raise _wrong(
            "bad_namespace",
            "A namespace is the first segment of a mod id.",
            "For example: starminer.",
            "name",
        )
    if not reason.strip():
        raise _wrong(
            "reason_required", "Handing out a namespace needs a reason.", "The audit log keeps it.", "reason"
        )
    wanted = list(dict.fromkeys(email.strip().lower() for email in emails if email.strip()))
    if not wanted:
        raise _wrong(
            "maintainer_required", "A namespace needs at least one maintainer.", "Name an account.", "emails"
        )
    with transaction.atomic():
        people = {
            user.email.lower(): user
            for user in User.objects.people().filter(email__in=wanted, is_active=True)
        }
        for email in wanted:
            if email not in people:
                raise _wrong(
                    "unknown_account", f"There is no account {email}.", "Check the address.", "emails"
                )
        namespace, made = Namespace.objects.get_or_create(name=name)
        before = None if made else _maintainers(namespace)
        Maintainer.objects.filter(namespace=namespace).exclude(user__in=people.values()).delete()
        for place, email in enumerate(wanted):
            Maintainer.objects.update_or_create(
                namespace=namespace, user=people[email], defaults={"owner": place == 0}
            )
        if not made:
            Namespace.objects.filter(pk=namespace.pk).update(maintainers_changed_at=timezone.now())
        action = Action.CATALOG_NAMESPACE_CLAIMED if made else Action.CATALOG_MAINTAINERS_CHANGED
        mods = list(Mod.objects.filter(namespace=namespace).values_list("mod_id", flat=True))
        _changed(actor, action, "namespace", name, before, _maintainers(namespace), reason.strip(), mods)
    return namespace


def _changed(
    actor: User,
    action: Action,
    target_type: str,
    target_id: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    reason: str,
    mods: Sequence[str] = (),
) -> None:
    """Audit what changed and owe the documents anew; nothing where nothing changed."""
    if before == after:
        return
    record(actor, action, target_type, target_id, before=before, after=after, reason=reason)
    outbox.owe(
        PUBLICATION,
        {
            "op": "refresh",
            "submission": "",
            "level": "",
            "reason": "",
            "successor": "",
            "mods": list(mods),
            "actor": actor.account_id,
        },
        key="refresh",
    )


def _build_values(build: GameBuild) -> dict[str, Any]:
    return {"status": str(build.status), "pinned": build.pinned}


def _category_values(category: Category) -> dict[str, Any]:
    return {"name": category.name, "position": category.position, "retired": category.retired}


def _platform_values(release: PlatformRelease) -> dict[str, Any]:
    return {
        "targetGameBuild": release.target_game_build,
        "artifactUrl": release.artifact_url,
        "file": release.file.name if release.file else "",
        "sha256": release.sha256,
        "sizeBytes": release.size_bytes,
        "sourceExecutableSha256": release.source_executable_sha256,
        "current": release.current,
    }


def _maintainers(namespace: Namespace) -> dict[str, Any]:
    rows = namespace.maintainers.order_by("-owner", "id").values_list("user__account_id", "owner")
    return {
        "maintainers": [account for account, _ in rows],
        "owners": [account for account, owner in rows if owner],
    }


def _check_platform(kind: str, version: str, build: str, source_sha256: str) -> None:
    if kind not in PlatformRelease.Kind.values:
        raise _wrong(
            "bad_kind",
            f"{kind!r} is not a part of the platform.",
            ", ".join(PlatformRelease.Kind.values),
            "kind",
        )
    if not versions.is_version(version):
        raise _wrong("bad_version", f"{version!r} is not a SemVer version.", "For example 0.5.8.", "version")
    if not GameBuild.objects.filter(build=build).exists():
        raise _wrong(
            "unknown_build", f"There is no game build {build!r}.", "Add the build first.", "target_game_build"
        )
    if source_sha256 and not _SHA256.match(source_sha256):
        raise _wrong(
            "bad_sha256",
            "A SHA-256 is 64 hexadecimal digits in lower case.",
            "Copy it whole.",
            "source_executable_sha256",
        )


def _check_outside(artifact_url: str, sha256: str, size_bytes: int | None) -> None:
    parts = urlsplit(artifact_url)
    if parts.scheme != "https" or not parts.hostname:
        raise _wrong(
            "bytes_required",
            "Give a file, or an https address where the bytes lie.",
            "One of the two.",
            "artifact_url",
        )
    if not _SHA256.match(sha256):
        raise _wrong(
            "bad_sha256", "A SHA-256 is 64 hexadecimal digits in lower case.", "Copy it whole.", "sha256"
        )
    if not size_bytes or size_bytes < 1:
        raise _wrong("bad_size", "The size in bytes is missing.", "Give the exact size.", "size_bytes")


def _measure(file: "File[bytes]") -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for piece in file.chunks(CHUNK):
        digest.update(piece)
        size += len(piece)
    if not size:
        raise _wrong("bytes_required", "The file is empty.", "Choose the file again.", "file")
    return digest.hexdigest(), size


def _wrong(code: str, message: str, hint: str, pointer: str) -> RefusedError:
    return RefusedError(code, message, hint, status=422, problems=[Problem(code, message, hint, pointer)])
