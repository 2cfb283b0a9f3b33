"""A forked server: a child of it is as one of a new interpreter, and where a fork is not sound there is a new interpreter."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from engine.doors import child_near, child_replies, child_server

ROOT = pathlib.Path(__file__).parents[3]
WORK = """
import ctypes, gc, os, signal, sys, threading, time
import engine.doors.child as door
def add(a, b): return a + b
def state():
    fds = {int(n): os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")}
    odd = [int(s) for s in signal.valid_signals() if callable(signal.getsignal(s)) and s != signal.SIGINT]
    return {
        "fds": {n: to for n, to in fds.items() if "/proc/" not in to}, "read": sys.stdin.read(), "path": sys.path, "odd": odd,
        "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler, "gc": [gc.isenabled(), *gc.get_threshold()],
        "frozen": gc.get_freeze_count() > 0, "blas": os.environ["OPENBLAS_NUM_THREADS"], "group": os.getpgid(0) == os.getpid(),
        "locked": door._module_lock.locked(), "shared": len(door._shared), "same": os.fstat(1) == os.fstat(2),
    }
def speak(): print("said by the child"); sys.stdout.write("half a line"); return 1
def again(): return door.shared(("near_work",), forked=True).call("near_work:add", 1, 2, deadline=20.0)
def collected(): gc.collect(); return 1
def ended(): os.kill(os.getpid(), signal.SIGTERM); time.sleep(5)
def loop():
    while True: pass
def leave(): os._exit(3)
def ends(): sys.exit(2)
def hog():
    held = []
    while True: held.append(bytearray(50_000_000))
def segfault(): ctypes.string_at(0)
def wrong(): raise ValueError("bad 262.0")
def held(): time.sleep(60)
def family(): return [os.getpid(), os.getppid()]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    place = tmp_path_factory.mktemp("near")
    (place / "near_work.py").write_text(WORK, encoding="utf-8")
    (place / "near_bad.py").write_text("raise ValueError('as it is imported')\n", encoding="utf-8")
    return place


def run(folder: pathlib.Path, code: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """A process of its own, with one thread and nothing heavy: `child` is a Child that may be forked, `ask(name)` calls it."""
    head = f"""
        import json, os, signal, sys, threading
        sys.path.insert(0, {str(folder)!r})
        from engine.doors import child_near
        from engine.doors.child import Child, RemoteError, shared
        from engine.errors import ChildFault
        child = Child(("near_work",), memory_mb=300, forked=True)
        def ask(name, *args, deadline=20.0): return child.call("near_work:" + name, *args, deadline=deadline)
        def forked(one): return isinstance(one._server.process, child_near.Forked)
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        **more,
    )


def told(folder: pathlib.Path, code: str) -> Any:
    """What the code prints last, as JSON."""
    ended = run(folder, code)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


STATE = """
    import gc, socket
    mine = [open(os.devnull), socket.socketpair(), os.pipe()]
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM):
        signal.signal(number, lambda *_: print("a handler of the parent's"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(100_000, 50, 100)
    gc.disable()
    shared(("near_work",), forked=True)
    os.environ.pop("OPENBLAS_NUM_THREADS", None)
    child.forked = FORKED
    got = ask("state")
    print(json.dumps([forked(child), got, os.environ.get("OPENBLAS_NUM_THREADS"), signal.getsignal(signal.SIGINT) == signal.SIG_IGN]))
"""


@pytest.mark.parametrize("forked", [True, False])
def test_the_child_is_as_one_of_a_new_interpreter(folder: pathlib.Path, forked: bool) -> None:
    was, got, environment, ignored = told(folder, STATE.replace("FORKED", str(forked)))
    assert was is forked
    fds = got.pop("fds")
    assert fds["0"] == os.devnull and got["read"] == "" and got["same"]
    others = [to.partition(":")[0] for n, to in fds.items() if int(n) > 2]
    assert sorted(others) == ["pipe", "socket"], "its channel and its last words"
    assert str(folder) in got["path"] and all(os.path.isabs(p) for p in got["path"])
    assert got["odd"] == [] and got["gc"] == [True, 700, 10, 10] and got["frozen"]
    assert got["blas"] == "1" and got["group"] and not got["locked"] and got["shared"] == 0
    assert got["interrupt"] is forked, "a signal that is ignored stays so in a new interpreter"
    assert environment is None and ignored, "nothing of the parent's is touched"


UNSOUND = {
    "not asked for": "child.forked = False",
    "a thread": "threading.Thread(target=threading.Event().wait, daemon=True).start()",
    "a thread that Python does not know": """
        import ctypes
        run = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda _: signal.pause())
        assert ctypes.CDLL(None).pthread_create(ctypes.byref(ctypes.c_ulong()), None, run, None) == 0
        """,
    "kernels' compiler": "sys.modules['numba'] = sys.modules['json']",
    "CAD": "sys.modules['OCP'] = sys.modules['json']",
    "no Linux": """
        real = os.listdir
        def no(path='.'):
            if path == '/proc/self/task': raise FileNotFoundError(path)
            return real(path)
        os.listdir = no
        """,
}


@pytest.mark.parametrize("why", UNSOUND)
def test_where_a_fork_is_not_sound_there_is_a_new_interpreter(folder: pathlib.Path, why: str) -> None:
    end = "\nprint(json.dumps([ask('add', 1, 2), forked(child)]), flush=True)\nchild.close()\nos._exit(0)"
    assert told(folder, textwrap.dedent(UNSOUND[why]) + end) == [3, False]


def test_no_fork_listens_where_a_standard_file_should_be(folder: pathlib.Path) -> None:
    assert told(folder, "print(json.dumps([child_near.sound(n) for n in (0, 2, 3)]))") == [False, False, True]


def test_a_fork_is_what_there_is_otherwise(folder: pathlib.Path) -> None:
    code = "sent = ask('add', 1, 2)\nprint(json.dumps([sent, forked(child), 'subprocess' in sys.modules, len(os.listdir('/proc/self/task'))]))"
    assert told(folder, code) == [3, True, False, 1]


def test_what_the_parent_had_not_written_yet_is_written_once(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    code = f"""
        kept = open({str(tmp_path / "kept")!r}, "w")
        kept.write("a line of a file")
        print("before", end=" ")
        sys.stderr.write("told ")
        assert ask("speak") == 1 and forked(child)
        child.renew(); ask("speak"); child.close()
        print("after")
    """
    ended = run(folder, code)
    assert (ended.returncode, ended.stdout) == (0, "before after\n")
    assert ended.stderr == "told " + "said by the child\nhalf a line" * 2
    assert (tmp_path / "kept").read_text() == "a line of a file"


def test_no_finalizer_of_the_parents_runs_in_the_child(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    code = f"""
        import gc
        gc.disable()
        class Loud:
            def __del__(self, write=os.write, open=os.open, pid=os.getpid):
                write(open({str(tmp_path / "loud")!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND), b"%d " % pid())
        for _ in range(3):
            one = Loud(); one.itself = one; del one
        assert ask("collected") == 1 and forked(child)
        child.close()
        gc.collect()
        print(os.getpid())
    """
    pid = told(folder, code)
    assert (tmp_path / "loud").read_text().split() == [str(pid)] * 3


def test_a_door_that_it_was_forked_with_is_its_own(folder: pathlib.Path) -> None:
    """A child that asks for the very Child that called it has one of its own, and does not wait for ever."""
    code = "one = shared(('near_work',), forked=True)\nprint(json.dumps([one.call('near_work:again', deadline=20.0), forked(one)]))"
    assert told(folder, code) == [3, True]


DEATHS = [
    ("loop", "timeout", 0.4),
    ("leave", "exit", 20.0),
    ("ends", "exit", 20.0),
    ("hog", "memory", 20.0),
    ("segfault", "crash", 20.0),
]
DEATHS += [("ended", "lost", 20.0)]


def test_each_death_is_named_and_costs_that_call_alone(folder: pathlib.Path) -> None:
    code = f"""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        seen = []
        def here():
            for name, _, deadline in {DEATHS!r}:
                try: ask(name, deadline=deadline)
                except ChildFault as fault: seen.append([fault.kind, os.path.basename(fault.file or "")])
                assert ask("add", 1, 1) == 2
        here()
        print(json.dumps([forked(child), seen]))
    """
    was, seen = told(folder, code)
    assert was and [kind for kind, _ in seen] == [kind for _, kind, _ in DEATHS]
    assert {file for _, file in seen} == {"near_work.py", ""} and seen[0][1] == seen[4][1] == "near_work.py"


def test_what_is_raised_comes_back_and_the_parents_code_runs_once(folder: pathlib.Path) -> None:
    code = """
        def tried(one, name):
            try: one.call("near_work:" + name, deadline=20.0)
            except RemoteError as error: return [error.type_name, error.message, len(error.frames)]
        print("once")
        print(json.dumps([tried(child, "wrong"), forked(child), tried(Child(("near_bad",), forked=True), "add")[:2]]))
    """
    ended = run(folder, code)
    first, second = ended.stdout.splitlines()
    (kind, message, frames), was, bad = json.loads(second)
    assert first == "once" and was and [kind, message] == ["ValueError", "bad 262.0"] and frames <= 3
    assert bad == ["ValueError", "as it is imported"] and ended.returncode == 0


def test_a_server_that_is_killed_is_replaced(folder: pathlib.Path) -> None:
    code = """
        before = ask("family")
        first = child._server.process
        os.kill(first.pid, signal.SIGKILL)
        child.renew()
        after = ask("family")
        server = child._server.process
        child.close()
        ended = server.wait() in (0, -signal.SIGKILL)  # its socket closes before it is killed: it may have ended of itself
        print(json.dumps([before[1] != after[1], ended, first.wait(), forked(Child) if child._server else None]))
        server.kill()  # reaped: its number may be another's
    """
    assert told(folder, code) == [True, True, -signal.SIGKILL, None]


def test_nobody_outlives_the_parent(folder: pathlib.Path) -> None:
    code = """
        ask("add", 1, 2)
        print(json.dumps([forked(child), *ask("family")]), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = run(folder, code)
    was, *pids = json.loads(ended.stdout)
    assert was and ended.returncode == -signal.SIGKILL
    from tests.engine.doors.test_child import wait_gone

    assert wait_gone(pids, 5.0) == []


def test_the_frames_of_who_forked_are_not_the_childs() -> None:
    inner = f'  File "/made/case.py", line 7 in shell\n  File "{child_server.__file__}", line 250 in answer\n'
    loop = f'  File "{child_server.__file__}", line 260 in child_main\n'
    outer = '  File "/work/service/verifying.py", line 77 in _one\n'
    head = "Fatal Python error: Segmentation fault\n\nCurrent thread 0x01 (most recent call first):\n"
    found = child_replies.frames_in(head + inner + loop + outer)
    assert [f.function for f in found] == ["answer", "shell"]
    assert [f.function for f in child_replies.frames_in(head + outer)] == ["_one"], "without a loop all are"


def test_a_process_is_reaped_once() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(3)
    one = child_near.Forked(pid)
    assert one.wait() == one.wait() == 3
    lost = os.fork()
    if lost == 0:
        os._exit(4)
    other = child_near.Forked(lost)
    os.waitpid(lost, 0)
    assert other.wait() == 0, "somebody else has its status"
