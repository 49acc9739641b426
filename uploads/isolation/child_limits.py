"""What the child gives up before it looks at the first byte of a package. There is no way back.

* Another user: `nobody`, where it is root.
* Its life without its parent: the kernel kills it then (prctl(2), PR_SET_PDEATHSIG).
* New privileges (PR_SET_NO_NEW_PRIVS), core dumps, and being looked at by others (PR_SET_DUMPABLE).
* New processes and threads, new descriptors (so no file, no socket, no pipe), and files larger than agreed.
* Memory and processor time beyond the bounds (setrlimit(2)).
* Every system call that reading, computing and answering do not need (`child_syscalls`).
"""

import ctypes
import os
import resource
import signal

from uploads.isolation import child_syscalls

NOBODY = 65534
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def confine(*, mebibytes: int, seconds: int, file_bytes: int, parent: int) -> None:
    """Give everything up. `parent` is the process that this one must not outlive, 0 where it may not be known.

    `file_bytes` bounds what may be written into a file that is open already. Raises OSError where the kernel
    refuses: then nothing may be opened.
    """
    os.environ.clear()
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in (
        # After the change of user, which would undo it.
        (_PR_SET_PDEATHSIG, signal.SIGKILL),
        (_PR_SET_DUMPABLE, 0),
        (_PR_SET_NO_NEW_PRIVS, 1),
    ):
        if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0):
            raise OSError(ctypes.get_errno(), f"prctl {option} was refused")
    if parent and os.getppid() != parent:
        raise OSError("the parent is gone")
    memory = mebibytes * 1024 * 1024
    for what, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        # The soft bound says by its signal what happened, the hard one a second later ends what ignores that.
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_NOFILE, 0, 0),
    ):
        resource.setrlimit(what, (soft, hard))
    child_syscalls.close(libc)
