"""How a child is started: its command, by itself or under bubblewrap.

Rules
- Under bubblewrap (bubblewrap(1)) it sees the interpreter, the libraries and the few folders of the project
  that its task needs, all read-only, and nothing else: no network, no other process, no device, no /proc.
- Without it the child has what it gives up by itself (`child_limits`), which holds in both cases.
- `SMMODS_ISOLATION` decides: `bubblewrap` refuses to work without, `limits` never asks for it, `auto` takes it
  where it works. Whether it works is known by starting it, once a process.
"""

import logging
import os
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

from uploads.isolation.errors import IsolationUnavailableError
from uploads.isolation.tasks import ALWAYS, Task

BUBBLEWRAP = "bubblewrap"
LIMITS = "limits"
ROOT = Path(__file__).resolve().parents[2]
_CHILD = Path(__file__).resolve().with_name("child.py")
#: The interpreter itself, not a virtual environment's link to it.
_PYTHON = Path(getattr(sys, "_base_executable", sys.executable) or sys.executable).resolve()
_ISOLATED = ("-I", "-S", "-B", "-X", "utf8")
_PROBE_SECONDS = 10

log = logging.getLogger(__name__)


def chosen(setting: str) -> str:
    """`bubblewrap` or `limits`, by the setting's value.

    Raises IsolationUnavailableError where bubblewrap is asked for and does not work.
    """
    if setting == LIMITS:
        return LIMITS
    problem = bubblewrap_problem()
    if not problem:
        return BUBBLEWRAP
    if setting == BUBBLEWRAP:
        raise IsolationUnavailableError(problem)
    return LIMITS


@cache
def bubblewrap_problem() -> str:
    """Why bubblewrap can't be used, found by using it; empty if it can."""
    program = shutil.which("bwrap", path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/local/bin")
    if program is None:
        return "there is no bwrap on this machine"
    try:
        done = subprocess.run(
            [*_wrapped(program, ()), str(_PYTHON), *_ISOLATED, "-c", "print('works')"],
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = f"bwrap could not be run: {error}"
    else:
        if done.returncode == 0 and done.stdout == b"works\n":
            return ""
        problem = (
            done.stderr.decode("utf-8", "replace").strip()[-300:] or f"bwrap ended with {done.returncode}"
        )
    log.warning("bubblewrap does not work: %s", problem)
    return problem


def command(by: str, task: Task) -> list[str]:
    """The command line of a child that does `task`, confined by `by`."""
    child = [str(_PYTHON), *_ISOLATED, str(_CHILD), str(ROOT), *map(str, _libraries())]
    if by == LIMITS:
        return child
    program = shutil.which("bwrap", path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/local/bin")
    return [*_wrapped(program or "bwrap", (*ALWAYS, *task.needs)), *child]


def _wrapped(program: str, project: tuple[str, ...]) -> list[str]:
    if os.geteuid() == 0:
        # Root has no need of a user namespace, and the child must still be able to become nobody.
        alone = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        alone += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        alone = ["--unshare-all"]
    words = [program, *alone, "--die-with-parent", "--new-session", "--clearenv", "--chdir", "/"]
    for place in _system():
        words += ["--ro-bind-try", place, place]
    for path in (*map(str, _libraries()), *(str(ROOT / part) for part in project)):
        words += ["--ro-bind", path, path]
    return [*words, "--"]


@cache
def _libraries() -> tuple[Path, ...]:
    """The folders of installed libraries that this process uses itself."""
    found = (Path(entry).resolve() for entry in sys.path if entry)
    return tuple(
        dict.fromkeys(
            path for path in found if path.name in ("site-packages", "dist-packages") and path.is_dir()
        )
    )


@cache
def _system() -> tuple[str, ...]:
    """The interpreter with its standard library, and the system's shared libraries."""
    paths = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", str(_PYTHON)]
    paths += [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        paths.append(str(sysconfig.get_config_var("LIBDIR")))
    return tuple(dict.fromkeys(path for path in paths if Path(path).exists()))
