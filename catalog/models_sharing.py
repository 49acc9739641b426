"""Who shares a namespace: invitations that both sides answer, and requests to adopt what nobody keeps."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Invitation(models.Model):
    """Somebody is asked to maintain a namespace, or to take it over. Nothing changes until they accept."""

    class Kind(models.TextChoices):
        MAINTAINER = "maintainer", "Maintainer"
        TRANSFER = "transfer", "Take it over"

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    namespace = models.ForeignKey("catalog.Namespace", on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(help_text="Whom it was sent to; nobody learns whether there is an account.")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)

    class Meta:
        app_label = "catalog"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["namespace", "email"],
                condition=models.Q(answered_at__isnull=True),
                name="invited_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.namespace_id}"


class AdoptionRequest(models.Model):
    """Somebody asks to take over a namespace whose maintainers are gone; staff decide."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"

    namespace = models.ForeignKey("catalog.Namespace", on_delete=models.CASCADE, related_name="adoptions")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    words = models.TextField(blank=True, help_text="What the person is told.")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        app_label = "catalog"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["namespace", "asked_by"],
                condition=models.Q(outcome="open"),
                name="adoption_asked_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked_by_id} asks for {self.namespace_id}"
