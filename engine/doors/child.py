"""The one way to run what may loop, crash, eat memory or exit: a warm forked child with a deadline kept by the kernel.

    worker = Child(preload=("templates.phone_case",), memory_mb=2000)
    answer = worker.call("some.module:function", 1, "two", deadline=5.0)

`call` runs `function(1, "two")` in the child and returns its result: plain containers, numpy arrays, engine.model types.
What the function raises comes back: our own errors as themselves, anything else as a RemoteError with type, message, frames.
A child that dies costs that call alone (ChildFault: kind crash, exit, timeout, memory or lost; stage, file and line as far
as they are known), and the next call gets a new one, forked in milliseconds from a server that has done the imports.
In the child, `progress("front")` names the stage that a ChildFault would tell.

One call at a time per Child (a lock). `shared(preload)` keeps one Child per preload for the whole process.
What a child sends is not trusted: it is unpickled with an allow-list of classes and a limit of size.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine.doors import child_near as near
from engine.doors import child_replies as replies
from engine.doors import child_server as wire
from engine.doors.child_replies import ROOT, Frame, RemoteError, designers_frame
from engine.doors.child_server import progress
from engine.errors import ChildFault, EngineFault

if TYPE_CHECKING:
    import subprocess
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["Child", "Frame", "RemoteError", "designers_frame", "progress", "shared"]

START_SECONDS = 1200.0
"""How long a server may take to import what it preloads (CadQuery: 3 s of CPU warm, 15 s from a cold disk; where the least of
priorities gets a hundredth of a crowded core, minutes)."""
GRACE_SECONDS = 0.5
"""How long after the deadline a child that the kernel has not killed (it disarmed its timer) is killed from outside."""
REPLY_LIMIT = 512 * 1024 * 1024
"""Bytes of one answer."""
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_executors: dict[int, ThreadPoolExecutor] = {}
_module_lock = threading.Lock()


def _spawn(arguments: list[str], fd: int) -> subprocess.Popen[bytes]:
    """Start a server from one thread that never ends: the kernel counts the end of the *thread* that forked as a parent's."""
    import subprocess  # here: who forks its server has no use for these
    from concurrent.futures import ThreadPoolExecutor

    with _module_lock:
        executor = _executors.setdefault(os.getpid(), ThreadPoolExecutor(1, "unikat-servers"))
    environment = {**ONE_THREAD, **os.environ}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            pass_fds=(fd,),
            stdin=subprocess.DEVNULL,
            stdout=2,  # what a designer prints must never reach our stdout
            env=environment,
            process_group=0,  # Ctrl-C is the parent's to handle
        )

    return executor.submit(start).result()


def _forget() -> None:
    """In a forked server: the children of the process that it was forked from are not its own, nor is a lock that is held there."""
    global _module_lock
    _module_lock = threading.Lock()
    _executors.clear()
    _shared.clear()


_BOOT = "import sys, json; a = json.loads(sys.argv[1]); sys.path[:] = a[2]; from engine.doors.child_server import main; main(a[0], a[1])"


class _Server:
    """The forking process of one Child."""

    process: subprocess.Popen[bytes] | near.Forked

    def __init__(self, preload: tuple[str, ...], options: dict[str, Any], forked: bool) -> None:
        ours, theirs = socket.socketpair()
        self.control = ours
        path = [os.path.abspath(p) for p in sys.path]
        path += [ROOT] if ROOT not in path else []
        with theirs:
            if forked and near.sound(theirs.fileno()):
                self.process = near.fork_server(theirs.fileno(), path, ONE_THREAD, _forget)
            else:
                told = json.dumps([theirs.fileno(), os.getpid(), path])
                self.process = _spawn(["-c", _BOOT, told], theirs.fileno())
        try:
            wire.send(ours, wire.CALL, wire.pack({"preload": list(preload), **options}))
            until = time.monotonic() + START_SECONDS
            kind, size = wire.HEADER.unpack(wire.receive_exactly(ours, wire.HEADER.size, until))
            payload = wire.receive_exactly(ours, min(size, REPLY_LIMIT), until)
        except (EOFError, OSError) as error:
            late = isinstance(error, TimeoutError)
            self.close()
            what = "did not start in time" if late else f"ended ({self.process.returncode})"
            raise ChildFault(
                "timeout" if late else "crash", f"the child's server {what} while it imported {', '.join(preload)}"
            ) from error
        if kind == wire.ERROR:
            self.close()
            replies.raise_told(payload, None)

    def fork(self, channel: int, words: int) -> int:
        """The pid of a new child that holds these ends; OSError or EOFError when the server is gone."""
        socket.send_fds(self.control, [wire.FORK], [channel, words])
        (pid,) = wire.STATUS.unpack(wire.receive_exactly(self.control, wire.STATUS.size))
        return int(pid)

    def end(self, pid: int) -> int:
        """Kill and reap a child: its exit code, or -signal."""
        self.control.sendall(wire.KILL + wire.STATUS.pack(pid))
        (status,) = wire.STATUS.unpack(wire.receive_exactly(self.control, wire.STATUS.size))
        return int(status)

    def close(self) -> None:
        """End the server; its children follow."""
        self.control.close()
        self.process.kill()
        self.process.wait()


