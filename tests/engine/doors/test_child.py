"""The child: what it answers, how each death is named, and that nothing outlives its parent."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from engine.doors.child import Child, RemoteError, shared
from engine.errors import ChildFault, EngineFault, OrderError
from engine.model.mesh import Mesh

ROOT = str(pathlib.Path(__file__).parents[3])
WORK = """
import ctypes, os, signal, sys, threading, time
from engine.doors.child import Child, progress
LATER = []
def add(a, b): return a + b
def pid(): return os.getpid()
def count(): LATER.append(1); return len(LATER)
def loop():
    progress("front")
    while True:
        pass
def held():
    ctypes.PyDLL(None).sleep(30)
def stubborn():
    signal.setitimer(signal.ITIMER_REAL, 0)
    while True:
        try:
            while True: pass
        except BaseException: pass
def leave(): os._exit(3)
def ends(): sys.exit(2)
def hog():
    held = []
    while True:
        held.append(bytearray(50_000_000))
def segfault(): ctypes.string_at(0)
def abort(): os.abort()
def deaf(): os.closerange(3, 256); time.sleep(30)
def wrong(): raise ValueError("bad 262.0")
def odd():
    class Odd(Exception):
        def __str__(self): raise RuntimeError("no")
    raise Odd()
def order():
    from engine.errors import OrderError
    raise OrderError("wall", "too thin", value=1.0, nearest=2.0)
def shaped():
    import numpy as np
    from engine.model.mesh import Mesh
    return {"mesh": Mesh(np.eye(3), np.array([[0, 1, 2]])), "array": np.arange(4), "plain": (1, "two", None, {3.0})}
def evil():
    class Evil:
        def __reduce__(self): return os.system, ("echo never > /dev/stderr",)
    return Evil()
def function(): return add
def speak(): print("to nobody's stdout"); os.write(1, b"nor this"); return 1
def nested():
    with Child() as inner: return inner.call("child_work:add", 1, 2, deadline=20)
def spawned():
    import subprocess
    return subprocess.Popen(["sleep", "60"]).pid
def busy():
    progress("front")
    until = time.process_time() + 1.0
    while time.process_time() < until: pass
    return "done"
def slow(): time.sleep(0.2); return os.getpid()
def hashed(): return os.environ.get("PYTHONHASHSEED"), hash("unikat")
"""


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    folder = tmp_path_factory.mktemp("child")
    (folder / "child_work.py").write_text(WORK, encoding="utf-8")
    sys.path.insert(0, str(folder))
    made = Child(memory_mb=300)
    yield made
    made.close()
    sys.path.remove(str(folder))


def ask(child: Child, name: str, *args: object, deadline: float = 20.0) -> object:
    return child.call(f"child_work:{name}", *args, deadline=deadline)


def gone(pid: int) -> bool:
    """Dead, or a zombie that nobody has reaped."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def wait_gone(pids: list[int], seconds: float) -> list[int]:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not all(map(gone, pids)):
        time.sleep(0.01)
    return [pid for pid in pids if not gone(pid)]


def test_one_warm_child_answers_many_calls(child: Child) -> None:
    assert ask(child, "add", 1, 2) == 3
    assert ask(child, "pid") == ask(child, "pid") != os.getpid()
    before = ask(child, "count")
    assert ask(child, "count") == before + 1  # type: ignore[operator]
    child.renew()
    assert ask(child, "count") == 1


DEATHS = [
    ("loop", "timeout", 0.4),
    ("held", "timeout", 0.4),
    ("stubborn", "timeout", 0.4),
    ("leave", "exit", 20.0),
    ("ends", "exit", 20.0),
    ("hog", "memory", 20.0),
    ("segfault", "crash", 20.0),
    ("abort", "crash", 20.0),
]


