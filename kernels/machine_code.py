"""Machine code of kernels: how it is kept on disk, and how it comes into a process without numba.

Numba compiles (kernels/compiling.py), once a machine. To load what it compiled, a process needs LLVM's linker and the C
functions that compiled code calls, which numba has in three extension modules: half a millisecond a kernel, where numba's
import takes half a second, and to load through its own cache 20 ms a kernel.
"""

from __future__ import annotations

import builtins
import ctypes
import functools
import hashlib
import importlib.machinery
import importlib.util
import itertools
import json
import os
import pathlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import llvmlite.binding as llvm
import numpy as np

NDARRAY = "unikat_ndarray"
"""What compiled code calls numpy.ndarray, whose arrays alone it takes."""
COUNT, ITEMS = 16, 24
"""Bytes from the start of a tuple to how many it holds, and to the first of them."""
KIND, DIMENSIONS, DTYPE, FLAGS = 8, 24, 56, 64
"""From the start of an array to its type, how many dimensions, its dtype, its flags; the same in all versions of numpy since 1.7."""
ORDER, NUMBER = 26, 28
"""From the start of a dtype to its byte order (a character), and to the number of its type."""
MAGIC = b"unikat kernel 1\n"
_EXTENSIONS = ("numba._helperlib", "numba.core.runtime._nrt_python", "numba._dynfunc")
_alive: list[object] = []
"""What compiled code points to: it stays as long as the process."""


class Damaged(Exception):
    """This file holds no machine code that may be run."""


@dataclass(frozen=True)
class Code:
    """One kernel: ELF objects, `entry` (the function that takes Python's arguments), and the environments they name.

    An environment is a list of constants that compiled code makes Python objects with: dtypes, by their names. `own`: the entry's.
    """

    objects: tuple[bytes, ...]
    entry: str
    own: str
    environments: tuple[tuple[str, tuple[str, ...]], ...]

    def packed(self) -> bytes:
        """As a file: MAGIC, a line with the sha256 of the rest, a line that says what it holds, the objects."""
        told = {
            "sizes": [len(one) for one in self.objects],
            "entry": self.entry,
            "own": self.own,
            "environments": self.environments,
        }
        rest = json.dumps(told).encode() + b"\n" + b"".join(self.objects)
        return MAGIC + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest

    @staticmethod
    def unpacked(data: bytes) -> Code:
        """The file again; Damaged where a byte of it is another."""
        head = len(MAGIC) + 65
        rest = data[head:]
        if data[:head] != MAGIC + hashlib.sha256(rest).hexdigest().encode() + b"\n":
            raise Damaged
        line, _, bodies = rest.partition(b"\n")
        told = json.loads(line)
        ends = np.cumsum([0, *told["sizes"]]).tolist()
        objects = tuple(bodies[a:b] for a, b in itertools.pairwise(ends))
        environments = tuple((name, tuple(dtypes)) for name, dtypes in told["environments"])
        return Code(objects, told["entry"], told["own"], environments)


def read(path: pathlib.Path) -> Code | None:
    """What is kept at `path`; None where nothing that may be run is."""
    try:
        return Code.unpacked(path.read_bytes())
    except (OSError, Damaged):
        return None


@functools.cache
def machine() -> str:
    """What code depends on besides its sources: processor, interpreter, and what the environment tells numba; a short hash."""
    asked = {name: value for name, value in sorted(os.environ.items()) if name.startswith("NUMBA_")}
    told = [f"{name}={value}" for name, value in asked.items() if name not in ("NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT")]
    processor = asked.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()  # code for another one is the same wherever it was made
    able = asked.get("NUMBA_CPU_FEATURES", llvm.get_host_cpu_features().flatten())
    here = [llvm.get_process_triple(), processor, able, str(sys.implementation.cache_tag)]
    return hashlib.sha256("\n".join([*here, *told]).encode()).hexdigest()[:16]


def extension(name: str) -> ModuleType:
    """One of numba's modules in C, without the package around it; the same module where numba is or will be imported."""
    if name not in sys.modules:
        home = importlib.util.find_spec("numba")
        assert home is not None and home.submodule_search_locations is not None
        folder = pathlib.Path(next(iter(home.submodule_search_locations)), *name.split(".")[1:-1])
        spec = importlib.machinery.PathFinder.find_spec(name, [str(folder)])
        if spec is None or spec.loader is None:
            raise ImportError(f"{name} is not in {folder}")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module
    return sys.modules[name]


def _check_layout() -> None:
    """Compiled code reads arrays where it expects their fields: RuntimeError where this interpreter or numpy has them elsewhere."""
    probe = np.zeros((2, 3), np.int16)
    pair = (probe, None)
    at, dtype = id(probe), id(probe.dtype)
    found = (
        ctypes.c_ssize_t.from_address(id(pair) + COUNT).value == 2,
        ctypes.c_void_p.from_address(id(pair) + ITEMS).value == at,
        ctypes.c_void_p.from_address(at + KIND).value == id(np.ndarray),
        ctypes.c_int32.from_address(at + DIMENSIONS).value == probe.ndim,
        ctypes.c_void_p.from_address(at + DTYPE).value == dtype,
        ctypes.c_int32.from_address(at + FLAGS).value == probe.flags.num,
        ctypes.c_char.from_address(dtype + ORDER).value == probe.dtype.byteorder.encode(),
        ctypes.c_int32.from_address(dtype + NUMBER).value == probe.dtype.num,
    )
    if not all(found):
        raise RuntimeError(f"arrays of numpy {np.__version__} are not laid out as kernels read them")


@functools.cache
def _ready() -> None:
    """Tell LLVM, once a process, where what compiled code calls is; as numba does in core/base.py and core/runtime/nrt.py."""
    _check_layout()
    helpers, runtime, functions = (extension(name) for name in _EXTENSIONS)
    for module in (helpers, functions):
        for name, address in module.c_helpers.items():
            llvm.add_symbol(f"numba_{name}", address)
    for name, address in runtime.c_helpers.items():
        llvm.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)
    for error in vars(builtins).values():
        if isinstance(error, type) and issubclass(error, BaseException):
            llvm.add_symbol(f"PyExc_{error.__name__}", id(error))
    llvm.add_symbol("_Py_NoneStruct", id(None))
    llvm.add_symbol(NDARRAY, id(np.ndarray))
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def target() -> llvm.TargetMachine:
    """This processor, for code that a process makes for itself."""
    here = llvm.Target.from_triple(llvm.get_process_triple())
    return here.create_target_machine(opt=2, codemodel="jitdefault", jit=True)


def load(code: Code, module: ModuleType, name: str) -> Callable[..., Any]:
    """A function of this process that runs it; it takes positional arguments alone."""
    _ready()
    engine = llvm.create_mcjit_compiler(
        llvm.parse_assembly(""), target()
    )  # one each: two kernels may hold other code by one name
    for one in code.objects:
        engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(one))
    engine.finalize_object()
    functions = extension("numba._dynfunc")
    made = {code.own: functions.Environment(vars(module))}
    for named, dtypes in code.environments:
        address = engine.get_global_value_address(named)
        if address:  # else what used it is not there any more
            environment = made.setdefault(named, functions.Environment(vars(module)))
            environment.consts.extend(np.dtype(dtype) for dtype in dtypes)
            ctypes.c_void_p.from_address(address).value = id(environment)
    _alive.append((engine, made))
    address = engine.get_function_address(code.entry)
    if not address:
        raise RuntimeError(f"{name}: its machine code has no {code.entry}")
    return functions.make_function(module, name, name, address, made[code.own], (engine,))  # type: ignore[no-any-return]
