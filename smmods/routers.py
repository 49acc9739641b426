"""Which database holds what: the cache of a development installation lives in a file of its own."""

from typing import Any

from django.db.models import Model

CACHE = "cache"


class CacheRouter:
    """Sends Django's cache table to the database `cache`, and nothing else there.

    A cache entry is written on nearly every request; in a file of its own it never waits for, nor holds up,
    a transaction on the portal's data.
    """

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        """The cache table is read from its own file."""
        return CACHE if model._meta.app_label == "django_cache" else None

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        """The cache table is written to its own file."""
        return CACHE if model._meta.app_label == "django_cache" else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Only the cache table in the cache's file, and nowhere else."""
        if db == CACHE or app_label == "django_cache":
            return db == CACHE and app_label == "django_cache"
        return None
