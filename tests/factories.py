"""People, packages, submissions and releases for tests: plain functions that write plain rows.

Rules
- Everything has a default; a test names only what it is about.
- Rows are written as they would be found, without going through a service: a test of one service does not
  stand on another. `drain` does the owed work for real.
"""

import hashlib
import io
import itertools
import time
import zipfile
from datetime import UTC, datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone

from accounts import outbox
from accounts.models import User
from accounts.roles import Role
from accounts.strict_json import canonical
from catalog import versions
from catalog.models import Dependency, GameBuild, Maintainer, Mod, Namespace, Release, ServiceStatus
from uploads.checks import RULES_VERSION
from uploads.models import CheckResult, Message, PackageFile, QueueReason, Revision, Signal, Submission
from uploads.states import State

_numbers = itertools.count(1)
RULES = RULES_VERSION
BUILD = "0.9.0"
#: The services that the upload gate asks for.
GATE_SERVICES = (
    "auth_service",
    "upload_storage",
    "validation_worker",
    "moderation_queue",
    "audit_log",
    "catalog_publisher",
)


def make_user(role: str = "player", email: str = "", **fields: Any) -> User:
    """An account with a role, written directly; modders and above have accepted the agreement."""
    number = next(_numbers)
    user = User.objects.create_user(email or f"{role}{number}@example.com", fields.pop("display_name", ""))
    fields["role"] = Role(role)
    if role != "player":
        fields.setdefault("modder_agreement_version", "1")
        fields.setdefault("modder_agreement_at", timezone.now())
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()
    return user


def signed_in(user: User, **more: Any) -> Client:
    """A browser in which this account signed in just now, by code, as a fresh sign-in asks."""
    client = Client(**more)
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "code", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def make_namespace(name: str, *maintainers: User) -> Namespace:
    """A claimed namespace; the first of its maintainers owns it."""
    namespace, _ = Namespace.objects.get_or_create(name=name)
    for place, user in enumerate(maintainers):
        Maintainer.objects.get_or_create(namespace=namespace, user=user, defaults={"owner": place == 0})
    return namespace


def make_build(build: str, status: str = "accepted") -> GameBuild:
    """A further game build beside the pinned one."""
    return GameBuild.objects.create(build=build, status=status)


