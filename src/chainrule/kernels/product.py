"""c += a @ b for few rows and always the same b: the step of a recurrent network.

A BLAS rearranges b in each call, so that the inner loop reads it in a row. With 16 rows in a, and a call per
time step, that takes about a third of the time. So b is packed once per pass over the sequence: cut into
panels of 16 columns, in which the numbers stand in the order in which `multiply_tile` reads them. A panel is
used for at most DEPTH rows of b at a time: such a piece stays in the first-level cache while all rows of a
pass over it.

A second reason: a BLAS brings threads of its own, and two sets of threads on the same cores wait for each
other. Here nothing is called. For products with many rows a BLAS is as fast: the twins leave these to NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiler import compiled
from .tile import COLUMNS, ROWS, multiply_tile

DEPTH = 256  # 256 x 16 numbers: 16 KiB
BYTES = 4  # of a float32


@compiled()
def pack(b: Any) -> Any:
    """(depth, columns), in any memory order -> (panels, depth, 16), the last panel filled up with zeros."""
    depth, columns = b.shape
    panels = np.zeros(((columns + COLUMNS - 1) // COLUMNS, depth, COLUMNS), np.float32)
    for p in range(len(panels)):
        for k in range(depth):
            for j in range(min(COLUMNS, columns - p * COLUMNS)):
                panels[p, k, j] = b[k, p * COLUMNS + j]
    return panels


@compiled()
def add_product(a: Any, panels: Any, c: Any) -> None:
    """c += a @ b, with panels = pack(b); a (rows, depth) and c (rows, columns) are C-contiguous float32."""
    rows, depth = a.shape
    columns = c.shape[1]
    edge = np.empty((ROWS, COLUMNS), np.float32)  # where c has fewer than 16 columns left
    for k in range(0, depth, DEPTH):
        piece = min(DEPTH, depth - k)
        for p in range(len(panels)):
            b = panels.ctypes.data + BYTES * COLUMNS * (p * depth + k)
            wide = min(COLUMNS, columns - p * COLUMNS)
            for r in range(0, rows, ROWS):
                a_rows = _four(a.ctypes.data + BYTES * k, depth, r, rows)
                if wide == COLUMNS:
                    c_rows = _four(c.ctypes.data + BYTES * p * COLUMNS, columns, r, rows)
                    multiply_tile(a_rows, b, piece, c_rows)
                else:
                    edge[:] = 0
                    multiply_tile(a_rows, b, piece, _four(edge.ctypes.data, COLUMNS, 0, ROWS))
                    for i in range(min(ROWS, rows - r)):
                        for j in range(wide):
                            c[r + i, p * COLUMNS + j] += edge[i, j]


@compiled()
def _four(address: int, width: int, r: int, rows: int) -> tuple[int, int, int, int]:
    """The addresses of rows r to r + 3. Past the last row comes the last row again: computed twice, stored
    twice, the same.
    """
    last = rows - 1
    return (
        address + BYTES * width * r,
        address + BYTES * width * min(r + 1, last),
        address + BYTES * width * min(r + 2, last),
        address + BYTES * width * min(r + 3, last),
    )
