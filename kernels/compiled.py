"""The one way a function here becomes machine code: `@kernel` for entry points, `@inlined` for what only kernels call.

A kernel declares one signature, is compiled at its first call (or by `unikat warm`), and kept on disk under a hash of all that it
depends on (kernels/sources.py); a process that finds its machine code there never imports numba. With NUMBA_DISABLE_JIT=1 all is
plain Python.

Arrays that a kernel does not name in `writes` may be read-only; all arrays are C-contiguous. A wrong dtype, shape or order raises
TypeError, which names the argument, before any compiled code runs.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, cast

from kernels import machine_code
from kernels.sources import edited, folder_of, write_whole

P = ParamSpec("P")
R = TypeVar("R")
PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
"""Whether nothing is compiled: every kernel is then its Python function."""


class Kernel(Generic[P, R]):
    """A function with one declared signature, compiled when first called."""

    def __init__(self, function: Callable[P, R], signature: str, writes: tuple[str, ...]) -> None:
        functools.update_wrapper(self, function)
        self.python: Callable[P, R] = function
        self.signature = signature
        self.writes = writes
        self._run: Callable[..., R] | None = None

    @property
    def path(self) -> pathlib.Path:
        """Where its machine code is kept, as its sources and this machine are now."""
        source = pathlib.Path(inspect.getfile(self.python)).resolve()
        return folder_of(source) / f"{self.python.__qualname__}-{machine_code.machine()}.code"

    @property
    def kept(self) -> bool:
        """Whether a file of it lies on the disk; not whether it is whole."""
        return self.path.is_file()

    def compile(self) -> bool:
        """Make it ready to be called: load what was kept, else compile and keep it. Whether it was compiled."""
        if PLAIN:
            self._run = self.python
            return False
        stale = edited(pathlib.Path(inspect.getfile(self.python)).resolve())
        code = None if stale else machine_code.read(self.path)
        new = code is None
        if code is None:
            from kernels import compiling

            code = compiling.compiled(self.python, self.signature, self.writes)
            if not stale:
                with contextlib.suppress(OSError):  # a full disk, a folder that may not be written: no reason to stop
                    write_whole(self.path, code.packed())
        self._run = machine_code.load(code, sys.modules[self.python.__module__], self.python.__qualname__)
        return new

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        run = self._run
        if run is None:
            self.compile()
            return self(*args, **kwargs)
        if kwargs:
            return run(*inspect.signature(self.python).bind(*args, **kwargs).args)
        return run(*args)


class Inlined(Generic[P, R]):
    """A function that only kernels call; numba is imported when a kernel that calls it is compiled, or a test calls it itself."""

    def __init__(self, function: Callable[P, R]) -> None:
        functools.update_wrapper(self, function)
        self.python: Callable[P, R] = function

    @functools.cached_property
    def dispatcher(self) -> Any:
        """What numba makes of it."""
        from kernels import compiling

        return compiling.inlined(self.python)

    @property
    def _numba_type_(self) -> Any:
        """How numba knows what it calls, in the code of a kernel."""
        return self.dispatcher._numba_type_

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return cast(R, self.dispatcher(*args, **kwargs))


REGISTRY: list[Kernel[..., Any]] = []
"""Every kernel of every imported module, in the order of definition; `unikat warm` compiles them."""


def compile_missing() -> int:
    """Compile what the imported modules declare and the disk has no machine code of; how many that were."""
    return sum(one.compile() for one in REGISTRY if not (PLAIN or one.kept))


def kernel(signature: str, *, writes: tuple[str, ...] = ()) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Declare an entry point: `@kernel("int64(float64[:,::1], int32[::1])", writes=("out",))`."""

    def declare(function: Callable[P, R]) -> Kernel[P, R]:
        made = Kernel(function, signature, writes)
        REGISTRY.append(made)
        return made

    return declare


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A function that only kernels call: compiled into each of them, with no dispatch and no cache of its own."""
    return function if PLAIN else Inlined(function)
