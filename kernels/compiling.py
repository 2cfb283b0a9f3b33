"""From a Python function to machine code, by numba; and the gate before it, which lets in only what the signature says.

Arrays that a kernel does not name in `writes` are declared read-only, so frozen and writable arrays are both accepted;
all arrays are C-contiguous and aligned, of numpy.ndarray itself.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from numba.core import sigutils, types
from numba.core.registry import cpu_target
from numba.np import linalg

from kernels import machine_code
from kernels.machine_code import Code
from kernels.sources import LOWERED, sources

GATE = "unikat_gate"
CONTIGUOUS, ALIGNED, WRITEABLE = 0x1, 0x100, 0x400
"""Of an array's flags."""
_NUMBERS = "?bBhHiIlLqQfd"
"""Characters of the types of numbers: on one machine several may be the same."""


@functools.cache
def _without_blas() -> None:
    """Load what numba implements, once a process, without SciPy's BLAS: no kernel may use it, and SciPy takes a second."""

    def refused() -> None:
        raise ImportError("kernels use no BLAS: its sums differ from machine to machine")

    asked, linalg.ensure_blas = linalg.ensure_blas, refused
    try:
        cpu_target.target_context.refresh()
    finally:
        linalg.ensure_blas = asked


def inlined(function: Callable[..., Any]) -> Any:
    """What numba makes of a function that only kernels call."""
    for path in sources(_file(function)):
        if path.stem.endswith(LOWERED):
            importlib.import_module(f"kernels.{path.stem}")
    return numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)


def compiled(function: Callable[..., Any], signature: str, writes: tuple[str, ...]) -> Code:
    """The machine code of a kernel; TypeError where signature and function do not fit, numba's errors where it cannot be compiled."""
    for path in sources(_file(function)):
        if path.stem.endswith(LOWERED):
            importlib.import_module(f"kernels.{path.stem}")
    _without_blas()
    declared = _declared(function, signature, writes)
    result = numba.njit(declared, nogil=True, error_model="numpy")(function).overloads[declared.args]
    constants = [(result.environment.env_name, result.environment.consts)]
    constants += [(one.env_name, one.consts) for one in result._find_referenced_environments()]
    environments = {name: tuple(_name_of(one, function) for one in kept) for name, kept in constants}
    entry = result.fndesc.llvm_cpython_wrapper_name
    objects = (result.library._get_compiled_object(), _gate(function, declared, entry))
    return Code(objects, GATE, result.environment.env_name, tuple(environments.items()))


def _file(function: Callable[..., Any]) -> pathlib.Path:
    return pathlib.Path(inspect.getfile(function)).resolve()


def _name_of(constant: object, function: Callable[..., Any]) -> str:
    if not isinstance(constant, np.dtype):
        raise TypeError(
            f"{function.__qualname__}: its machine code would hold a {type(constant).__name__}, which cannot be kept"
        )
    return constant.str


def _declared(function: Callable[..., Any], signature: str, writes: tuple[str, ...]) -> Any:
    names = tuple(inspect.signature(function).parameters)
    args, result = sigutils.normalize_signature(signature)
    if result is None or len(args) != len(names) or not set(writes) <= set(names):
        raise TypeError(f"{function.__qualname__}: {signature} does not fit {names}, writes {writes}")
    if result != types.none and not isinstance(result, types.Number | types.Boolean):
        raise TypeError(
            f"{function.__qualname__} returns {result}: a kernel returns a number, and writes the rest into an argument"
        )
    frozen = [
        types.Array(t.dtype, t.ndim, "C", readonly=True) if isinstance(t, types.Array) and n not in writes else t
        for n, t in zip(names, args, strict=True)
    ]
    return result(*frozen)


# ---- the gate --------------------------------------------------------------------------------------------------------


