"""Which system calls the child keeps: those for reading, computing and answering (seccomp(2)).

Rules
- What is not in the table is answered with EPERM: opening, connecting, starting, removing, looking at others.
- Signals may be sent to this process alone (a program that aborts sends itself one).
- The filter holds for every thread. It cannot be taken off.
- The table has numbers for x86-64 and ARM64; a machine of another kind has the limits alone.
"""

import ctypes
import os
import struct

# Name → its number on x86-64 and on ARM64 (Linux's unistd.h).
_KEPT = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "lseek": (8, 62),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "close": (3, 57),
    "fcntl": (72, 25),
    "ftruncate": (77, 46),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "mprotect": (10, 226),
    "madvise": (28, 233),
    "brk": (12, 214),
    "membarrier": (324, 283),
    "futex": (202, 98),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
_TO_ITSELF = {"kill": (62, 129), "tgkill": (234, 131)}
_SECCOMP = (317, 277)
# Machine → its column above, and what the kernel calls it (linux/audit.h).
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# linux/bpf_common.h and linux/seccomp.h.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _EPERM = 0x7FFF0000, 0x80000000, 0x00050000 | 1
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_X32 = 0x40000000
_SET_FILTER, _ALL_THREADS = 1, 1


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def close(libc: ctypes.CDLL) -> None:
    """Keep the table's calls and no others. The process must have given up new privileges before.

    Raises OSError where the kernel refuses.
    """
    known = _MACHINES.get(os.uname().machine)
    if known is None:
        return
    column, machine = known
    code = _program(column, machine, os.getpid())
    program = _Program(len(code) // 8, code)
    call = ctypes.c_long(_SECCOMP[column])
    if libc.syscall(call, _SET_FILTER, _ALL_THREADS, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), "the filter of system calls was refused")


def _program(column: int, machine: int, pid: int) -> bytes:
    steps = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _EPERM),
    ]
    for numbers in _KEPT.values():
        steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ALLOW)]
    for numbers in _TO_ITSELF.values():
        steps += [
            (_EQUAL, 0, 4, numbers[column]),
            (_LOAD, 0, 0, _FIRST_ARGUMENT),
            (_EQUAL, 0, 1, pid),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _EPERM),
        ]
    steps.append((_RETURN, 0, 0, _EPERM))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
