"""c += a @ b with a packed b: whole and broken tiles, short and long sums."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from chainrule.kernels.product import DEPTH, add_product, pack
from chainrule.kernels.tile import COLUMNS, ROWS


@pytest.mark.parametrize("rows", [1, ROWS - 1, ROWS, 3 * ROWS + 1])
@pytest.mark.parametrize("depth", [1, 7, DEPTH, 2 * DEPTH + 3])
@pytest.mark.parametrize("columns", [1, COLUMNS - 1, COLUMNS, 3 * COLUMNS, 3 * COLUMNS + 5])
@pytest.mark.parametrize("transposed", [False, True])
def test_it_adds_the_product(rows: int, depth: int, columns: int, transposed: bool) -> None:
    rng = np.random.default_rng(rows + depth + columns)
    a, c = (rng.normal(size=shape).astype(np.float32) for shape in [(rows, depth), (rows, columns)])
    b = rng.normal(size=(columns, depth)).astype(np.float32).T
    b = b if transposed else np.ascontiguousarray(b)
    expected = c + a.astype(np.float64) @ b
    add_product(a, pack(b), c)
    np.testing.assert_allclose(c, expected, rtol=0, atol=1e-6 * (1 + depth))


def test_nothing_beside_the_product_is_written() -> None:
    surroundings = np.full((ROWS + 3, COLUMNS + 5), 7, np.float32)
    c = surroundings[1 : ROWS + 2]  # rows above and below belong to others
    add_product(np.ones((ROWS + 1, 3), np.float32), pack(np.ones((3, COLUMNS + 5), np.float32)), c)
    assert (surroundings[[0, -1]] == 7).all()
    assert (c == 10).all()