def manifest(mod_id: str = "", version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    """A good `manifest.json`, as plain values."""
    return {
        "schema": "starminer.mod-manifest.v1",
        "id": mod_id or f"space{next(_numbers)}.mod",
        "name": "A mod",
        "version": version,
        "targetGameBuild": BUILD,
        "entrypoints": [{"type": "lua", "path": "Content/init.lua"}],
        "description": "Says hello.",
        "authors": ["Ada"],
        "license": "MIT",
        "dependencies": [],
    } | more


def sidecar(mod_id: str, version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    """A good sidecar that agrees with `manifest` of the same mod and version."""
    return {
        "schema": "smmods.mod-release-submission.v1",
        "modId": mod_id,
        "name": "A mod",
        "version": version,
        "targetGameBuild": BUILD,
        "dependencies": [],
        "summary": "Says hello.",
        "license": "MIT",
    } | more


def package(document: dict[str, Any] | bytes | None = None, files: dict[str, bytes] | None = None) -> bytes:
    """A ZIP with this manifest and these files, the same bytes every time. `None` leaves the manifest out."""
    members = {"Content/init.lua": b"return 1\n"} if files is None else dict(files)
    if document is not None:
        raw = document if isinstance(document, bytes) else canonical(document)
        members = {"manifest.json": raw} | members
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            info = zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def good_package(mod_id: str, version: str = "1.0.0", **more: Any) -> bytes:
    """A package that passes every check (dependencies aside)."""
    return package(manifest(mod_id, version, **more))


def make_submission(
    author: User | None = None,
    state: str = State.PENDING_REVIEW,
    mod_id: str = "",
    version: str = "1.0.0",
    *,
    data: bytes | None = None,
    via: str = "api",
    checks: dict[str, str] | None = None,
    sidecar_more: dict[str, Any] | None = None,
    manifest_more: dict[str, Any] | None = None,
) -> Submission:
    """A submission in `state` with its bytes staged, its first revision, and in review with an open reason.

    `checks` maps check ids to statuses; their results are written with the current revision.
    """
    author = author or make_user("modder")
    mod_id = mod_id or f"space{next(_numbers)}.mod"
    document = manifest(mod_id, version, **(manifest_more or {}))
    submission = Submission.objects.create(
        author=author, via=via, mod_id=mod_id, version=version, name=document["name"], state=State(state)
    )
    add_revision(
        submission,
        data=data if data is not None else package(document),
        document=document,
        side=sidecar(mod_id, version, **(sidecar_more or {})),
    )
    if state not in (State.DRAFT, State.UPLOADED, State.VALIDATING, State.VALIDATION_FAILED, State.CANCELLED):
        submission.queued_at = timezone.now()
        submission.save(update_fields=["queued_at"])
    if state == State.PENDING_REVIEW:
        make_reason(submission)
    for place, (check_id, status) in enumerate((checks or {}).items()):
        make_result(submission, check_id, status, position=place)
    return submission


def add_revision(
    submission: Submission,
    *,
    data: bytes,
    document: dict[str, Any] | None = None,
    side: dict[str, Any] | None = None,
    uploader: User | None = None,
) -> Revision:
    """The next revision of a submission, staged; it becomes the current one."""
    number = submission.revisions.count() + 1
    file_name = f"{submission.mod_id}-v{submission.version}.zip"
    prefix = f"r{number}-" if number > 1 else ""
    name = f"uploads/staging/{submission.submission_id}/{prefix}{file_name}"
    storages["staging"].save(name, ContentFile(data))
    revision = Revision.objects.create(
        submission=submission,
        number=number,
        uploader=uploader or submission.author,
        staging_name=name,
        file_name=file_name,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        sidecar=side,
        manifest=document,
        rules_version=RULES,
    )
    submission.current = revision
    submission.save(update_fields=["current"])
    return revision


def _current(submission: Submission) -> Revision:
    assert submission.current is not None
    return submission.current


def make_result(
    submission: Submission, check_id: str, status: str = "passed", *, position: int = 0, **fields: Any
) -> CheckResult:
    """What one check said of the current revision."""
    return CheckResult.objects.create(
        revision=_current(submission),
        check_id=check_id,
        status=status,
        position=position,
        rules_version=RULES,
        **fields,
    )


def make_file(
    submission: Submission, path: str, data: bytes = b"return 1\n", kind: str = "lua"
) -> PackageFile:
    """A member in the inventory of the current revision."""
    return PackageFile.objects.create(
        revision=_current(submission),
        path=path,
        size_bytes=len(data),
        crc32=0,
        sha256=hashlib.sha256(data).hexdigest(),
        kind=kind,
    )


def make_signal(submission: Submission, code: str = "lua_load_joined", **fields: Any) -> Signal:
    """A finding in the current revision; each has a fingerprint of its own unless one is given."""
    position = Signal.objects.filter(revision=_current(submission)).count()
    fields.setdefault("message", "Runs text that was put together.")
    fields.setdefault("weight", 2)
    fields.setdefault("fingerprint", hashlib.sha256(f"{code}{next(_numbers)}".encode()).hexdigest()[:32])
    return Signal.objects.create(revision=_current(submission), position=position, code=code, **fields)


def make_reason(submission: Submission, kind: str = "first_release", **fields: Any) -> QueueReason:
    """A row that says why the submission waits."""
    fields.setdefault("due_at", timezone.now())
    return QueueReason.objects.create(submission=submission, kind=kind, **fields)


def make_message(submission: Submission, writer: User | None = None, text: str = "Hello.") -> Message:
    """A line of the thread; from staff where the writer is not the author."""
    writer = writer or submission.author
    return Message.objects.create(
        submission=submission,
        writer=writer,
        from_staff=writer.pk != submission.author_id,
        revision_number=1,
        text=text,
    )


def make_release(
    owner: User | None = None,
    mod_id: str = "",
    version: str = "1.0.0",
    *,
    at: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    categories: tuple[Any, ...] = (),
    dependencies: tuple[dict[str, Any], ...] = (),
    **fields: Any,
) -> Release:
    """A published release with its mod and namespace; the mod's latest is kept by precedence."""
    mod_id = mod_id or f"space{next(_numbers)}.mod"
    owner = owner or make_user("modder")
    namespace = make_namespace(mod_id.partition(".")[0], owner)
    document = manifest(mod_id, version, dependencies=list(dependencies))
    mod, _ = Mod.objects.get_or_create(
        mod_id=mod_id,
        defaults={
            "slug": mod_id.partition(".")[2].replace(".", "-"),
            "namespace": namespace,
            "name": document["name"],
            "summary": "Says hello.",
            "authors": ["Ada"],
            "license": "MIT",
            "latest_build": BUILD,
            "search_text": f"{mod_id} a mod says hello",
            "created_at": at,
            "updated_at": at,
        },
    )
    mod.categories.add(*categories)
    release = Release.objects.create(
        **{
            "mod": mod,
            "version": version,
            "version_key": versions.sort_key(version),
            "prerelease": versions.is_prerelease(version),
            "target_game_build": BUILD,
            "file_name": f"{mod_id}-v{version}.zip",
            "sha256": hashlib.sha256(f"{mod_id}{version}".encode()).hexdigest(),
            "size_bytes": 1000,
            "dependencies": list(dependencies),
            "entrypoints": document["entrypoints"],
            "manifest": document,
            "sidecar": sidecar(mod_id, version),
            "uploaded_by": owner,
            "reviewed_at": at,
            "published_at": at,
        }
        | fields
    )
    for wish in dependencies:
        Dependency.objects.create(
            release=release,
            mod_id_wanted=wish["id"],
            version_range=wish["version"],
            optional=wish.get("optional", False),
        )
    public = {found.version: found for found in mod.releases.filter(taken_back_at__isnull=True)}
    newest = versions.latest(public)
    mod.latest = public[newest] if newest else None
    mod.save()
    return release


def services_live(*missing: str) -> None:
    """Every service that the upload gate asks for is live just now, but for those named."""
    for service in GATE_SERVICES:
        ServiceStatus.objects.update_or_create(
            service=service,
            defaults={
                "live": service not in missing,
                "checked_at": timezone.now(),
                "missing": "not seen" if service in missing else "",
            },
        )


def drain() -> int:
    """Do everything that is owed, here and now; returns how many rows were run."""
    return outbox.drain()
