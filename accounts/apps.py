"""The ground floor: who, through which door, may they, what did they do."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Lays the ground again after every migration, and declares the work of this room: sending mail."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import notifications, outbox, sign_in_audit
        from accounts.ground import lay_ground

        post_migrate.connect(lay_ground, sender=self)
        sign_in_audit.connect()
        outbox.register(notifications.KIND, "mail", notifications.send)
