"""Celery tasks of the outbox: thin, since the rows hold the truth."""

from celery import shared_task

from accounts import outbox


@shared_task(name="accounts.tasks.work", ignore_result=True)
def work(row_id: int) -> None:
    """Do the work of one outbox row, if it is still due."""
    outbox.run(row_id)


@shared_task(name="accounts.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Find owed work that no worker holds and hint at it again."""
    outbox.sweep()
