"""What runs on the far side of engine/doors/child.py: a server that imports once and forks, and the child that answers calls.

The server is one thread that waits on its control socket. Each command is one byte; what it forks is a child that holds one
end of a socketpair (calls, progress, answers) and one end of a pipe (its last words). A frame on the socketpair is one byte
that says what it is, eight that give its length, and a pickle.

Nobody outlives its parent: server and child ask the kernel for SIGKILL when their parent dies, and both end when their
socket closes (all that systems without PR_SET_PDEATHSIG have).
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import faulthandler
import gc
import importlib
import io
import os
import pickle
import signal
import socket
import struct
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

HEADER = struct.Struct("<cQ")
FORK, KILL, READY, CALL, PROGRESS, RESULT, ERROR, FAULT = (bytes([c]) for c in b"FKYCPRED")
STATUS = struct.Struct("<q")
SECONDS = struct.Struct("<dd")
"""Seconds of wall clock, and of CPU (0: as many as it likes), that a call may take."""
ERRORS = "engine.errors"
EXIT_WORDS = "unikat-exit"
EARLIER = 0.05
"""Seconds before the kernel's deadline at which the watchdog writes down where the child is."""

_channel: socket.socket | None = None
_words = 2


# ---- the wire, used by both sides ------------------------------------------------------------------------------------


def proxy(items: dict[Any, Any]) -> types.MappingProxyType[Any, Any]:
    """A read-only mapping again: pickle cannot name its type."""
    return types.MappingProxyType(items)


class Packer(pickle.Pickler):
    """Pickles plain values; the shared model's dataclasses go by their fields, so that unpacking checks and freezes them."""

    def reducer_override(self, obj: Any) -> Any:
        """Read-only mappings as dicts; dataclasses of engine.model by their constructor."""
        if isinstance(obj, types.MappingProxyType):
            return proxy, (dict(obj),)
        kind = type(obj)
        if kind.__module__.startswith("engine.model.") and dataclasses.is_dataclass(kind):
            return kind, tuple(getattr(obj, f.name) for f in dataclasses.fields(kind) if f.init)
        return NotImplemented


def pack(value: object) -> bytes:
    """The pickle of `value`, or whatever pickling raises."""
    buffer = io.BytesIO()
    Packer(buffer, protocol=5).dump(value)
    return buffer.getvalue()


def send(channel: socket.socket, kind: bytes, payload: bytes) -> None:
    """One frame; OSError when the other side is gone."""
    channel.sendall(HEADER.pack(kind, len(payload)))
    if payload:
        channel.sendall(payload)


def receive_exactly(channel: socket.socket, size: int, until: float | None = None) -> bytearray:
    """`size` bytes; EOFError when the other side is gone, TimeoutError after `until` (time.monotonic)."""
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        if until is not None:
            channel.settimeout(max(until - time.monotonic(), 0.001))
        got = channel.recv_into(view[done:])
        if not got:
            raise EOFError
        done += got
    return data


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends; ends at once when that has happened already."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


# ---- the child -------------------------------------------------------------------------------------------------------


def progress(stage: str) -> None:
    """Say which stage is running: if this child dies, its ChildFault names it. Does nothing outside a child."""
    if _channel is not None:
        send(_channel, PROGRESS, pack(str(stage)))


def unit(name: str, seconds: float) -> None:
    """`progress`, and from now on the kernel's deadline is that unit's own: of many units in one call each has its time."""
    if _channel is not None:
        send(_channel, PROGRESS, pack((str(name), float(seconds))))
        faulthandler.dump_traceback_later(max(seconds - EARLIER, seconds / 2), file=_words)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def resolve(target: str) -> Callable[..., Any]:
    """The function that `module:function` names."""
    module, _, name = target.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{target} is no function")
    return found  # type: ignore[no-any-return]  # checked to be callable


