"""A second look by newer rules, and what was last seen of the scanner, as rows."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Rescan(models.Model):
    """A second look, by newer rules, at what waits and at what is published. It moves nothing."""

    class Scope(models.TextChoices):
        WAITING = "waiting", "What waits for review"
        PUBLISHED = "published", "What is published"
        BOTH = "both", "What waits and what is published"

    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    dry_run = models.BooleanField(default=True)
    rules_version = models.CharField(max_length=40)
    scanners = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "uploads"
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"rescan {self.pk} ({self.scope})"


class RescanResult(models.Model):
    """What a rescan found in one revision, beside what was known of it."""

    rescan = models.ForeignKey(Rescan, on_delete=models.CASCADE, related_name="results")
    revision = models.ForeignKey("uploads.Revision", on_delete=models.CASCADE, related_name="rescans")
    outcome = models.CharField(max_length=10, help_text="same, worse, better or waits")
    why = models.TextField(blank=True)
    checks = models.JSONField(default=list)
    signals = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "uploads"
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rescan", "revision"], name="rescanned_once"),
        ]

    def __str__(self) -> str:
        return f"{self.revision_id}: {self.outcome}"


class ScannerSight(models.Model):
    """What one machine last saw of its scanner (see `uploads.scanner`)."""

    machine = models.CharField(max_length=100)
    address = models.CharField(max_length=200)
    engine = models.CharField(max_length=200, blank=True)
    process = models.CharField(max_length=20, blank=True)
    answered_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True, help_text="Why it gave no answer when last asked.")
    probed = models.CharField(max_length=300, blank=True, help_text="Which clamd the limits were tried on.")
    probed_at = models.DateTimeField(null=True)
    lax = models.JSONField(default=list, help_text="A sentence for each limit that is too lax.")

    class Meta:
        app_label = "uploads"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["machine", "address"], name="scanner_seen_once"),
        ]

    def __str__(self) -> str:
        return f"{self.engine or 'no scanner'} on {self.machine}"
