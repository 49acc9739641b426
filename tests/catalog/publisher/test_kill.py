"""A publisher that is killed for real, by SIGKILL, between any two steps; another one finishes its work."""

import os
import signal
from collections.abc import Callable

import pytest
from django.db import connections

from catalog.models import Publication
from catalog.publisher import Publish, finish_unfinished, lease
from tests.catalog.publisher.test_run import look, settled
from tests.catalog.publisher.world import case, put

pytestmark = pytest.mark.django_db(transaction=True)


def in_another_process(act: Callable[[], object]) -> int:
    """Run `act` in a fork with database connections of its own; returns how it ended, as `waitpid` says."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


@pytest.mark.parametrize("step", ["planned", "placed", "stored", "switched:api/v1/mods/index.json", "closed"])
def test_sigkill_loses_nothing(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "HELD", 1.0)
    made = case("example.mod").told()

    def die(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    status = in_another_process(lambda: put(Publish(made.release()), checkpoint=die))
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert look() in ({}, {"example.mod": "1.0.0"})
    finish_unfinished(wait=5)
    assert look() == {"example.mod": "1.0.0"}
    assert Publication.objects.get().outcome == "done"
    settled()
