"""The tasks that a child process does: the one table.

A task is a function `task(asked, source, sink) -> answer`: plain JSON in and out, the package as a file open
for reading, and where something is written, a file for that. It runs where nothing else is at hand, so its
module imports no Django and nothing late. A module that must do something before it is confined (take rules,
start a thread) has a function `warm(parcel)`, which is called then with what the parent sent along; no byte of
a package has been looked at.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """Where a task is: its module and function; and which paths of the project it must see beside `ALWAYS`."""

    module: str
    function: str
    needs: tuple[str, ...] = ()


#: What every child sees of the project. Nothing here holds a setting or a secret.
ALWAYS = (
    "accounts/__init__.py",
    "accounts/errors.py",
    "accounts/strict_json.py",
    "uploads/__init__.py",
    "uploads/isolation",
    "uploads/package",
    "uploads/scanners",
    "uploads/signals",
)

TASKS: dict[str, Task] = {
    "inspect": Task("uploads.isolation.child_inspect", "inspect_task"),
    "repack": Task("uploads.package.repack", "repack_task"),
    "image": Task("uploads.package.images", "image_task"),
}
