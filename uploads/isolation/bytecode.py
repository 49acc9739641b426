"""Bytecode of what the child loads, written beside the sources where that is possible: each child starts sooner.

The child itself writes nothing. Where the program's folder is read-only, `python -m compileall` does the same
when the program is installed; without either each child compiles for itself, 50 ms long.
"""

import compileall
import os
from functools import cache

from uploads.isolation.confinement import ROOT
from uploads.isolation.tasks import ALWAYS, Task


@cache
def ensure(task: Task) -> None:
    """Write what is missing or old, once a process. What can't be written is left alone."""
    for part in (*ALWAYS, *task.needs):
        path = ROOT / part
        if not os.access(path if path.is_dir() else path.parent, os.W_OK):
            continue
        if path.is_dir():
            compileall.compile_dir(path, quiet=2)
        else:
            compileall.compile_file(path, quiet=2)
