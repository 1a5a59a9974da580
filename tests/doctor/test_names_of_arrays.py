"""What an array is called tells what it is; most names say nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import chainrule
from chainrule.doctor.naming import CELLS


@pytest.mark.parametrize("name", ["c", "c_prev", "prev_c", "last_c", "cell", "c1"])
def test_a_cell(name: str) -> None:
    assert CELLS.search(name)


@pytest.mark.parametrize("name", ["h", "prev_h", "context", "prev_context"])
def test_no_cell(name: str) -> None:
    assert not CELLS.search(name)


class SameKernel:
    """One kernel per map for all input channels; its input is no weight, though its name begins with b."""

    def __init__(self) -> None:
        self.stencil = np.random.default_rng(0).normal(size=(4, 2, 3))

    def forward(self, batch: np.ndarray) -> Any:
        self.shape = batch.shape
        self.windows = sliding_window_view(batch, (2, 3), axis=(2, 3))
        return np.einsum("nchwij,fij->nfhw", self.windows, self.stencil)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.dstencil = np.einsum("nchwij,nfhw->fij", self.windows, dy)
        dx = np.zeros(self.shape)
        height, width = dy.shape[2:]
        for i in range(2):
            for j in range(3):
                dx[:, :, i : i + height, j : j + width] += np.einsum(
                    "nfhw,f->nhw", dy, self.stencil[:, i, j]
                )[:, None]
        return dx


def test_an_input_is_no_weight_because_its_name_begins_like_one() -> None:
    (finding,) = chainrule.check(SameKernel(), np.random.default_rng(1).normal(size=(2, 3, 5, 6))).findings
    assert (finding.code, finding.target) == ("kernel-shared-across-channels", "stencil")
