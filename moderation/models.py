"""From a verdict to a decision, as rows."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.ids import public_id
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
    undo_until = models.DateTimeField(null=True, help_text="Until when an approval waits and can be undone.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["at"], name="decision_at"),
            models.Index(
                fields=["submission"],
                name="decision_first_of_two",
                condition=models.Q(seconded_at__isnull=True) & ~models.Q(needs_second=""),
            ),
        ]

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


class DecisionDraft(models.Model):
    """A decision as far as somebody has typed it; kept while they look at something else."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="drafts")
    writer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    typed = models.JSONField(default=dict, help_text="The form's fields as they were sent.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["submission", "writer"], name="draft_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.writer_id} on {self.submission_id}"


class Assignment(models.Model):
    """Who is asked to look at an item; unlike a lease it does not run out and keeps nobody else away."""

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="assignment")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.submission_id} for {self.person_id}"


class FindingVerdict(models.Model):
    """What a person made of a finding: of this release, of this mod, or everywhere. A new one replaces it."""

    class Verdict(models.TextChoices):
        TRUE = "true", "True"
        FALSE_ALARM = "false_alarm", "False alarm"
        ACCEPTED = "accepted_risk", "Accepted risk"

    class Scope(models.TextChoices):
        RELEASE = "release", "This release"
        MOD = "mod", "This mod"
        EVERYWHERE = "everywhere", "Everywhere"

    fingerprint = models.CharField(max_length=32, db_index=True)
    code = models.CharField(max_length=60)
    verdict = models.CharField(max_length=13, choices=Verdict.choices)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="verdicts")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="verdicts")
    mod_id = models.CharField(max_length=100, blank=True)
    note = models.CharField(max_length=500, blank=True)
    judge = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    in_force_at = models.DateTimeField(null=True, help_text="Everywhere: once a second person agreed.")
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["code", "at"], name="verdict_by_code"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["fingerprint", "submission"],
                condition=models.Q(scope="release", replaced_at__isnull=True),
                name="verdict_one_a_release",
            ),
            models.UniqueConstraint(
                fields=["fingerprint", "mod_id"],
                condition=models.Q(scope="mod", replaced_at__isnull=True),
                name="verdict_one_a_mod",
            ),
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=models.Q(scope="everywhere", replaced_at__isnull=True, in_force_at__isnull=False),
                name="verdict_one_everywhere",
            ),
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=models.Q(scope="everywhere", replaced_at__isnull=True, in_force_at__isnull=True),
                name="verdict_one_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.verdict} ({self.scope})"


def report_id() -> str:
    """A new report's identifier."""
    return public_id("rep")


class Report(models.Model):
    """What somebody says is wrong with a mod or a release. Reports of the same thing fold into the first."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        UPHELD = "upheld", "Upheld"
        DISMISSED = "dismissed", "Dismissed"

    report_id = models.CharField(max_length=24, unique=True, default=report_id, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="reports")
    mod_id = models.CharField(max_length=100)
    version = models.CharField(max_length=100, blank=True, help_text="Empty where the whole mod is meant.")
    reason = models.CharField(max_length=40)
    text = models.TextField(blank=True)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    email = models.EmailField(blank=True, help_text="Where the outcome is told; erased afterwards.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    folded_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="folded")
    outcome = models.TextField(blank=True, help_text="What the reporter is told.")
    at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "-id"], name="report_by_status"),
            models.Index(fields=["mod_id", "reason"], name="report_by_mod"),
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.mod_id}"