@pytest.mark.parametrize(("name", "kind", "deadline"), DEATHS, ids=[d[0] for d in DEATHS])
def test_each_death_is_named_at_the_designers_line_and_costs_that_call_alone(
    child: Child, name: str, kind: str, deadline: float
) -> None:
    before = ask(child, "pid")
    started = time.monotonic()
    with pytest.raises(ChildFault) as caught:
        ask(child, name, deadline=deadline)
    took = time.monotonic() - started
    assert caught.value.kind == kind
    assert caught.value.file is not None and caught.value.file.endswith("child_work.py")
    lines = WORK.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"def {name}("))
    end = next((i for i in range(start + 1, len(lines)) if lines[i].startswith("def ")), len(lines))
    assert caught.value.line is not None and start < caught.value.line <= end
    if kind == "timeout":
        assert took < deadline + 1.0
    assert ask(child, "pid") != before


def test_a_busy_child_ends_by_its_own_cpu_at_the_designers_line(child: Child) -> None:
    with pytest.raises(ChildFault, match=r"did not end within 0\.3 s of CPU in stage front at child_work\.py:") as caught:
        child.call("child_work:loop", deadline=60.0, cpu=0.3)
    assert caught.value.kind == "timeout"
    with pytest.raises(ChildFault, match="s of CPU"):
        child.call("child_work:busy", deadline=60.0, cpu=0.5)
    assert child.call("child_work:busy", deadline=60.0, cpu=5.0) == "done"
    assert ask(child, "busy") == "done", "the limit of one call is none of the next one's"


def test_a_sleeping_child_uses_no_cpu_and_ends_by_the_wall_clock(child: Child) -> None:
    assert child.call("child_work:slow", deadline=20.0, cpu=0.1) == ask(child, "pid"), "0.2 s asleep"
    with pytest.raises(ChildFault, match=r"did not end within 0\.4 s at") as caught:
        child.call("child_work:held", deadline=0.4, cpu=20.0)
    assert caught.value.kind == "timeout"


def test_a_limit_of_cpu_is_no_less_than_none(child: Child) -> None:
    with pytest.raises(ValueError, match="cpu"):
        child.call("child_work:add", 1, 2, deadline=5.0, cpu=-1.0)


def test_a_dead_child_is_replaced_at_once(child: Child) -> None:
    took = []
    for _ in range(5):  # the best of a few: other tests run beside this one
        with pytest.raises(ChildFault):
            ask(child, "abort", deadline=5.0)
        started = time.monotonic()
        ask(child, "pid")
        took.append(time.monotonic() - started)
    assert min(took) < 0.2


def test_a_dead_child_tells_the_stage_it_was_in(child: Child) -> None:
    with pytest.raises(ChildFault) as caught:
        ask(child, "loop", deadline=0.2)
    assert caught.value.stage == "front" and "front" in str(caught.value)


def test_a_child_that_closes_its_channel_is_lost_not_waited_for(child: Child) -> None:
    started = time.monotonic()
    with pytest.raises(ChildFault) as caught:
        ask(child, "deaf")
    assert caught.value.kind == "lost" and time.monotonic() - started < 5.0


def test_ordinary_exceptions_come_back_and_the_child_lives(child: Child) -> None:
    before = ask(child, "pid")
    with pytest.raises(RemoteError) as remote:
        ask(child, "wrong")
    assert remote.value.type_name == "ValueError" and remote.value.message == "bad 262.0"
    assert remote.value.frame is not None and remote.value.frame.function == "wrong"
    assert "262" not in str(remote.value) and "262" in remote.value.for_sender()
    with pytest.raises(OrderError) as order:
        ask(child, "order")
    assert (order.value.field, order.value.value, order.value.nearest) == ("wall", 1.0, 2.0)
    assert str(order.value) == "wall: too thin"
    with pytest.raises(RemoteError, match="Odd"):
        ask(child, "odd")
    with pytest.raises(RemoteError, match="AttributeError"):
        ask(child, "no_such_function")
    assert ask(child, "pid") == before


def test_arrays_and_model_types_travel_checked_and_frozen(child: Child) -> None:
    found = ask(child, "shaped")
    assert isinstance(found, dict)
    assert isinstance(found["mesh"], Mesh) and not found["mesh"].points.flags.writeable
    assert np.array_equal(found["array"], np.arange(4)) and found["plain"] == (1, "two", None, {3.0})