class _Worker:
    """One forked child: a channel, and a pipe with its last words."""

    def __init__(self, server: _Server) -> None:
        self.server = server
        self._ending, self._ended = threading.Lock(), False
        self.channel, theirs = socket.socketpair()
        self.words, written = os.pipe()
        os.set_blocking(written, False)
        os.set_blocking(self.words, False)
        try:
            self.pid = server.fork(theirs.fileno(), written)
        except BaseException:
            self.channel.close()
            os.close(self.words)
            raise
        finally:
            theirs.close()
            os.close(written)
        if self.frame(time.monotonic() + START_SECONDS)[0] != wire.READY:
            raise EngineFault("a child did not say that it is ready")

    def frame(self, until: float) -> tuple[bytes, bytearray]:
        """The next frame; TimeoutError after `until` (monotonic), EOFError when the child is gone."""
        kind, size = wire.HEADER.unpack(wire.receive_exactly(self.channel, wire.HEADER.size, until))
        if size > REPLY_LIMIT:
            raise EngineFault(f"a child's answer of {size} bytes is not taken: at most {REPLY_LIMIT}")
        return kind, wire.receive_exactly(self.channel, size, until)

    def forget_words(self) -> None:
        """Throw away what an earlier call that ended in the last moment had written."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self.words, 65536):
                pass

    def kill(self) -> None:
        """Kill it from another thread than its caller's, unless that one has ended it already."""
        with self._ending, contextlib.suppress(ProcessLookupError):
            if not self._ended:
                os.kill(self.pid, signal.SIGKILL)

    def end(self) -> tuple[int | None, str]:
        """Kill it if it lives: exit code or -signal (None: the server is gone too), and its last words."""
        with self._ending:
            self._ended = True  # from here on its number may be another process's
            try:
                status = self.server.end(self.pid)
            except (OSError, EOFError):
                status = None
        text = b""
        with contextlib.suppress(BlockingIOError, OSError):
            while part := os.read(self.words, 65536):
                text += part
                if len(text) > 1 << 20:
                    break
        os.close(self.words)
        self.channel.close()
        return status, text.decode(errors="replace")