def limit_memory(megabytes: int) -> None:
    """Let this process map that much on top of what it has; beyond it, allocation fails."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:  # no /proc: not Linux, and RLIMIT_AS means little there
        return
    most = used + megabytes * 1024 * 1024
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def tell_exits(words: int) -> None:
    """Make os._exit say from which line it was called before it ends the process."""
    leave = os._exit

    def _exit(status: int) -> NoReturn:
        caller = sys._getframe(1)
        with contextlib.suppress(OSError):
            os.write(
                words, f'{EXIT_WORDS} {status}\n  File "{caller.f_code.co_filename}", line {caller.f_lineno} in ?\n'.encode()
            )
        leave(status)

    os._exit = _exit


@contextlib.contextmanager
def deadline(seconds: float, cpu: float, words: int) -> Iterator[None]:
    """The kernel kills this process after that time, inside C and with the GIL held too; just before, its place is noted.

    `seconds` of wall clock, and of the process's own CPU `cpu`, which a crowded machine does not use up; 0: no such limit.
    """
    faulthandler.dump_traceback_later(max(seconds - EARLIER, seconds / 2), file=words)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_PROF, cpu)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()


def frames_of(error: BaseException) -> list[tuple[str, int, str]]:
    """File, line and function of each frame, outermost first; for a SyntaxError the line it complains of comes last."""
    frames = [(f.f_code.co_filename, line, f.f_code.co_name) for f, line in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno or 0, "<module>"))
    return frames


def described(error: BaseException) -> bytes:
    """The ERROR frame of an exception: ours with class, args and attributes, others by type name and message; with frames."""
    frames = frames_of(error)
    kind = type(error)
    errors = importlib.import_module(ERRORS)
    if isinstance(error, errors.UnikatError):
        named = next(k for k in kind.__mro__ if k.__module__.startswith("engine."))
        parts: dict[str, Any] = {"module": named.__module__, "class": named.__name__, "frames": frames}
        with contextlib.suppress(Exception):  # an attribute that cannot travel: then all go as text
            return pack(parts | {"args": error.args, "attributes": error.__dict__})
        told = {k: v if isinstance(v, int | float | None) else str(v) for k, v in error.__dict__.items()}
        return pack(parts | {"args": tuple(map(str, error.args)), "attributes": told})
    try:
        message = str(error)
    except Exception as worse:  # noqa: BLE001  # a designer's __str__ may do anything
        message = f"(its message cannot be read: {type(worse).__name__})"
    return pack({"type": kind.__qualname__, "message": message, "frames": frames})


def answer(request: bytes, words: int, limit: int) -> tuple[bytes, bytes, bool]:
    """Run one call: kind of frame, payload, and whether this child may take another."""
    (seconds, cpu), request = SECONDS.unpack_from(request), request[SECONDS.size :]
    try:
        with deadline(seconds, cpu, words):
            try:
                target, args = pickle.loads(request)
                reply = pack(resolve(target)(*args))
                if len(reply) > limit:
                    raise ValueError(f"{target} returned {len(reply)} bytes; at most {limit} may travel")
                return RESULT, reply, True
            except MemoryError as error:
                return FAULT, pack({"kind": "memory", "frames": frames_of(error)}), False
            except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
                return FAULT, pack({"kind": "exit", "frames": frames_of(error)}), False
            except Exception as error:  # noqa: BLE001  # whatever a designer's code raises travels back
                return ERROR, described(error), True
    except MemoryError:
        return FAULT, pack({"kind": "memory", "frames": []}), False


def child_main(channel: socket.socket, words: int, parent: int, options: dict[str, Any]) -> None:
    """Answer calls until the channel closes."""
    global _channel, _words
    die_with_parent(parent)
    os.setpgid(0, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM, signal.SIGPROF})
    faulthandler.enable(file=words, all_threads=False)
    faulthandler.register(signal.SIGPROF, file=words, all_threads=False, chain=True)  # it notes the place, then dies of it
    tell_exits(words)
    limit_memory(options["memory_mb"])
    _channel, _words = channel, words
    send(channel, READY, b"")
    usable = True
    while usable:
        _, size = HEADER.unpack(receive_exactly(channel, HEADER.size))
        kind, payload, usable = answer(bytes(receive_exactly(channel, size)), words, options["limit"])
        sys.stdout.flush()
        send(channel, kind, payload)


# ---- the server ------------------------------------------------------------------------------------------------------


def fork_child(control: socket.socket, fds: list[int], options: dict[str, Any]) -> int:
    """Fork; the child never returns from here."""
    server = os.getpid()
    leave = os._exit
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # native threads of a library that is idle: nothing to inherit
        pid = os.fork()
    if pid:
        for fd in fds:
            os.close(fd)
        return pid
    status = 0
    try:
        control.close()
        child_main(socket.socket(fileno=fds[0]), fds[1], server, options)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # our parent has closed the channel, or is gone
    except BaseException:  # noqa: BLE001  # the child must end here, whatever it was: below is the server's code
        traceback.print_exc()
        status = 1
    finally:
        leave(status)


def preload(names: list[str]) -> None:
    """Import each `module`; of `module:function`, call the function too."""
    for name in names:
        if ":" in name:
            resolve(name)()
        else:
            importlib.import_module(name)


def serve(control: socket.socket, options: dict[str, Any]) -> None:
    """Preload, say so (or what went wrong), then fork, wait and kill on demand until the control socket closes."""
    try:
        preload(options["preload"])
    except Exception as error:  # noqa: BLE001  # whatever a module raises when it is imported is told, not swallowed
        send(control, ERROR, described(error))
        return
    gc.collect()
    gc.freeze()
    send(control, READY, b"")
    while True:
        message, fds, _, _ = socket.recv_fds(control, 1 + STATUS.size, 2)
        if not message:
            return
        if message[:1] == FORK:
            control.sendall(STATUS.pack(fork_child(control, fds, options)))
        else:
            control.sendall(STATUS.pack(end_child(*STATUS.unpack(message[1:]))))


def end_child(pid: int) -> int:
    """Kill a child (one that has died already keeps its own status) and all it had started; its exit code, or -signal."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # dead, and its number not yet free for another group
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(control_fd: int, parent: int) -> None:
    """The server process: its first frame holds its options."""
    die_with_parent(parent)
    control = socket.socket(fileno=control_fd)
    try:
        _, size = HEADER.unpack(receive_exactly(control, HEADER.size))
        serve(control, pickle.loads(receive_exactly(control, size)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # our parent is gone
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
