"""The one way a function here becomes machine code: `@kernel` for entry points, `@inlined` for what only kernels call.

A kernel declares one signature, compiles at its first call (or by `unikat warm`), and is kept on disk under a hash of its
module and of all kernels modules that this one imports: numba itself does not notice that a callee in another file changed
(numba #1833, #9483). An edit recompiles what depends on it, nothing else.

Arrays that a kernel does not name in `writes` are declared read-only, so frozen and writable arrays are both accepted;
all arrays are C-contiguous. A wrong dtype, shape or order raises TypeError before any compiled code runs.
"""

from __future__ import annotations

import ast
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
from numba.core.caching import CacheImpl, InTreeCacheLocator
from numba.core.registry import cpu_target
from numba.np import linalg

P = ParamSpec("P")
R = TypeVar("R")


FOLDER = pathlib.Path(__file__).resolve().parent
Stamp = tuple[int, int]


def _stamp(path: pathlib.Path) -> Stamp:
    told = path.stat()
    return told.st_mtime_ns, told.st_size


IMPORTED: dict[pathlib.Path, Stamp] = {path: _stamp(path) for path in FOLDER.glob("*.py")}
"""The sources as this process imports them: what was edited since is compiled, but never kept under the new text's hash."""


def _imported(path: pathlib.Path) -> set[pathlib.Path]:
    """The modules of this package that the source at `path` imports, wherever in it."""
    names: set[str] = set()
    wanted: list[ast.AST] = [ast.parse(path.read_bytes())]
    while wanted:  # statements alone: a walk through their expressions, too, is most of the cost
        node = wanted.pop()
        for block in ("body", "orelse", "handlers", "finalbody", "cases"):
            inner = getattr(node, block, ())
            wanted += inner if isinstance(inner, list) else ()
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(("kernels",) * (node.level > 0) + ((node.module,) if node.module else ()))
            names.update((base, *(f"{base}.{alias.name}" for alias in node.names)))
    heads = {parts[1] for name in names if (parts := name.split("."))[0] == "kernels" and len(parts) > 1}
    return {file for head in heads if (file := FOLDER / f"{head}.py").is_file()}


@functools.cache
def sources(path: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """The file at `path` and all of this package that it imports, and they import, in order of name."""
    found, wanted = {path}, [path]
    while wanted:
        new = _imported(wanted.pop()) - found
        found |= new
        wanted.extend(new)
    return tuple(sorted(found))


@functools.cache
def key(path: pathlib.Path) -> str:
    """sha256 over what compiled code of the module at `path` depends on: its sources and numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sources(path):
        text = source.read_bytes()
        digest.update(f"{source.name} {len(text)} ".encode() + text)
    return digest.hexdigest()


def folder_of(path: pathlib.Path) -> pathlib.Path:
    """Where the machine code of the module at `path` is kept, as its sources are now."""
    return cache_home() / f"{path.stem}-{key(path)[:16]}"


def cache_home() -> pathlib.Path:
    """Where machine code is kept, a folder a module and state of its sources; NUMBA_CACHE_DIR moves it."""
    if numba.core.config.CACHE_DIR:
        return pathlib.Path(numba.core.config.CACHE_DIR)
    named = os.environ.get("UNIKAT_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return (pathlib.Path(named) if named else pathlib.Path(base) / "unikat") / "kernels"


class ByContent(InTreeCacheLocator):  # type: ignore[misc]
    """Tells numba where to keep a kernel: by the content of its sources, so that checkouts share what is the same in both."""

    def __init__(self, function: Any, file: str) -> None:
        path = pathlib.Path(file).resolve()
        self._py_file = file
        self._lineno = function.__code__.co_firstlineno
        self._cache_path = str(folder_of(path))

    @classmethod
    def from_function(cls, function: Any, file: str) -> ByContent | None:
        """None where the function is no kernel of ours; OSError where nothing can be kept."""
        path = pathlib.Path(file).resolve()
        if not path.is_file() or all(source.parent != FOLDER for source in sources(path)):
            return None
        edited = [s.name for s in sources(path) if s.parent == FOLDER and IMPORTED.get(s) != _stamp(s)]
        if edited:
            raise OSError(f"{', '.join(edited)}: edited since this process imported it")
        found = cls(function, file)
        found.ensure_cache_path()
        return found


def _keep_by_content() -> None:
    """Put our locator before numba's own, which do not see callees in other files."""
    own = f"{ByContent.__module__}.{ByContent.__qualname__}"
    others = numba.core.config.CACHE_LOCATOR_CLASSES or ",".join(c.__name__ for c in CacheImpl._locator_classes)
    if not others.startswith(own):
        numba.core.config.CACHE_LOCATOR_CLASSES = f"{own},{others}"


@functools.cache
def _without_blas() -> None:
    """Load what numba implements, once a process, without SciPy's BLAS: no kernel may use it, and SciPy is a quarter of a start."""

    def refused() -> None:
        raise ImportError("kernels use no BLAS: its sums differ from machine to machine")

    asked, linalg.ensure_blas = linalg.ensure_blas, refused
    try:
        cpu_target.target_context.refresh()
    finally:
        linalg.ensure_blas = asked


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
            _keep_by_content()
            _without_blas()
            try:
                self._run = self._jit(cache=True)
            except OSError:  # a full disk, a folder that may not be written: slower, and no reason to stop
                self._run = self._jit(cache=False)
        return self._run

    @property
    def kept(self) -> bool:
        """Whether machine code of it lies on the disk; not whether it is whole."""
        path = pathlib.Path(inspect.getfile(self.python)).resolve()
        return any(folder_of(path).glob(f"{path.stem}.{self.python.__qualname__}-*.nbi"))

    def _jit(self, cache: bool) -> Callable[P, R]:
        decorate = numba.njit(self._types(), cache=cache, nogil=True, error_model="numpy")
        return cast(Callable[P, R], decorate(self.python))

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


def compile_missing() -> int:
    """Compile what the imported modules declare and the disk has no machine code of; how many that were."""
    missing = [] if numba.core.config.DISABLE_JIT else [one for one in REGISTRY if not one.kept]
    for one in missing:
        one.compile()
    return len(missing)


def kernel(signature: str, *, writes: tuple[str, ...] = ()) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Declare an entry point: `@kernel("int64(float64[:,::1], int32[::1])", writes=("out",))`."""

    def declare(function: Callable[P, R]) -> Kernel[P, R]:
        made = Kernel(function, signature, writes)
        REGISTRY.append(made)
        return made

    return declare


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A function that only kernels call: compiled into each of them, with no dispatch and no cache of its own."""
    return cast(Callable[P, R], numba.njit(nogil=True, error_model="numpy", forceinline=True)(function))
