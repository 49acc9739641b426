"""A world for each test, and a site that serves it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalog.client.world import Site, World, serving


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty published tree in a folder."""
    return World(tmp_path / "tree")


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    """The world's tree behind HTTP."""
    with serving(world.root) as running:
        yield running
