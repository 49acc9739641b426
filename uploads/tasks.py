"""Celery tasks of the uploads: what the scheduler asks for."""

from celery import shared_task

from uploads import keeping


@shared_task(name="uploads.tasks.clean_staging", ignore_result=True)
def clean_staging() -> None:
    """Take the bytes out of staging whose keeping time is over."""
    keeping.clean()
