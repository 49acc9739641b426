"""The project that wires the apps together. `__version__` is the one source of the version."""

from smmods.celery import app as celery_app

__version__ = "0.1.0"
__all__ = ["__version__", "celery_app"]
