"""The one way a function here becomes machine code: `@kernel` for entry points, `@inlined` for what only kernels call.

A kernel declares one signature, compiles at its first call (or by `unikat warm`), and is kept on disk under a hash of the
whole kernels tree: numba itself does not notice that a callee in another file changed (numba #1833, #9483).

Arrays that a kernel does not name in `writes` are declared read-only, so frozen and writable arrays are both accepted;
all arrays are C-contiguous. A wrong dtype, shape or order raises TypeError before any compiled code runs.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import pathlib
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, cast

import numba
import numba.core.config
from numba.core import sigutils, types

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def tree_hash() -> str:
    """sha256 over every source file of this package and numba's version: what compiled code depends on."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def _use_own_cache() -> None:
    """Point numba's cache at a folder of this tree's own, unless the user named one."""
    if "NUMBA_CACHE_DIR" not in os.environ:
        home = os.environ.get("UNIKAT_CACHE") or os.path.join(
            os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "unikat"
        )
        numba.core.config.CACHE_DIR = os.path.join(home, "kernels", tree_hash()[:16])


class Kernel(Generic[P, R]):
    """A function with one declared signature, compiled when first called."""

    def __init__(self, function: Callable[P, R], signature: str, writes: tuple[str, ...]) -> None:
        functools.update_wrapper(self, function)
        self.python: Callable[P, R] = function
        self.signature = signature
        self.writes = writes
        self._run: Callable[P, R] | None = None

    def compile(self) -> Callable[P, R]:
        """Compile, or load what was compiled before. With NUMBA_DISABLE_JIT=1 the plain function."""
        if numba.core.config.DISABLE_JIT:
            self._run = self.python
        else:
            _use_own_cache()
            options = {"cache": True, "nogil": True, "error_model": "numpy"}
            self._run = cast(Callable[P, R], numba.njit(self._types(), **options)(self.python))
        return self._run

    def _types(self) -> Any:
        names = tuple(inspect.signature(self.python).parameters)
        args, result = sigutils.normalize_signature(self.signature)
        if result is None or len(args) != len(names) or not set(self.writes) <= set(names):
            raise TypeError(f"{self.python.__qualname__}: {self.signature} does not fit {names}, writes {self.writes}")
        frozen = [
            types.Array(t.dtype, t.ndim, "C", readonly=True) if isinstance(t, types.Array) and n not in self.writes else t
            for n, t in zip(names, args, strict=True)
        ]
        return result(*frozen)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return (self._run or self.compile())(*args, **kwargs)


REGISTRY: list[Kernel[..., Any]] = []
"""Every kernel of every imported module, in the order of definition; `unikat warm` compiles them."""


def kernel(signature: str, *, writes: tuple[str, ...] = ()) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Declare an entry point: `@kernel("int64(float64[:,::1], int32[::1])", writes=("out",))`."""

    def declare(function: Callable[P, R]) -> Kernel[P, R]:
        made = Kernel(function, signature, writes)
        REGISTRY.append(made)
        return made

    return declare


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A function that only kernels call: compiled into each of them, with no dispatch and no cache of its own."""
    return cast(Callable[P, R], numba.njit(nogil=True, error_model="numpy")(function))
