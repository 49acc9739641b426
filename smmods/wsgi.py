"""The door for gunicorn. Refuses to open on settings that the start-up checks refuse."""

import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver


def open_door() -> WSGIHandler:
    """The WSGI application. Raises ImproperlyConfigured, naming each unsafe setting and its remedy."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smmods.settings")
    handler = get_wsgi_application()
    from smmods.checks import stop_if_unsafe

    stop_if_unsafe()
    # Load every address now, once and before the workers are forked, rather than at each one's first request.
    _ = get_resolver().url_patterns
    return handler


application = open_door()