def _gate(function: Callable[..., Any], declared: Any, entry: str) -> bytes:
    """A C function of Python's arguments: TypeError with the name of the first that does not fit, or what `entry` returns."""
    names = tuple(inspect.signature(function).parameters)
    count = f"{function.__qualname__} takes {len(names)} arguments by place: {', '.join(names)}"
    texts = [count, *(f"{function.__qualname__}: {n} must be {_what(t)}" for n, t in zip(names, declared.args, strict=True))]
    lines = [
        f"@{machine_code.NDARRAY} = external global i8",
        "@PyExc_TypeError = external global i8",
        "declare i32 @PyIndex_Check(ptr)",
        "declare i32 @PyNumber_Check(ptr)",
        "declare void @PyErr_SetString(ptr, ptr)",
        f'declare ptr @"{entry}"(ptr, ptr, ptr)',
        *(
            f"@text{k} = private constant [{len(raw) + 1} x i8] {_literal(raw)}"
            for k, raw in enumerate(t.encode() for t in texts)
        ),
        f"define ptr @{GATE}(ptr %self, ptr %args, ptr %named) {{",
        "%none = icmp eq ptr %named, null",
        f"%count_at = getelementptr i8, ptr %args, i64 {machine_code.COUNT}",
        "%count = load i64, ptr %count_at",
        f"%right = icmp eq i64 %count, {len(names)}",
        "%fits0 = and i1 %none, %right",
        "br i1 %fits0, label %argument1, label %refused0",
    ]
    for k, kind in enumerate(declared.args, start=1):
        lines += [
            f"argument{k}:",
            f"%place{k} = getelementptr i8, ptr %args, i64 {machine_code.ITEMS + 8 * (k - 1)}",
            f"%value{k} = load ptr, ptr %place{k}",
            *_field(f"kind{k}", f"value{k}", machine_code.KIND, "ptr"),
            f"%array{k} = icmp eq ptr %kind{k}, @{machine_code.NDARRAY}",
            *(_array(k, kind) if isinstance(kind, types.Array) else _scalar(k, kind)),
            f"br i1 %fits{k}, label %argument{k + 1}, label %refused{k}",
        ]
    last = len(names) + 1
    lines += [f"argument{last}:", f'%told = call ptr @"{entry}"(ptr %self, ptr %args, ptr null)', "ret ptr %told"]
    for k in range(last):
        lines += [f"refused{k}:", f"call void @PyErr_SetString(ptr @PyExc_TypeError, ptr @text{k})", "ret ptr null"]
    module = llvm.parse_assembly("\n".join([*lines, "}"]))
    module.verify()
    return bytes(machine_code.target().emit_object(module))


def _what(kind: Any) -> str:
    if isinstance(kind, types.Array):
        return f"a C-contiguous {'writable ' if kind.mutable else ''}array of {kind.dtype}, {kind.ndim} dimensions"
    return "a whole number" if isinstance(kind, types.Integer) else f"a number ({kind})"


def _literal(text: bytes) -> str:
    return 'c"' + "".join(f"\\{byte:02X}" for byte in text + b"\0") + '"'


def _field(name: str, of: str, offset: int, kind: str) -> Iterator[str]:
    yield f"%{name}_at = getelementptr i8, ptr %{of}, i64 {offset}"
    yield f"%{name} = load {kind}, ptr %{name}_at"


def _scalar(k: int, kind: Any) -> Iterator[str]:
    """Whole numbers where whole numbers are declared; else whatever Python calls a number. Text is none, nor is an array of one."""
    check = "PyIndex_Check" if isinstance(kind, types.Integer) else "PyNumber_Check"
    yield f"%number{k} = call i32 @{check}(ptr %value{k})"
    yield f"%is_number{k} = icmp ne i32 %number{k}, 0"
    yield f"%single{k} = xor i1 %array{k}, true"
    yield f"%fits{k} = and i1 %is_number{k}, %single{k}"


def _array(k: int, kind: Any) -> Iterator[str]:
    """An array of this many dimensions, of this type, native, contiguous; its fields are read only where it is an array."""
    dtype = np.dtype(str(kind.dtype))
    numbers = [np.dtype(c).num for c in _NUMBERS if np.dtype(c) == dtype]
    needed = CONTIGUOUS | ALIGNED | (WRITEABLE if kind.mutable else 0)
    foreign = ord(np.dtype(np.int16).newbyteorder().byteorder)
    yield f"br i1 %array{k}, label %inside{k}, label %refused{k}"
    yield f"inside{k}:"
    yield from _field(f"dimensions{k}", f"value{k}", machine_code.DIMENSIONS, "i32")
    yield from _field(f"flags{k}", f"value{k}", machine_code.FLAGS, "i32")
    yield from _field(f"dtype{k}", f"value{k}", machine_code.DTYPE, "ptr")
    yield from _field(f"order{k}", f"dtype{k}", machine_code.ORDER, "i8")
    yield from _field(f"type{k}", f"dtype{k}", machine_code.NUMBER, "i32")
    yield f"%set{k} = and i32 %flags{k}, {needed}"
    tests = [f"icmp eq i32 %dimensions{k}, {kind.ndim}", f"icmp eq i32 %set{k}, {needed}", f"icmp ne i8 %order{k}, {foreign}"]
    for n, test in enumerate(tests):
        yield f"%test{k}_{n} = {test}"
    for n, number in enumerate(numbers):
        yield f"%is{k}_{n} = icmp eq i32 %type{k}, {number}"
    typed = f"%is{k}_0"
    for n in range(1, len(numbers)):
        yield f"%any{k}_{n} = or i1 {typed}, %is{k}_{n}"
        typed = f"%any{k}_{n}"
    yield f"%all{k}_1 = and i1 %test{k}_0, %test{k}_1"
    yield f"%all{k}_2 = and i1 %all{k}_1, %test{k}_2"
    yield f"%fits{k} = and i1 %all{k}_2, {typed}"
