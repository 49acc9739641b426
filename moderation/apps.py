"""From a verdict to a decision."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """The top floor; nothing below knows it."""

    name = "moderation"
    default_auto_field = "django.db.models.BigAutoField"
