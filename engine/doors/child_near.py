"""A child's server forked from this very process, where that is sound: what it needs is imported already, and nothing is started anew.

Only for a command line, whose memory is that of the person who runs it: what this process holds, the child can read. And only
while this process is one thread by the kernel's own count, and none of HEAVY is loaded in it: then no lock is held by somebody
who is not there in the copy, and nothing native is half of itself. Otherwise the server is a new interpreter, as for a service.

What a new interpreter would not have, the fork puts away: open files, standard input and output, handlers of signals, the lines
that stdout has not written yet, garbage that somebody else's finalizers would be run for, other children.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from engine.doors import child_server as wire

HEAVY = ("numba", "OCP", "vtkmodules", "manifold3d")
"""Libraries with threads or state of their own."""
OFTEN = (700, 10, 10)
"""Python's own pace of looking for garbage."""
PYTHONS: dict[int, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGPIPE: signal.SIG_IGN,
    signal.SIGXFSZ: signal.SIG_IGN,
}
"""What Python itself does with signals; all others do what the kernel says."""
_put_away: list[object] = []
"""What must never be let go in the copy: its end would write, or close what is another's."""


def sound(control: int) -> bool:
    """Whether this process can be forked as it stands, with a server that listens on that descriptor."""
    if control <= 2:  # the process has lost one of the standard three
        return False
    try:
        threads = os.listdir("/proc/self/task")
    except OSError:  # no Linux: nobody tells how many there are
        return False
    return len(threads) == 1 and not any(name in sys.modules for name in HEAVY)


class Forked:
    """A server that was forked, with what child.py asks of a subprocess.Popen."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def kill(self) -> None:
        """SIGKILL, unless it is reaped already and its number may be another's."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code, or -signal."""
        if self.returncode is None:
            try:
                self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            except ChildProcessError:  # somebody has reaped it
                self.returncode = 0
        return self.returncode


def fork_server(control: int, path: list[str], environment: dict[str, str], forget: Callable[[], None]) -> Forked:
    """Fork a server that listens on the descriptor `control`. `path`: its sys.path; `environment`: what it gets where it has none of
    that name; `forget`: lets go of what of the door's own belongs to this process."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _serve(control, parent, path, environment, forget)
    return Forked(pid)


def _serve(control: int, parent: int, path: list[str], environment: dict[str, str], forget: Callable[[], None]) -> NoReturn:
    """In the copy: be like a new interpreter, then serve. Never returns: above on this stack is the parent's code."""
    leave, status = os._exit, 1
    try:
        gc.freeze()  # first: a finalizer of the parent's garbage would close files by numbers that are others' by then
        gc.set_threshold(*OFTEN)
        gc.enable()
        os.setpgid(0, 0)
        _signals()
        _files(control)
        forget()
        sys.path[:] = path
        for name, value in environment.items():
            os.environ.setdefault(name, value)
        wire.main(control, parent)
        status = 0
    except BaseException:  # noqa: BLE001  # it must end here, whatever it was
        traceback.print_exc()
    finally:
        leave(status)


def _signals() -> None:
    faulthandler.cancel_dump_traceback_later()
    faulthandler.disable()
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        wanted = PYTHONS.get(int(number), signal.SIG_DFL)
        if signal.getsignal(number) != wanted:
            signal.signal(number, wanted)


def _files(control: int) -> None:
    """Nothing is open but `control` and the standard three: stdin is empty, stdout is stderr, and neither holds old lines."""
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != control:
            with contextlib.suppress(OSError):  # that of the list itself
                os.close(int(name))
    _put_away.extend((sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__))
    sys.stdin = sys.__stdin__ = _text(0, "r")  # type: ignore[misc]  # as a new interpreter does
    sys.stdout = sys.__stdout__ = _text(1, "w")  # type: ignore[misc]  # as a new interpreter does
    sys.stderr = sys.__stderr__ = _text(2, "w")  # type: ignore[misc]  # as a new interpreter does


def _text(number: int, mode: str) -> io.TextIOWrapper:
    opened = open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)  # noqa: SIM115
    assert isinstance(opened, io.TextIOWrapper)
    return opened
