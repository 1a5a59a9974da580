"""The heart of a matrix product: a tile of 4 rows and 16 columns that never leaves the registers.

    c[r, j] += Σₖ a[r, k] · b[k, j]          r = 0 ... 3,  j = 0 ... 15,  k = 0 ... depth - 1

A processor can multiply and add eight float32 numbers at once, twice per clock, if it finds them in its
registers. So each number that is loaded should be used more than once: for every k, two vectors of b and four
numbers of a (each spread over a whole vector) give eight multiply-adds of eight numbers. Eight vectors hold
the 64 sums, and c is read and written once, at the end.

           b[k, 0:8]   b[k, 8:16]
    a[0, k]   sum         sum            (Goto and van de Geijn 2008, *Anatomy of High-Performance Matrix
    a[1, k]   sum         sum            Multiplication*, section 4: the inner kernel)
    a[2, k]   sum         sum
    a[3, k]   sum         sum

Python has no word for "a vector of eight", LLVM has: this function writes LLVM's instructions. On processors
without such vectors LLVM splits them: slower, and still right.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ROWS, COLUMNS, LANES = 4, 16, 8
FLOAT, INT = ir.FloatType(), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)
CONTRACT = ("contract",)  # multiply and add may be one instruction, rounded once


@intrinsic
def multiply_tile(typing: Any, a_rows: Any, b: Any, depth: Any, c_rows: Any) -> Any:
    """multiply_tile((a0, a1, a2, a3), b, depth, (c0, c1, c2, c3)).

    All but depth are addresses: of the four rows of a and of c, and of b (depth, 16) without gaps. A row may
    be given twice: c is read before it is written.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a_rows, b, depth, c_rows = arguments
        a, c = ([builder.extract_value(rows, r) for r in range(ROWS)] for rows in (a_rows, c_rows))
        tile = [(r, half) for r in range(ROWS) for half in range(COLUMNS // LANES)]
        # LLVM keeps these variables in registers
        sums = {
            place: cgutils.alloca_once_value(builder, ir.Constant(VECTOR, [0.0] * LANES)) for place in tile
        }

        def at(address: Any, index: Any, kind: Any) -> Any:
            """A pointer to the number with this index, behind the address."""
            numbers = builder.inttoptr(address, FLOAT.as_pointer())
            return builder.bitcast(builder.gep(numbers, [index]), kind.as_pointer())

        def load(address: Any, index: Any, kind: Any) -> Any:
            return builder.load(at(address, index, kind), align=4)

        def spread(number: Any) -> Any:
            one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), number, INT(0))
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
            return builder.shuffle_vector(one, one, zeros)

        for sum_ in sums.values():
            builder.store(ir.Constant(VECTOR, [0.0] * LANES), sum_)
        with cgutils.for_range(builder, depth) as loop:
            first = builder.mul(loop.index, INT(COLUMNS))
            b_k = [load(b, builder.add(first, INT(half * LANES)), VECTOR) for half in range(COLUMNS // LANES)]
            a_k = [spread(load(row, loop.index, FLOAT)) for row in a]
            for r, half in tile:
                product = builder.fmul(a_k[r], b_k[half], flags=CONTRACT)
                builder.store(
                    builder.fadd(builder.load(sums[r, half]), product, flags=CONTRACT), sums[r, half]
                )

        results = {
            (r, half): builder.fadd(load(c[r], INT(half * LANES), VECTOR), builder.load(sums[r, half]))
            for r, half in tile
        }
        for (r, half), result in results.items():
            builder.store(result, at(c[r], INT(half * LANES), VECTOR), align=4)
        return context.get_dummy_value()

    address = types.int64
    rows = types.UniTuple(address, ROWS)
    return types.void(rows, address, types.int64, rows), generate
