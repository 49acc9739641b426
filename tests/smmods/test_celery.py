"""The Celery app: what it refuses, how it logs, and that no message can hold code."""

import logging

import pytest
from django.core.exceptions import ImproperlyConfigured

from smmods import celery, checks


def test_a_worker_leaves_on_unsafe_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise ImproperlyConfigured("smmods.E001 DEBUG: Leave DEBUG unset.")

    monkeypatch.setattr(checks, "stop_if_unsafe", refuse)
    with pytest.raises(SystemExit) as left:
        celery.refuse_unsafe()
    assert left.value.code == 1
    assert "smmods.E001 DEBUG" in capsys.readouterr().err


def test_a_worker_starts_on_safe_settings() -> None:
    celery.refuse_unsafe()


def test_logging_is_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(logging.config, "dictConfig", seen.append)
    celery.keep_our_logging()
    assert len(seen) == 1


def test_tasks_are_acknowledged_late_and_taken_one_at_a_time() -> None:
    conf = celery.app.conf
    assert conf.task_acks_late
    assert conf.worker_prefetch_multiplier == 1
    assert 0 < conf.task_soft_time_limit < conf.task_time_limit
    assert conf.worker_max_memory_per_child > 0
    assert conf.accept_content == ["json"]


def test_every_scheduled_task_exists_and_goes_to_a_queue_of_ours() -> None:
    celery.app.loader.import_default_modules()
    for entry in celery.app.conf.beat_schedule.values():
        assert entry["task"] in celery.app.tasks
        assert entry["options"]["queue"] in {"checks", "publication", "mail"}
        assert entry["options"]["expires"] <= entry["schedule"]
