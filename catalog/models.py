"""What the world sees, as rows: mods, releases, the platform's own releases, and the publisher's journal.

A release holds facts (published at, superseded by, taken back, level), never a state of its own. Only the
publisher writes `Mod`, `Release`, `Publication` and `PublishedDocument`.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.roles import Relation
from catalog.models_downloads import DownloadDay, DownloadSeen
from catalog.models_sharing import AdoptionRequest, Invitation

__all__ = [
    "AdoptionRequest",
    "Category",
    "Dependency",
    "DownloadDay",
    "DownloadSeen",
    "GameBuild",
    "Invitation",
    "Maintainer",
    "Mod",
    "ModQuerySet",
    "Namespace",
    "PlatformRelease",
    "Publication",
    "PublishedDocument",
    "PublisherLease",
    "Release",
    "ReleaseQuerySet",
    "ServiceStatus",
    "relation_to",
]


class Category(models.Model):
    """One of the portal's own shelves; kept by admins, retired rather than deleted."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    retired = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "code"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class GameBuild(models.Model):
    """A build of the game, and whether releases for it are taken."""

    class Status(models.TextChoices):
        ACCEPTED = "accepted"
        DEPRECATED = "deprecated"
        REFUSED = "refused"

    build = models.CharField(max_length=40, unique=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACCEPTED)
    pinned = models.BooleanField(default=False, help_text="The build that the runtime and framework target.")
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-pinned", "-added_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["pinned"], condition=models.Q(pinned=True), name="one_pinned_build"
            ),
        ]

    def __str__(self) -> str:
        return self.build


class Namespace(models.Model):
    """A mod id's first segment, and whose it is. Reserved ones are handed out by admins."""

    name = models.CharField(max_length=100, unique=True)
    claimed_at = models.DateTimeField(default=timezone.now)
    maintainers_changed_at = models.DateTimeField(null=True, help_text="Changed, not first set.")

    def __str__(self) -> str:
        return self.name


class Maintainer(models.Model):
    """A person who may submit in a namespace; owners may also hand it on."""

    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="maintainers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="maintains")
    owner = models.BooleanField(default=False)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["namespace", "user"], name="maintainer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.namespace_id}"


class ModQuerySet(models.QuerySet["Mod"]):
    """Mods, in sentences."""

    def public(self) -> "ModQuerySet":
        """Mods with a release that may be downloaded now."""
        return self.filter(latest__isnull=False)


class Mod(models.Model):
    """A mod. Its listing is that of its latest release; `catalog_entry` is its part of catalog.json."""

    mod_id = models.CharField(max_length=100, unique=True)
    slug = models.CharField(max_length=100, unique=True)
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="mods")
    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    authors = models.JSONField(default=list)
    license = models.CharField(max_length=200, blank=True)
    links = models.JSONField(default=dict)
    categories = models.ManyToManyField(Category, related_name="mods", blank=True)
    latest = models.ForeignKey("Release", on_delete=models.SET_NULL, null=True, related_name="+")
    latest_build = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    listing = models.JSONField(null=True, help_text="Words approved apart from a release; newer ones win.")
    listing_after = models.PositiveBigIntegerField(
        default=0, help_text="The newest release when they were approved."
    )
    deprecated = models.BooleanField(default=False)
    replaced_by = models.CharField(max_length=100, blank=True)
    downloads = models.PositiveBigIntegerField(default=0)
    search_text = models.TextField(blank=True, help_text="Lower-case words that search looks in.")
    catalog_entry = models.TextField(blank=True, help_text="Canonical JSON as it stands in catalog.json.")
    index_entry = models.TextField(blank=True, help_text="Canonical JSON as it stands in the mods index.")

    objects: ClassVar[models.Manager["Mod"]] = ModQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["mod_id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-updated_at", "-id"], name="mod_updated"),
            models.Index(fields=["-created_at", "-id"], name="mod_new"),
            models.Index(fields=["-downloads", "-id"], name="mod_downloads"),
            models.Index(fields=["name", "id"], name="mod_name"),
            models.Index(fields=["latest_build"], name="mod_build"),
        ]

    def __str__(self) -> str:
        return self.mod_id

    def get_absolute_url(self) -> str:
        return f"/mods/{self.slug}/"


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Releases, in sentences."""

    def public(self) -> "ReleaseQuerySet":
        """Releases that are listed and downloadable, superseded ones included."""
        return self.filter(taken_back_at__isnull=True)

    def taken_back(self) -> "ReleaseQuerySet":
        """Hidden releases: their artifacts answer 410."""
        return self.filter(taken_back_at__isnull=False)

    def newest_first(self) -> "ReleaseQuerySet":
        """By precedence of their versions (SemVer 2.0.0 §11), the highest first."""
        return self.order_by("-version_key")


class Release(models.Model):
    """A published release: facts about bytes that were reviewed. Never deleted."""

    class Level(models.TextChoices):
        SOFT = "soft"
        HARD = "hard"

    mod = models.ForeignKey(Mod, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=100)
    version_key = models.CharField(max_length=400, help_text="Sorts as SemVer precedence does.")
    prerelease = models.BooleanField(default=False)
    target_game_build = models.CharField(max_length=40)
    framework = models.CharField(max_length=100, blank=True)
    file_name = models.CharField(max_length=210)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    dependencies = models.JSONField(default=list)
    conflicts = models.JSONField(default=list)
    entrypoints = models.JSONField(default=list)
    mod_config = models.JSONField(null=True)
    manifest = models.JSONField(default=dict)
    sidecar = models.JSONField(default=dict)
    changelog = models.TextField(blank=True)
    checks = models.JSONField(default=list, help_text="What was checked, as the public may know it.")
    submission_id = models.CharField(max_length=24, blank=True, db_index=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField()
    published_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    superseded_by = models.CharField(max_length=100, blank=True)
    taken_back_at = models.DateTimeField(null=True)
    taken_back_reason = models.TextField(blank=True)
    taken_back_level = models.CharField(max_length=4, choices=Level.choices, blank=True)

    objects: ClassVar[models.Manager["Release"]] = ReleaseQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["mod_id", "-version_key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["mod", "version"], name="version_once_for_ever"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["mod", "-version_key"], name="release_by_precedence"),
            models.Index(fields=["sha256"], name="release_sha256"),
        ]

    def __str__(self) -> str:
        return f"{self.mod_id} {self.version}"

    @property
    def artifact_path(self) -> str:
        """Its place in the published tree, without a leading slash."""
        return f"downloads/mods/{self.mod.mod_id}/{self.version}/{self.file_name}"


class Dependency(models.Model):
    """A published release's wish for another mod, as a row so that dependants can be found."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="wishes")
    mod_id_wanted = models.CharField(max_length=100, db_index=True)
    version_range = models.CharField(max_length=100)
    optional = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.release_id} wants {self.mod_id_wanted} {self.version_range}"


