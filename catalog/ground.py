"""Rows that the catalog starts with: the pinned game build, the categories, the publisher's lease."""

from typing import Any

from django.conf import settings
from django.db import connections

from catalog.models import Category, GameBuild, PublisherLease

CATEGORIES = (
    ("gameplay", "Gameplay"),
    ("automation", "Automation"),
    ("building", "Building"),
    ("interface", "Interface"),
    ("world", "World"),
    ("library", "Library"),
    ("tools", "Tools"),
    ("audio-visual", "Sound and looks"),
)


def lay_ground(using: str = "default", **_: Any) -> None:
    """Write what is missing; never change what an admin has since edited. Safe to repeat."""
    connection = connections[using]
    if GameBuild._meta.db_table not in connection.introspection.table_names():
        return
    if not GameBuild.objects.using(using).exists():
        GameBuild.objects.using(using).create(
            build=settings.SMMODS_PINNED_GAME_BUILD, status=GameBuild.Status.ACCEPTED, pinned=True
        )
    if not Category.objects.using(using).exists():
        Category.objects.using(using).bulk_create(
            Category(code=code, name=name, position=place) for place, (code, name) in enumerate(CATEGORIES)
        )
    PublisherLease.objects.using(using).get_or_create(pk=1)
