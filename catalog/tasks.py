"""Celery tasks of the catalog: workers say that they are alive, and the contract follows what is running."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.db import DatabaseError, transaction

from accounts import outbox
from accounts.models import OutboxRow
from catalog import downloads, service_status
from catalog.contract_documents import out_of_date

QUEUES = ("checks", "publication")


@shared_task(name="catalog.tasks.heartbeat", ignore_result=True)
def heartbeat(queue: str) -> None:
    """A worker of `queue` answers: written down, and the published contract is made anew if it is out of date."""
    service_status.report_worker(queue)
    if queue == "checks":
        service_status.look()
    else:
        refresh_contract()


def refresh_contract() -> bool:
    """Owe a publication of the contract if it no longer says what holds; returns whether it was owed."""
    if not out_of_date():
        return False
    with transaction.atomic():
        owed = OutboxRow.objects.filter(
            kind="publication.run", key="contract", done_at__isnull=True, failed_at__isnull=True
        )
        if owed.exists():
            return False
        outbox.owe("publication.run", {"op": "refresh"}, key="contract")
    return True


@shared_task(name="catalog.tasks.forget_downloads", ignore_result=True)
def forget_downloads() -> None:
    """Who fetched what on days that are over is thrown away."""
    downloads.forget()


@worker_ready.connect
def report_at_start(sender: Any = None, **_: Any) -> None:
    """A worker that has just started reports itself at once, rather than with the next heartbeat."""
    app = getattr(sender, "app", None)
    queues = set(app.amqp.queues.consume_from) if app is not None else set()
    try:
        for queue in QUEUES:
            if queue in queues:
                heartbeat(queue)
    except DatabaseError:
        # The heartbeat comes again in a few seconds; a worker starts without it.
        return
