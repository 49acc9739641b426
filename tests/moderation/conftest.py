"""What the tests of moderation share: a publisher that only notes what it is owed, and people."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from accounts import outbox
from accounts.models import User
from moderation.consequences import PUBLICATION
from tests.factories import make_user


@pytest.fixture(autouse=True)
def owed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Publications that were done: payloads, in order. The publisher itself has tests of its own."""
    done: list[dict[str, Any]] = []
    declared = outbox.kinds().get(PUBLICATION)
    noting = outbox.Kind(PUBLICATION, "publication", done.append, 60, 8, 5)
    if declared is not None:
        noting = replace(declared, handler=done.append)
    monkeypatch.setitem(outbox._kinds, PUBLICATION, noting)
    yield done


@pytest.fixture
def moderator(db: None) -> User:
    """A moderator with a name that must not be told."""
    return make_user("moderator", "ines@example.com", display_name="Ines Kowalczyk")


@pytest.fixture
def second(db: None) -> User:
    """Another one."""
    return make_user("moderator", "tobias@example.com", display_name="Tobias Brandt")


@pytest.fixture
def admin(db: None) -> User:
    """An admin."""
    return make_user("admin", "adele@example.com", display_name="Adele Nkemelu")
