"""The app that wires the others together."""

from importlib import import_module

from django.apps import AppConfig


class SmmodsConfig(AppConfig):
    """Registers the start-up checks."""

    name = "smmods"
    label = "smmods"

    def ready(self) -> None:
        """Importing the checks registers them."""
        import_module("smmods.checks")
