"""Addresses of the published tree; `catalog.urls` includes them last, since they take whatever is left."""

from django.urls import URLPattern, URLResolver, re_path

from catalog.served import published

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^(?P<path>(?:api/v1|downloads)/.+)$", published, name="published"),
]
