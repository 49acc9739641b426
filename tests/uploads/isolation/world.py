"""Putting the tests' own tasks into the table of tasks, for one test."""

import pytest

from uploads.isolation.tasks import TASKS, Task

NEEDS = ("tests/__init__.py", "tests/uploads/__init__.py", "tests/uploads/isolation")
CONFINEMENTS = ["limits", pytest.param("bubblewrap", marks=pytest.mark.bubblewrap)]


def hostile(monkeypatch: pytest.MonkeyPatch, function: str, name: str = "hostile") -> str:
    """The task `function` of `hostile.py`, in the table under the name that is returned."""
    task = Task("tests.uploads.isolation.hostile", function, NEEDS)
    monkeypatch.setitem(TASKS, name, task)
    return name
