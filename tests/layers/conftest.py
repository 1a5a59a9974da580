from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from chainrule.layers import default_dtype


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def float64() -> Iterator[None]:
    """Layers made in the test hold float64, to measure gradients."""
    with default_dtype("float64"):
        yield
