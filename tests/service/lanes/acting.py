"""What lanes are told to do in test_pool.py; runs in the child."""

import ctypes
import os
import signal
import time

from engine.doors.child_server import unit

remembered: list[str] = []


def hang(names, seconds, disarm):
    """The last unit hangs; `disarm`: it has taken the kernel's timer away from itself."""
    for name in names[:-1]:
        unit(name, seconds)
    unit(names[-1], seconds)
    if disarm:
        signal.setitimer(signal.ITIMER_REAL, 0)
    ctypes.CDLL(None).sleep(60)


def slow(names, seconds):
    """Each unit takes a moment, all of them more than one may."""
    for name in names:
        unit(name, seconds)
        time.sleep(0.6 * seconds)
    return len(names)


def die(names, how):
    """It ends while it works on the last one."""
    for name in names:
        unit(name, 10.0)
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "exit":
        os._exit(0)
    if how == "memory":
        return bytearray(1 << 40)
    if how == "lost":
        os.kill(os.getpid(), signal.SIGKILL)
    raise ValueError("a value of hers")


def remember(name):
    """What this lane has seen since it began."""
    remembered.append(name)
    return list(remembered)


def pack(seconds):
    """It ends while it writes."""
    unit("pack", seconds)
    os._exit(0)