@pytest.mark.parametrize("name", ["evil", "function"])
def test_what_could_run_code_here_is_not_unpickled(child: Child, name: str) -> None:
    with pytest.raises(EngineFault, match="may not come from a child"):
        ask(child, name)


def test_an_answer_too_long_is_refused(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    with Child(memory_mb=300) as small:
        monkeypatch.setitem(small._options, "limit", 1000)
        with pytest.raises(RemoteError) as caught:
            ask(small, "add", "a" * 1000, "b")
        assert "at most 1000" in caught.value.message


def test_nothing_reaches_our_stdout(child: Child, capfd: pytest.CaptureFixture[str]) -> None:
    with Child() as loud:
        ask(loud, "speak")
    assert capfd.readouterr().out == ""


def test_a_child_may_have_a_child(child: Child) -> None:
    assert ask(child, "nested") == 3


def test_what_a_child_started_dies_with_it(child: Child) -> None:
    pid = ask(child, "spawned")
    assert isinstance(pid, int) and not gone(pid)
    child.renew()
    assert wait_gone([pid], 1.0) == []


def test_calls_from_threads_take_turns_and_outlive_the_thread_that_started_the_server() -> None:
    with Child() as own:
        found: list[object] = []
        first = threading.Thread(target=lambda: found.append(ask(own, "slow")))
        first.start()
        first.join()
        time.sleep(0.1)  # the kernel would signal the server now, were it that thread's
        more = [threading.Thread(target=lambda: found.append(ask(own, "slow"))) for _ in range(3)]
        for thread in more:
            thread.start()
        for thread in more:
            thread.join()
        assert len(found) == 4 and len(set(found)) == 1


def test_a_server_killed_from_outside_is_replaced(child: Child) -> None:
    with Child() as own:
        before = ask(own, "pid")
        assert own._server is not None
        own._server.process.send_signal(signal.SIGKILL)
        assert wait_gone([before], 1.0) == []  # type: ignore[list-item]
        assert ask(own, "pid") != before


def test_what_a_preload_raises_is_raised_here(child: Child) -> None:
    with pytest.raises(RemoteError, match="ModuleNotFoundError"):
        Child(preload=("no_such_module",)).call("child_work:add", 1, 2, deadline=5)
    with pytest.raises(OrderError):
        Child(preload=("child_work:order",)).call("child_work:add", 1, 2, deadline=5)
    with pytest.raises(ChildFault, match="while it imported child_work:abort"):
        Child(preload=("child_work:abort",)).call("child_work:add", 1, 2, deadline=5)


def test_a_server_that_does_not_start_in_time_is_said_to_be_late(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.doors.child.START_SECONDS", 0.3)
    with pytest.raises(ChildFault, match="did not start in time while it imported child_work:held") as caught:
        Child(preload=("child_work:held",)).call("child_work:add", 1, 2, deadline=5)
    assert caught.value.kind == "timeout"


def test_one_shared_child_for_a_preload() -> None:
    assert shared(("json",)) is shared(["json"]) is not shared(("json", "math"))


def test_a_deadline_must_be_positive(child: Child) -> None:
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="deadline"):
            ask(child, "add", 1, 2, deadline=wrong)


def test_the_hash_seed_is_passed_on(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    with Child() as one, Child() as two:
        assert ask(one, "hashed") == ask(two, "hashed")
        assert ask(one, "hashed")[0] == "7"  # type: ignore[index]


PARENT = """
import sys, threading
from engine.doors.child import Child
outer = Child()
outer.start()
threading.Thread(target=lambda: outer.call("child_work:loop", deadline=60), daemon=True).start()
inner = Child()
print(outer._server.process.pid, outer._worker.pid, inner.call("child_work:pid", deadline=20), inner._server.process.pid, flush=True)
threading.Event().wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_nothing_outlives_a_killed_parent(child: Child) -> None:
    folder = next(p for p in sys.path if (pathlib.Path(p) / "child_work.py").exists())
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([ROOT, folder])},
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 4 and not any(map(gone, pids))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_gone(pids, 1.0) == []
