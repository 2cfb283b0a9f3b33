"""What kernels/simd.py means to the compiler: its vectors as LLVM's, its functions and the operators as instructions."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, overload, register_model

from kernels.simd import LANES, bits, chosen, doubles, floats, lane, least, load, lowest_bit, most, ordered, root, splat, store


class _Lanes(types.Type):  # type: ignore[misc]  # numba has no types
    """`kind`: float32, float64, int32 or bool_."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(name=f"Lanes({kind} x {LANES})")


_FLOATS, _DOUBLES, _INTS, _MASK = _Lanes("float32"), _Lanes("float64"), _Lanes("int32"), _Lanes("bool_")
_IR = {
    "float32": ir.VectorType(ir.FloatType(), LANES),
    "float64": ir.VectorType(ir.DoubleType(), LANES),
    "int32": ir.VectorType(ir.IntType(32), LANES),
    "bool_": ir.VectorType(ir.IntType(1), LANES),
}


_REAL = ("float32", "float64")
_OF = {types.float32: _FLOATS, types.float64: _DOUBLES, types.int32: _INTS}


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]  # numba has no types
    def __init__(self, manager: Any, kind: _Lanes) -> None:
        super().__init__(manager, kind, _IR[kind.kind])


def _place(context: Any, builder: Any, signature: Any, args: Any, kind: _Lanes) -> Any:
    """Where eight of `kind` begin: args are rows, row, at."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    row, at = (context.cast(builder, args[k], signature.args[k], types.intp) for k in (1, 2))
    width = builder.extract_value(array.shape, 1)
    place = builder.gep(array.data, [builder.add(builder.mul(row, width), at)])
    return builder.bitcast(place, _IR[kind.kind].as_pointer())


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _load(_: Any, rows: Any, row: Any, at: Any) -> Any:
    kind = _FLOATS if rows.dtype == types.float32 else _INTS

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_place(context, builder, signature, args, kind), align=4)

    return kind(rows, row, at), build


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _store(_: Any, rows: Any, row: Any, at: Any, vector: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[3], _place(context, builder, signature, args, vector), align=4)
        return context.get_dummy_value()

    return types.void(rows, row, at, vector), build


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _splat(_: Any, value: Any) -> Any:
    if value not in _OF:
        return None
    kind = _OF[value]

    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        one = builder.insert_element(ir.Constant(_IR[kind.kind], ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(one, ir.Constant(_IR[kind.kind], ir.Undefined), zeros)

    return kind(value), build


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _floats_of(_: Any, vector: Any) -> Any:
    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.sitofp(args[0], _IR["float32"])

    return _FLOATS(vector), build


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _doubles_of(_: Any, vector: Any) -> Any:
    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.sitofp(args[0], _IR["float64"])

    return _DOUBLES(vector), build


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _chosen_of(_: Any, mask: Any, a: Any, b: Any) -> Any:
    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.select(*args)

    return a(mask, a, b), build


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _root_of(_: Any, vector: Any) -> Any:
    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        eight = _IR[vector.kind]
        name = f"llvm.sqrt.v{LANES}{eight.element.intrinsic_name}"
        return builder.call(cgutils.get_or_insert_function(builder.module, ir.FunctionType(eight, [eight]), name), args)

    return vector(vector), build


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _lane_of(_: Any, vector: Any, k: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.extract_element(args[0], context.cast(builder, args[1], signature.args[1], types.int32))

    return getattr(types, vector.kind)(vector, k), build


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _ordered_of(_: Any, vector: Any) -> Any:
    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _IR["int32"])

    return _INTS(vector), build


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _bits_of(_: Any, mask: Any) -> Any:
    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.zext(builder.bitcast(args[0], ir.IntType(LANES)), ir.IntType(64))

    return types.int64(mask), build


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def _lowest(_: Any, number: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = context.cast(builder, args[0], signature.args[0], types.int64)
        return builder.cttz(wide, ir.Constant(ir.IntType(1), 1))

    return types.int64(number), build


def _better(comparison: str) -> Any:
    """An intrinsic: lane by lane the first where `comparison` holds, else the second."""

    @intrinsic  # type: ignore[untyped-decorator]  # numba has no types
    def choose(_: Any, a: Any, b: Any) -> Any:
        def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            compare = builder.fcmp_ordered if a.kind in _REAL else builder.icmp_signed
            return builder.select(compare(comparison, args[0], args[1]), args[0], args[1])

        return a(a, b), build

    return choose


def _arithmetic(name: str) -> Any:
    @intrinsic  # type: ignore[untyped-decorator]  # numba has no types
    def apply(_: Any, a: Any, b: Any) -> Any:
        def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return getattr(builder, f"f{name}" if a.kind in _REAL else name)(args[0], args[1])

        return a(a, b), build

    return apply


def _comparison(sign: str) -> Any:
    @intrinsic  # type: ignore[untyped-decorator]  # numba has no types
    def apply(_: Any, a: Any, b: Any) -> Any:
        def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            compare = builder.fcmp_ordered if a.kind in _REAL else builder.icmp_signed
            return compare(sign, args[0], args[1])

        return _MASK(a, b), build

    return apply


def _alike(a: Any, b: Any, kinds: tuple[str, ...]) -> bool:
    return isinstance(a, _Lanes) and a == b and a.kind in kinds


def _offer(function: Callable[..., Any], made: Any, kinds: tuple[str, ...]) -> None:
    """Let compiled code use `made` wherever `function` is called with two vectors of one of these kinds."""

    @overload(function, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
    def choose(a: Any, b: Any) -> Any:
        if _alike(a, b, kinds):
            return lambda a, b: made(a, b)
        return None


_NUMBERS = (*_REAL, "int32")
for _function, _name in ((operator.add, "add"), (operator.sub, "sub"), (operator.mul, "mul")):
    _offer(_function, _arithmetic(_name), _NUMBERS)
_offer(operator.truediv, _arithmetic("div"), _REAL)
for _function, _name in ((operator.and_, "and_"), (operator.or_, "or_"), (operator.xor, "xor")):
    _offer(_function, _arithmetic(_name), ("bool_",))
for _function, _name in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="), (operator.eq, "==")):
    _offer(_function, _comparison(_name), _NUMBERS)
_offer(least, _better("<"), _NUMBERS)
_offer(most, _better(">"), _NUMBERS)


def _has_lanes(rows: Any) -> bool:
    return (
        isinstance(rows, types.Array) and rows.ndim == 2 and rows.layout == "C" and rows.dtype in (types.float32, types.int32)
    )


@overload(load, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _load_rows(rows: Any, row: Any, at: Any) -> Any:
    return (lambda rows, row, at: _load(rows, row, at)) if _has_lanes(rows) else None


@overload(store, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _store_rows(rows: Any, row: Any, at: Any, vector: Any) -> Any:
    if _has_lanes(rows) and rows.mutable and isinstance(vector, _Lanes) and vector.kind == rows.dtype.name:
        return lambda rows, row, at, vector: _store(rows, row, at, vector)
    return None


@overload(splat, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _splat_one(value: Any) -> Any:
    return (lambda value: _splat(value)) if value in _OF else None


@overload(floats, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _floats_one(vector: Any) -> Any:
    return (lambda vector: _floats_of(vector)) if vector == _INTS else None


@overload(doubles, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _doubles_one(vector: Any) -> Any:
    return (lambda vector: _doubles_of(vector)) if vector == _INTS else None


@overload(chosen, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _chosen_one(mask: Any, a: Any, b: Any) -> Any:
    return (lambda mask, a, b: _chosen_of(mask, a, b)) if mask == _MASK and _alike(a, b, _NUMBERS) else None


@overload(root, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _root_one(vector: Any) -> Any:
    return (lambda vector: _root_of(vector)) if vector in (_FLOATS, _DOUBLES) else None


@overload(lane, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _lane_one(vector: Any, k: Any) -> Any:
    return (lambda vector, k: _lane_of(vector, k)) if _alike(vector, vector, _NUMBERS) else None


@overload(ordered, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _ordered_one(vector: Any) -> Any:
    return (lambda vector: _ordered_of(vector)) if vector == _FLOATS else None


@overload(bits, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _bits_one(mask: Any) -> Any:
    return (lambda mask: _bits_of(mask)) if mask == _MASK else None


@overload(lowest_bit, strict=False)  # type: ignore[untyped-decorator]  # numba has no types
def _lowest_one(number: Any) -> Any:
    return (lambda number: _lowest(number)) if isinstance(number, types.Integer) else None
