"""From bytes to a verdict, as rows."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.ids import public_id
from accounts.models import User
from accounts.roles import Relation
from catalog.models import relation_to
from uploads.models_rescans import Rescan, RescanResult, ScannerSight
from uploads.states import FREE, OPEN, STATES, State

__all__ = [
    "CheckResult",
    "Follow",
    "IdempotencyKey",
    "Message",
    "PackageFile",
    "QueueReason",
    "Rescan",
    "RescanResult",
    "Revision",
    "ScannerSight",
    "Signal",
    "Submission",
    "SubmissionQuerySet",
    "submission_id",
]


def submission_id() -> str:
    """A new submission's identifier."""
    return public_id("sub")


class SubmissionQuerySet(models.QuerySet["Submission"]):
    """Submissions, in sentences."""

    def visible_to(self, user: User) -> "SubmissionQuerySet":
        """What this account may see: its own, its namespaces', and everything for moderators."""
        return self if user.is_moderator else self.of(user)

    def of(self, user: User) -> "SubmissionQuerySet":
        """An account's own work: what it submitted, and what was submitted in its namespaces."""
        mine = models.Q(author=user)
        for namespace in user.maintains.values_list("namespace__name", flat=True):
            mine |= models.Q(mod_id__startswith=f"{namespace}.")
        return self.filter(mine)

    def open(self) -> "SubmissionQuerySet":
        """Still on their way."""
        return self.filter(state__in=sorted(s.value for s in OPEN))


class Submission(models.Model):
    """A request to change the catalog. Its state is written by `transitions.move` alone."""

    class Kind(models.TextChoices):
        PACKAGE = "package"
        LISTING = "listing"

    class Via(models.TextChoices):
        WEB = "web"
        API = "api"
        MANUAL = "manual"

    submission_id = models.CharField(max_length=24, unique=True, default=submission_id, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="submissions")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PACKAGE)
    via = models.CharField(max_length=6, choices=Via.choices)
    mod_id = models.CharField(max_length=100, null=True, blank=True)
    version = models.CharField(max_length=100, null=True, blank=True)
    name = models.CharField(max_length=80, blank=True)
    state = models.CharField(
        max_length=20,
        default=State.DRAFT.value,
        choices=[(s.value, facts.label) for s, facts in STATES.items()],
        editable=False,
    )
    current = models.ForeignKey("Revision", on_delete=models.PROTECT, null=True, related_name="+")
    queued_at = models.DateTimeField(null=True, help_text="When it first came to review; kept by revisions.")
    answer_due_at = models.DateTimeField(null=True, help_text="The deadline of requested changes.")
    escalated_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[models.Manager["Submission"]] = SubmissionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["mod_id", "version"],
                condition=~models.Q(state__in=sorted(s.value for s in FREE)),
                name="version_taken_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["author", "-id"], name="submission_author"),
            models.Index(fields=["state", "queued_at"], name="submission_queue"),
            models.Index(fields=["mod_id", "version"], name="submission_identity"),
            models.Index(
                fields=["escalated_at"],
                name="submission_escalated",
                condition=models.Q(escalated_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.submission_id

    def get_absolute_url(self) -> str:
        return f"/upload/{self.submission_id}/"

    def relation(self, user: User) -> Relation:
        """How an account stands to this submission."""
        if self.mod_id is None:
            return Relation.AUTHOR if user.pk == self.author_id else Relation.OTHER
        return relation_to(user.pk, self.mod_id, self.author_id)


class Revision(models.Model):
    """One package of a submission: its bytes lie in private staging, written once."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField(default=1)
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    staging_name = models.CharField(max_length=400)
    file_name = models.CharField(max_length=210)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.PositiveBigIntegerField()
    sidecar = models.JSONField(null=True)
    manifest = models.JSONField(null=True)
    received_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True)
    rules_version = models.CharField(max_length=40, blank=True)
    scanners = models.JSONField(default=dict, help_text="Which scanner and rules looked, by name.")
    risk = models.PositiveSmallIntegerField(default=0)
    bytes_gone_at = models.DateTimeField(null=True, help_text="When its bytes were taken out of staging.")

    class Meta:
        ordering: ClassVar[list[str]] = ["submission_id", "-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["submission", "number"], name="revision_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} r{self.number}"


class CheckResult(models.Model):
    """What one check said of one revision."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="results")
    check_id = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10)
    code = models.CharField(max_length=60, blank=True)
    message = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    path = models.CharField(max_length=400, blank=True)
    evidence = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    rules_version = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["revision", "check_id"], name="check_once_a_revision"),
        ]

    def __str__(self) -> str:
        return f"{self.check_id}: {self.status}"


class PackageFile(models.Model):
    """A member of a package, by the reader's inventory."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=400)
    size_bytes = models.PositiveBigIntegerField()
    crc32 = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=40)
    executable = models.BooleanField(default=False)
    facts = models.JSONField(default=dict, help_text="Of a program: imports, exports, sections, signer.")

    class Meta:
        ordering: ClassVar[list[str]] = ["path"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["revision", "path"], name="member_once"),
        ]

    def __str__(self) -> str:
        return self.path


class Signal(models.Model):
    """Something in a package that deserves a person's eye. It refuses nothing; `blocking` stops an approval."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="signals")
    position = models.PositiveIntegerField()
    code = models.CharField(max_length=60)
    message = models.TextField()
    path = models.CharField(max_length=400, blank=True)
    line = models.PositiveIntegerField(default=0)
    excerpt = models.CharField(max_length=200, blank=True)
    rule = models.CharField(max_length=100, blank=True)
    weight = models.PositiveSmallIntegerField()
    blocking = models.BooleanField(default=False)
    fingerprint = models.CharField(max_length=32, db_index=True)
    first_seen = models.CharField(max_length=100, blank=True, help_text="The first version that had it.")

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["revision", "position"], name="signal_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} in {self.path or 'the package'}"


class Follow(models.Model):
    """Somebody who wants to hear of what happens to a submission, beside its author."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="follows")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["submission", "user"], name="followed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.submission_id}"


class Message(models.Model):
    """A line of the thread between author and moderation team."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="messages")
    writer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    from_staff = models.BooleanField(default=False)
    revision_number = models.PositiveSmallIntegerField()
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.submission_id}: {self.text[:40]}"


class QueueReason(models.Model):
    """Why an item waits: a row a reason, open until something closes it."""

    class Kind(models.TextChoices):
        FIRST_RELEASE = "first_release", "First release"
        UPDATE = "update", "Update"
        AUTHOR_REPLIED = "author_replied", "Author replied"
        SCANNER_HIT = "scanner_hit", "Scanner hit"
        REPORT = "report", "Report"
        LISTING_EDITED = "listing_edited", "Listing edited"
        APPEAL = "appeal", "Appeal"
        BY_HAND = "by_hand", "By hand"

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="reasons")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    detail = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField()
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=40, blank=True, help_text="The act that closed it.")

    class Meta:
        ordering: ClassVar[list[str]] = ["due_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], name="reason_open", condition=models.Q(closed_at__isnull=True)),
            models.Index(fields=["submission", "closed_at"], name="reason_submission"),
            models.Index(
                fields=["-closed_at"], name="reason_closed", condition=models.Q(closed_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.submission_id}"


class IdempotencyKey(models.Model):
    """A retry of the same request by the same account gets the same submission."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="+", null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return self.key
