"""Two instructions that Python has no word for: touch memory ahead of its use, and find the lowest set bit."""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["lowest_bit", "prefetch"]

_config: Any = numba.config

if _config.DISABLE_JIT:

    def prefetch(array: Any, index: Any) -> None:
        """Do nothing: uncompiled code has no use for it."""

    def lowest_bit(word: Any) -> int:
        """Return the position of the lowest bit that is set in a word other than 0."""
        return (int(word) & -int(word)).bit_length() - 1

else:

    @intrinsic
    def prefetch(typing: Any, array: Any, index: Any) -> Any:
        """Ask for the cache line of ``array[index]``; any index is allowed, nothing is read."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = signature.args[0]
            values = context.make_array(kind)(context, builder, arguments[0])
            place = context.cast(builder, arguments[1], signature.args[1], types.intp)
            byte = ir.IntType(8).as_pointer()
            word = ir.IntType(32)
            touch = builder.module.declare_intrinsic(
                "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, word, word, word])
            )
            address = builder.bitcast(builder.gep(values.data, [place]), byte)
            builder.call(touch, [address, word(0), word(3), word(1)])
            return context.get_dummy_value()

        return types.void(array, index), generate

    @intrinsic
    def lowest_bit(typing: Any, word: Any) -> Any:
        """Return the position of the lowest bit that is set in a word other than 0."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = ir.IntType(64)
            count = builder.module.declare_intrinsic(
                "llvm.cttz", [kind], ir.FunctionType(kind, [kind, ir.IntType(1)])
            )
            return builder.call(count, [arguments[0], ir.IntType(1)(1)])

        return types.int64(types.uint64), generate
