"""The Celery app: queues `checks`, `publication` and `mail`, and a start that refuses unsafe settings."""

import logging.config
import os
import sys
import warnings
from typing import Any

import kombu.transport
from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import beat_init, celeryd_init, setup_logging
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smmods.settings")

# The units in deploy/ have an account of their own; in a container the root that runs us is nobody's.
warnings.filterwarnings("ignore", category=SecurityWarning)

# Several processes share the development broker's folder, which kombu's own transport isn't made for.
kombu.transport.TRANSPORT_ALIASES["filesystem"] = "smmods.broker:Transport"

app = Celery("smmods")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def refuse_unsafe(**_: Any) -> None:
    """Stop a worker or the scheduler from starting on settings that the checks refuse.

    A signal swallows ordinary exceptions, so this leaves the process.
    """
    from smmods.checks import stop_if_unsafe

    try:
        stop_if_unsafe()
    except ImproperlyConfigured as refused:
        sys.stderr.write(f"{refused}\n")
        raise SystemExit(1) from refused


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery leaves logging to the settings, so that its lines look like everybody's."""
    logging.config.dictConfig(settings.LOGGING)
