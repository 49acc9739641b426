"""Celery tasks of the uploads: what the scheduler asks for."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.db import DatabaseError

from uploads import keeping, rescans, scanner


@shared_task(name="uploads.tasks.clean_staging", ignore_result=True)
def clean_staging() -> None:
    """Take the bytes out of staging whose keeping time is over."""
    keeping.clean()


@shared_task(name="uploads.tasks.watch_scanner", ignore_result=True)
def watch_scanner() -> None:
    """Ask the scanner how it is, and try its limits where that is due."""
    scanner.watch()


@shared_task(name="uploads.tasks.rescan_what_waits", ignore_result=True)
def rescan_what_waits() -> None:
    """Begin to look again at what waits for review and was looked at by older rules, and note how much there is."""
    rescans.start_automatic()
    rescans.notice()


@worker_ready.connect
def watch_at_start(sender: Any = None, **_: Any) -> None:
    """A worker that will check packages tries its scanner before it takes one up."""
    app = getattr(sender, "app", None)
    if app is None or "checks" not in app.amqp.queues.consume_from:
        return
    try:
        scanner.watch()
    except DatabaseError:
        # It is asked again within seconds, and nothing passes until then.
        return