class PlatformRelease(models.Model):
    """A release of the platform itself, kept by admins; the current one of each kind is published."""

    class Kind(models.TextChoices):
        RUNTIME = "runtime"
        FRAMEWORK = "framework"
        MANAGER = "manager"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    version = models.CharField(max_length=100)
    target_game_build = models.CharField(max_length=40)
    artifact_url = models.CharField(
        max_length=500, blank=True, help_text="An https address, or left empty where a file of ours is given."
    )
    file = models.FileField(upload_to="platform/", blank=True)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    source_executable_sha256 = models.CharField(max_length=64, blank=True)
    current = models.BooleanField(default=False)
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["kind", "-published_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "version"], name="platform_version_once"),
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(current=True), name="platform_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class Publication(models.Model):
    """A line of the publisher's journal: what was planned, and how it went."""

    class Outcome(models.TextChoices):
        PLANNED = "planned"
        DONE = "done"

    revision = models.PositiveBigIntegerField(unique=True)
    cause = models.CharField(max_length=200)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    plan = models.JSONField(default=dict)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.PLANNED)
    planned_at = models.DateTimeField()
    switched_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    smoke = models.JSONField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-revision"]

    def __str__(self) -> str:
        return f"revision {self.revision}"


class PublishedDocument(models.Model):
    """A document of the public tree as it stands: which bytes, since which revision."""

    path = models.CharField(max_length=255, unique=True)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    revision = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return self.path


class PublisherLease(models.Model):
    """Who publishes just now: one at a time over all hosts."""

    holder = models.CharField(max_length=64, blank=True)
    until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.holder or "free"


class ServiceStatus(models.Model):
    """Whether one of the contract's services was live when it was last looked at, and how that was seen."""

    service = models.CharField(max_length=40, unique=True)
    live = models.BooleanField(default=False)
    evidence = models.CharField(max_length=300, blank=True)
    missing = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["service"]
        verbose_name_plural = "service status"

    def __str__(self) -> str:
        return f"{self.service}: {'live' if self.live else 'not live'}"


def relation_to(user_id: int, mod_id: str, author_id: int | None = None) -> Relation:
    """How an account stands to a mod id: its author, a maintainer of its namespace, or neither."""
    if author_id is not None and user_id == author_id:
        return Relation.AUTHOR
    namespace = mod_id.partition(".")[0]
    if Maintainer.objects.filter(namespace__name=namespace, user_id=user_id).exists():
        return Relation.MAINTAINER
    return Relation.OTHER