class Child:
    """A server with `preload` imported (each `module`, or `module:function` to call as well), and one warm child forked from it.

    `memory_mb`: what a child may map on top of what its server has. Nothing starts before the first call.
    `forked`: the server may be a fork of this process, where that is sound (child_near): for command lines, whose memory it may see.
    Raises on first use what a preload raised, ours as itself (EnvironmentFault when a library is missing).
    """

    def __init__(self, preload: Iterable[str] = (), *, memory_mb: int = 4000, forked: bool = False) -> None:
        self.preload = tuple(preload)
        self.forked = forked
        self._options = {"memory_mb": int(memory_mb), "limit": REPLY_LIMIT}
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._server: _Server | None = None
        self._worker: _Worker | None = None
        atexit.register(_close_quietly, weakref.ref(self))

    def call(self, target: str, *args: object, deadline: float, cpu: float = 0.0, own: tuple[str, ...] = ()) -> Any:
        """`function(*args)` of `module:function`, run in the child within `deadline` seconds of wall clock.

        `cpu`: so many seconds of its own CPU it may use besides; 0: no such limit. Where a crowded machine must not end what works, this
        is the limit that counts, and `deadline` is for a child that sleeps.
        `own`: how the paths of the designer's files begin, where they are installed among libraries.

        Raises ChildFault (the child died), RemoteError (it raised), or what of ours the function raised.
        """
        if not deadline > 0:
            raise ValueError(f"deadline must be above 0 s, not {deadline}")
        if not cpu >= 0:
            raise ValueError(f"cpu must be 0 s or more, not {cpu}")
        request = wire.SECONDS.pack(deadline, cpu) + wire.pack((target, args))
        with self._lock:
            worker = self._ask(request)
            return self._answer(worker, deadline, cpu, own)

    def start(self) -> None:
        """Start server and child now, so that the first call finds them warm."""
        with self._lock:
            self._warm()

    def renew(self) -> None:
        """Let the next call have a fresh child: modules that calls have imported are forgotten."""
        with self._lock:
            self._drop()

    def close(self) -> None:
        """End child and server. A later call would start them again."""
        with self._lock:
            self._drop()
            if self._server is not None and self._pid == os.getpid():
                self._server.close()
            self._server = None

    def interrupt(self) -> None:
        """Kill the child, while a call runs: that call raises its ChildFault, and the next one has a new child at once."""
        worker = self._worker
        if worker is not None and self._pid == os.getpid():
            worker.kill()

    def abandon(self) -> None:
        """End the server at once, while a call runs too: that call raises its ChildFault, and close() need not wait for it."""
        server = self._server
        if server is not None and self._pid == os.getpid():
            server.process.kill()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _warm(self) -> _Worker:
        if self._pid != os.getpid():  # inherited by fork: they belong to the process that started them
            self._server = self._worker = None
            self._pid = os.getpid()
        if self._worker is not None:
            return self._worker
        if self._server is not None:
            try:
                self._worker = _Worker(self._server)
                return self._worker
            except (OSError, EOFError):  # the server was killed from outside
                self._server.close()
        self._server = _Server(self.preload, self._options, self.forked)
        try:
            self._worker = _Worker(self._server)
        except (OSError, EOFError) as error:
            raise ChildFault("lost", "a new child ended before it was ready") from error
        return self._worker

    def _ask(self, request: bytes) -> _Worker:
        """Send the request; a child found dead before it could start is replaced once."""
        worker = self._warm()
        worker.forget_words()
        try:
            wire.send(worker.channel, wire.CALL, request)
        except OSError:
            self._drop()
            worker = self._warm()
            wire.send(worker.channel, wire.CALL, request)
        return worker

    def _answer(self, worker: _Worker, deadline: float, cpu: float, own: tuple[str, ...]) -> Any:
        until = last = time.monotonic() + deadline + GRACE_SECONDS
        stage: str | None = None
        usable = False
        try:
            while True:
                kind, payload = worker.frame(until)
                if kind == wire.PROGRESS:
                    stage, seconds = replies.stage_of(payload)
                    if seconds is not None:  # that unit's own time, which ends before the whole call's
                        until, deadline = min(last, time.monotonic() + seconds + GRACE_SECONDS), seconds
                    continue
                if kind == wire.FAULT:
                    told = replies.unpack(payload)
                    raise replies.fault(told["kind"], replies.frames_of(told["frames"]), stage, deadline, own=own)
                if kind not in (wire.RESULT, wire.ERROR):
                    raise EngineFault("a child's answer cannot be taken: not a frame of ours")
                usable = True
                if kind == wire.RESULT:
                    return replies.unpack(payload)
                replies.raise_told(payload, stage, own)
        except (EOFError, OSError) as error:
            self._worker, usable = None, True
            status, words = worker.end()
            late = isinstance(error, TimeoutError)
            raise replies.fault(
                replies.kind_of(status, words, late), replies.frames_in(words), stage, deadline, status, own, cpu
            ) from None
        finally:
            if not usable:
                self._drop()

    def _drop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None and self._pid == os.getpid():
            worker.end()


def _close_quietly(child: weakref.ref[Child]) -> None:
    found = child()
    if found is not None:
        found.close()


_shared: dict[tuple[tuple[str, ...], int, bool], Child] = {}


def shared(preload: Iterable[str] = (), *, memory_mb: int = 4000, forked: bool = False) -> Child:
    """The one Child of this process with that preload and limit; made on first use, closed when the process ends."""
    key = (tuple(preload), int(memory_mb), forked)
    with _module_lock:
        if key not in _shared:
            _shared[key] = Child(key[0], memory_mb=memory_mb, forked=forked)
        return _shared[key]
