"""The app that wires the others together."""

from django.apps import AppConfig


class SmmodsConfig(AppConfig):
    """Registers the start-up checks."""

    name = "smmods"
    label = "smmods"
