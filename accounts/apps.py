"""The ground floor: who, through which door, may they, what did they do."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Makes the audit trail's triggers and the system's account again after every migration."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.ground import lay_ground

        post_migrate.connect(lay_ground, sender=self)
