"""What the world sees."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    """Makes the pinned game build and the starting categories where they are missing."""

    name = "catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from catalog.ground import lay_ground

        post_migrate.connect(lay_ground, sender=self)
