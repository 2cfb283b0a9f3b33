"""What comes back from a child: answers that are not trusted, errors told, and what its last words say of how it died."""

from __future__ import annotations

import functools
import importlib
import io
import os
import pickle
import re
import signal
import sysconfig
from collections.abc import Iterable
from typing import Any, NamedTuple

from engine import errors
from engine.doors import child_server as wire
from engine.errors import ChildFault, ChildFaultKind, EngineFault

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Frame(NamedTuple):
    """Where code was: file, line, function."""

    file: str
    line: int
    function: str


class RemoteError(EngineFault):
    """Code in a child raised what is not one of ours.

    `type_name`, `message` (may hold values: not in str()), `frames` outermost first, `frame` the designer's innermost, or None.
    """

    def __init__(
        self,
        type_name: str,
        message: str,
        frames: tuple[Frame, ...],
        stage: str | None = None,
        own: tuple[str, ...] = (),
    ) -> None:
        self.type_name = type_name
        self.message = message
        self.frames = frames
        self.stage = stage
        self.frame = designers_frame(frames, own)
        where = self.frame or (frames[-1] if frames else None)
        super().__init__(type_name + (f" at {os.path.basename(where.file)}:{where.line}" if where else ""))

    def for_sender(self) -> str:
        """With the message."""
        return f"{self}: {self.message}"


@functools.cache
def _not_designers() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = {
        paths["stdlib"],
        paths["platstdlib"],
        paths["purelib"],
        paths["platlib"],
        *(os.path.join(ROOT, n) for n in ("engine", "kernels")),
    }
    return (*sorted(os.path.join(p, "") for p in found), "<frozen")


def designers_frame(frames: Iterable[Frame], own: tuple[str, ...] = ()) -> Frame | None:
    """The innermost frame that is neither Python's, nor an installed library's, nor the engine's; frames outermost first.

    What begins with one of `own` is the designer's wherever it is installed.
    """
    found = None
    for frame in frames:
        if frame.file.startswith(own) or not frame.file.startswith(_not_designers()):
            found = frame
    return found


class _Unpickler(pickle.Unpickler):
    """Only what an answer may hold: containers, numpy arrays and scalars, types of engine.model."""

    NUMPY = frozenset(
        {"_reconstruct", "scalar", "_frombuffer", "ndarray", "dtype"}
        | {"int8", "int16", "int32", "int64", "float32", "float64", "bool", "bool_"}
    )

    def find_class(self, module: str, name: str) -> Any:
        """The class, or UnpicklingError."""
        if module.startswith("engine.model.") and "." not in name:
            found = getattr(importlib.import_module(module), name, None)
            if isinstance(found, type) and found.__module__.startswith("engine.model."):
                return found
        elif (module == "numpy" or module.startswith("numpy.")) and name in self.NUMPY:
            return super().find_class(module, name)
        elif module == wire.__name__ and name == "proxy":
            return wire.proxy
        elif module == "builtins" and name in {"set", "frozenset", "complex", "bytearray", "slice", "range"}:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} may not come from a child")


def unpack(payload: bytes | bytearray) -> Any:
    """The value of an answer; EngineFault when it holds what it may not."""
    try:
        return _Unpickler(io.BytesIO(payload)).load()
    except Exception as error:  # a broken or hostile pickle may raise anything
        raise EngineFault(f"a child's answer cannot be taken: {type(error).__name__}: {error}") from error


def stage_of(payload: bytes | bytearray) -> tuple[str, float | None]:
    """What a PROGRESS frame tells: the stage, and how many seconds it may take, where it says so."""
    told = unpack(payload)
    if not isinstance(told, tuple):
        return str(told)[:200], None
    if len(told) != 2 or not isinstance(told[1], float) or not told[1] > 0:
        raise EngineFault("a child's answer cannot be taken: not a stage and its time")
    return str(told[0])[:200], told[1]


def _our_error(told: dict[str, Any]) -> errors.UnikatError | None:
    """One of our exceptions again, without calling its constructor; None when there is no such class."""
    module, name = str(told["module"]), str(told["class"])
    if not module.startswith("engine."):
        return None
    try:
        kind = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
    if not (isinstance(kind, type) and issubclass(kind, errors.UnikatError)):
        return None
    made = kind.__new__(kind)
    made.args = tuple(told["args"])
    made.__dict__.update(told["attributes"])
    return made


def raise_told(payload: bytes | bytearray, stage: str | None, own: tuple[str, ...] = ()) -> None:
    """Raise what an ERROR frame tells: one of ours as itself, anything else as a RemoteError."""
    told = unpack(payload)
    frames = frames_of(told["frames"])
    if "class" in told:
        ours = _our_error(told)
        if ours is not None:
            raise ours
        raise RemoteError(str(told["class"]), " ".join(map(str, told["args"])), frames, stage, own)
    raise RemoteError(str(told["type"]), str(told["message"]), frames, stage, own)


_LINE = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)
_TIMEOUT_WORDS = "Timeout ("


def frames_of(rows: Iterable[tuple[str, int, str]]) -> tuple[Frame, ...]:
    """Frames from plain rows."""
    return tuple(Frame(str(file), int(line), str(function)) for file, line, function in rows)


def frames_in(words: str) -> tuple[Frame, ...]:
    """The frames of the main thread in a dump of faulthandler (it lists threads newest first), outermost first.

    What is outside the child's own loop is not the child's: of a forked server it is whoever forked it.
    """
    block = re.split(r"^(?:Current thread|Thread) 0x", words, flags=re.MULTILINE)[-1]
    found = [Frame(file, int(line), function) for file, line, function in _LINE.findall(block)]
    loop = next((n for n, f in enumerate(found) if (f.file, f.function) == (wire.__file__, "child_main")), len(found))
    return tuple(reversed(found[:loop]))


def kind_of(status: int | None, words: str, late: bool) -> ChildFaultKind:
    """How a child died. status: exit code, -signal, or None (its server died with it); late: it had outlived its deadline."""
    if late or status in (-signal.SIGALRM, -signal.SIGPROF) or words.startswith(_TIMEOUT_WORDS):
        return "timeout"
    if status is None or status in (-signal.SIGKILL, -signal.SIGTERM):
        return "lost"
    return "crash" if status < 0 else "exit"


def fault(
    kind: ChildFaultKind,
    frames: tuple[Frame, ...],
    stage: str | None,
    deadline: float,
    status: int | None = None,
    own: tuple[str, ...] = (),
    cpu: float = 0.0,
) -> ChildFault:
    """The ChildFault that says what happened, in which stage, at which of the designer's lines."""
    what = {
        "timeout": f"did not end within {cpu:g} s of CPU"
        if status == -signal.SIGPROF
        else f"did not end within {deadline:g} s",
        "memory": "needed more memory than it may have",
        "exit": "ended the process",
        "crash": "crashed" + (f" ({signal.Signals(-status).name})" if status is not None and status < 0 else ""),
        "lost": "was killed from outside",
    }[kind]
    frame = designers_frame(frames, own)
    where = (f" in stage {stage}" if stage else "") + (f" at {os.path.basename(frame.file)}:{frame.line}" if frame else "")
    return ChildFault(kind, what + where, stage=stage, file=frame.file if frame else None, line=frame.line if frame else None)
