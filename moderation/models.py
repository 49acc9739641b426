"""From a verdict to a decision, as rows."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from uploads.models import Revision, Submission


class Policy(models.Model):
    """A reason that a decision may give. Versioned: an edit makes a new row, the old one is retired."""

    code = models.SlugField(max_length=40)
    version = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=80)
    text = models.TextField(help_text="What the author reads. {blank} stands for a blank.")
    blanks = models.JSONField(default=list, blank=True, help_text='[{"name", "label", "required"}]')
    default_action = models.CharField(max_length=20, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "code", "-version"]
        verbose_name_plural = "policies"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["code", "version"], name="policy_version_once"),
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(retired_at__isnull=True), name="policy_one_in_force"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class Lease(models.Model):
    """Who is looking at an item to decide it, and until when."""

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="lease")
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    taken_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.submission_id} until {self.until:%H:%M}"


class Decision(models.Model):
    """What somebody decided, on which bytes, with the words as they were. Never changed afterwards."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="decisions")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="decisions")
    sha256 = models.CharField(max_length=64)
    action = models.CharField(max_length=20)
    decider = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reasons = models.JSONField(default=list, help_text="[{policy, version, title, text}], as rendered")
    note = models.TextField(blank=True, help_text="What the author also reads.")
    successor = models.CharField(max_length=100, blank=True)
    level = models.CharField(max_length=4, blank=True)
    needs_second = models.CharField(max_length=200, blank=True, help_text="Why a second person is asked.")
    seconded_at = models.DateTimeField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} on {self.submission_id}"


class StaffNote(models.Model):
    """A note that only staff see."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="staff_notes")
    writer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.text[:40]
